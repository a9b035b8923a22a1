-- SPDX-License-Identifier: MIT
-- What AWS's Security Token Service answers to a profile that assumes a role: refusals, failures, answers
-- that are wrong, and unusual ones that are right.
local process = require "spec.support.process"
local sts = require "spec.support.sts"

describe("a profile that assumes a role", function()
  local server, elsewhere, place

  before_each(function() place = sts.home("source_profile = base") end)

  after_each(function()
    place:remove()
    if server then server:stop() end
    if elsewhere then elsewhere:stop() end
    server, elsewhere = nil, nil
  end)

  local function serve(body) server = sts.serve(body) end

  local function run(...) return sts.run(place, server, nil, { ... }) end

  --- Runs against a server with this handler; the source is named, with the patterns.
  local function assert_fails(body, ...)
    serve(body)
    return sts.assert_failed(run("--timeout", "1"), "role arn:aws:iam::123456789012:role/dev of profile dev", ...)
  end

  --- The credentials after one right answer that was changed: `code` changes `text`.
  local function assert_takes(code)
    serve("local text = granted(asked) " .. code .. " if text then return xml(text) end")
    return sts.credentials(run())
  end

  describe("passes on the service's refusal", function()
    for code, row in pairs{
      AccessDenied = { 403, "User: arn:aws:iam::123456789012:user/u is not authorized to perform: sts:AssumeRole on "
        .. "resource: arn:aws:iam::123456789012:role/dev", "not authorized to perform: sts:AssumeRole" },
      ExpiredToken = { 403, "The security token included in the request is expired", "token [^:]+ is expired" },
      InvalidClientTokenId = { 403, "The security token included in the request is invalid.",
        "token [^:]+ is invalid" },
      SignatureDoesNotMatch = { 403, "Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z",
        "Signature expired" },
      RegionDisabledException = { 403, "STS is not activated in this region for account:123456789012.",
        "not activated in this region" },
      ValidationError = { 400, "1 validation error detected: Value 'x' at 'roleArn' failed to satisfy constraint",
        "1 validation error detected" },
    } do
      it(code .. ", asked once", function()
        serve(("return refused(%d, %q, %q)"):format(row[1], code, row[2]))
        local result = sts.run(place, server, nil, { "--retries", "3" })
        sts.assert_failed(result, "role/dev of profile dev", row[3], code, "AssumeRole")
        assert.equal(1, #server:requests())
      end)
    end

    it("without the request's secrets, if it quotes them", function()
      assert_fails([[return refused(403, "AccessDenied", "canary-base-session " .. request.headers.authorization)]],
        "AccessDenied")
    end)

    it("as one of the role, not of the credentials it is based on", function()
      local message = assert_fails([[return refused(403, "AccessDenied", "no")]], "AccessDenied")
      assert.is_nil(message:find("AKIABASE", 1, true))
    end)
  end)

  describe("is patient", function()
    for what, answer in pairs{
      ["throttling"] = 'refused(400, "Throttling", "Rate exceeded")',
      ["ThrottlingException"] = 'refused(400, "ThrottlingException", "Rate exceeded")',
      ["an error of the service"] = 'refused(500, "InternalFailure", "An internal error has occurred.")',
      ["an error of the service without a word"] = "{ status = 500 }",
      ["a page of a proxy's"] = '{ status = 503, body = "<html><body>Busy</body></html>" }',
    } do
      it("with " .. what .. ", then right", function()
        serve("if number == 1 then return " .. answer .. " end")
        local result = sts.run(place, server, nil, { "--retries", "1" })
        assert.equal("ASIAEXAMPLE000000002", sts.credentials(result).AccessKeyId)
        assert.equal(2, #server:requests())
      end)
    end

    it("as long as it is told to be", function()
      serve("return { status = 500 }")
      sts.assert_failed(sts.run(place, server, nil, { "--retries", "1" }), "role/dev of profile dev", "500")
      assert.equal(2, #server:requests())
    end)
  end)

  describe("fails, and says what was wrong, for", function()
    it("an answer that does not come", function()
      assert_fails("connection:sleep(5)", "timeout")
    end)

    it("a connection that is closed", function()
      assert_fails("connection:close() return nil", "network")
    end)

    it("a page that is not there", function()
      assert_fails("return { status = 404 }", "404")
    end)

    it("a page of somebody else's", function()
      assert_fails([[return { body = "<html><body>Welcome<br></body></html>",
        headers = { ["content-type"] = "text/html" } }]], "AssumeRole")
    end)

    it("an answer that is no XML", function()
      assert_fails([[return xml('{"AssumeRoleResponse":{}}')]], "AssumeRole")
    end)

    it("an empty answer", function()
      assert_fails([[return xml("")]], "AssumeRole")
    end)

    it("an answer that is cut off", function()
      assert_fails([[local text = granted(asked) return xml(text:sub(1, text:find("</Credentials>") - 1))]],
        "AssumeRole")
    end)

    it("an answer with a document type", function()
      assert_fails([[return xml('<!DOCTYPE a [<!ENTITY k "canary">]>' .. granted(asked))]], "AssumeRole")
    end)

    it("an answer that names an entity of its own", function()
      assert_fails([[return xml((granted(asked):gsub("canary%-sts%-secret", "&other;")))]], "AssumeRole")
    end)

    it("a huge answer", function()
      assert_fails([[return xml(granted(asked) .. (" "):rep(64 * 1024 * 1024))]], "AssumeRole")
    end)

    it("an error that says it is an answer", function()
      assert_fails([[return refused(200, "AccessDenied", "no")]], "AssumeRole")
    end)

    it("credentials that have expired already", function()
      assert_fails([[return xml((granted(asked):gsub("<Expiration>[^<]*", "<Expiration>" .. at(-60))))]], "expired",
        "clock")
    end)

    it("a time that is none", function()
      assert_fails([[return xml((granted(asked):gsub("<Expiration>[^<]*", "<Expiration>tomorrow")))]], "Expiration")
    end)

    for member, says in pairs{ AccessKeyId = "access key id", SecretAccessKey = "secret access key",
      SessionToken = "session token", Expiration = "[Ee]xpiration" } do
      it("an answer without " .. member, function()
        assert_fails(([[return xml((granted(asked):gsub("<%s>.-</%s>", "")))]]):format(member, member), says)
      end)

      it("an answer with an empty " .. member, function()
        assert_fails(([[return xml((granted(asked):gsub("(<%s>).-<", "%%1<")))]]):format(member), says)
      end)
    end

    it("an answer without credentials", function()
      assert_fails([[return xml((granted(asked):gsub("<Credentials>.*</Credentials>", "")))]], "the answer lacks")
    end)

    it("a redirect elsewhere, which it does not follow", function()
      elsewhere = sts.serve()
      assert_fails(([[return { status = 307, headers = { location = %q } }]]):format(elsewhere.url .. "/"), "307")
      assert.same({}, elsewhere:requests())
    end)
  end)

  describe("takes an answer", function()
    it("whose elements come in another order", function()
      local got = assert_takes([[
        text = text:gsub("(<AssumedRoleUser>.*</AssumedRoleUser>)%s*(<Credentials>.*</Credentials>)", "%2%1")
        text = text:gsub("(<AccessKeyId>.*</AccessKeyId>)%s*(<SecretAccessKey>.*</SecretAccessKey>)", "%2%1")
        text = text:gsub("(<SessionToken>.*</SessionToken>)(<Expiration>.*</Expiration>)", "%2%1")]])
      assert.same({ "ASIAEXAMPLE000000001", "canary-sts-secret-1", "canary-sts-session-1", "123456789012" },
        { got.AccessKeyId, got.SecretAccessKey, got.SessionToken, got.AccountId })
    end)

    it("with entities in its values", function()
      local got = assert_takes([[
        text = text:gsub("canary%-sts%-session%-1", "a&amp;b&lt;c&gt;d&quot;e&apos;f&#43;g&#x2F;h&#x2f;i")]])
      assert.equal([[a&b<c>d"e'f+g/h/i]], got.SessionToken)
    end)

    it("with a section of character data", function()
      assert.equal("a&b", assert_takes([=[text = text:gsub("canary%-sts%-session%-1", "<![CDATA[a&b]]>")]=])
        .SessionToken)
    end)

    it("without a name space, or under a prefix of one", function()
      assert.equal("ASIAEXAMPLE000000001", assert_takes([[text = text:gsub(' xmlns="[^"]*"', "")]]).AccessKeyId)
      server:stop()
      assert.equal("ASIAEXAMPLE000000001", assert_takes([[
        text = text:gsub(' xmlns="', ' xmlns:s="'):gsub("<(/?)(%a)", "<%1s:%2")]]).AccessKeyId)
    end)

    it("with an XML declaration, comments and members that nobody knows", function()
      assert.equal("ASIAEXAMPLE000000001", assert_takes([[
        text = '<?xml version="1.0" encoding="UTF-8"?>\n' .. text:gsub("<Credentials>",
          "<!-- here --><Novelty><AccessKeyId>no</AccessKeyId></Novelty><Credentials><Colour/>")]]).AccessKeyId)
    end)

    it("with fractions of a second in its time", function()
      local got = assert_takes([[text = text:gsub("Z</Expiration>", ".123Z</Expiration>")]])
      assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d", got.Expiration)
    end)

    it("of a role in another partition, whose account it tells", function()
      assert.equal("210987654321", assert_takes([[
        text = text:gsub("arn:aws:sts::%d+", "arn:aws-us-gov:sts::210987654321")]]).AccountId)
    end)

    it("without a user, and then tells no account", function()
      assert.is_nil(assert_takes([[
        text = text:gsub("<AssumedRoleUser>.*</AssumedRoleUser>", "")]]).AccountId)
    end)

    it("that says nothing of its type", function()
      serve("return { body = granted(asked) }")
      assert.equal("ASIAEXAMPLE000000001", sts.credentials(run()).AccessKeyId)
    end)
  end)

  it("says on a chain which of its roles was refused", function()
    place:write(".aws/config", place:read(".aws/config"):gsub("source_profile = base", "source_profile = two", 1)
      .. "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\nsource_profile = base\n")
    assert_fails([[if asked.RoleArn:find("two") then return refused(403, "AccessDenied", "no") end]],
      "role arn:aws:iam::123456789012:role/two of profile two", "AccessDenied")
    assert.equal(1, #server:requests())
  end)

  it("says that the service cannot be reached", function()
    serve()
    local result = place:ecrlua({ "--retries", "0", "credentials.lua", "--format", "process" },
      { AWS_PROFILE = "dev", AWS_ENDPOINT_URL_STS = "http://127.0.0.1:1" })
    sts.assert_failed(result, "role/dev of profile dev", "AssumeRole", "onnect")
  end)

  it("explains a refusal without a secret", function()
    serve([[return refused(403, "AccessDenied", "is not authorized to perform: sts:AssumeRole")]])
    local steps, text = place:explain{ AWS_PROFILE = "dev", AWS_ENDPOINT_URL_STS = server.url }
    assert.equal("broken", steps["assumed role"].state)
    assert.matches("not authorized to perform: sts:AssumeRole", steps["assumed role"].detail, 1, true)
    assert.equal("not asked", steps["web identity"].state)
    assert.is_nil(text:find("canary", 1, true))
  end)

  it("does not ask again elsewhere when it was refused: the error ends the search", function()
    elsewhere = process.serve("return function() return { status = 404 } end")
    serve([[return refused(403, "AccessDenied", "no")]])
    sts.assert_failed(sts.run(place, server, { AWS_CONTAINER_CREDENTIALS_FULL_URI = elsewhere.url }), "AccessDenied")
    assert.same({}, elsewhere:requests())
  end)
end)
