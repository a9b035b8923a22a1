-- SPDX-License-Identifier: MIT
-- What of the disk is believed, and what the setting may say. That a file's owner, permissions and links are
-- looked at is tested where it is done (spec/core/test_cache.c); here that it makes no difference to who asks.
local core = require "ecr.core"
local process = require "spec.support.process"
local token_cache = require "ecr.token_cache"

local NOW = 1767225600
local directory, cache, place

local function data(fields)
  local made = { authorization_token = core.secret("QVdTOng="), obtained_at = NOW, expires_at = NOW + 43200,
    proxy_endpoint = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com" }
  for name, value in pairs(fields or {}) do made[name] = value end
  return made
end

local function read_file()
  local file = assert(io.open(directory .. "/" .. place.name, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

local function edit(pattern, replacement)
  local text, count = read_file():gsub(pattern, replacement)
  assert.equal(1, count)
  local file = assert(io.open(directory .. "/" .. place.name, "wb"))
  file:write(text)
  file:close()
end

--- Runs a function with the lines that go to standard error kept.
local function warnings(fn)
  local real, lines = io.stderr, {}
  io.stderr = { write = function(_, ...) lines[#lines + 1] = table.concat{ ... } end } -- luacheck: ignore
  local ok, problem = pcall(fn)
  io.stderr = real -- luacheck: ignore
  assert(ok, problem)
  return lines
end

describe("the cache of tokens on disk", function()
  before_each(function()
    directory = os.tmpname()
    os.remove(directory)
    cache = token_cache.new(directory)
    place = cache:place{ "a", "b" }
  end)
  after_each(function() process.run("rm -rf " .. directory) end)

  it("gives back what was put there", function()
    cache:write(place, data())
    local back = cache:read(place, NOW)
    assert.equal("QVdTOng=", back.authorization_token:reveal())
    assert.same({ NOW, NOW + 43200, data().proxy_endpoint }, { back.obtained_at, back.expires_at, back.proxy_endpoint })
  end)

  it("has a token of ECR Public without a registry", function()
    cache:write(place, data{ proxy_endpoint = false })
    assert.is_nil(cache:read(place, NOW).proxy_endpoint)
  end)

  it("says nothing of whose it is in its names", function()
    cache:write(cache:place{ "arn:aws:iam::123456789012:role/canary" }, data())
    assert.not_matches("canary", process.run("find " .. directory).output)
  end)

  it("tells what parts are apart, not how they are joined", function()
    assert.not_equal(cache:place{ "a", "bc" }.name, cache:place{ "ab", "c" }.name)
  end)

  it("gives no expired token, and says nothing of that", function()
    cache:write(place, data())
    assert.same({}, warnings(function() assert.is_nil(cache:read(place, NOW + 43200)) end))
    assert.is_truthy(cache:read(place, NOW + 43199))
  end)

  for what, change in pairs{
    ["of a later version"] = { '"version":1', '"version":2' },
    ["without a version"] = { '"version":1,', "" },
    ["of another identity"] = { '("identity":")....', "%1abcd" },
    ["without a token"] = { ',"token":"[^"]*"', "" },
    ["without a time"] = { '"obtained_at":[%d.]+,', "" },
    ["without an end"] = { '"expires_at":[%d.]+,', "" },
    ["from the future"] = { '("obtained_at":)[%d.]+', "%1" .. NOW + 301 },
    ["with a token that is no base64"] = { '("token":)"[^"]*"', '%1"!!"' },
    ["with a token that is no user and password"] = { '("token":)"[^"]*"', '%1"YWJj"' },
    ["with an empty token"] = { '("token":)"[^"]*"', '%1""' },
    ["with a token that lives for ever"] = { '("expires_at":)[%d.]+', "%1" .. NOW * 2 },
    ["that is no JSON"] = { "}\n$", "" },
    ["with a token that is no text"] = { '("token":)"[^"]*"', "%15" },
  } do
    it("does not believe a file " .. what .. ", says so once, and replaces it", function()
      cache:write(place, data())
      edit(table.unpack(change))
      local lines = warnings(function()
        assert.is_nil(cache:read(place, NOW))
        assert.is_nil(cache:read(place, NOW))
      end)
      assert.equal(1, #lines)
      assert.matches("^ecrlua: warn: token cache: " .. directory, lines[1])
      assert.not_matches("QVdTOng", lines[1])
      cache:write(place, data())
      assert.is_truthy(cache:read(place, NOW))
    end)
  end

  for what, command in pairs{
    ["others may read"] = "chmod 644 %s", ["is a link"] = "mv %s %s.x && ln -s %s.x %s",
    ["is a directory"] = "rm %s && mkdir %s",
  } do
    it("does not believe a file that " .. what .. ", and says so", function()
      cache:write(place, data())
      local path = directory .. "/" .. place.name
      process.run((command:gsub("%%s", path)))
      local lines = warnings(function() assert.is_nil(cache:read(place, NOW)) end)
      assert.equal(1, #lines)
    end)
  end

  it("does without a directory that cannot be made, and says so once", function()
    local other = token_cache.new("/proc/nowhere/ecrlua")
    local lines = warnings(function()
      other:write(other:place{ "x" }, data())
      other:write(other:place{ "x" }, data())
      assert.same({ n = 2, nil, true }, table.pack(other:lock(other:place{ "x" })))
    end)
    assert.equal(1, #lines)
  end)

  it("has few locks, which are free for one at a time", function()
    local lock = assert(cache:lock(place))
    assert.same({ n = 2, nil, false }, table.pack(cache:lock(place)))
    lock:close()
    assert(cache:lock(place)):close()
    for i = 1, 2000 do
      local one <close> = assert(cache:lock(cache:place{ tostring(i) }))
      assert.is_truthy(one)
    end
    assert.is_true(tonumber(process.run("(ls -A " .. directory .. " | wc -l)").output) <= 256)
  end)
end)

describe("the setting token_cache", function()
  local function directory_of(setting)
    local made, err = token_cache.of(setting, "code")
    return made and made.directory, err
  end
  local usual = token_cache.directory()

  for setting, expected in pairs{ on = usual, On = usual, ["true"] = usual, ["1"] = usual, ["/x/y"] = "/x/y",
    ["~/x"] = os.getenv("HOME") .. "/x", off = false, OFF = false, ["false"] = false, ["0"] = false } do
    it(("may be %q"):format(setting), function() assert.equal(expected or nil, directory_of(setting)) end)
  end

  it("may be a boolean, nothing, or a cache that others have too", function()
    assert.equal(usual, directory_of(true))
    assert.is_nil(directory_of(false))
    assert.is_nil(directory_of(nil))
    local one = token_cache.new()
    assert.equal(one, token_cache.of(one, "code"))
  end)

  it("is refused when it is something else, with where it was set", function()
    for _, setting in ipairs{ "maybe", "yes", 5, "cache", "./x", "x/y", "~other/x", {} } do
      local made, err = token_cache.of(setting, "ECRLUA_TOKEN_CACHE")
      assert.is_nil(made)
      assert.same({ "config", "token_cache" }, { err.kind, err.code })
      assert.matches("from ECRLUA_TOKEN_CACHE", err.message)
    end
  end)

  it("stands for the XDG cache directory", function()
    local script = 'io.write(tostring(require "ecr.token_cache".directory()))'
    for _, row in ipairs{
      { "/c/ecrlua", "XDG_CACHE_HOME=/c", "HOME=/h" }, { "/h/.cache/ecrlua", "XDG_CACHE_HOME=c", "HOME=/h" },
      { "/h/.cache/ecrlua", "XDG_CACHE_HOME=", "HOME=/h" }, { "nil", "XDG_CACHE_HOME=", "HOME=" },
    } do
      assert.equal(row[1], process.ecrlua({ "-e", script }, { row[2], row[3] }).output)
    end
  end)
end)
