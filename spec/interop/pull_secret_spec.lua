-- SPDX-License-Identifier: MIT
-- The document within a secret of pull_secret.lua, as skopeo, podman and docker read it, against real
-- registries under ECR's names. Skipped, aloud, where the machine has not these programs.
local cjson = require "cjson"
local logins = require "spec.support.logins"
local mime = require "mime"
local process = require "spec.support.process"

local HOST, OTHER, RECORDED = logins.HOST, logins.OTHER, logins.RECORDED
local CLIENTS = { "skopeo", "podman", "docker" }

describe("pull_secret.lua", function()
  local scene = logins.scene("skopeo")
  local test = scene:tests(_ENV)

  --- Puts the secret's inner document where clients look.
  local function unpack_secret(...)
    local secret = cjson.decode(scene:succeed{ "pull_secret.lua", "--name", "ecr", "--format", "json", ... })
    assert.equal("kubernetes.io/dockerconfigjson", secret.type)
    local text = mime.unb64(secret.data[".dockerconfigjson"])
    scene.world.home:write("auth.json", text)
    scene.world.home:write(".docker/config.json", text)
  end

  for _, client in ipairs(CLIENTS) do
    test(("opens its registries for %s, and no other"):format(client), client, function()
      unpack_secret(HOST)
      scene:assert_reads(client, HOST)
      scene:assert_refused(client, OTHER)
    end)

    test(("opens several registries for %s"):format(client), client, function()
      unpack_secret(HOST, OTHER, RECORDED)
      scene:assert_reads(client, HOST)
      scene:assert_reads(client, OTHER)
      scene:assert_sent(client)
    end)
  end

  test("is of no use when the password is not the registry's", "skopeo", function()
    scene:give{ ["us-east-1"] = "old" }
    unpack_secret(HOST)
    scene:assert_refused("skopeo", HOST)
  end)

  test("shows a password to no other process, and leaves it in no file for others", "skopeo", function()
    local file = scene.world.home.path .. "/secret.yaml"
    assert.equal("", scene.world:watch(logins.secrets(), function()
      scene:succeed{ "pull_secret.lua", "--name", "ecr", "--output", file, HOST, RECORDED }
    end))
    assert.equal("600\n", process.run("stat -c %a " .. file).output)
  end)
end)
