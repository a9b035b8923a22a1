-- SPDX-License-Identifier: MIT
local core = require "ecr.core"

local function fixture(name) return dofile("spec/fixtures/" .. name .. ".lua") end

describe("digests", function()
  it("are what sha256sum says of the same bytes", function()
    for _, row in ipairs(fixture "digests") do assert.equal(row.sha256, core.digest(row.text)) end
  end)

  it("as plain digits name the cache files of AWS's tools", function()
    -- Names that botocore gives to the token files of these sessions.
    assert.equal("0ad374308c5a4e22f723adf10145eafad7c4031c", core.sha1("my-sso"))
    assert.equal("40a89917e3175433e361b710a9d43528d7f1890a", core.sha1("https://d-abc123.awsapps.com/start"))
    assert.equal("b7d71d383b9557a9bad4c3346c50365819226484c6824a0fdef66637be339db0",
      core.sha256("arn:aws:iam::123456789012:user/alice"))
    assert.equal("da39a3ee5e6b4b0d3255bfef95601890afd80709", core.sha1("")) -- RFC 3174 and sha1sum
  end)

  it("verify the bytes they belong to, sha512 too", function()
    for _, row in ipairs(fixture "digests") do
      assert.is_true(core.verify(row.sha256, row.text))
      assert.is_true(core.verify(row.sha512, row.text))
    end
  end)

  it("refuse bytes with a final newline more or less as integrity", function()
    local row = fixture "digests"[1]
    local ok, failure = core.verify(row.sha256, row.text .. "\n")
    assert.is_nil(ok)
    assert.equal("integrity", failure.kind)
  end)

  it("of an unknown algorithm cannot be verified", function()
    local ok, failure = core.verify("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8", "x")
    assert.is_nil(ok)
    assert.equal("integrity", failure.kind)
  end)

  it("follow the grammar, strictly where the algorithm is known", function()
    for _, row in ipairs(fixture "digest_syntax") do
      local expected = row.strict ~= false -- absent: well-formed, but no algorithm we know
      assert.equal(expected, core.check_digest(row.digest) == true, row.digest)
    end
  end)
end)

