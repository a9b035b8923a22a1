-- SPDX-License-Identifier: MIT
-- Configurations and layers of the simulated registry, through the client. What storage does wrong is
-- spec/ecr/service/blob_http_spec.lua's.
local asking = require "spec.support.sim"
local blobs = require "spec.support.blobs"
local cjson = require "cjson"
local ecr = require "ecr"
local files = require "spec.support.files"
local loop = require "ecr.loop"
local process = require "spec.support.process"

local LAYERS = { { content = "first\n" }, { content = ("second "):rep(1000) } }
local FIRST = blobs.descriptor("first\n").digest
local folder, path

before_each(function()
  folder = process.run("mktemp -d").output:match("%S+")
  path = folder .. "/blob"
end)

after_each(function()
  process.run("rm -rf " .. folder)
  assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
end)

local function mock()
  return ecr.mock():with_image("app", { tags = { "v1" }, platform = "linux/arm64/v8", layers = LAYERS })
end

describe("a configuration of a simulated image", function()
  it("says what the image is for", function()
    local config = assert(mock():client{}.manifest:get_config("app:v1"))
    assert.same({ "linux", "arm64", "v8" }, { config.os, config.architecture, config.variant })
    assert.equal(2, #config.rootfs.diff_ids)
  end)

  it("is the one that its manifest names", function()
    local client = mock():client{}
    local manifest = assert(client.manifest:get_manifest("app:v1"))
    local text = assert(require("ecr.service.blob").read(client, require("ecr.name").image("app:v1"),
      manifest.config, 4096))
    assert.equal(manifest.config.size, #text)
    assert.equal("arm64", cjson.decode(text).architecture)
  end)

  it("lets a plain image be found by its platform", function()
    local client = mock():client{}
    assert.is_table(assert(client.manifest:get_platform_manifest("app:v1", "linux/arm64/v8")))
    assert.equal("not_found", select(2, client.manifest:get_platform_manifest("app:v1", "linux/s390x")).kind)
  end)
end)

describe("the layers of a simulated image", function()
  it("are its own, from the bottom up, and are downloaded byte for byte", function()
    local layers = assert(mock():client{}.manifest:get_layers("app:v1"))
    assert.equal(2, #layers)
    assert.equal(FIRST, layers[1].digest)
    local told = {}
    local done = assert(layers[1]:download(path, { on_progress = function(...) told[#told + 1] = { ... } end }))
    assert.same({ path = path, digest = FIRST, size = 6, resumed_from = 0 }, done)
    assert.equal("first\n", files.read(path))
    assert.same({ { 6, 6 } }, told)
  end)

  it("are there for an image whose scenario says nothing of them", function()
    local client = ecr.mock():with_image("app", { tags = { "v1" } }):client{}
    local layers = assert(client.manifest:get_layers("app:v1"))
    local done = assert(layers[1]:download(path))
    assert.equal(layers[1].size, #files.read(path))
    assert.equal("sha256:" .. process.run("sha256sum " .. path).output:match("^%x+"), done.digest)
  end)

  it("are downloaded at the same time, in one latency for the address and one for the bytes", function()
    local client = mock():with_latency_injection{ seconds = 1 }:client{}
    local layers = assert(client.manifest:get_layers("app:v1"))
    local start = ecr.now()
    local _, errors = ecr.all{ function() return layers[1]:download(path) end,
      function() return layers[2]:download(path .. 2) end }
    assert.is_nil(errors)
    assert.equal(2, ecr.now() - start)
    assert.equal(LAYERS[2].content, files.read(path .. 2))
  end)

  it("are gone on with where an earlier download broke off", function()
    local layers = assert(mock():client{}.manifest:get_layers("app:v1"))
    local part = assert(io.open(path .. "." .. FIRST:sub(8, 23) .. ".part", "wb"))
    part:write("fir")
    part:close()
    assert.equal(3, assert(layers[1]:download(path)).resumed_from)
    assert.equal("first\n", files.read(path))
  end)

  it("are asked for again when storage refuses once, or is busy", function()
    local from = mock():with_error_injection{ operation = "download", code = "AccessDenied", status = 403, times = 1 }
      :with_error_injection{ operation = "download", code = "SlowDown", status = 503, times = 1 }
    local layers = assert(from:client{}.manifest:get_layers("app:v1"))
    assert(layers[1]:download(path))
    local asked = {}
    for _, line in ipairs(from:history()) do asked[#asked + 1] = line.operation end
    assert.same({ "BatchGetImage", "GetDownloadUrlForLayer", "download", "GetDownloadUrlForLayer", "download",
      "download" }, asked)
  end)

  it("are refused with the path where it cannot be written", function()
    local layers = assert(mock():client{}.manifest:get_layers("app:v1"))
    local _, err = layers[1]:download(folder .. "/no/such")
    assert.same({ "config", "write" }, { err.kind, err.code })
    assert.truthy(err.message:find(folder .. "/no/such", 1, true))
  end)
end)

describe("the simulated registry's blobs", function()
  local transport

  before_each(function()
    transport = asking.open{ repositories = { { name = "app", unused_blobs = { "nobody's" },
      images = { { tags = { "v1" }, layers = LAYERS } } } } }
  end)

  local function ask(digest)
    return asking.ask(transport, "GetDownloadUrlForLayer", { repository_name = "app", layer_digest = digest })
  end

  local function get(url)
    return asking.event(transport, "download", {}, { kind = "http", url = url, sink = "raw:100" })
  end

  it("have sealed addresses in storage that are good for an hour", function()
    local output = assert(ask(FIRST))
    assert.equal(FIRST, output.layer_digest)
    assert.equal("<secret>", tostring(output.download_url))
    assert.matches("^https://prod%-us%-east%-1%-starport%-layer%-bucket%.s3%.us%-east%-1%.amazonaws%.com/",
      output.download_url:reveal())
    assert.equal("first\n", get(output.download_url).value)
    asking.wait(transport, 3590)
    assert.equal(200, get(output.download_url).status)
    asking.wait(transport, 20)
    local late = get(output.download_url)
    assert.same({ 403, "AccessDenied" }, { late.status, late.fault.code })
  end)

  it("are not there under an address that nobody was given", function()
    assert.equal(403, get("https://example.org/").status)
  end)

  it("are told apart from what is not there, and from what no image uses", function()
    local unused = blobs.descriptor("nobody's").digest
    assert.equal("LayerInaccessibleException", select(2, ask(unused)).code)
    assert.equal("LayersNotFoundException", select(2, ask("sha256:" .. ("0"):rep(64))).code)
    local image = asking.ask(transport, "ListImages", { repository_name = "app" }).image_ids[1]
    assert.equal("LayersNotFoundException", select(2, ask(image.image_digest)).code)
    assert.equal("RepositoryNotFoundException", select(2, asking.ask(transport, "GetDownloadUrlForLayer",
      { repository_name = "other", layer_digest = FIRST })).code)
  end)

  it("are used by images that were pushed, too", function()
    local unused = blobs.descriptor("nobody's").digest
    assert(asking.ask(transport, "PutImage", { repository_name = "app", image_manifest =
      ('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[{"mediaType":"a/b",'
      .. '"digest":"%s","size":8}]}'):format(unused) }))
    assert.is_table(ask(unused))
  end)

  it("are more than was asked for, where storage has more", function()
    local output = assert(ask(FIRST))
    local event = asking.event(transport, "download", {}, { kind = "http", url = output.download_url, sink = "raw:5" })
    assert.same({ "protocol", "too_large" }, { event.failure.kind, event.failure.code })
  end)
end)
