-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about logging in: handlers as in `ecr.sim.operations`. The
--- tokens are new ones each time, sealed as those of the service are, and open nothing. Source:
--- GetAuthorizationToken in the API references of Amazon ECR and Amazon ECR Public.

local core <const> = require "ecr.core"
local place <const> = require "ecr.sim.place"

local LIFETIME <const> = 12 * 3600 -- seconds
local PASSWORD_LENGTH <const> = 400
local LETTERS <const> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local function password()
  local letters <const> = {}
  for i = 1, PASSWORD_LENGTH do
    local at <const> = math.random(#LETTERS)
    letters[i] = LETTERS:sub(at, at)
  end
  return core.secret(table.concat(letters))
end

local function token(state)
  return { authorization_token = core.join{ "AWS:", password() }:base64(),
    expires_at = state.clock.wall + LIFETIME }
end

local auth <const> = { private = {}, public = {} }

--- One token for each registry that is named; they are all alike.
function auth.private.GetAuthorizationToken(state, scope, input)
  local list <const> = {}
  for i, account in ipairs(input.registry_ids or { scope.account }) do
    list[i] = token(state)
    list[i].proxy_endpoint = "https://" .. place.host(account, scope.region)
  end
  return { authorization_data = list }
end

--- No list, and no host to go to.
function auth.public.GetAuthorizationToken(state)
  return { authorization_data = token(state) }
end

return auth