describe("references", function()
  it("to ECR give account, region and flags; look-alikes do not", function()
    for _, row in ipairs(fixture "ecr_references") do
      local parsed = assert(core.reference(row.input))
      assert.equal(row.isEcr, parsed.account ~= nil, row.input)
      if row.isEcr then
        assert.equal(row.registryId, parsed.account)
        assert.equal(row.region, parsed.region)
        assert.equal(row.fips, parsed.fips or false)
        assert.equal(row.dualStack, parsed.dual_stack or false)
        assert.equal(row.repository, parsed.repository)
        assert.equal(row.tag, parsed.tag)
        assert.equal(row.digest, parsed.digest)
      end
    end
  end)

  -- The grammar is the registry project's; what it does for Docker Hub (docker.io, library/) and its
  -- limit of 255 characters, one below ECR's, do not apply here.
  it("follow the registry project's grammar", function()
    for _, row in ipairs(fixture "references") do
      local parsed = core.reference(row.input)
      if row.error then
        assert.is_true(parsed == nil or #parsed.repository == 256, row.input)
      else
        assert.is_not_nil(parsed, row.input)
        local host = row.domain ~= "docker.io" and row.domain:lower() or parsed.host
        assert.equal(host, parsed.host)
        assert.equal((row.repository:gsub("^library/", "")), (parsed.repository:gsub("^library/", "")))
        assert.equal(row.tag, parsed.tag)
        assert.equal(row.digest, parsed.digest)
      end
    end
  end)

  it("take the tags of the registry grammar and no others", function()
    for _, row in ipairs(fixture "tags") do
      local parsed = core.reference("app:" .. row.tag)
      assert.equal(row.valid, parsed ~= nil and parsed.tag == row.tag, row.tag)
    end
  end)

  it("with a zero byte are refused", function()
    assert.is_nil(core.reference("app:v1\0"))
  end)
end)

describe("documents", function()
  local function refused(text)
    local value, failure = core.decode("manifest", text)
    assert.is_nil(value)
    assert.equal("protocol", failure.kind)
    return failure
  end

  it("get the model's names and types, maps keep their keys", function()
    local value = assert(core.decode("manifest", [[{"schemaVersion": 2, "manifests": [
      {"digest": "d", "size": 3, "platform": {"os.version": "1"}, "annotations": {"a.B": "c"}}]}]]))
    assert.equal(2, value.schema_version)
    assert.equal("integer", math.type(value.manifests[1].size))
    assert.equal("1", value.manifests[1].platform.os_version)
    assert.equal("c", value.manifests[1].annotations["a.B"])
  end)

  it("pass through what the model does not know, unchanged", function()
    local value = assert(core.decode("manifest", [[{"newThing": {"camelCase": [1, 2.5, true, null, "x"]}}]]))
    assert.same({ 1, 2.5, true, core.null, "x" }, value.newThing.camelCase)
  end)

  it("tell an empty list from an empty object", function()
    local value = assert(core.decode("manifest", [[{"newThing": [[], {}], "layers": []}]]))
    assert.same({ core.list, nil, core.list }, { getmetatable(value.newThing[1]), getmetatable(value.newThing[2]),
      getmetatable(value.layers) })
  end)

  it("count a member that is null as absent", function()
    assert.same({ layers = {} }, core.decode("manifest", [[{"mediaType": null, "layers": [null]}]]))
  end)

  it("keep an empty list", function()
    assert.same({ layers = {} }, core.decode("manifest", [[{"layers": []}]]))
  end)

  it("name the place where a type is wrong", function()
    assert.matches("layers%[0%]%.size: expected an integer, got a string",
      refused([[{"layers": [{"size": "3"}]}]]).message)
  end)

  it("refuse the same key twice", function()
    assert.equal("duplicate_key", refused([[{"digest": 1, "digest": 2}]]).code)
    assert.equal("duplicate_key", refused([[{"x": {"a": 1, "\u0061": 2}}]]).code)
  end)

  it("take the same key in different objects", function()
    assert.is_table(core.decode("any", [[{"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}, {"k": 2}]}]]))
  end)

  it("refuse half a surrogate pair, whole ones become one character", function()
    for _, text in ipairs{ [["\ud800"]], [["\udc00"]], [["\ud800\u0041"]], [["\ud800x"]], [["\ud800\n"]] } do
      assert.equal("surrogate", refused([[{"x": ]] .. text .. "}").code)
    end
    assert.equal("\u{1F600}", core.decode("any", [=[["\ud83d\ude00"]]=])[1])
  end)

  it("take escaped backslashes before a u for what they are", function()
    assert.equal([[\ud800]], core.decode("any", [=[["\\ud800"]]=])[1])
  end)

  it("refuse nesting beyond a bound, bytes after the end, and half a document", function()
    assert.equal("too_deep", refused([[{"x": ]] .. ("["):rep(100) .. ("]"):rep(100) .. "}").code)
    refused("{} {}")
    refused([[{"a": ]])
    refused("")
    refused("\xff")
    refused([["text"]])
  end)

  it("refuse more keys than an object may have", function()
    local keys = {}
    for i = 1, 20000 do keys[i] = ('"k%d":1'):format(i) end
    assert.equal("too_many_keys", refused("{" .. table.concat(keys, ",") .. "}").code)
  end)

  it("take numbers beyond 64 bits as floats", function()
    local value = core.decode("any", "[9223372036854775807, 9223372036854775808, 1e400]")
    assert.equal(math.maxinteger, value[1])
    assert.equal(2 ^ 63, value[2])
    assert.equal(math.huge, value[3])
  end)
end)

describe("quoting", function()
  it("escapes what JSON must and nothing else", function()
    assert.equal([["a\"b\\c\nd\te\u0001\u007fé/"]], core.quote("a\"b\\c\nd\te\1\127é/"))
  end)

  it("refuses what is not UTF-8", function()
    for _, text in ipairs{ "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82" } do
      assert.is_nil(core.quote(text))
    end
  end)
end)

describe("endpoint addresses", function()
  it("are http or https with a host", function()
    for _, url in ipairs{ "https://a.example", "http://127.0.0.1:4566/", "https://[::1]:8443/ecr?x=1" } do
      assert.is_true(core.check_url(url), url)
    end
  end)

  it("are refused with a user, a fragment, another scheme or odd characters", function()
    for _, url in ipairs{ "", "a.example", "ftp://a", "https://", "https://u:p@a/", "https://a/#x", "https://a b",
      "https://a:0", "https://a:70000", "https://a:x", "https://a\n", "http:///x", "https://a\\b", "https://a\0b" } do
      local ok, failure = core.check_url(url)
      assert.is_nil(ok, url)
      assert.equal("config", failure.kind)
    end
  end)
end)

describe("base64", function()
  -- RFC 4648, section 10
  local VECTORS = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
    foobar = "Zm9vYmFy" }

  it("is the published one in both directions", function()
    for bytes, text in pairs(VECTORS) do
      assert.equal(text, core.base64(bytes))
      assert.equal(bytes, core.unbase64(text))
    end
  end)

  it("refuses what no encoder writes", function()
    for _, text in ipairs{ "Zg=", "Zg", "Zh==", "Z===", "Zg==Zg==", "Zm9v\n", "Zm9-" } do
      local bytes, failure = core.unbase64(text)
      assert.is_nil(bytes, text)
      assert.equal("input", failure.kind)
    end
  end)
end)
