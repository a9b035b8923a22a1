-- SPDX-License-Identifier: MIT
-- Reading recordings: what is in a good one, and what is told of a broken one.
local core = require "ecr.core"
local file = require "ecr.recording.file"
local process = require "spec.support.process"

local HEADER = '{"ecrlua_recording":1,"tool":"ecrlua 0","clock":1700000000}\n'

local function line(fields)
  return '{"service":"ecr","operation":"ListImages","region":"us-east-1","input":{"repository_name":"app"},'
    .. '"occurrence":1,"seconds":1,' .. fields .. "}\n"
end

local VALUE = '"status":200,"value":{"image_ids":[]}'

local function read(text)
  local path = process.file(text)
  local recording, err = file.read(path)
  os.remove(path)
  return recording, err, path
end

--- The error of a text, which names the file.
local function problem(text)
  local recording, err, path = read(text)
  assert.is_nil(recording)
  assert.equal("config", err.kind)
  assert.equal("recording", err.code)
  assert.equal(path, err.message:sub(1, #path))
  return err.message:sub(#path + 1)
end

--- The output of a call of an operation, from the JSON of its value.
local function value(operation, json)
  local recording = assert(read(HEADER .. ('{"service":"ecr","operation":"%s","input":{"repository_name":"app"},'
    .. '"occurrence":1,"seconds":1,"status":200,"value":%s}\n'):format(operation, json)))
  return recording.calls[1].value
end

describe("a recording", function()
  it("is read with its clock and calls", function()
    local recording = assert(read(HEADER .. line(VALUE)))
    assert.equal(1.7e9, recording.clock)
    local call = recording.calls[1]
    assert.equal("ListImages", call.operation)
    assert.equal("us-east-1", call.region)
    assert.same({ repository_name = "app" }, call.input)
    assert.equal(2, call.number)
    assert.same({ image_ids = {} }, call.value)
  end)

  it("of a run without calls is one", function()
    assert.same({}, assert(read(HEADER)).calls)
  end)

  it("gives numbers, bytes and keys back as they were", function()
    local got = value("ListImages", '{"big":9007199254740993,"float":1.0,"endless":1e999,"bytes":{"$bytes":"/wA="},'
      .. '"none":null,"$$own":"x"}')
    assert.equal(9007199254740993, got.big)
    assert.equal("integer", math.type(got.big))
    assert.equal("float", math.type(got.float))
    assert.equal(math.huge, got.endless)
    assert.equal("\xff\0", got.bytes)
    assert.equal(core.null, got.none)
    assert.equal("x", got["$own"])
  end)

  it("has secrets of the replay's own that are of use where the real ones were", function()
    local data = value("GetAuthorizationToken", '{"authorization_data":[{"authorization_token":'
      .. '{"$sealed":"authorizationToken","bytes":40},"expires_at":1.5e9}]}').authorization_data[1]
    assert.equal("<secret>", tostring(data.authorization_token))
    assert.equal(40, #data.authorization_token)
    assert.equal("AWS:", data.authorization_token:unbase64():reveal():sub(1, 4))
    assert.matches("^replayed", data.authorization_token:unbase64():after(":"):reveal())
    assert.matches("^https://", value("GetDownloadUrlForLayer",
      '{"download_url":{"$sealed":"downloadUrl","bytes":900}}').download_url:reveal())
  end)
end)

describe("a broken recording", function()
  it("without header is none", function()
    assert.matches("it is empty", problem(""))
    assert.matches(":1: no recording: \"ecrlua_recording\" is not in the first line", problem(line(VALUE)))
    assert.matches(":1: no JSON", problem("not JSON\n"))
    assert.matches(":1: no JSON object", problem("7\n"))
    assert.matches(':1: a header without "clock"', problem('{"ecrlua_recording":1,"tool":"x"}\n'))
    assert.matches(':1: a header: "clock"', problem('{"ecrlua_recording":1,"tool":"x","clock":1e300}\n'))
  end)

  it("of another version is told which one is read", function()
    assert.matches(":1: a recording of version 2; this ecrlua reads version 1", problem('{"ecrlua_recording":2}\n'))
    assert.matches(":1: a recording of version", problem('{"ecrlua_recording":{}}\n'))
  end)

  it("that was cut off is told the line, and what can be done", function()
    assert.matches(":2: the last line is cut off.*lines before can be replayed",
      problem(HEADER .. line(VALUE):sub(1, -2)))
    assert.matches(":3: the last line is cut off", problem(HEADER .. line(VALUE) .. '{"serv'))
  end)

  it("is told the line and the field that is wrong", function()
    for text, expected in pairs{
      ["{}\n"] = "a call without",
      ["[]x\n"] = "no JSON",
      [line("")] = "no JSON",
      [line('"status":200')] = "one of value, fault, failure and cancelled",
      [line(VALUE .. ',"cancelled":true')] = "one of value, fault, failure and cancelled",
      [line('"value":{}')] = 'without "status"',
      [line('"status":7,"value":{}')] = '"status" is not what it may be',
      [line('"status":200.5,"value":{}')] = '"status" is not what it may be',
      [line('"status":200,"value":7')] = '"value" is not what it may be',
      [line(VALUE .. ',"headers":{"a":1}')] = '"headers" is not what it may be',
      [line(VALUE .. ',"colour":1')] = '"colour" is not known',
      [line('"cancelled":false')] = '"cancelled" is not what it may be',
      [line('"status":400,"fault":{"message":"x"}')] = 'a fault without "members"',
      [line('"status":400,"fault":{"message":1,"members":{}}')] = 'a fault: "message"',
      [line('"failure":{"kind":"bad luck","message":"x"}')] = 'a failure: "kind"',
      [line('"failure":{"kind":"memory","message":"x"}')] = 'a failure: "kind"',
      [line('"failure":{"kind":"network"}')] = 'a failure without "message"',
      [line('"status":200,"value":{"image_ids":{"a":{}}}')] = "value.image_ids: no list",
      [line('"status":200,"value":{"image_ids":[{"image_tag":1}]}')] = "value.image_ids[1].image_tag: no string",
      [line('"status":200,"value":{"image_ids":[[1]]}')] = "value.image_ids[1]: no structure",
      [line('"status":200,"value":{"next_token":null}')] = "value.next_token: no string",
      [line('"status":200,"value":{"x":{"$what":1}}')] = "value.x: unknown marker $what",
      [line('"status":200,"value":{"x":{"$bytes":"?"}}')] = "value.x: no base64",
      [line(VALUE):gsub('"occurrence":1', '"occurrence":0')] = '"occurrence" is not what it may be',
      [line(VALUE):gsub('"seconds":1', '"seconds":-1')] = '"seconds" is not what it may be',
      [line(VALUE):gsub('"seconds":1', '"seconds":1e99')] = '"seconds" is not what it may be',
      [line(VALUE):gsub("ListImages", "ListImage")] = "ecr has no operation ListImage",
      [line(VALUE):gsub('"app"', "7")] = "input.repository_name: no string",
    } do
      local got = problem(HEADER .. text)
      assert.matches("^:2: ", got)
      assert.is_truthy(got:find(expected, 1, true), got .. " is not about " .. expected)
    end
  end)

  it("has a token as text where only a placeholder may be", function()
    for _, token in ipairs{ '"QVdT"', "{}", '{"$sealed":1,"bytes":1}', '{"$sealed":"authorizationToken","bytes":-1}',
      '{"$sealed":"authorizationToken","bytes":1000000000000}', '{"$sealed":"authorizationToken","bytes":1.5}' } do
      assert.matches("authorization_token: no placeholder", problem(HEADER .. '{"service":"ecr",'
        .. '"operation":"GetAuthorizationToken","input":{},"occurrence":1,"seconds":1,"status":200,'
        .. '"value":{"authorization_data":[{"authorization_token":' .. token .. "}]}}\n"))
    end
  end)

  it("has a call twice", function()
    assert.matches(":3: the same call and occurrence as in line 2", problem(HEADER .. line(VALUE) .. line(VALUE)))
  end)

  it("is refused when it or a line is absurdly large", function()
    local path = os.tmpname()
    process.run("truncate -s 65M " .. path)
    local _, err = file.read(path)
    assert.matches(":1: longer than 64 MiB", err.message)
    process.run("truncate -s 257M " .. path)
    _, err = file.read(path)
    assert.matches("larger than 256 MiB", err.message)
    os.remove(path)
  end)

  it("is no file, or a folder", function()
    for path, expected in pairs{ ["/no/such"] = "No such file", ["."] = "Is a directory" } do
      local recording, err = file.read(path)
      assert.is_nil(recording)
      assert.matches(expected, err.message)
      assert.equal("recording", err.code)
    end
  end)
end)
