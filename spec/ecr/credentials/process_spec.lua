-- SPDX-License-Identifier: MIT
-- credential_process: how the program is run, how often, and what ends it. What it prints is
-- process_output_spec.lua's. facts/credentials.md, section 8; words by Python's shlex.
local cached = require "spec.support.cached"
local home = require "spec.support.home"
local process = require "spec.support.process"

local ANSWER = [[{"Version": 1, "AccessKeyId": "ASIAOFTHEPROGRAM", "SecretAccessKey": "Canary-secret"}]]
local PRINT = "echo '" .. ANSWER .. "'\n"

--- Whether a process has ended, or does within a second.
local function is_gone(pid)
  return process.run(([[for i in 1 2 3 4 5 6 7 8 9 10; do
    grep -qs '^State:.[^ZX]' /proc/%s/status || exit 0; sleep 0.1; done; exit 1]]):format(pid)).code == 0
end

describe("credential_process", function()
  local place

  before_each(function() place = home.new() end)
  after_each(function() place:remove() end)

  --- A program of these lines of shell; its path.
  local function program(lines, name)
    local path = place:write(name or "program", "#!/bin/sh\n" .. lines)
    os.execute("chmod 755 " .. process.quote(path))
    return path
  end

  --- The profile's command: text in which %s is the program's path.
  local function configure(lines, command, name)
    place:write(".aws/config", ("[default]\ncredential_process = " .. (command or "%s") .. "\n"):format(
      program(lines, name)))
  end

  it("gives what the program prints", function()
    configure(PRINT)
    assert.same({ Version = 1, AccessKeyId = "ASIAOFTHEPROGRAM", SecretAccessKey = "Canary-secret" },
      (cached.ask(place)))
  end)

  it("may stand in the credentials file", function()
    place:write(".aws/credentials", "[default]\ncredential_process = " .. program(PRINT) .. "\n")
    assert(cached.ask(place))
  end)

  it("is named in the explanation, with its profile and nothing secret", function()
    configure(PRINT, "%s --token Canary-argument")
    local steps, text = place:explain({}, { "--log", "debug" })
    assert.equal("used", steps.credential_process.state)
    assert.matches("default", steps.credential_process.detail)
    assert.is_nil(text:find("Canary", 1, true))
  end)

  it("is said in the User-Agent of calls", function()
    configure(PRINT)
    local server = process.serve("return function() return {body = '{}'} end")
    finally(function() server:stop() end)
    local letters = "," .. cached.features(place, {}, server) .. ","
    for _, letter in ipairs{ "v", "w" } do assert.matches("," .. letter .. ",", letters) end
  end)

  -- Commands, and the words that the program gets.
  local commands = {
    { [[%s]], {} },
    { [[%s one two]], { "one", "two" } },
    { [[  '%s'   "one two"  three\ four ]], { "one two", "three four" } },
    { [[%s 'a"b' "c'd" e\"f "g\"h" "i\\j" 'k\l' "m\n"]], { 'a"b', "c'd", 'e"f', 'g"h', "i\\j", "k\\l", "m\\n" } },
    { [[%s "" x'y'"z"]], { "", "xyz" } },
    { [[%s $HOME ${HOME} `id` $(id) * ~ ~/x]], { "$HOME", "${HOME}", "`id`", "$(id)", "*", "~", "~/x" } },
    { [[%s a;b & c | d > e < f && g]], { "a;b", "&", "c", "|", "d", ">", "e", "<", "f", "&&", "g" } },
    { [[%s X=1 -- -e é]], { "X=1", "--", "-e", "é" } },
  }
  for _, row in ipairs(commands) do
    it(("runs without a shell: %s"):format((row[1]:gsub("%%s", "program"))), function()
      configure([[for word in "$@"; do printf '%s\n' "$word"; done > "$HOME/words"]] .. "\n" .. PRINT, row[1])
      assert(cached.ask(place))
      local words = {}
      for word in place:read("words"):gmatch("([^\n]*)\n") do words[#words + 1] = word end
      assert.same(row[2], words)
    end)
  end

  for how, command in pairs{ ["in quotes"] = [["%s" x]], ["in single ones"] = [['%s' x]] } do
    it("finds a program with a space in its path " .. how, function()
      configure(PRINT, command, "my programs/give keys")
      assert(cached.ask(place))
    end)
  end

  it("finds a program with a backslash before the space in its path", function()
    program(PRINT, "my programs/give keys")
    place:write(".aws/config", "[default]\ncredential_process = " .. place.path .. "/my\\ programs/give\\ keys\n")
    assert(cached.ask(place))
  end)

  it("finds a program by the PATH", function()
    program(PRINT, "bin/give-keys")
    place:write(".aws/config", "[default]\ncredential_process = give-keys\n")
    assert(cached.ask(place, { PATH = place.path .. "/bin:" .. os.getenv("PATH") }))
  end)

  it("hands its environment on", function()
    configure('printf %s "$ANOTHER,$AWS_REGION" > "$HOME/seen"\n' .. PRINT)
    assert(cached.ask(place, { ANOTHER = "a value", AWS_REGION = "eu-north-1" }))
    assert.equal("a value,eu-north-1", place:read("seen"))
  end)

  it("hands nothing of its input on", function()
    configure('cat > "$HOME/seen"\n' .. PRINT)
    local creds = cached.through([[sh -c 'echo Canary | "$0" "$@"']], function() return cached.ask(place) end)
    assert.equal("ASIAOFTHEPROGRAM", creds.AccessKeyId)
    assert.equal("", place:read("seen"))
  end)

  it("does not let the program read from the terminal", function()
    configure('if [ -t 0 ]; then echo terminal; else echo none; fi > "$HOME/seen"\n' .. PRINT)
    local steps = cached.through([[sh -c 'script -qec "$0 $*" /dev/null']], function() return place:explain() end)
    assert.equal("used", steps.credential_process.state)
    assert.equal("none\n", place:read("seen"))
  end)

  --- What a script prints that runs in the home, with `ecr`, `client` and `loop`.
  local function run(code)
    return place:ecrlua({ "--log", "debug", "-e", 'local ecr, loop = require "ecr", require "ecr.loop" '
      .. "local client = assert(ecr.client{}) " .. code })
  end

  local function times_run()
    local _, count = (place:read("count") or ""):gsub("\n", "")
    return count
  end

  local COUNT = 'echo >> "$HOME/count"\n'

  it("runs the program once for many that want credentials at the same time", function()
    configure(COUNT .. "sleep 0.1\n" .. PRINT)
    local result = run[[local calls = {}
      for i = 1, 50 do calls[i] = function() return assert(client:credentials()) end end
      print(#ecr.all(calls))]]
    assert.equal("50\n", result.output)
    assert.equal(1, times_run())
  end)

  it("runs the program once where its credentials do not expire", function()
    configure(COUNT .. PRINT)
    assert.equal("true\n", run[[assert(client:credentials()) print(client:credentials() ~= nil)]].output)
    assert.equal(1, times_run())
  end)

  it("runs the program again when its credentials have expired", function()
    configure(COUNT .. 'cat "$HOME/answer"\n')
    local result = run[[local function answer(id, life)
        local ends = select(2, loop.now()) + life
        local file = io.open(os.getenv("HOME") .. "/answer", "w")
        file:write(('{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"Canary","Expiration":"%s.%03dZ"}'):format(id,
          os.date("!%Y-%m-%dT%H:%M:%S", ends // 1 | 0), ends % 1 * 1000 // 1 | 0))
        file:close()
      end
      local function id()
        local out = io.tmpfile()
        ecr.write_credentials(out, assert(client:credentials()), "process")
        out:seek("set")
        return out:read("a"):match("ASIA%w+")
      end
      answer("ASIAFIRST", 0.5)
      local first = id()
      answer("ASIASECOND", 1000)
      ecr.sleep(0.6)
      print(first, id())]]
    assert.equal("ASIAFIRST\tASIASECOND\n", result.output, result.errors)
    assert.equal(2, times_run())
  end)

  it("does not hold a call beyond its deadline, and leaves no process behind", function()
    configure('sleep 987 & echo $! $$ > "$HOME/pids"\nwait\n')
    local result = run[[local start = loop.now()
      local _, err = client:call("DescribeRepositories", {}, {deadline = start + 0.4})
      print(err.kind, loop.now() - start < 1, tostring(err))]]
    assert.matches("^timeout\ttrue\t", result.output, nil, result.errors)
    assert.matches("credential", result.output)
    for pid in place:read("pids"):gmatch("%d+") do assert.is_true(is_gone(pid), pid) end
  end)

  -- Programs that end badly, and what the refusal says besides the source.
  local failures = {
    { "exits with 1", "exit 1", { "exited with 1" } },
    { "exits with 255", "exit 255", { "exited with 255" } },
    { "says why it failed", "echo 'no such role' >&2; exit 7", { "exited with 7", "no such role" } },
    { "says why in several lines", "printf 'one\\ntwo\\r\\n\\n three\\n' >&2; exit 1", { "one%s+two%s+three" } },
    { "says why in a terminal's language", "printf 'a\\033[2Jb\\007c\\302\\233d\\342\\200\\256e' >&2; exit 1",
      { "a[^\27\7]*b[^\27\7]*c[^\155]*d[^\174]*e" } },
    { "says very much", "yes 'no end' | head -c 3000000 >&2; exit 1", { "exited with 1" } },
    { "printed keys before it failed", PRINT .. "exit 3", { "exited with 3" } },
    { "is killed", "kill -9 $$", { "signal 9" } },
    { "crashes", PRINT .. "kill -SEGV $$", { "signal 11" } },
  }
  for _, row in ipairs(failures) do
    it(("names a program's profile when it %s"):format(row[1]), function()
      configure(row[2] .. "\n", "%s --password Canary-argument")
      local text = cached.refusal(place)
      assert.matches("credential_process of profile default", text)
      for _, part in ipairs(row[3]) do assert.matches(part, text) end
      assert.is_true(#text < 3000)
    end)
  end

  -- Commands that cannot be run, and what the refusal says besides the source.
  local commands_refused = {
    { "is not there", "/no/such/program Canary-argument", { "/no/such/program", "No such file" } },
    { "is not in the PATH", "no-such-program Canary-argument", { "no%-such%-program", "No such file" } },
    { "is a folder", "/tmp Canary-argument", { "/tmp", "ermission denied" } },
    { "is no program", "/etc/passwd Canary-argument", { "/etc/passwd", "ermission denied" } },
    { "has a quote that is not closed", "/bin/echo 'Canary-argument", { "quot" } },
    { "ends with a backslash", "/bin/echo Canary-argument\\", {} },
    { "is only quotes", "'' Canary-argument", {} },
  }
  for _, row in ipairs(commands_refused) do
    it(("is refused, its arguments not shown, when its command %s"):format(row[1]), function()
      place:write(".aws/config", "[default]\ncredential_process = " .. row[2] .. "\n")
      local text = cached.refusal(place)
      assert.matches("credential_process of profile default", text)
      for _, part in ipairs(row[3]) do assert.matches(part, text) end
    end)
  end

  it("does not go on to another source when the program fails", function()
    place:write(".aws/config", "[default]\ncredential_process = " .. program("exit 1\n")
      .. "\naws_access_key_id = AKIDOTHER\naws_secret_access_key = Canary\n")
    local steps, text = place:explain()
    assert.equal("broken", steps.credential_process.state)
    assert.equal("not asked", steps["config file"].state)
    assert.is_nil(text:find("Canary", 1, true))
  end)

  it("does not wait for what the program leaves running", function()
    configure('sleep 987 & echo $! > "$HOME/pids"\n' .. PRINT)
    local before = os.time()
    local creds = cached.ask(place)
    process.run("kill " .. place:read("pids"))
    assert.equal("ASIAOFTHEPROGRAM", creds.AccessKeyId)
    assert.is_true(os.time() - before < 3)
  end)
end)
