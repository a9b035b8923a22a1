-- SPDX-License-Identifier: MIT
-- What the specs of sources with a file of tokens share. Everything that must not be seen is called
-- Canary-something, so that one search finds whatever leaked.
local cjson = require "cjson"
local process = require "spec.support.process"

local cached = {}

--- A point in time as AWS's tools write it.
function cached.time(seconds_from_now)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds_from_now)
end

--- Seconds from now of such a time.
function cached.seconds(text)
  local year, month, day, hour, minute, second = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)Z$")
  local utc = os.time{ year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false }
  local now = os.date("!*t")
  now.isdst = false
  return utc - os.time(now)
end

--- A table with some members of another; false takes one away.
function cached.with(base, changes)
  local made = {}
  for name, value in pairs(base) do made[name] = value end
  for name, value in pairs(changes or {}) do made[name] = value or nil end
  return made
end

--- A file's permissions as digits, and its number, which a file that took its place does not have.
function cached.mode(path)
  return process.run("stat -c '%a %i' " .. process.quote(path)).output:match("^(%d+) (%d+)")
end

--- The names in a folder.
function cached.names(folder)
  local names = {}
  for name in process.run("ls -A " .. process.quote(folder)).output:gmatch("[^\n]+") do names[#names + 1] = name end
  return names
end

--- Runs `ecrlua credentials.lua --format process` there, with everything it would log. Gives the credentials,
--- or nil; what was written to standard error; the exit code. No Canary may be in the second.
function cached.ask(home, environment, options)
  local words = { "--log", "debug", table.unpack(options or {}) }
  table.move({ "credentials.lua", "--format", "process" }, 1, 3, #words + 1, words)
  local result = home:ecrlua(words, environment)
  assert(not result.errors:lower():find("canary", 1, true), "a secret was shown:\n" .. result.errors)
  if result.code == 0 then return cjson.decode(result.output), result.errors, 0 end
  assert(result.output == "", "output without success: " .. result.output)
  return nil, result.errors, result.code
end

--- The error that comes of it: the line after what was logged.
function cached.refusal(home, environment, options)
  local creds, errors, code = cached.ask(home, environment, options)
  assert(creds == nil and code == 3, ("exit code %s:\n%s"):format(code, errors))
  return assert(errors:match("credentials%.lua: ([^\n]*)\n$"), errors)
end

--- Runs a function in which ecrlua is started by this command, to which its name and words are added.
function cached.through(command, run)
  local before = process.ECRLUA
  process.ECRLUA = command .. " " .. before
  local results = table.pack(pcall(run))
  process.ECRLUA = before
  assert(results[1], results[2])
  return table.unpack(results, 2, results.n)
end

--- Runs a function in which root is held to permissions too, as every other user is.
function cached.unprivileged(run)
  if process.run("id -u").output ~= "0\n" then return run() end
  return cached.through("setpriv --bounding-set=-dac_override,-dac_read_search "
    .. "--inh-caps=-dac_override,-dac_read_search", run)
end

--- The letters that a call says in its User-Agent of where its credentials come from. The server, which is
--- asked for everything, answers ECR as it answers all.
function cached.features(home, environment, server)
  home:ecrlua({ "--retries", "0", "-e", 'require("ecr").client{}:call("DescribeRegistry", {})' },
    cached.with(environment, { AWS_ENDPOINT_URL_ECR = server.url }))
  for _, request in ipairs(server:requests()) do
    if request.headers["x-amz-target"] then return request.headers["user-agent"]:match(" m/(%S+)") end
  end
end

return cached
