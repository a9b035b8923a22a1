-- SPDX-License-Identifier: MIT
-- The fixture of the specs of logging in: that clients reach only the registries of the fixture, and that
-- these look at the password. The file of credentials is written by hand here. Skipped, aloud, where the
-- machine has not these programs.
local clients = require "spec.support.clients"
local registry = require "spec.support.registry"

local HOST, RECORDED = "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
local PASSWORD = "canaryRegistryToken"
local LONG = ("eyJwYXlsb2FkIjoi"):rep(150) .. "LastLettersOfIt=="

describe("the registries of the specs", function()
  local missing = clients.missing("docker-registry", "skopeo")
  local world, recorder

  setup(function()
    if missing then return end
    world = registry.world{ HOST, RECORDED }
    world:serve(HOST, PASSWORD)
    recorder = world:stand_in(RECORDED)
  end)

  teardown(function() if world then world:stop() end end)

  before_each(function() if world then world:log_out() end end)

  local function log_in(host, password)
    for _, name in ipairs{ "auth.json", ".docker/config.json" } do
      world.home:write(name, registry.auth_file(host, password))
    end
  end

  local function test(name, fn, ...)
    local none = missing or clients.missing(...)
    it(name, function()
      if none then return pending(none) end
      fn()
    end)
  end

  local function inspect(host, environment, tag)
    return world:run({ "skopeo", "inspect", "--raw", ("docker://%s/team/app:%s"):format(host, tag or "1") },
      environment)
  end

  test("open for the right password", function()
    log_in(HOST, PASSWORD)
    assert.equal(registry.manifest(), inspect(HOST).output)
  end)

  for name, wrong in pairs{ another = "wrong", ["a longer"] = PASSWORD .. "x", ["a shorter"] = PASSWORD:sub(1, -2) } do
    test(("refuse %s password"):format(name), function()
      log_in(HOST, wrong)
      local result = inspect(HOST)
      assert.equal(1, result.code)
      assert.matches("unauthorized: authentication required", result.errors)
    end)
  end

  test("refuse who has no password", function()
    assert.matches("unauthorized: authentication required", inspect(HOST).errors)
  end)

  test("are the only hosts that a client reaches", function()
    assert.matches("Forbidden", inspect("public.ecr.aws").errors)
    assert.is_true(world:was_asked("public.ecr.aws"))
  end)

  test("are trusted by nobody else's word", function()
    assert.matches("x509: certificate signed by unknown authority",
      inspect(HOST, { SSL_CERT_FILE = "/nonexistent" }).errors)
  end)

  test("say what a client sent, however long", function()
    log_in(RECORDED, LONG)
    assert.equal(0, inspect(RECORDED).code)
    assert.equal("AWS:" .. LONG, registry.given(recorder))
  end)

  test("open for podman, with what it finds in the file", function()
    log_in(HOST, PASSWORD)
    local result = world:run{ "podman", "login", HOST }
    assert.matches("Existing credentials are valid", result.output, nil, true, result.errors)
  end, "podman")

  test("do not open for podman with another password", function()
    log_in(HOST, "wrong")
    assert.matches("Existing credentials are invalid", world:run{ "podman", "login", HOST }.output, nil, true)
  end, "podman")

  test("open for docker", function()
    local image = HOST .. "/team/app:1"
    assert.matches("no basic auth credentials", world:run{ "docker", "manifest", "inspect", image }.errors, nil, true)
    log_in(HOST, PASSWORD)
    local result = world:run{ "docker", "manifest", "inspect", image }
    assert.equal(0, result.code, result.errors)
  end, "docker")

  test("take a list of images from docker, and give it", function()
    local image, list = HOST .. "/team/app:1", HOST .. "/team/app:list"
    log_in(HOST, PASSWORD)
    world:run{ "docker", "manifest", "create", list, image }
    local pushed = world:run{ "docker", "manifest", "push", list }
    assert.equal(0, pushed.code, pushed.errors)
    assert.matches('"manifests"', inspect(HOST, {}, "list").output)
  end, "docker")
end)

describe("a world of registries", function()
  it("leaves nothing behind", function()
    local missing = clients.missing("docker-registry")
    if missing then return pending(missing) end
    local world = registry.world{ HOST }
    world:serve(HOST, PASSWORD)
    world:command{}
    local port, folder = world.ports[HOST], world.home.path
    assert.is_truthy(require("socket").connect("127.0.0.1", tonumber(port)))
    world:stop()
    assert.is_nil(io.open(folder))
    assert.is_nil(require("socket").connect("127.0.0.1", tonumber(port)))
  end)
end)
