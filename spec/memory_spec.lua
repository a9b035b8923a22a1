-- SPDX-License-Identifier: MIT
-- What was secret is gone from memory once it is not used any more: looked for in the process itself,
-- everywhere but in its environment. Derived keys by the openssl command.
local cjson = require "cjson"
local cloud = require "spec.support.cloud"
local home = require "spec.support.home"
local memory = require "spec.support.memory"
local process = require "spec.support.process"

local KEY = "wJalrXUtnFEMIcanaryK7MDENGbPxRfiCYEXAMPLEKEY"
local TOKEN = "IQoJb3JpZ2luX2VjcanaryToken//////////wEaCXVzLWVhc3QtMSJHMEUCIQ=="

local server

local function asked()
  return server:requests()[1].headers
end

--- The keys of SigV4, from the secret to the signing key, for a request that was signed.
local function derived_keys(headers)
  local date, region, service = headers.authorization:match("Credential=[^/]+/(%d+)/([^/]+)/([^/]+)/")
  local keys, hex = {}, ("AWS4" .. KEY):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  for _, part in ipairs{ date, region, service, "aws4_request" } do
    local result = process.run(("sh -c 'printf %%s %s | openssl dgst -sha256 -mac HMAC -macopt hexkey:%s'"):format(
      part, hex))
    hex = assert(result.output:match("= (%x+)"), result.errors)
    keys[#keys + 1] = (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
  end
  return keys
end

local WORK = [[
local ecr <const> = require "ecr"
do
  local client <const> = assert(ecr.client{ region = "us-east-1", endpoint_url = os.getenv("SERVER"), proxy = "" })
  for _ = 1, 3 do assert(client:call("DescribeRepositories", {})) end
end
done()
]]

--- The same where nothing may work.
local TRIES = [[
local ecr <const> = require "ecr"
do
  local client <const> = assert(ecr.client{ max_retries = 1, proxy = "" })
  for _ = 1, 2 do client:call("DescribeRepositories", {}) end
end
done()
]]

--- The same with a client that stays.
local KEEPS = [[
local ecr <const> = require "ecr"
client = assert(ecr.client{ proxy = "" })
assert(client:call("DescribeRepositories", {}))
done()
]]

local function hold(environment, script)
  environment[#environment + 1] = "SERVER=" .. server.url
  return memory.hold(script or WORK, environment)
end

local describe_memory = memory.is_sanitized() and pending or describe

describe_memory("the memory of ecrlua", function()
  local held

  before_each(function()
    server = process.serve("return function() return {body = '{\"repositories\":[]}'} end")
  end)

  after_each(function()
    if held then held.stop() end
    held = nil
    server:stop()
  end)

  it("holds a key of the environment only there, and no key that is derived from it", function()
    held = hold{ "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=" .. KEY, "AWS_SESSION_TOKEN=" .. TOKEN }
    assert.equal(TOKEN, asked()["x-amz-security-token"])
    assert.same({}, memory.find(held.pid, KEY))
    assert.same({}, memory.find(held.pid, TOKEN))
    for i, key in ipairs(derived_keys(asked())) do assert.same({}, memory.find(held.pid, key), "key " .. i) end
  end)

  it("would show what is there", function()
    held = hold({ "PART=anary", "AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=b" },
      "kept = 'c' .. os.getenv('PART') .. 'kept' done()")
    assert.is_true(#memory.find(held.pid, "canarykept") > 0)
  end)
end)

-- --- the other sources ---------------------------------------------------------------------------

local L = cloud.LINES

local function at(hours)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600 * hours)
end

--- Beginning and end of the key and the token of some sources. Both: who frees memory may overwrite its beginning.
local function keys_of(...)
  local words = {}
  for _, name in ipairs{ ... } do
    table.move({ "canaryKeyOf" .. name, name .. "KeyTail", "canaryTokenOf" .. name, name .. "TokenTail" }, 1, 4,
      #words + 1, words)
  end
  return words
end

local function with(words, ...)
  return table.move({ ... }, 1, select("#", ...), #words + 1, words)
end

local function bytes_of(hex)
  return (hex:gsub("[^%x]", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

--- A new key for `aws login`: its text, and the words to look for.
local function new_key()
  local text = process.run("openssl ecparam -genkey -name prime256v1 -noout").output
  local path = process.file(text)
  local shown = process.run("openssl ec -noout -text -in " .. path).output
  local first, second = text:match("\n(%S+)\n(%S+)\n")
  return text, { first:sub(20), second, bytes_of(shown:match("priv:%s*([%x:%s]+)pub:")) }
end

--- By source: what prepares the home folder and gives the environment, and the words to look for.
local SOURCES = {
  ["the credentials file"] = function(place)
    place:write(".aws/credentials", "[default]\n" .. L.credentials)
    return {}, keys_of("credentials")
  end,
  ["the config file"] = function(place)
    place:write(".aws/config", "[default]\n" .. L.config)
    return {}, keys_of("config")
  end,
  ["an assumed role"] = function(place)
    place:write(".aws/config", "[default]\n" .. L.role)
    place:write(".aws/credentials", "[base]\n" .. L.credentials)
    return {}, keys_of("credentials", "role")
  end,
  ["web identity"] = function(place)
    return { AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/web-role",
      AWS_WEB_IDENTITY_TOKEN_FILE = place:write("token", "canaryWebIdentity/eyJhbGciOiJSUzI1NiJ9+WebIdentityTail\n") },
      with(keys_of("web"), "canaryWebIdentity", "WebIdentityTail")
  end,
  ["IAM Identity Center"] = function(place)
    place:write(".aws/config", "[default]\nsso_session = my-sso\nsso_account_id = 123456789012\nsso_role_name = r\n"
      .. "[sso-session my-sso]\nsso_region = us-east-1\nsso_start_url = " .. cloud.START_URL .. "\n")
    place:write(cloud.SSO_SESSION_FILE, cjson.encode{ accessToken = "canarySsoAccess/0123456789OldAccessTail",
      expiresAt = at(-1), refreshToken = "canarySsoRefresh/0123456789OldRefreshTail", clientId = "client",
      clientSecret = "canaryClientSecret/0123456789ClientSecretTail", registrationExpiresAt = at(9),
      startUrl = cloud.START_URL, region = "us-east-1" })
    return {}, with(keys_of("sso"), "canarySsoAccess", "OldAccessTail", "NewAccessTail", "canarySsoRefresh",
      "OldRefreshTail", "NewRefreshTail", "canaryClientSecret", "ClientSecretTail")
  end,
  ["aws login"] = function(place)
    local text, words = new_key()
    place:write(".aws/config", "[default]\n" .. L.login)
    place:write(cloud.LOGIN_FILE, cjson.encode{ accessToken = { accessKeyId = "ASIAOLD", secretAccessKey =
      cloud.KEY.process, sessionToken = cloud.TOKEN.process, accountId = "123456789012", expiresAt = at(-1) },
      refreshToken = "canaryLoginRefresh/0123456789OldRefreshTail", clientId = "arn:aws:signin:::devtools/same-device",
      dpopKey = text, tokenType = "aws_sigv4" })
    return {}, with(keys_of("login", "process"), "canaryLoginRefresh", "OldRefreshTail", "NewRefreshTail",
      table.unpack(words))
  end,
  ["a credential_process"] = function(place)
    place:write(".aws/config", "[default]\n" .. cloud.process_lines(place))
    return {}, keys_of("process")
  end,
  ["a container"] = function(place)
    return { AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/container", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE =
      place:write("token", "canaryContainerToken/0123456789ContainerTokenTail\n") },
      with(keys_of("container"), "canaryContainerToken", "ContainerTokenTail")
  end,
  ["a container, with the token in a variable"] = function()
    return { AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/container", AWS_CONTAINER_AUTHORIZATION_TOKEN =
      "canaryContainerToken/0123456789ContainerTokenTail" },
      with(keys_of("container"), "canaryContainerToken", "ContainerTokenTail")
  end,
  ["instance metadata"] = function()
    return { AWS_EC2_METADATA_DISABLED = "false" }, with(keys_of("instance"), "canaryImdsToken", "ImdsTokenTail")
  end,
}

describe_memory("the memory of ecrlua, when the client is gone, after credentials of", function()
  local held, place

  before_each(function()
    place, server = home.new(), cloud.serve()
  end)

  after_each(function()
    if held then held.stop() end
    held = nil
    server:stop()
    place:remove()
  end)

  --- What ecrlua's own environment is: that of the process of these specs, but for what is said.
  local function settings_of(environment)
    local all = { AWS_REGION = "us-east-1", HOME = place.path, AWS_EC2_METADATA_DISABLED = "true",
      AWS_CONFIG_FILE = place.path .. "/.aws/config", AWS_SHARED_CREDENTIALS_FILE = place.path .. "/.aws/credentials" }
    for _, more in ipairs{ cloud.endpoints(server), environment } do
      for name, value in pairs(more) do all[name] = value end
    end
    local list = {}
    for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
    return list
  end

  --- Where the words stand in a process that did this work.
  local function places_after(script, environment, words)
    held = memory.hold(script, settings_of(environment))
    assert.equal("", held.output)
    local found = {}
    for _, word in ipairs(words) do
      local places = memory.find(held.pid, word)
      if #places > 0 then found[word] = places end
    end
    return found
  end

  for name, prepare in pairs(SOURCES) do
    it(name .. " holds none of its secrets", function()
      assert.same({}, places_after(WORK, prepare(place)))
      local requests = server:requests()
      assert.matches("Credential=ASIA", requests[#requests].headers.authorization)
    end)

    it(name .. " would show its keys if the client were still there", function()
      local environment, words = prepare(place)
      assert.is_truthy(places_after(KEEPS, environment, words)[words[2]])
    end)

    it(name .. " holds none where each answer is refused with the request quoted", function()
      server:stop()
      server = cloud.serve([[local parts = {}
        for header, value in pairs(request.headers) do parts[#parts + 1] = header .. ": " .. value end
        return {status = 403, headers = {["x-amzn-requestid"] = table.concat(parts, " ")},
          body = cjson.encode{message = table.concat(parts, " ") .. request.body}}]])
      assert.same({}, places_after(TRIES, prepare(place)))
    end)

    it(name .. " holds none where each answer is spoilt at its end", function()
      server:stop()
      server = cloud.serve(nil, "answer.body = answer.body:gsub('[}>]%s*$', '') .. ',oops'")
      local environment, words = prepare(place)
      if place:read("print-keys") then place:write("print-keys", place:read("print-keys"):sub(1, -2) .. ",oops") end
      assert.same({}, places_after(TRIES, environment, words))
    end)

    it(name .. " holds none where each answer is broken off", function()
      server:stop()
      server = cloud.serve(nil, [[connection:send("HTTP/1.1 200 OK\r\nContent-Length: " .. #answer.body + 10
        .. "\r\n\r\n" .. answer.body)
        connection:close()
        do return false end]])
      assert.same({}, places_after(TRIES, prepare(place)))
    end)
  end

  it("an assumed role, all over TLS, holds none of its secrets", function()
    local made = process.certificate("IP:127.0.0.1")
    server:stop()
    server = cloud.serve(nil, nil, made)
    local environment, words = SOURCES["an assumed role"](place)
    environment.AWS_CA_BUNDLE = made.certificate
    assert.same({}, places_after(WORK, environment, words))
  end)

  for _, format in ipairs{ "process", "env", "env-no-export" } do
    it("an assumed role holds none after they were handed over as " .. format, function()
      local environment, words = SOURCES["an assumed role"](place)
      assert.same({}, places_after(([[
        local ecr <const> = require "ecr"
        local file = assert(io.open(os.getenv("HOME") .. "/out", "w"))
        do
          local client <const> = assert(ecr.client{ proxy = "" })
          assert(ecr.write_credentials(file, assert(client:credentials()), %q))
          assert(ecr.write_credentials(file, assert(client:credentials()), %q))
        end
        done()]]):format(format, format), environment, words))
      assert.matches("roleKeyTail.*roleKeyTail", place:read("out"))
    end)
  end
end)
