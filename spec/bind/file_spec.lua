-- SPDX-License-Identifier: MIT
-- Files that get their names when they are whole. Digests are those of the published test values.
local core = require "ecr.core"
local digests = require "spec.fixtures.digests"
local files = require "spec.support.files"
local lfs = require "lfs"
local process = require "spec.support.process"

local ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" -- FIPS 180-2, B.1
local ALPHABET = { digest = "sha256:71c480df93d6ae2f1efad1447c66c9525e316218cf51fc8d9ed832f2daf18b73",
  text = "abcdefghijklmnopqrstuvwxyz" } -- as sha256sum says
local folder, path, part

before_each(function()
  folder = process.run("mktemp -d").output:match("%S+")
  path = folder .. "/blob"
  part = path .. ".71c480df93d6ae2f.part"
end)

after_each(function() process.run("rm -rf " .. folder) end)

local function write_file(name, text)
  local file <close> = assert(io.open(name, "wb"))
  file:write(text)
end

--- What is in the folder.
local function names()
  local list = {}
  for name in lfs.dir(folder) do
    if name ~= "." and name ~= ".." then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local function open(more)
  local target = { path = path, digest = ALPHABET.digest, size = 26, resume = true }
  for key, value in pairs(more or {}) do target[key] = value end
  return core.file(target)
end

--- Leaves a part file with these bytes.
local function leave(bytes)
  local file <close> = assert(open())
  assert(file:begin(200))
  assert(file:write(bytes))
end

describe("a file", function()
  it("has no name before it is whole, and then nothing else is left", function()
    local file <close> = assert(open())
    assert(file:begin(200))
    assert(file:write("abcdefghijklm"))
    assert.same({ "blob.71c480df93d6ae2f.part" }, names())
    assert(file:write("nopqrstuvwxyz"))
    assert(file:commit())
    assert.same({ "blob" }, names())
    assert.equal(ALPHABET.text, files.read(path))
    assert.equal("rw-------", lfs.attributes(path).permissions)
  end)

  it("is verified by sha256 and sha512, in pieces of any size", function()
    for _, row in ipairs(digests) do
      for _, digest in ipairs{ row.sha256, row.sha512 } do
        local file <close> = assert(core.file{ path = path, digest = digest, size = row.size, resume = false })
        for at = 1, #row.text, 7 do assert(file:write(row.text:sub(at, at + 6))) end
        assert(file:commit())
        assert.equal(row.text, files.read(path))
      end
    end
  end)

  it("takes the place of an older file, whole or not at all", function()
    write_file(path, "older")
    leave("abc")
    assert.equal("older", files.read(path))
    local file <close> = assert(open())
    assert(file:begin(200))
    assert(file:write(ALPHABET.text))
    assert(file:commit())
    assert.equal(ALPHABET.text, files.read(path))
  end)

  it("is gone on with where it broke off", function()
    leave("abcde")
    local file <close> = assert(open())
    assert.equal(5, file:have())
    assert(file:begin(206, "bytes 5-25/26"))
    assert(file:write("fghijklmnopqrstuvwxyz"))
    assert(file:commit())
    assert.equal(ALPHABET.text, files.read(path))
  end)

  it("asks for its last byte again when only the name was missing", function()
    leave(ALPHABET.text)
    local file <close> = assert(open())
    assert.equal(25, file:have())
    assert(file:begin(206, "bytes 25-25/*"))
    assert(file:write("z"))
    assert(file:commit())
  end)

  it("starts over after a whole answer, and after one that knows no such part", function()
    for _, status in ipairs{ 200, 416 } do
      leave("abcde")
      local file <close> = assert(open())
      assert(file:begin(status))
      assert.equal(0, file:have())
      file:close()
      assert.same({}, names())
    end
  end)

  for what, range in pairs{ ["another place"] = "bytes 4-25/26", ["another end"] = "bytes 5-24/26",
    ["another size"] = "bytes 5-25/27", ["no unit"] = "5-25/26", ["more behind it"] = "bytes 5-25/26 ",
    ["nothing"] = false } do
    it("goes on with nothing but what it asked for: not with " .. what, function()
      leave("abcde")
      local file <close> = assert(open())
      local _, failure = file:begin(206, range or nil)
      assert.same({ "protocol", "content_range" }, { failure.kind, failure.code })
      file:close()
      assert.same({}, names())
    end)
  end

  it("takes no part of an answer where it asked for the whole", function()
    local file <close> = assert(open())
    local _, failure = file:begin(206, "bytes 0-25/26")
    assert.equal("content_range", failure.code)
  end)

  it("leaves nothing when the bytes are wrong, too many or too few", function()
    for bytes, code in pairs{ [("x"):rep(26)] = "digest", [ALPHABET.text .. "z"] = "size", ["abc"] = "size" } do
      local file <close> = assert(open())
      local ok, failure = file:write(bytes)
      if ok then ok, failure = file:commit() end
      assert.is_nil(ok)
      assert.same({ "integrity", code }, { failure.kind, failure.code })
      file:close()
      assert.same({}, names())
    end
  end)

  it("goes on with no other blob's bytes", function()
    leave("abcde")
    local file <close> = assert(core.file{ path = path, digest = ABC, size = 3, resume = true })
    assert.equal(0, file:have())
  end)

  it("drops a part file when it must not resume, and leaves none", function()
    leave("abcde")
    local file <close> = assert(open{ resume = false })
    assert.equal(0, file:have())
    assert(file:write("abc"))
    file:close()
    assert.same({}, names())
  end)

  it("is written by one at a time", function()
    local file <close> = assert(open())
    local _, failure = open()
    assert.same({ "config", "busy" }, { failure.kind, failure.code })
    assert(file:write(ALPHABET.text))
    assert(file:commit())
  end)

  it("follows no link, and takes no file that has another name too", function()
    write_file(folder .. "/victim", "abc")
    process.run(("ln -s victim %s"):format(part))
    local _, failure = open()
    assert.same({ "config", "write" }, { failure.kind, failure.code })
    process.run(("rm %s; ln %s/victim %s"):format(part, folder, part))
    _, failure = open()
    assert.same({ "config", "write" }, { failure.kind, failure.code })
    assert.equal("abc", files.read(folder .. "/victim"))
  end)

  it("says which path cannot be written, and why", function()
    process.run("mkdir " .. path)
    local rows = { { path, "directory" }, { folder .. "/no/blob", "No such file or directory" },
      { folder .. "/", "names no file" }, { "", "names no file" }, { "/dev/full", "no file" },
      { folder .. "/a\0b", "zero byte" } }
    for _, row in ipairs(rows) do
      local _, failure = open{ path = row[1] }
      assert.same({ "config", "write" }, { failure.kind, failure.code })
      assert.truthy(failure.message:find(row[1]:match("^%Z*"), 1, true), failure.message)
      assert.truthy(failure.message:find(row[2], 1, true), failure.message)
    end
  end)

  it("may be empty", function()
    local file <close> = assert(core.file{ path = path, size = 0, resume = true,
      digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" })
    assert(file:begin(200))
    assert(file:commit())
    assert.equal("", files.read(path))
  end)
end)
