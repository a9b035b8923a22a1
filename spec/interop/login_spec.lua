-- SPDX-License-Identifier: MIT
-- docker_login.lua before skopeo, podman and docker, and these before real registries under ECR's names.
-- Skipped, aloud, where the machine has not these programs.
local logins = require "spec.support.logins"

local HOST, OTHER, RECORDED, PASSWORDS = logins.HOST, logins.OTHER, logins.RECORDED, logins.PASSWORDS
local CLIENTS = { "skopeo", "podman", "docker" }

describe("docker_login.lua", function()
  local scene = logins.scene("skopeo")
  local test = scene:tests(_ENV)

  local function log_in(client, words, more)
    return scene:succeed({ "docker_login.lua", "--for", client, table.unpack(words or {}) }, more)
  end

  test("finds the file that podman reads where DOCKER_CONFIG is set", "podman", function()
    local unnamed = { REGISTRY_AUTH_FILE = "" } -- the scene sets DOCKER_CONFIG
    log_in("podman", {}, unnamed)
    scene:assert_reads("podman", HOST, unnamed)
  end)

  for _, client in ipairs(CLIENTS) do
    test(("logs %s in"):format(client), client, function()
      scene:assert_refused(client, HOST)
      log_in(client)
      scene:assert_reads(client, HOST)
    end)

    test(("logs %s in to several registries, and keeps its other logins"):format(client), client, function()
      log_in(client, { RECORDED })
      log_in(client, { HOST, OTHER })
      scene:assert_reads(client, HOST)
      scene:assert_reads(client, OTHER)
      scene:assert_sent(client)
    end)

    test(("logs %s in to the same registry again, with what is new"):format(client), client, function()
      scene:give{ ["us-east-1"] = "old" }
      log_in(client)
      scene:assert_refused(client, HOST)
      scene:give(PASSWORDS)
      log_in(client, { "--no-cache" })
      scene:assert_reads(client, HOST)
    end)

    test(("logs %s out of what it is asked for"):format(client), client, function()
      log_in(client, { HOST, OTHER })
      log_in(client, { "--logout", HOST })
      scene:assert_refused(client, HOST)
      scene:assert_reads(client, OTHER)
    end)

    test(("names the helper to %s"):format(client), client, function()
      log_in(client, { "--helper", HOST })
      scene:assert_reads(client, HOST)
    end)
  end

  for _, client in ipairs{ "skopeo", "podman" } do
    test(("finds the file that %s reads when none is named"):format(client), client, function()
      local unnamed = { REGISTRY_AUTH_FILE = "", DOCKER_CONFIG = "" }
      log_in(client, {}, unnamed)
      assert.is_string(scene.world.home:read("containers/auth.json"))
      scene:assert_reads(client, HOST, unnamed)
    end)

    test(("logs %s in with docker's file, which it reads besides"):format(client), client, function()
      log_in("docker")
      scene:assert_reads(client, HOST)
    end)
  end

  test("writes what podman can log out of", "podman", function()
    log_in("podman")
    assert.matches("^Removed login credentials", scene:run{ "podman", "logout", HOST }.output)
    scene:assert_refused("podman", HOST)
  end)

  test("adds to what podman wrote", "podman", function()
    local result = scene:run{ "sh", "-c", ("printf %%s '%s' | podman login --username AWS --password-stdin %s"):format(
      PASSWORDS["eu-west-1"], OTHER) }
    assert.equal(0, result.code, result.errors)
    log_in("podman")
    scene:assert_reads("podman", HOST)
    scene:assert_reads("podman", OTHER)
  end)

  test("lets docker push", "docker", function()
    local image, list = HOST .. "/team/app:1", HOST .. "/team/app:list"
    log_in("docker")
    scene:run{ "docker", "manifest", "create", list, image }
    assert.matches("^sha256:%x+\n$", scene:run{ "docker", "manifest", "push", list }.output)
  end)

  for _, client in ipairs{ "podman", "docker" } do
    test(("has %s log in by itself"):format(client), client, function()
      scene:succeed{ "docker_login.lua", "--docker", "--docker-command", client, HOST, OTHER }
      scene:assert_reads(client, HOST)
      scene:assert_reads(client, OTHER)
    end)

    test(("says that %s could not log in"):format(client), client, function()
      scene:give{ ["us-east-1"] = "canaryOfNobody" }
      local result = scene:ecrlua({ "docker_login.lua", "--docker", "--docker-command", client })
      assert.equal(3, result.code)
      assert.matches(("docker_login.lua: %s: %s login: exited with "):format(HOST, client), result.errors, nil, true)
      assert.not_matches("canary", result.output .. result.errors)
    end)
  end
end)
