-- SPDX-License-Identifier: MIT
-- docker-credential-ecrlua as skopeo, podman and docker call it, against real registries under ECR's names.
-- Skipped, aloud, where the machine has not these programs.
local cjson = require "cjson"
local logins = require "spec.support.logins"
local registry = require "spec.support.registry"

local HOST, PASSWORDS = logins.HOST, logins.PASSWORDS
local CLIENTS = { "skopeo", "podman", "docker" }
local REFUSED = { skopeo = "unauthorized: authentication required", podman = "Existing credentials are invalid",
  docker = "no such manifest" } -- in each one's words

--- See containers-registries.conf(5).
local HELPERS = 'credential-helpers = ["containers-auth.json", "ecrlua"]\n'

describe("docker-credential-ecrlua", function()
  local scene = logins.scene("skopeo")
  local test = scene:tests(_ENV)

  --- Names the helper for hosts, in the files of all clients.
  local function ask_for(hosts)
    local named = {}
    for _, host in ipairs(hosts) do named[host] = "ecrlua" end
    local text = cjson.encode{ credHelpers = named }
    scene.world.home:write("auth.json", text)
    scene.world.home:write(".docker/config.json", text)
  end

  for _, client in ipairs(CLIENTS) do
    test("opens a registry for " .. client, client, function()
      ask_for{ HOST }
      scene:assert_reads(client, HOST)
    end)

    test(("opens each registry for %s with its own password"):format(client), client, function()
      ask_for{ HOST, logins.OTHER }
      scene:assert_reads(client, logins.OTHER)
      scene:assert_reads(client, HOST)
    end)

    test(("opens a registry by its other names for %s"):format(client), client, function()
      ask_for{ logins.DUAL_STACK, logins.FIPS }
      scene:assert_reads(client, logins.DUAL_STACK)
      scene:assert_reads(client, logins.FIPS)
    end)

    test(("gives %s a password as long as ECR's, whole"):format(client), client, function()
      ask_for{ logins.RECORDED }
      scene:assert_sent(client)
    end)

    test(("is of no use to %s with a password that is not the registry's"):format(client), client, function()
      scene:give{ ["us-east-1"] = PASSWORDS["us-east-1"] .. "x" }
      ask_for{ HOST }
      local result = scene:read(client, HOST)
      assert.not_equal(0, result.code)
      assert.matches(REFUSED[client], result.output .. result.errors, nil, true)
    end)

    test(("gives %s nothing where nobody names it"):format(client), client, function()
      scene:assert_refused(client, HOST)
      assert.equal(0, #scene.cloud:requests())
    end)
  end

  for _, client in ipairs{ "skopeo", "podman" } do
    test(("opens a registry for %s when registries.conf names it"):format(client), client, function()
      scene.world.home:write(".config/containers/registries.conf", HELPERS)
      scene:assert_reads(client, HOST)
    end)

    test(("tells the user of %s why there are no credentials"):format(client), client, function()
      scene:give{}
      ask_for{ HOST }
      local result = scene:read(client, HOST)
      assert.not_equal(0, result.code)
      assert.matches("ecrlua: GetAuthorizationToken in us-east-1: none for you", result.errors, nil, true)
    end)
  end

  test("opens a registry for docker when it is the store", "docker", function()
    scene.world.home:write(".docker/config.json", '{"credsStore": "ecrlua"}')
    scene:assert_reads("docker", HOST)
  end)

  test("gives no password to who is no registry of ECR's: skopeo", "skopeo", function()
    scene.world.home:write(".config/containers/registries.conf", HELPERS)
    scene:assert_reads("skopeo", logins.FOREIGN)
    assert.equal(":", registry.given(scene.foreign)) -- skopeo's way to have none
    assert.equal(0, #scene.cloud:requests())
  end)

  test("gives no password to who is no registry of ECR's: docker", "docker", function()
    scene.world.home:write(".docker/config.json", '{"credsStore": "ecrlua"}')
    assert.matches("no basic auth credentials", scene:read("docker", logins.FOREIGN).errors, nil, true)
    assert.is_nil(registry.given(scene.foreign))
    assert.equal(0, #scene.cloud:requests())
  end)

  for _, client in ipairs{ "skopeo", "podman" } do
    test("lets " .. client .. " log out", client, function()
      ask_for{ HOST }
      local result = scene:run{ client, "logout", HOST }
      assert.equal(0, result.code, result.errors)
    end)
  end

  test("lets podman log in and out when it shall ignore that, and keeps nothing of it", "podman", function()
    ask_for{ HOST }
    local ignored = { AWS_ECR_IGNORE_CREDS_STORAGE = "true" }
    local log_in = ("printf %%s '%s' | podman login --username AWS --password-stdin %s"):format(PASSWORDS["us-east-1"],
      HOST)
    local result = scene:run({ "sh", "-c", log_in }, ignored)
    assert.equal("Login Succeeded!\n", result.output, result.errors)
    result = scene:run({ "podman", "logout", HOST }, ignored)
    assert.equal(0, result.code, result.errors)
    local kept = cjson.decode(scene.world.home:read("auth.json"))
    assert.same({ auths = {}, credHelpers = { [HOST] = "ecrlua" } }, kept)
  end)
end)
