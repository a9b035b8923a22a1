-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local config_file = require "ecr.login.config_file"
local core = require "ecr.core"
local files = require "spec.support.files"
local process = require "spec.support.process"

local function path(tool, environment)
  return config_file.path(tool, function(name) return environment[name] end)
end

describe("the file of logins", function()
  it("is docker's, where its directory is said or in the home", function()
    assert.equal("/home/a/.docker/config.json", (path("docker", { HOME = "/home/a", DOCKER_CONFIG = "" })))
    assert.equal("/d/config.json", (path("docker", { HOME = "/home/a", DOCKER_CONFIG = "/d",
      REGISTRY_AUTH_FILE = "/auth" })))
  end)

  it("is podman's and skopeo's, by containers-auth.json(5)", function()
    for _, tool in ipairs{ "podman", "skopeo" } do
      assert.equal("/auth", (path(tool, { REGISTRY_AUTH_FILE = "/auth", XDG_RUNTIME_DIR = "/run/user/7" })))
      assert.equal("/run/user/7/containers/auth.json", (path(tool, { XDG_RUNTIME_DIR = "/run/user/7" })))
      local uid = process.run("id -u").output:match("%d+")
      assert.equal("/run/containers/" .. uid .. "/auth.json", (path(tool, { HOME = "/home/a" })))
    end
  end)

  it("is docker's for podman too where DOCKER_CONFIG is set, as podman has it, and not for skopeo", function()
    local environment = { DOCKER_CONFIG = "/d", XDG_RUNTIME_DIR = "/run/user/7" }
    assert.equal("/d/config.json", (path("podman", environment)))
    assert.equal("/run/user/7/containers/auth.json", (path("skopeo", environment)))
    environment.REGISTRY_AUTH_FILE = "/auth"
    assert.equal("/auth", (path("podman", environment)))
  end)

  it("says whether the environment names it", function()
    assert.is_true(select(2, path("docker", { DOCKER_CONFIG = "/d" })))
    assert.is_false(select(2, path("docker", { HOME = "/h" })))
    assert.is_true(select(2, path("podman", { REGISTRY_AUTH_FILE = "/a" })))
    assert.is_false(select(2, path("podman", { XDG_RUNTIME_DIR = "/r" })))
  end)

  it("must be named where nothing says where it is", function()
    local none, err = path("docker", {})
    assert.is_nil(none)
    assert.equal("config", err.kind)
    assert.matches("%-%-config", err.message)
  end)

  it("takes more logins than one edit does, and leaves out those that failed", function()
    local rows, name = {}, os.tmpname()
    for i = 1, 130 do
      rows[i] = { registry = ("host-%d.example"):format(i), creds = { auth = core.secret("QVdTOmE=") } }
    end
    rows[7].error = { kind = "denied" }
    config_file.log_in(name, rows)
    local auths, count = cjson.decode(files.read(name)).auths, 0
    os.remove(name)
    for _ in pairs(auths) do count = count + 1 end
    assert.equal(129, count)
    assert.is_nil(auths["host-7.example"])
    for i, row in ipairs(rows) do assert.equal(i == 7, row.error ~= nil) end
  end)

  it("gives every row the error of a file that cannot be", function()
    local rows = { { registry = "a.example", creds = { auth = core.secret("QVdTOmE=") } },
      { registry = "b.example", creds = { auth = core.secret("QVdTOmE=") } } }
    config_file.set_helper("/dev/null", rows, "ecrlua")
    for _, row in ipairs(rows) do assert.same({ "config", "write" }, { row.error.kind, row.error.code }) end
  end)
end)
