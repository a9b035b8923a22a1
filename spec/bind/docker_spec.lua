-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local core = require "ecr.core"
local files = require "spec.support.files"
local process = require "spec.support.process"

local HOST <const> = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
local AUTH <const> = "QVdTOnNlY3JldA==" -- printf AWS:secret | base64

local path
before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

local function write(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- The file after logging in to `registry`.
local function logged_in(text, registry)
  write(text)
  assert.is_true(core.docker_config_set(path, { { registry = registry or HOST, auth = core.secret(AUTH) } }))
  return files.read(path)
end

--- What docker 28.2 wrote by `docker context use`, and what it writes for a login (the same encoder).
local DOCKER <const> = '{\n\t"auths": {},\n\t"currentContext": "foo"\n}'
local LOGGED_IN <const> = '{\n\t"auths": {\n\t\t"' .. HOST .. '": {\n\t\t\t"auth": "' .. AUTH .. '"\n\t\t}\n\t},\n'
  .. '\t"currentContext": "foo"\n}'

--- podman's auth.json: the same indentation, no more than these members.
local PODMAN <const> = '{\n\t"auths": {\n\t\t"quay.io/team": {\n\t\t\t"auth": "eDp5"\n\t\t}\n\t}\n}'

describe("a login in docker's file", function()
  it("is what docker would have written", function()
    assert.equal(LOGGED_IN, logged_in(DOCKER))
    assert.equal(LOGGED_IN, logged_in(LOGGED_IN))
    assert.equal(LOGGED_IN, logged_in((LOGGED_IN:gsub(AUTH, "eDp5"))))
  end)

  it("stands beside podman's", function()
    local entry = ',\n\t\t"' .. HOST .. '": {\n\t\t\t"auth": "' .. AUTH .. '"\n\t\t}'
    assert.equal((PODMAN:gsub("\n\t}\n}$", entry .. "%0")), logged_in(PODMAN))
  end)

  it("keeps what it does not know, as it is written", function()
    local before = '{\r\n  "HttpHeaders": {"X-A": "\\u00e9\\/"},\r\n  "n": [1.0, -0, 1E+400, 12345678901234567890],\r\n'
      .. '  "\\u0061uths": {"' .. HOST .. '": {"auth":"eDp5" , "email": "a@b"}, "x": {"auth": "canary"}}\r\n}\r\n'
    assert.equal((before:gsub("eDp5", AUTH)), logged_in(before))
    local added = logged_in(before, "new.example")
    assert.equal((before:gsub("}}\r\n}", '}, "new.example": {"auth": "' .. AUTH .. '"}}\r\n}')), added)
  end)

  it("goes into any file that says nothing", function()
    for _, text in ipairs{ "", "\n", "{}", "{ }\n", "{\r\n}\r\n", '{"auths":{}}', '{"auths":null}' } do
      assert.same({ auths = { [HOST] = { auth = AUTH } } }, cjson.decode(logged_in(text)))
    end
    os.remove(path)
    assert.is_true(core.docker_config_set(path, { { registry = HOST, auth = AUTH } }))
    assert.same({ auths = { [HOST] = { auth = AUTH } } }, cjson.decode(files.read(path)))
  end)

  it("of many registries is made at once", function()
    local list, expected = {}, {}
    for i = 1, 64 do
      list[i] = { registry = i .. ".example", auth = AUTH }
      expected[i .. ".example"] = { auth = AUTH }
    end
    write(DOCKER)
    assert.is_true(core.docker_config_set(path, list))
    assert.same({ auths = expected, currentContext = "foo" }, cjson.decode(files.read(path)))
    assert.is_true(core.docker_config_set(path, {}))
    list[65] = list[1]
    assert.has_error(function() core.docker_config_set(path, list) end)
  end)

  it("makes the file its owner's only, and leaves a link a link", function()
    local link = os.tmpname()
    process.run(("chmod 644 %s && ln -sf %s %s"):format(path, path, link))
    assert.is_true(core.docker_config_set(link, { { registry = HOST, auth = AUTH } }))
    assert.equal("600\nsymbolic link\n", process.run(("stat -c %%a %s; stat -c %%F %s"):format(path, link)).output)
    os.remove(link)
  end)

  it("goes, and the others stay", function()
    write(LOGGED_IN)
    assert.equal(1, core.docker_config_remove(path, { HOST, "other.example" }))
    assert.equal(DOCKER, files.read(path))
    assert.equal(0, core.docker_config_remove(path, { HOST }))
    os.remove(path)
    assert.equal(0, core.docker_config_remove(path, { HOST }))
    assert.is_nil(io.open(path))
  end)
end)

describe("a file that docker could not be sure of", function()
  --- What is wrong, and the file as it was.
  local function refusal(text)
    write(text)
    local ok, failure = core.docker_config_set(path, { { registry = HOST, auth = AUTH } })
    assert.is_nil(ok)
    assert.same({ "config", "docker_config" }, { failure.kind, failure.code })
    assert.equal(path .. ": ", failure.message:sub(1, #path + 2))
    assert.is_nil(failure.message:find("canary", 1, true))
    assert.equal(text, files.read(path))
    return failure.message:sub(#path + 3)
  end

  it("is refused, without showing any of it", function()
    assert.matches("no JSON object", refusal('["canary"]'))
    assert.matches("no JSON object", refusal('"canary"'))
    assert.matches("a key twice", refusal('{"canary":1,"canary":2}'))
    assert.matches("a key twice", refusal('{"auths":{},"\\u0061uths":{}}'))
    assert.matches("another way", refusal('{"Auths":{"canary":{}}}'))
    assert.matches('"auths" names in it is no object', refusal('{"auths":["canary"]}'))
    assert.matches("no object", refusal('{"auths":{"' .. HOST .. '":"canary"}}'))
    assert.matches("not valid JSON", refusal('{"auths":{}} canary'))
    assert.matches("not valid JSON", refusal('{"auths":{"canary":'))
    assert.matches("not valid JSON", refusal("\xef\xbb\xbf{}"))
    assert.matches("UTF8", refusal('{"canary":"\xff"}'))
    assert.matches("deeper", refusal(('{"a":'):rep(65) .. "1" .. ("}"):rep(65)))
  end)

  it("is no place for what docker cannot read", function()
    write(DOCKER)
    local ok, failure = core.docker_config_set(path, { { registry = HOST, auth = "canary" } })
    assert.is_nil(ok)
    assert.same({ "input", "docker_config" }, { failure.kind, failure.code })
    assert.is_nil(failure.message:find("canary", 1, true))
    assert.equal(DOCKER, files.read(path))
  end)
end)

describe("a helper", function()
  it("is the registry's own or everyone's", function()
    write('{"credsStore": "pass"}')
    assert.equal("pass", core.docker_config_helper(path, HOST))
    assert.is_true(core.docker_config_set_helper(path, { HOST }, "ecr-login"))
    assert.equal('{"credsStore": "pass", "credHelpers": {"' .. HOST .. '": "ecr-login"}}', files.read(path))
    assert.equal("ecr-login", core.docker_config_helper(path, HOST))
    assert.equal("pass", core.docker_config_helper(path, "other.example"))
  end)

  it("may be none", function()
    write(DOCKER)
    assert.same({ n = 1 }, table.pack(core.docker_config_helper(path, HOST)))
    os.remove(path)
    assert.same({ n = 1 }, table.pack(core.docker_config_helper(path, HOST)))
    write('{"credsStore": "rm -rf"}')
    local helper, failure = core.docker_config_helper(path, HOST)
    assert.is_nil(helper)
    assert.same({ "config", "docker_config" }, { failure.kind, failure.code })
  end)

  it("and registries need names", function()
    assert.has_error(function() core.docker_config_set_helper(path, { HOST }, "a/b") end)
    assert.has_error(function() core.docker_config_set_helper(path, { 1 }, "pass") end)
    assert.has_error(function() core.docker_config_helper(path, "a\nb") end)
    assert.has_error(function() core.docker_config_remove(path .. "\0", {}) end)
    assert.has_error(function() core.docker_config_set(path, { HOST }) end)
    assert.has_error(function() core.docker_config_set(path, { { registry = HOST } }) end)
  end)
end)
