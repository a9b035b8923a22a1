-- SPDX-License-Identifier: MIT
-- A role assumed with a token out of a file, as in a Kubernetes cluster, against a Security Token Service on
-- loopback.
local home = require "spec.support.home"
local process = require "spec.support.process"
local sts = require "spec.support.sts"

local WEB = "arn:aws:iam::123456789012:role/web"
local TOKEN = "canary-web-token.aGVhZGVy-cGF5bG9hZA_.c2ln"

describe("a web identity", function()
  local server, ecr, place, token

  before_each(function()
    server = sts.serve()
    place = home.new{}
    token = place:write("token", TOKEN)
  end)

  after_each(function()
    server:stop()
    if ecr then ecr:stop() end
    ecr = nil
    place:remove()
  end)

  --- The environment that EKS makes, with more or other variables.
  local function cluster(more)
    local variables = { AWS_PROFILE = false, AWS_WEB_IDENTITY_TOKEN_FILE = token, AWS_ROLE_ARN = WEB }
    for name, value in pairs(more or {}) do variables[name] = value end
    return variables
  end

  local function run(environment, options) return sts.run(place, server, environment or cluster(), options) end

  local function credentials(...) return sts.credentials(run(...)) end

  --- What the only request asked for.
  local function asked(...)
    credentials(...)
    assert.equal(1, #server:requests())
    return sts.form(server:requests()[1]), server:requests()[1]
  end

  local function assert_refused(environment, ...)
    sts.assert_failed(run(environment), ...)
    assert.same({}, server:requests())
  end

  local function profile(lines) place:write(".aws/config", "[profile dev]\n" .. lines .. "\n") end

  describe("of the environment", function()
    it("gives what the service granted", function()
      local got = credentials()
      assert.same({ "ASIAEXAMPLE000000001", "canary-sts-secret-1", "canary-sts-session-1", "123456789012" },
        { got.AccessKeyId, got.SecretAccessKey, got.SessionToken, got.AccountId })
    end)

    it("asks as AWS's query protocol says, unsigned", function()
      local form, request = asked()
      local name = form.RoleSessionName
      form.RoleSessionName, form.DurationSeconds = nil, nil
      assert.same({ Action = "AssumeRoleWithWebIdentity", Version = "2011-06-15", RoleArn = WEB,
        WebIdentityToken = TOKEN }, form)
      assert.matches("^[%w_+=,.@-]+$", name)
      assert.is_true(#name >= 2 and #name <= 64)
      assert.equal("POST", request.method)
      assert.equal("/", request.path)
      assert.matches("^application/x%-www%-form%-urlencoded", request.headers["content-type"])
      for _, header in ipairs{ "authorization", "x-amz-security-token", "x-amz-date" } do
        assert.is_nil(request.headers[header])
      end
    end)

    it("is unsigned though there are keys in the profile", function()
      place:write(".aws/credentials", "[default]\n" .. sts.KEYS)
      assert.is_nil((sts.signer(select(2, asked()))))
    end)

    it("takes the name of AWS_ROLE_SESSION_NAME", function()
      assert.equal("pod-7", asked(cluster{ AWS_ROLE_SESSION_NAME = "pod-7" }).RoleSessionName)
    end)

    it("comes before that of the profile", function()
      profile("role_arn = arn:aws:iam::123456789012:role/other\nrole_session_name = other\n"
        .. "web_identity_token_file = /nonexistent")
      assert.equal(WEB, asked(cluster{ AWS_PROFILE = "dev" }).RoleArn)
    end)

    it("comes after keys in the environment", function()
      assert.equal("AKIAENVEXAMPLE000000", credentials(cluster{ AWS_ACCESS_KEY_ID = "AKIAENVEXAMPLE000000",
        AWS_SECRET_ACCESS_KEY = "canary-env" }).AccessKeyId)
      assert.same({}, server:requests())
    end)

    it("does not count when a profile is named on the command line", function() -- as botocore has it
      profile("aws_access_key_id = AKIAPROFILEEXAMPLE00\naws_secret_access_key = canary-profile")
      assert.equal("AKIAPROFILEEXAMPLE00", credentials(cluster(), { "--profile", "dev" }).AccessKeyId)
      assert.same({}, server:requests())
    end)

    it("is refused without AWS_ROLE_ARN, though the profile has keys", function()
      place:write(".aws/credentials", "[default]\n" .. sts.KEYS)
      assert_refused(cluster{ AWS_ROLE_ARN = false }, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")
    end)

    it("is refused when AWS_ROLE_ARN can be none", function()
      assert_refused(cluster{ AWS_ROLE_ARN = "role" }, "web identity", "role_arn must have 20 to 2048 characters")
    end)

    it("is refused when AWS_ROLE_SESSION_NAME can be none", function()
      assert_refused(cluster{ AWS_ROLE_SESSION_NAME = "a b" }, "web identity", "role_session_name")
    end)

    it("is none when its variables are empty", function()
      place:write(".aws/credentials", "[default]\n" .. sts.KEYS)
      assert.equal("AKIABASEEXAMPLE00000", credentials(cluster{ AWS_WEB_IDENTITY_TOKEN_FILE = "", AWS_ROLE_ARN = "" })
        .AccessKeyId)
    end)

    it("is none with AWS_ROLE_ARN alone, and the explanation says that it is ignored", function()
      place:write(".aws/credentials", "[default]\n" .. sts.KEYS)
      local steps = place:explain{ AWS_ROLE_ARN = WEB }
      assert.equal("passed over", steps["web identity"].state)
      assert.matches("AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE: ignored", steps["web identity"].detail,
        1, true)
      assert.equal("used", steps["credentials file"].state)
    end)

    it("is told in the explanation, without a secret", function()
      local steps, text = place:explain(cluster{ AWS_ENDPOINT_URL_STS = server.url })
      assert.equal("used", steps["web identity"].state)
      assert.is_nil(text:find("canary", 1, true))
    end)
  end)

  describe("of a profile", function()
    it("asks for its role with its token, under its name", function()
      profile(("role_arn = %s\nweb_identity_token_file = %s\nrole_session_name = me"):format(WEB, token))
      local form, request = asked{}
      assert.same({ "AssumeRoleWithWebIdentity", WEB, "me", TOKEN },
        { form.Action, form.RoleArn, form.RoleSessionName, form.WebIdentityToken })
      assert.is_nil(request.headers.authorization)
    end)

    it("finds a file below the home folder", function()
      profile("role_arn = " .. WEB .. "\nweb_identity_token_file = ~/token")
      assert.equal(TOKEN, asked{}.WebIdentityToken)
    end)

    it("comes before the profile's keys", function()
      profile(("role_arn = %s\nweb_identity_token_file = %s\n%s"):format(WEB, token, sts.KEYS))
      assert.equal("ASIAEXAMPLE000000001", credentials{}.AccessKeyId)
    end)

    it("is refused without role_arn", function()
      profile("web_identity_token_file = " .. token .. "\n" .. sts.KEYS)
      assert_refused({}, "profile dev", "role_arn")
    end)
  end)

  describe("sends of its token file", function()
    it("all but the end of its line", function()
      place:write("token", TOKEN .. "\n")
      assert.equal(TOKEN, asked().WebIdentityToken)
    end)

    it("whatever is in it, to the byte", function()
      local text = " a+b/c=&d%20 \te "
      place:write("token", text)
      assert.equal(text, asked().WebIdentityToken)
    end)

    it("a token of the greatest length", function()
      place:write("token", ("x"):rep(20000) .. "\n")
      assert.equal(20000, #asked().WebIdentityToken)
    end)

    it("a token of the least length", function()
      place:write("token", "abcd")
      assert.equal("abcd", asked().WebIdentityToken)
    end)

    it("what comes out of a pipe of the shell's", function()
      local result = process.run(("env HOME=%s AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_ROLE_ARN=%s "
        .. "AWS_ENDPOINT_URL_STS=%s bash -c 'AWS_WEB_IDENTITY_TOKEN_FILE=<(sleep 0.1; echo %s) "
        .. "%s credentials.lua --format process'"):format(place.path, WEB, server.url, TOKEN, process.ECRLUA))
      assert.equal("ASIAEXAMPLE000000001", sts.credentials(result).AccessKeyId)
      assert.equal(TOKEN, sts.form(server:requests()[1]).WebIdentityToken)
    end)
  end)

  describe("is refused, without asking, when its token file", function()
    it("is not there", function()
      assert_refused(cluster{ AWS_WEB_IDENTITY_TOKEN_FILE = place.path .. "/gone" }, "web identity",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "/gone", "[Nn]o such file")
    end)

    it("is a folder", function()
      assert_refused(cluster{ AWS_WEB_IDENTITY_TOKEN_FILE = place.path }, "web identity", place.path, "directory")
    end)

    for what, row in pairs{ ["is empty"] = { "", "empty" }, ["has nothing but the end of a line"] = { "\n", "empty" },
      ["is too short"] = { "abc", "too short" } } do
      it(what, function()
        place:write("token", row[1])
        assert_refused(cluster(), "web identity", "/token", row[2])
      end)
    end

    it("is too long", function()
      place:write("token", "canary" .. ("x"):rep(19995))
      assert_refused(cluster(), "web identity", "/token", "too large")
    end)
  end)

  describe("passes on the service's refusal", function()
    for code, row in pairs{
      InvalidIdentityToken = { 400, "No OpenIDConnect provider found in your account for https://oidc.example" },
      ExpiredTokenException = { 400, "Token expired: current date/time must be before the expiration date/time" },
      IDPRejectedClaim = { 403, "The identity provider rejected the claim" },
      AccessDenied = { 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity" },
    } do
      it(code .. ", asked once", function()
        server:stop()
        server = sts.serve(("return refused(%d, %q, %q)"):format(row[1], code, row[2]))
        sts.assert_failed(run(nil, { "--retries", "3" }), "web identity", row[2]:sub(1, 20), code)
        assert.equal(1, #server:requests())
      end)
    end

    it("without the token, if it quotes it", function()
      server:stop()
      server = sts.serve([[return refused(400, "InvalidIdentityToken", "Couldn't read " .. asked.WebIdentityToken)]])
      sts.assert_failed(run(), "web identity", "Couldn't read")
    end)
  end)

  it("is patient when the service could not reach the identity provider", function()
    server:stop()
    server = sts.serve([[if number == 1 then return refused(400, "IDPCommunicationError", "try again") end]])
    assert.equal("ASIAEXAMPLE000000002", credentials(nil, { "--retries", "1" }).AccessKeyId)
  end)

  it("is patient when the service fails", function()
    server:stop()
    server = sts.serve("if number == 1 then return { status = 500 } end")
    assert.equal("ASIAEXAMPLE000000002", credentials(nil, { "--retries", "1" }).AccessKeyId)
    assert.equal(TOKEN, sts.form(server:requests()[2]).WebIdentityToken)
  end)

  it("reads its token file again for each fetch", function()
    ecr = process.serve(([[local number = 0
      return function()
        number = number + 1
        if number > 1 then return { body = '{"repositories":[]}' } end
        local file = io.open(%q, "w")
        file:write("canary-renewed-token")
        file:close()
        return { status = 400, body = '{"__type":"ExpiredTokenException","message":"is expired"}' }
      end]]):format(token))
    local result = sts.run_code(place, server, "{}", [[assert(client:call("DescribeRepositories", {}))]],
      cluster{ AWS_ENDPOINT_URL_ECR = ecr.url })
    assert.equal(0, result.code, result.errors)
    local tokens = {}
    for i, request in ipairs(server:requests()) do tokens[i] = sts.form(request).WebIdentityToken end
    assert.same({ TOKEN, "canary-renewed-token" }, tokens)
  end)
end)
