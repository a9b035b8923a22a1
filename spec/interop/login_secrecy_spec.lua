-- SPDX-License-Identifier: MIT
-- Who else could see a password while we log in: other processes, in command lines and environments; whoever
-- reads logs; other users, in files. Real clients and registries take part. Skipped, aloud, without them.
local logins = require "spec.support.logins"
local process = require "spec.support.process"

local HOST, OTHER, RECORDED = logins.HOST, logins.OTHER, logins.RECORDED
local SECRETS = logins.secrets()

local function assert_silent(...)
  for _, text in ipairs{ ... } do
    for _, secret in ipairs(SECRETS) do assert.is_nil(text:find(secret, 1, true), text) end
  end
end

describe("a password", function()
  local scene = logins.scene("skopeo", "podman", "docker")
  local test = scene:tests(_ENV)

  local function succeed(result)
    assert.equal(0, result.code, result.output .. result.errors)
    return result
  end

  local function ecrlua(...)
    return succeed(scene:ecrlua{ "--log", "debug", ... })
  end

  local function read_with(client)
    scene:assert_reads(client, HOST)
    scene:assert_sent(client)
  end

  local function name_helper()
    local text = ('{"credHelpers": {"%s": "ecrlua", "%s": "ecrlua"}}'):format(HOST, RECORDED)
    for _, name in ipairs{ "auth.json", ".docker/config.json" } do scene.world.home:write(name, text) end
  end

  --- A program that ends once it was found there itself.
  local function until_found(where)
    return { "timeout", "20", "sh", "-c", ("until grep -q '%s sh' %s/found; do :; done"):format(where,
      scene.world.home.path) }
  end

  test("that is a word of a command is found by who looks", nil, function()
    local words = until_found("cmdline")
    words[#words + 1] = SECRETS[1]
    local found = scene.world:watch(SECRETS, function() succeed(scene:run(words)) end)
    assert.matches("%d+ cmdline sh\n", found)
  end)

  test("that is in an environment is found by who looks", nil, function()
    local found = scene.world:watch(SECRETS, function()
      succeed(scene:run(until_found("environ"), { SOMETHING = SECRETS[2] }))
    end)
    assert.matches("%d+ environ sh\n", found)
  end)

  --- What logs somebody in, by what is said of it.
  local WAYS = {
    ["docker_login.lua writes a file"] = function() ecrlua("docker_login.lua", HOST, OTHER, RECORDED) end,
    ["docker_login.lua runs podman"] = function()
      ecrlua("docker_login.lua", "--docker", "--docker-command", "podman", HOST, RECORDED)
    end,
    ["docker_login.lua runs docker"] = function() ecrlua("docker_login.lua", "--docker", HOST, RECORDED) end,
    ["the helper is asked by skopeo"] = function() read_with("skopeo") end,
    ["the helper is asked by podman"] = function() read_with("podman") end,
    ["the helper is asked by docker"] = function() read_with("docker") end,
  }

  for way, act in pairs(WAYS) do
    test("is shown to no other process while " .. way, nil, function()
      if way:find("^the helper") then name_helper() end
      assert.equal("", scene.world:watch(SECRETS, act))
    end)
  end

  test("is in nothing that docker_login.lua says, however much it logs", nil, function()
    local written = ecrlua("docker_login.lua", HOST, OTHER, RECORDED)
    local asked = ecrlua("docker_login.lua", "--docker", "--docker-command", "podman", "--json", HOST)
    assert.matches("GetAuthorizationToken", written.errors)
    assert_silent(written.output, written.errors, asked.output, asked.errors)
  end)

  test("is in nothing that the helper logs", nil, function()
    for _, host in ipairs{ HOST, RECORDED } do
      local get = ("echo %s | %s --log debug credential_helper.lua get"):format(host, process.ECRLUA)
      local result = succeed(scene:run{ "sh", "-c", get })
      assert.matches("GetAuthorizationToken", result.errors)
      assert_silent(result.errors)
    end
  end)

  test("is in no file that another user could read", nil, function()
    name_helper()
    read_with("skopeo")
    os.remove(scene.world.home.path .. "/auth.json")
    ecrlua("docker_login.lua", "--config", scene.world.home.path .. "/other.json", HOST, OTHER, RECORDED)
    ecrlua("docker_login.lua", "--for", "podman", HOST)
    scene.world.home:write("needles", table.concat(SECRETS, "\n") .. "\n")
    local kept = process.run(("sh -c 'cd %s && grep -rlFf needles . | xargs stat -c \"%%a %%n\"'"):format(
      scene.world.home.path)).output:gsub("%d+ %./needles\n", "")
    assert.matches("/other.json\n", kept)
    assert.matches("/auth.json\n", kept)
    for mode, name in kept:gmatch("(%d+) (%S+)\n") do assert.equal("600", mode, name) end
  end)
end)
