-- SPDX-License-Identifier: MIT
-- A home folder with AWS's shared files, and `ecrlua credentials.lua` run in it: what a user gets who has
-- these files and this environment.
local cjson = require "cjson"
local process = require "spec.support.process"

local home = {}

local home_methods = {}
local home_mt = { __index = home_methods }

--- A new one; the texts of `.aws/config` and `.aws/credentials` may be given.
function home.new(files)
  local self = setmetatable({ path = process.run("mktemp -d").output:match("%S+") }, home_mt)
  for name, text in pairs(files or {}) do self:write(".aws/" .. name, text) end
  return self
end

--- Writes a file below it; folders are made.
function home_methods:write(name, text)
  local path = self.path .. "/" .. name
  assert(os.execute("mkdir -p " .. process.quote(path:match("^(.*)/"))))
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

function home_methods:read(name)
  local file = io.open(self.path .. "/" .. name, "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

--- Runs ecrlua there: with no settings of AWS's but those given, and no instance metadata unless asked for.
function home_methods:ecrlua(words, environment)
  local settings = { "-u", "AWS_CONFIG_FILE", "-u", "AWS_SHARED_CREDENTIALS_FILE", "HOME=" .. self.path,
    "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true" }
  for name, value in pairs(environment or {}) do
    if value == false then
      table.insert(settings, 1, name)
      table.insert(settings, 1, "-u")
    else
      settings[#settings + 1] = name .. "=" .. value
    end
  end
  return process.ecrlua(words, settings)
end

--- The credentials as a table (AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId), or nil and
--- what was written to standard error.
function home_methods:credentials(environment, options)
  local words = {}
  for _, word in ipairs(options or {}) do words[#words + 1] = word end
  table.move({ "credentials.lua", "--format", "process" }, 1, 3, #words + 1, words)
  local result = self:ecrlua(words, environment)
  if result.code == 0 then return cjson.decode(result.output) end
  return nil, result.errors, result.code
end

--- What `ecrlua credentials.lua` says of each source: {state, detail} by its name; and the whole text.
function home_methods:explain(environment, options)
  local words = {}
  for _, word in ipairs(options or {}) do words[#words + 1] = word end
  words[#words + 1] = "credentials.lua"
  local result = self:ecrlua(words, environment)
  local steps = {}
  for line in result.output:gmatch("[^\n]+") do
    for _, state in ipairs{ "used", "passed over", "broken", "not asked" } do
      local source, detail = line:match("^(.-) +" .. state .. " *(.*)$")
      if source then steps[source] = { state = state, detail = detail } end
    end
  end
  return steps, result.output .. result.errors
end

function home_methods:remove()
  os.execute("rm -rf " .. process.quote(self.path))
end

return home
