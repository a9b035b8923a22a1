-- SPDX-License-Identifier: MIT
-- Answers whose HTTP is right and whose content means ill: documents, and the words of refusals.
local hostile = require "spec.support.hostile"

local answer = hostile.answer

local function ask(body, status)
  return hostile.ask{ handler = answer(body, status) }
end

--- A document with one repository that has these members.
local function repository(members)
  return '{"repositories":[{' .. members .. "}]}"
end

describe("a document", function()
  local refused = {
    { "lists nested 1,000 deep", '{"x":' .. ("["):rep(1000) .. ("]"):rep(1000) .. "}", "too_deep" },
    { "objects nested 1,000 deep", ('{"x":'):rep(1000) .. "1" .. ("}"):rep(1000), "too_deep" },
    { "nesting without an end", ("["):rep(100000), "shape" },
    { "the same key twice", '{"nextToken":"a","nextToken":"b"}', "duplicate_key" },
    { "the same unknown key twice, deep", repository('"x":{"y":[{"z":1,"z":2}]}'), "duplicate_key" },
    { "the same key twice, once escaped", '{"nextToken":"a","next\\u0054oken":"b"}', "duplicate_key" },
    { "a lone high surrogate", '{"nextToken":"\\ud800"}', "surrogate" },
    { "a lone low surrogate", '{"nextToken":"\\udc00x"}', "surrogate" },
    { "a high surrogate before a letter", '{"nextToken":"\\ud800x"}', "surrogate" },
    { "two high surrogates", '{"nextToken":"\\ud800\\ud800"}', "surrogate" },
    { "a high surrogate at the very end", '{"nextToken":"\\ud800', "json" },
    { "bad UTF-8", '{"nextToken":"\xff"}', "json" },
    { "UTF-8 of a surrogate", '{"nextToken":"\xed\xa0\x80"}', "utf8" },
    { "UTF-8 that is longer than it need be", '{"nextToken":"\xc0\xaf"}', "utf8" },
    { "a key of such UTF-8", '{"\xc0\xaf":1}', "utf8" },
    { "UTF-8 above U+10FFFF", '{"nextToken":"\xf4\x90\x80\x80"}', "utf8" },
    { "UTF-8 cut at the end", '{"nextToken":"\xe2\x82"}', "json" },
    { "a NUL in a text", '{"nextToken":"a\0b"}', "json" },
    { "a NUL behind it", "{}\0", "json" },
    { "a line break in a text", '{"nextToken":"a\nb"}', "json" },
    { "a byte-order mark", "\xef\xbb\xbf{}", "json" },
    { "UTF-16", "{\0}\0", "json" },
    { "a second document", "{}{}", "json" },
    { "a letter behind it", "{} x", "json" },
    { "a comma before the end", '{"repositories":[],}', "json" },
    { "a comment", "{/* */}", "json" },
    { "single quotes", "{'repositories':[]}", "json" },
    { "NaN", '{"x":NaN}', "json" },
    { "Infinity", '{"x":-Infinity}', "json" },
    { "a number of 400 digits", '{"x":' .. ("9"):rep(400) .. "}", "number" },
    { "a time above all doubles", repository('"createdAt":-1e999'), "number" },
    { "a number with a zero in front", '{"x":01}', "json" },
    { "an object for a list", '{"repositories":{}}', "shape" },
    { "a text for a list", '{"repositories":"app"}', "shape" },
    { "a list in a list of objects", '{"repositories":[[]]}', "shape" },
    { "a number for a text, deep", repository('"repositoryName":5'), "shape" },
    { "a text for a boolean, deep", repository('"imageScanningConfiguration":{"scanOnPush":"yes"}'), "shape" },
    { "a text for a time", repository('"createdAt":"tomorrow"'), "shape" },
    { "a text instead of one", '"repositories"', "shape" },
    { "null instead of one", "null", "shape" },
    { "nothing but white space", "  \n ", "json" },
    { "a page instead of one", "<html><title>Sign in</title></html>", "json" },
  }
  for _, row in ipairs(refused) do
    it(("is refused (%s) for %s"):format(row[3], row[1]), function()
      local output, err = ask(row[2])
      assert.is_nil(output)
      assert.same({ "protocol", row[3], false }, { err.kind, err.code, err.retryable }, tostring(err))
      assert.is_nil(tostring(err):find("%c"))
    end)
  end

  it("is refused when it is compressed although nobody asked for that", function()
    local zipped = "\31\139\8\0\0\0\0\0\0\3\171\174\5\0\67\191\166\163\2\0\0\0" -- gzip of {}
    local output, err = hostile.ask{ handler = hostile.raw(hostile.head("content-encoding: gzip\r\ncontent-length: "
      .. #zipped) .. zipped) }
    assert.is_nil(output)
    assert.same({ "protocol", "json" }, { err.kind, err.code })
  end)

  it("is refused for an integer that no 64 bits hold", function()
    local output, err = hostile.ask{ operation = "DescribeImages", input = { repository_name = "app" },
      handler = answer('{"imageDetails":[{"imageSizeInBytes":99999999999999999999}]}') }
    assert.is_nil(output)
    assert.same({ "protocol", "shape" }, { err.kind, err.code })
  end)

  it("is refused for a score that no double holds", function()
    local output, err = hostile.ask{ operation = "DescribeImageScanFindings",
      input = { repository_name = "app", image_id = { image_tag = "v1" } },
      handler = answer('{"imageScanFindings":{"enhancedFindings":[{"score":1e999}]}}') }
    assert.is_nil(output)
    assert.same({ "protocol", "number" }, { err.kind, err.code })
  end)

  it("is read with an integer of 64 bits, a pair of surrogates and an escaped NUL", function()
    local output = assert(hostile.ask{ operation = "DescribeImages", input = { repository_name = "app" },
      handler = answer('{"imageDetails":[{"imageSizeInBytes":9223372036854775807}],'
        .. '"nextToken":"\\ud83d\\ude00\\u0000"}') })
    assert.equal(math.maxinteger, output.image_details[1].image_size_in_bytes)
    assert.equal("\u{1F600}\0", output.next_token)
  end)
end)

describe("a refusal", function()
  local CODE = "RepositoryNotFoundException"

  local function refusal(body, status)
    local _, err = ask(body, status or 400)
    return err
  end

  it("is one line without controls, whatever it says", function()
    local err = refusal('{"__type":"' .. CODE .. '",'
      .. '"message":"a\\u001b[2Jb\\r\\nc\\u009b31m\\u0007\\u2028d\\u202ee\\u0000f"}')
    assert.equal(CODE, err.code)
    assert.equal("DescribeRepositories in us-east-1: a [2Jb c 31m  d e f (not_found, " .. CODE .. ", HTTP 400)",
      tostring(err))
  end)

  it("is one line when it is a page of bytes that are no text", function()
    local line = tostring(refusal("<b>\27]0;owned\7\x9b31m\xff\0</b>\n", 503))
    assert.is_nil(line:find("[%c\x80-\xff]"))
    assert.matches("HTTP 503", line)
  end)

  it("is one line whatever its request id", function()
    local _, err = hostile.ask{ handler = hostile.raw("HTTP/1.1 500 X\r\nx-amzn-requestid: \27[2J"
      .. ("x"):rep(50000) .. "\r\ncontent-length: 2\r\n\r\n{}") }
    assert.is_nil(tostring(err):find("%c"))
    assert.is_true(#tostring(err) < 3000)
  end)

  it("is cut where a message goes on and on", function()
    local err = refusal('{"__type":"' .. CODE .. '","message":"' .. ("é"):rep(20000) .. '"}')
    assert.equal("not_found", err.kind)
    assert.is_true(#tostring(err) < 3000)
    assert.is_truthy(utf8.len(tostring(err)))
  end)

  -- the status decides where the code is none
  local nameless = {
    { "a number", "5" }, { "an object", '{"a":"b"}' }, { "a list", '["x"]' }, { "null", "null" }, { "empty", '""' },
    { "a boolean", "true" }, { "a sentence with controls", [["not\u001b[2J a code"]] },
    { "longer than any code", '"' .. ("x"):rep(1000) .. '"' },
  }
  for _, row in ipairs(nameless) do
    it("is classified by its status when its code is " .. row[1], function()
      local err = refusal('{"__type":' .. row[2] .. ',"message":7}', 403)
      assert.same({ "denied", nil, false }, { err.kind, err.code, err.retryable })
      assert.equal("DescribeRepositories in us-east-1: HTTP status 403 (denied, HTTP 403)", tostring(err))
    end)
  end

  it("is not read when its code is 1 MB long", function()
    local err = refusal('{"__type":"' .. ("x"):rep(1000000) .. '"}')
    assert.same({ "protocol", "too_large", false }, { err.kind, err.code, err.retryable })
  end)

  it("is a page to nobody when its JSON is bad: the status decides", function()
    for _, body in ipairs{ '{"__type":"' .. CODE .. '",', '{"__type":"A","__type":"B"}', '{"message":"\\ud800"}',
      ("["):rep(1000), "[]", "null", '"text"', "" } do
      assert.same({ "server", nil, true }, { refusal(body, 503).kind, refusal(body, 503).code,
        refusal(body, 503).retryable })
    end
  end)

  it("is no answer that nothing was sent, though it says so", function()
    local _, err, server = hostile.ask{ operation = "CreateRepository", input = { repository_name = "app" },
      options = { max_retries = 2 }, handler = answer('{"__type":"connect_timeout"}', 503) }
    assert.same({ "server", "connect_timeout", 1 }, { err.kind, err.code, #server:requests() })
  end)
end)
