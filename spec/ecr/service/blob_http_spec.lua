-- SPDX-License-Identifier: MIT
-- Blobs over a server on loopback that is the registry and the storage.
local blob = require "ecr.service.blob"
local blobs = require "spec.support.blobs"
local ecr = require "ecr"
local files = require "spec.support.files"
local lfs = require "lfs"
local loop = require "ecr.loop"
local process = require "spec.support.process"

local CONTENT = ("0123456789"):rep(20000) -- 200,000 bytes
local AS_TEXT = '("0123456789"):rep(20000)'
local wanted = blobs.descriptor(CONTENT)
local folder, path, server

local function serve(storage, address)
  if server then server:stop() end
  server = blobs.serve(AS_TEXT, storage, address)
  return server
end

local function layer(options, descriptor)
  return blob.layer(blobs.client(server, options), blobs.NAMED, descriptor or wanted)
end

local function changed(fields)
  local copy = {}
  for key, value in pairs(wanted) do copy[key] = value end
  for key, value in pairs(fields) do copy[key] = value end
  return copy
end

--- What is in the folder.
local function names()
  local list = {}
  for name in lfs.dir(folder) do
    if name ~= "." and name ~= ".." then list[#list + 1] = name end
  end
  return list
end

--- The first half and a reset, when it is asked for the whole.
local HALF = [[if start == 0 then
  connection:send(("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"):format(#content) .. content:sub(1, 100000))
  connection:sleep(0.05)
  return connection:close()
end ]]

local RESET = (HALF:gsub("connection:close", "connection:reset"))
local SILENCE = (HALF:gsub("connection:sleep%(0.05%)", "connection:sleep(30)"))

before_each(function()
  folder = process.run("mktemp -d").output:match("%S+")
  path = folder .. "/blob"
end)

after_each(function()
  if server then server:stop() end
  server = nil
  process.run("rm -rf " .. folder)
  assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
end)

describe("a layer", function()
  it("is written byte for byte, and says what it is", function()
    serve(blobs.WHOLE)
    local one = layer()
    assert.equal(wanted.digest .. " (application/vnd.oci.image.layer.v1.tar+gzip, 200000 bytes)", tostring(one))
    local done = assert(one:download(path))
    assert.same({ path = path, digest = wanted.digest, size = 200000, resumed_from = 0 }, done)
    assert.equal(CONTENT, files.read(path))
    assert.same({ "blob" }, names())
  end)

  it("is asked for as the registry wants it, and from storage without any credentials", function()
    serve(blobs.WHOLE)
    assert(layer():download(path))
    local asked, got = server:requests()[1], blobs.gets(server)[1]
    assert.matches("AWS4%-HMAC%-SHA256", asked.headers.authorization)
    assert.equal('{"repositoryName":"app","layerDigest":"' .. wanted.digest .. '"}', asked.body)
    assert.matches("^/bucket/blob%?X%-Amz%-Signature=" .. blobs.SECRET, got.path)
    for header in pairs(got.headers) do
      assert.is_true(header ~= "authorization" and not header:find("^x%-amz"), header)
    end
  end)

  it("comes with others at the same time", function()
    serve("waiting = (waiting or 0) + 1 while waiting < 4 do connection:sleep(0.005) end " .. blobs.WHOLE)
    local one, calls = layer(), {}
    for i = 1, 4 do calls[i] = function() return one:download(path .. i) end end
    local _, errors = ecr.all(calls)
    assert.is_nil(errors)
    for i = 1, 4 do assert.equal(CONTENT, files.read(path .. i)) end
  end)

  it("is gone on with within one download when it breaks off", function()
    serve(HALF .. blobs.WHOLE)
    local done = assert(layer{ max_retries = 1 }:download(path))
    assert.is_true(done.resumed_from > 0 and done.resumed_from <= 100000)
    assert.equal("bytes=" .. done.resumed_from .. "-", blobs.gets(server)[2].headers.range)
    assert.equal(CONTENT, files.read(path))
  end)

  it("is gone on with by the next download, also after a reset", function()
    serve(RESET .. blobs.WHOLE)
    local one = layer()
    local _, err = one:download(path)
    assert.equal("network", err.kind)
    assert.is_nil(lfs.attributes(path))
    assert.equal(1, #names())
    local done = assert(one:download(path))
    assert.is_true(done.resumed_from > 0)
    assert.equal(CONTENT, files.read(path))
    assert.same({ "blob" }, names())
  end)

  it("starts over when the server gives the whole instead of the rest", function()
    serve(HALF .. "return { body = content }")
    local done = assert(layer{ max_retries = 1 }:download(path))
    assert.equal("bytes=", blobs.gets(server)[2].headers.range:sub(1, 6))
    assert.equal(0, done.resumed_from)
    assert.equal(CONTENT, files.read(path))
  end)

  it("starts over when the server knows no such part", function()
    serve([[if request.count > 4 then return { body = content } end ]] .. HALF .. "return { status = 416 }")
    local one = layer()
    assert.equal("network", select(2, one:download(path)).kind)
    local done = assert(one:download(path))
    assert.equal(0, done.resumed_from)
    assert.equal(CONTENT, files.read(path))
    assert.is_nil(blobs.gets(server)[3].headers.range)
  end)

  it("takes no other part than it asked for", function()
    serve(HALF .. [[return { status = 206, body = content:sub(start),
      headers = { ["content-range"] = ("bytes %d-%d/%d"):format(start - 1, #content - 1, #content) } }]])
    local _, err = layer{ max_retries = 3 }:download(path)
    assert.same({ "protocol", "content_range", 2 }, { err.kind, err.code, err.attempts })
    assert.same({}, names())
  end)

  it("leaves nothing and asks once with resume = false", function()
    serve(HALF .. blobs.WHOLE)
    assert.equal("network", select(2, layer():download(path, { resume = false })).kind)
    assert.same({}, names())
  end)

  -- What the storage sends, and what of the descriptor it breaks.
  local wrong = {
    { "other bytes of the same size", [[return { body = ("x"):rep(#content) }]], "digest" },
    { "one byte more", [[return { body = content .. "x" }]], "size" },
    { "one byte less", [[return { body = content:sub(2) }]], "size" },
    { "nothing", [[return { body = "" }]], "size" },
    { "bytes without an end", [[connection:send("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
      while connection:send(content) do connection:sleep(0) end]], "size" },
  }
  for _, row in ipairs(wrong) do
    it(("is refused, once and for all, for %s"):format(row[1]), function()
      serve(row[2])
      local done, err = layer{ max_retries = 3 }:download(path)
      assert.is_nil(done)
      assert.same({ "integrity", row[3], false, 1 }, { err.kind, err.code, err.retryable, err.attempts })
      assert.equal(1, #blobs.gets(server))
      assert.same({}, names())
    end)
  end

  it("is asked for under a new address after a 403, once", function()
    serve([[if request.path:find("n=1$") then return { status = 403, body = "<Error><Code>AccessDenied</Code></Error>" }
      end ]] .. blobs.WHOLE)
    assert(layer():download(path))
    assert.matches("n=3$", blobs.gets(server)[2].path)
    serve([[return { status = 403, body = "<Error><Code>AccessDenied</Code></Error>" }]])
    local _, err = layer():download(path .. 2)
    assert.same({ "denied", "AccessDenied", 403 }, { err.kind, err.code, err.status })
    assert.equal(2, #blobs.gets(server))
  end)

  it("is not fetched where a redirect points", function()
    serve([[return { status = 307, headers = { location = here .. "/elsewhere" .. request.path } }]])
    local _, err = layer():download(path)
    assert.equal("protocol", err.kind)
    assert.matches("redirects to another address, which is never followed", err.message)
    assert.equal(1, #blobs.gets(server))
  end)

  it("is not fetched without TLS unless the endpoint is custom", function()
    serve(blobs.WHOLE)
    local client = blobs.client(server)
    local url = server.url
    client.config.endpoint_url = nil -- the registry is asked all the same: its answer is what counts
    client.call = function() return { download_url = ecr.secret(url .. "/blob?" .. blobs.SECRET) } end
    local _, err = blob.layer(client, blobs.NAMED, wanted):download(path)
    assert.same({ "protocol", "insecure" }, { err.kind, err.code })
    assert.equal(0, #server:requests())
    assert.same({}, names())
  end)

  it("gives up on storage that falls silent, and has it taken up again", function()
    serve(SILENCE .. blobs.WHOLE)
    local done = assert(layer{ timeout = 0.5, max_retries = 1 }:download(path))
    assert.is_true(done.resumed_from > 0)
    assert.equal(CONTENT, files.read(path))
  end)

  it("ends at the deadline", function()
    serve([[connection:sleep(30)]])
    local start = loop.now()
    local _, err = layer{ max_retries = 3 }:download(path, { deadline = start + 0.4 })
    assert.equal("timeout", err.kind)
    assert.is_true(loop.now() - start < 3)
  end)

  it("tells how far it is", function()
    serve([[connection:send(("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"):format(#content))
      for i = 1, #content, 20000 do connection:send(content:sub(i, i + 19999)) connection:sleep(0.08) end]])
    local told = {}
    assert(layer():download(path, { on_progress = function(bytes, size)
      assert.equal(200000, size)
      told[#told + 1] = bytes
    end }))
    assert.is_true(#told >= 3, "told " .. #told .. " times")
    for i = 2, #told do assert.is_true(told[i - 1] <= told[i]) end
    assert.equal(200000, told[#told])
  end)

  it("is let go of when its task is cancelled", function()
    serve(SILENCE)
    local one = layer()
    local task = ecr.spawn(function() return one:download(path, { on_progress = function() end }) end)
    ecr.sleep(0.2)
    task:cancel()
    assert.equal("cancelled", select(2, task:await()).kind)
    assert.is_nil(lfs.attributes(path))
  end)

  it("says which path cannot be written", function()
    serve(blobs.WHOLE)
    for _, place in ipairs{ "/dev/full", folder, folder .. "/no/such/blob", folder .. "/\0" } do
      local _, err = layer{ max_retries = 3 }:download(place)
      assert.same({ "config", "write" }, { err.kind, err.code })
      assert.truthy(err.message:find(place:match("^%Z+"), 1, true), err.message)
    end
    assert.equal(0, #blobs.gets(server))
  end)

  it("says what a mistyped option was meant to be", function()
    serve(blobs.WHOLE)
    local _, err = layer():download(path, { on_progres = print })
    assert.equal("input", err.kind)
    assert.matches("on_progress", err.message)
  end)

  it("that the registry does not hold is not asked for", function()
    serve(blobs.WHOLE)
    local _, err = layer(nil, changed{ urls = { "https://example.org/layer?key=1" } }):download(path)
    assert.same({ "input", "external" }, { err.kind, err.code })
    assert.matches("https://example.org/layer%)$", err.message)
    assert.equal(0, #server:requests())
  end)

  it("of a digest that cannot be verified is refused", function()
    serve(blobs.WHOLE)
    local _, err = layer(nil, changed{ digest = "md5:d41d8cd98f00b204e9800998ecf8427e" }):download(path)
    assert.same({ "integrity", "digest" }, { err.kind, err.code })
    assert.equal(0, #blobs.gets(server))
    assert.same({}, names())
  end)
end)

describe("a small blob", function()
  local function read(descriptor, options, most)
    return blob.read(blobs.client(server, options), blobs.NAMED, descriptor or wanted, most or 1000000)
  end

  it("is read byte for byte, however often storage fails before", function()
    serve([[if request.count < 4 then return { status = 503, body = "<Error><Code>SlowDown</Code></Error>" } end ]]
      .. blobs.WHOLE)
    assert.equal(CONTENT, assert(read(nil, { max_retries = 3 })))
  end)

  it("is not asked for when it is larger than is wanted", function()
    serve(blobs.WHOLE)
    local _, err = read(nil, nil, 199999)
    assert.same({ "protocol", "too_large" }, { err.kind, err.code })
    assert.equal(0, #server:requests())
  end)

  it("is refused, once, for other bytes than its descriptor says", function()
    for body, code in pairs{ ['("x"):rep(#content)'] = "digest", ['content .. "x"'] = "size",
      ["content:sub(2)"] = "size" } do
      serve("return { body = " .. body .. " }")
      local _, err = read(nil, { max_retries = 3 })
      assert.same({ "integrity", code }, { err.kind, err.code })
      assert.equal(1, #blobs.gets(server))
    end
  end)

  it("comes from its descriptor when that has the right bytes, and from storage when not", function()
    serve([[return { body = "abc" }]])
    local abc = blobs.descriptor("abc")
    abc.data = "YWJj"
    assert.equal("abc", assert(read(abc)))
    assert.equal(0, #server:requests())
    for _, data in ipairs{ "YWJk", "YWI=", "no base64", 5 } do
      abc.data = data
      assert.equal("abc", assert(read(abc)))
    end
    assert.equal(4, #blobs.gets(server))
  end)

  it("may be empty", function()
    serve([[return { body = "" }]])
    assert.equal("", assert(read(blobs.descriptor(""))))
  end)

  it("leaves the registry's breaker alone when storage fails", function()
    serve([[return { status = 500 }]])
    local client = blobs.client(server)
    for _ = 1, 3 do assert.is_nil((blob.read(client, blobs.NAMED, wanted, 1000000))) end
    assert.equal(0, client.exchange.breakers.ecr.failures)
    assert.is_nil(client.exchange.breakers.s3)
  end)
end)

describe("the address of a blob", function()
  -- Refusals that repeat what was asked, as S3's do and as a hostile server may.
  local echoes = {
    [[return { status = 403,
      body = "<Error><Code>SignatureDoesNotMatch</Code><X>" .. request.path .. "</X></Error>" }]],
    [[return { status = 500, body = request.path }]],
    [[return { status = 400, body = '{"__type":"' .. request.path .. '","message":"' .. request.path .. '"}' }]],
    [[return { status = 302, headers = { location = request.path } }]],
    [[connection:close()]],
    [[return { body = request.path }]],
  }

  it("is in no error and no log, whatever the server repeats of it", function()
    for _, storage in ipairs(echoes) do
      serve(storage)
      local result = process.ecrlua({ "--log", "debug", "--retries", "1", "-e", ([[
        local ecr, blob, name = require "ecr", require "ecr.service.blob", require "ecr.name"
        local client = ecr.client{ region = "us-east-1", endpoint_url = %q, proxy = "" }
        local layer = blob.layer(client, name.image("app:v1"), { digest = %q, size = 200000, media_type = "x" })
        local _, err = layer:download(%q)
        print(err, err.message, err.code, err.cause)
        for k, v in pairs(err.members or {}) do print(k, v) end
        error(err)]]):format(server.url, wanted.digest, path) }, { "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b" })
      assert.equal(3, result.code, result.errors)
      assert.matches("download us%-east%-1 attempt 1", result.errors)
      assert.is_nil((result.output .. result.errors):find(blobs.SECRET, 1, true), result.output .. result.errors)
    end
  end)
end)

describe("a download by ecrlua", function()
  local function script(size, digest)
    return ([[
      local ecr, blob, name = require "ecr", require "ecr.service.blob", require "ecr.name"
      local client = ecr.client{ region = "us-east-1", endpoint_url = %q, proxy = "", max_retries = 0 }
      local layer = blob.layer(client, name.image("app:v1"), { digest = %q, size = %d, media_type = "x" })
      local done, err = layer:download(%q)
      print(done and done.resumed_from, err and err.kind, err and err.code, err)
      for line in io.lines("/proc/self/status") do
        if line:find("^VmHWM") then print(line:match("%%d+")) end
      end]]):format(server.url, digest, size, path)
  end
  local KEYS = { "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b" }
  local MOST = process.ECRLUA:find("asan") and 400000 or 40000 -- kB; the sanitizers keep what is freed

  it("needs no more memory for 64 MiB than for little", function()
    local bytes = 64 * 1024 * 1024
    server = blobs.serve('("0123456789abcdef"):rep(65536)', [[
      connection:send("HTTP/1.1 200 OK\r\ncontent-length: 67108864\r\n\r\n")
      for _ = 1, 64 do connection:send(content) end]])
    local digest = process.run([[sh -c 'yes 0123456789abcdef | tr -d "\n" | head -c 67108864 | sha256sum']])
      .output:match("^%x+")
    local result = process.ecrlua({ "-e", script(bytes, "sha256:" .. digest) }, KEYS)
    local resumed, peak = result.output:match("^(%S+).-\n(%d+)\n$")
    assert.equal("0", resumed, result.output .. result.errors)
    assert.equal(bytes, lfs.attributes(path).size)
    assert.is_true(tonumber(peak) < MOST, peak .. " kB")
  end)

  it("that is killed leaves nothing under the name, and the next one goes on", function()
    serve(SILENCE .. blobs.WHOLE)
    local code = process.file(script(200000, wanted.digest), ".lua")
    local part = path .. "." .. wanted.digest:sub(8, 23) .. ".part"
    local pid = process.run(("sh -c '%s %s %s >/dev/null 2>&1 & echo $!'"):format(table.concat(KEYS, " "),
      process.ECRLUA, code)).output:match("%d+")
    local start = loop.now()
    repeat
      ecr.sleep(0.01)
      local size = lfs.attributes(part, "size")
    until size == 100000 or loop.now() - start > 10
    process.run("kill -9 " .. pid)
    assert.is_nil(lfs.attributes(path))
    local result = process.ecrlua({ code }, KEYS)
    assert.matches("^100000\t", result.output, result.output .. result.errors)
    assert.equal(CONTENT, files.read(path))
    assert.same({ "blob" }, names())
  end)

  it("onto a disk that is full says so and leaves nothing", function()
    serve(blobs.WHOLE)
    local code = process.file(script(200000, wanted.digest), ".lua")
    -- no file may grow above 64 KiB: the same to a write as a disk without room
    local result = process.run(("%s bash -c 'trap \"\" XFSZ; ulimit -f 64; exec %s %s'"):format("env "
      .. table.concat(KEYS, " "), process.ECRLUA, code))
    assert.matches("^nil\tconfig\twrite\t", result.output, result.output .. result.errors)
    assert.truthy(result.output:find(path, 1, true))
    assert.same({}, names())
  end)
end)

describe("storage that means ill", function()
  it("leaves no descriptor open", function()
    serve([[local turn = request.count // 2 % 3
      if turn == 0 then return connection:reset() end
      return turn == 1 and { body = "x" } or { status = 500 }]])
    local one = layer()
    local function descriptors()
      collectgarbage()
      local count = 0
      for _ in lfs.dir("/proc/self/fd") do count = count + 1 end
      return count
    end
    one:download(path)
    local before = descriptors()
    for _ = 1, 12 do assert.is_nil((one:download(path))) end
    assert.is_true(descriptors() <= before + 1) -- a connection may be kept
  end)
end)
