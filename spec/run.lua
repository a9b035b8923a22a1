-- SPDX-License-Identifier: MIT
-- Runs the tests: `lua5.4 spec/run.lua UNIT... -- HOST...`, where each UNIT is a C unit program, with its
-- arguments if it takes some, and each HOST an interpreter that runs the busted suite (lua5.4, or an
-- ecrlua). Ends with one line of counts; exits with 1 when anything failed, or when a suite ran nothing.

local COUNTS <const> = "(%d+) passed, (%d+) failed"
local total <const> = { passed = 0, failed = 0, skipped = 0 }

local function run(command)
  local pipe <const> = assert(io.popen(command .. " 2>&1", "r"))
  local output <const> = pipe:read("a")
  local _, how <const>, code <const> = pipe:close()
  return output, how == "exit" and code or 128
end

local function add(passed, failed, skipped)
  total.passed = total.passed + passed
  total.failed = total.failed + failed
  total.skipped = total.skipped + (skipped or 0)
end

--- What a program printed besides its counts, and one failure more when it ended badly without one.
local function report(name, output, code)
  local passed <const>, failed <const> = output:match(COUNTS .. "[^\n]*\n$")
  local skipped <const> = output:match("failed, (%d+) skipped\n$")
  local text <const> = output:gsub("[^\n]*" .. COUNTS .. "[^\n]*\n$", "")
  if text ~= "" then print(text) end
  if passed then
    add(tonumber(passed), tonumber(failed), tonumber(skipped or 0))
    print(("%s: %s passed, %s failed%s"):format(name, passed, failed,
      skipped and (", " .. skipped .. " skipped") or ""))
  end
  if not passed or passed == "0" or code ~= 0 and failed == "0" then
    print(("%s: ended with status %d %s"):format(name, code, passed and "" or "and without counts"))
    add(0, 1)
  end
end

local function lua_command(host)
  if host:find("ecrlua$") then
    return ("ECRLUA=%s %s --source . /usr/bin/busted"):format(host, host)
  end
  return ("LUA_PATH='./lua/?.lua;./lua/?/init.lua;./?.lua;;' LUA_CPATH='./build/?.so;;' %s /usr/bin/busted")
    :format(host)
end

--- The environment of the machine must not decide a test: no settings of AWS's tools, no shared files, no
--- instance metadata, no proxy.
local FOREIGN <const> = [[sed -n 's/^\(AWS_[A-Z0-9_]*\|ECR_ENDPOINT_URL\|[a-z]*_proxy\|[A-Z]*_PROXY\)=.*/-u \1/p']]
local CLEAN <const> = "env $(env | " .. FOREIGN .. ") AWS_CONFIG_FILE=/nonexistent/config "
  .. "AWS_SHARED_CREDENTIALS_FILE=/nonexistent/credentials AWS_EC2_METADATA_DISABLED=true "

local hosts = false
for _, word in ipairs(arg) do
  if word == "--" then
    hosts = true
  elseif hosts then
    report("specs in " .. word, run(CLEAN .. lua_command(word)))
  else
    report(word:match("^lua%S* (%S+)") or word:match("%S+"), run(CLEAN .. word))
  end
end

local skipped <const> = total.skipped > 0 and (", " .. total.skipped .. " skipped") or ""
print(("%d passed, %d failed%s"):format(total.passed, total.failed, skipped))
os.exit(total.failed == 0 and total.passed > 0 and 0 or 1)
