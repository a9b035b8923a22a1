-- SPDX-License-Identifier: MIT
--- A pool: one client for each region and account, over shared connections and one loop. What is asked
--- of all gives a row for each, with its answer or its error: one place that is down takes nothing from
--- the others.

local check <const> = require "ecr.check"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local token_cache <const> = require "ecr.token_cache"

---@class ecr.Place one account in one region
---@field region string
---@field account? string as it was named: its `name`, its role, its profile, its registry
---@field client ecr.Client

---@class ecr.PoolRow
---@field region string
---@field account? string
---@field value? any
---@field error? ecr.Error

---@class ecr.Pool
---@field places ecr.Place[] account by account, region by region
local pool_methods <const> = {}
local pool_mt <const> = { __name = "ecr.pool", __index = pool_methods }

--- What an account may say: who it is to be, and the settings that differ there.
local ROLE <const> = { "role_arn", "external_id", "role_session_name", "duration_seconds",
  "mfa_serial" }
local ACCOUNT <const> = { name = "string", role_arn = "string", external_id = "string",
  role_session_name = "string", duration_seconds = "integer", mfa_serial = "string",
  profile = "string", registry_id = "string", auth_static = "table",
  auth_web_identity = "table" }

local function refuse(message, ...)
  return error_object.give{ kind = "config", code = "pool", message = message:format(...) }
end

local function check_regions(regions)
  if type(regions) ~= "table" or #regions == 0 then
    return refuse("a pool needs regions, a list of at least one")
  end
  local seen <const> = {}
  for _, region in ipairs(regions) do
    local fine <const>, err <const> = check.region(region)
    if not fine then return refuse("%s", err.message) end
    if seen[region] then return refuse("the region %s stands twice", region) end
    seen[region] = true
  end
  return true
end

local function label_of(account)
  return account.name or account.role_arn or account.profile or account.registry_id
end

--- The options of an account's clients.
local function options_of(common, account, region)
  local made <const> = {}
  for key, value in pairs(common) do made[key] = value end
  for key, value in pairs(account) do made[key] = value end
  made.regions, made.accounts, made.name = nil, nil, nil
  made.region = region
  if not account.role_arn then return made end
  made.auth_assume_role = {}
  for _, key in ipairs(ROLE) do
    made.auth_assume_role[key], made[key] = account[key], nil
  end
  return made
end

--- The clients of an account: the first is made, the others are its siblings in other regions.
local function add_account(self, make_client, common, account)
  local regions <const> = common.regions
  local first <const>, err <const> = make_client(options_of(common, account, regions[1]))
  if not first then return nil, err end
  for _, region in ipairs(regions) do
    local client <const>, problem <const> = first:in_region(region)
    if not client then return nil, problem end
    table.insert(self.places, { region = region, account = label_of(account), client = client })
  end
  return true
end

--- The client of a place.
---@param region string
---@param account? string any when there is only one
---@return ecr.Client?
---@return ecr.Error? kind "input"
function pool_methods:client(region, account)
  for _, place in ipairs(self.places) do
    if place.region == region and (account == nil or place.account == account) then
      return place.client
    end
  end
  return error_object.give{ kind = "input", code = "pool",
    message = ("the pool has no %s%s"):format(region, account and " of " .. account or "") }
end

--- What a function gives for a place, as a row. An error object that is raised, as lists read one by
--- one do, is the place's too; any other error is the caller's mistake.
local function ask(place, fn)
  local row <const> = { region = place.region, account = place.account }
  local results <const> = table.pack(xpcall(fn, function(problem)
    if error_object.is(problem) then return problem end
    return debug.traceback(tostring(problem), 2)
  end, place.client, place))
  if not results[1] then
    if not error_object.is(results[2]) then error(results[2], 0) end
    row.error = results[2]
  else
    row.value, row.error = results[2], results[3]
  end
  return row
end

--- Calls a function with the client of each place, all at the same time.
---@param fn fun(client: ecr.Client, place: ecr.Place): any, ecr.Error? a result, or nil and an error
---@return ecr.PoolRow[] rows in the order of the places; `failed` is how many have an error
function pool_methods:map(fn)
  local calls <const> = {}
  for i, place in ipairs(self.places) do
    calls[i] = function() return ask(place, fn) end
  end
  local rows <const> = loop.all(calls)
  rows.failed, rows.n = 0, nil
  for _, row in ipairs(rows) do
    if row.error then rows.failed = rows.failed + 1 end
  end
  return rows
end

local pool <const> = {}

--- A pool.
---@param options table `regions`, `accounts` (the caller's own when there is none), and what all the
--- clients share: see `ecr.client`
---@param make_client fun(options: table): ecr.Client?, ecr.Error?
---@return ecr.Pool?
---@return ecr.Error? kind "config"
function pool.new(options, make_client)
  local ok, err = check_regions(options.regions)
  if not ok then return nil, err end
  local common <const> = {}
  for key, value in pairs(options) do common[key] = value end
  common.token_cache, err = token_cache.shared(options.token_cache)
  if not common.token_cache then return nil, err end
  local self <const> = setmetatable({ places = {} }, pool_mt)
  for _, account in ipairs(options.accounts or { {} }) do
    ok, err = check.options(account, ACCOUNT)
    if not ok then return refuse("accounts: %s", err.message) end
    ok, err = add_account(self, make_client, common, account)
    if not ok then return nil, err end
  end
  return self
end

return pool
