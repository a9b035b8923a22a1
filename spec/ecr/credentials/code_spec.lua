-- SPDX-License-Identifier: MIT
-- Credentials that code asks for: auth_static, auth_web_identity and auth_assume_role, against a Security
-- Token Service on loopback.
local home = require "spec.support.home"
local sts = require "spec.support.sts"

local STATIC = [[auth_static = { "AKIACODEEXAMPLE00000", "canary-code-secret", "canary-code-session" }]]

describe("in code", function()
  local server, place

  before_each(function()
    server = sts.serve()
    place = home.new{ credentials = "[default]\n" .. sts.KEYS }
  end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  local function run(options, environment) return sts.run_code(place, server, options, sts.WRITE, environment) end

  local function credentials(...) return sts.credentials(run(...)) end

  local function assert_refused(options, environment, ...)
    sts.assert_failed(run(options, environment), ...)
    assert.same({}, server:requests())
  end

  describe("auth_static", function()
    for what, options in pairs{
      ["by position"] = "{ " .. STATIC .. " }",
      ["by name"] = [[{ auth_static = { access_key_id = "AKIACODEEXAMPLE00000",
        secret_access_key = "canary-code-secret", session_token = "canary-code-session" } }]],
      ["as secrets"] = [[{ auth_static = { "AKIACODEEXAMPLE00000", ecr.secret("canary-code-secret"),
        ecr.secret("canary-code-session") } }]],
      ["as options of their own"] = [[{ access_key_id = "AKIACODEEXAMPLE00000",
        secret_access_key = "canary-code-secret", session_token = "canary-code-session" }]],
      ["through the builder"] = [[assert(ecr.config_builder()
        :auth_static("AKIACODEEXAMPLE00000", "canary-code-secret", "canary-code-session"):build())]],
    } do
      it("gives the keys " .. what, function()
        local got = credentials(options)
        assert.same({ "AKIACODEEXAMPLE00000", "canary-code-secret", "canary-code-session" },
          { got.AccessKeyId, got.SecretAccessKey, got.SessionToken })
      end)
    end

    it("comes before keys in the environment", function()
      assert.equal("AKIACODEEXAMPLE00000", credentials("{ " .. STATIC .. " }", { AWS_ACCESS_KEY_ID =
        "AKIAENVEXAMPLE000000", AWS_SECRET_ACCESS_KEY = "canary-env" }).AccessKeyId)
    end)

    it("needs no session token", function()
      assert.is_nil(credentials[[{ auth_static = { "AKIACODEEXAMPLE00000", "canary-code-secret" } }]].SessionToken)
    end)

    for what, row in pairs{
      ["a missing secret"] = { [[{ auth_static = { "AKIACODEEXAMPLE00000" } }]], "secret_access_key" },
      ["a missing id"] = { [[{ auth_static = { secret_access_key = "canary" } }]], "access_key_id" },
      ["a secret that is a number"] = { [[{ auth_static = { "AKIACODEEXAMPLE00000", 1 } }]], "secret_access_key" },
      ["a mistyped name"] = { [[{ auth_static = { access_key = "AKIACODEEXAMPLE00000",
        secret_access_key = "canary" } }]], "access_key_id" },
      ["keys that are given twice"] = { [[{ access_key_id = "AKIACODEEXAMPLE00000", secret_access_key = "canary", ]]
        .. STATIC .. " }", "auth_static and access_key_id" },
      ["the default chain besides"] = { "{ auth_default_chain = true, " .. STATIC .. " }", "contradict" },
      ["a web identity besides"] = { [[{ auth_web_identity = { "arn:aws:iam::123456789012:role/web", "/t" }, ]]
        .. STATIC .. " }", "contradict" },
    } do
      it("refuses " .. what, function() assert_refused(row[1], nil, row[2]) end)
    end
  end)

  describe("auth_assume_role", function()
    local function asked(...)
      assert.equal("ASIAEXAMPLE000000001", credentials(...).AccessKeyId)
      assert.equal(1, #server:requests())
      return sts.form(server:requests()[1]), server:requests()[1]
    end

    it("assumes a role with keys given in code", function()
      local form, request = asked(([[{ auth_assume_role = "%s", %s }]]):format(sts.DEV, STATIC))
      assert.equal(sts.DEV, form.RoleArn)
      assert.same({ "AKIACODEEXAMPLE00000", "us-east-1", "sts" }, { sts.signer(request) })
      assert.equal("canary-code-session", request.headers["x-amz-security-token"])
    end)

    it("assumes a role with what the default chain gives", function()
      assert.equal("AKIABASEEXAMPLE00000", (sts.signer(select(2, asked(([[{ auth_assume_role = "%s" }]])
        :format(sts.DEV))))))
    end)

    it("assumes a role with the keys of a profile", function()
      place:write(".aws/config", "[profile other]\naws_access_key_id = AKIAOTHEREXAMPLE0000\n"
        .. "aws_secret_access_key = canary-other\n")
      assert.equal("AKIAOTHEREXAMPLE0000", (sts.signer(select(2, asked(([[{ auth_assume_role = "%s",
        profile = "other" }]]):format(sts.DEV))))))
    end)

    it("assumes a role with the role of a profile", function()
      place:write(".aws/config", "[profile one]\nrole_arn = arn:aws:iam::123456789012:role/one\n"
        .. "source_profile = default\n")
      credentials(([[{ auth_assume_role = "%s", profile = "one" }]]):format(sts.DEV))
      assert.equal("arn:aws:iam::123456789012:role/one", sts.form(server:requests()[1]).RoleArn)
      assert.equal("ASIAEXAMPLE000000001", (sts.signer(server:requests()[2])))
    end)

    it("assumes a role with a web identity", function()
      credentials(([[{ auth_assume_role = "%s", auth_web_identity = { "arn:aws:iam::123456789012:role/web", "%s" } }]])
        :format(sts.DEV, place:write("token", "canary-web-token")))
      assert.equal("AssumeRoleWithWebIdentity", sts.form(server:requests()[1]).Action)
      assert.equal("ASIAEXAMPLE000000001", (sts.signer(server:requests()[2])))
    end)

    it("sends what the table says", function()
      local form = asked(([[{ auth_assume_role = { role_arn = "%s", role_session_name = "me", external_id = "x/1",
        duration_seconds = 900 } }]]):format(sts.DEV))
      assert.same({ Action = "AssumeRole", Version = "2011-06-15", RoleArn = sts.DEV, RoleSessionName = "me",
        ExternalId = "x/1", DurationSeconds = "900" }, form)
    end)

    it("takes the role of AWS_ROLE_ARN when none is said", function()
      local form = asked("assert(ecr.config_builder():auth_assume_role():build())", { AWS_ROLE_ARN = sts.DEV,
        AWS_ROLE_SESSION_NAME = "night-build" })
      assert.same({ "AssumeRole", sts.DEV, "night-build" }, { form.Action, form.RoleArn, form.RoleSessionName })
    end)

    it("without a role is refused when AWS_ROLE_ARN is not set", function()
      assert_refused("{ auth_assume_role = true }", nil, "auth_assume_role", "AWS_ROLE_ARN")
    end)

    for what, row in pairs{
      ["a table without a role"] = { [[{ auth_assume_role = { external_id = "x/1" } }]], "role_arn" },
      ["a role that can be none"] = { [[{ auth_assume_role = "dev" }]], "role_arn" },
      ["a mistyped name"] = { [[{ auth_assume_role = { role_arn = "x", session_name = "me" } }]],
        "role_session_name" },
      ["too short a time"] = { ([[{ auth_assume_role = { role_arn = "%s", duration_seconds = 60 } }]])
        :format(sts.DEV), "duration_seconds" },
      ["what is neither text nor table"] = { "{ auth_assume_role = 7 }", "auth_assume_role" },
    } do
      it("refuses " .. what, function() assert_refused(row[1], nil, row[2]) end)
    end

    it("names itself and its base when that has nothing", function()
      place:write(".aws/credentials", "")
      assert_refused(([[{ auth_assume_role = "%s" }]]):format(sts.DEV), nil, "auth_assume_role " .. sts.DEV,
        "no AWS credentials")
    end)

    it("names itself when it is refused", function()
      server:stop()
      server = sts.serve([[return refused(403, "AccessDenied", "is not authorized to perform: sts:AssumeRole")]])
      sts.assert_failed(run(([[{ auth_assume_role = "%s" }]]):format(sts.DEV)), "auth_assume_role " .. sts.DEV,
        "not authorized", "AccessDenied")
    end)

    it("is explained with its base, without a secret", function()
      local result = sts.run_code(place, server, ([[{ auth_assume_role = "%s", %s }]]):format(sts.DEV, STATIC),
        "print(client:explain_credentials())")
      assert.matches("auth_assume_role " .. sts.DEV .. " +used", result.output)
      assert.matches("credentials given in code +used", result.output)
      assert.is_nil((result.output .. result.errors):find("canary", 1, true))
    end)
  end)

  describe("auth_web_identity", function()
    for what, options in pairs{
      ["by position"] = [[{ auth_web_identity = { "%s", "%s" } }]],
      ["by name"] = [[{ auth_web_identity = { role_arn = "%s", web_identity_token_file = "%s" } }]],
      ["through the builder"] = [[assert(ecr.config_builder():auth_web_identity("%s", "%s"):build())]],
    } do
      it("takes role and file " .. what, function()
        credentials(options:format(sts.DEV, place:write("token", "canary-web-token\n")))
        local form = sts.form(server:requests()[1])
        assert.same({ "AssumeRoleWithWebIdentity", sts.DEV, "canary-web-token" },
          { form.Action, form.RoleArn, form.WebIdentityToken })
      end)
    end

    it("takes the token itself, sealed", function()
      credentials(([[{ auth_web_identity = { role_arn = "%s",
        web_identity_token = ecr.secret("canary-web-token") } }]]):format(sts.DEV))
      local form = sts.form(server:requests()[1])
      assert.same({ "AssumeRoleWithWebIdentity", sts.DEV, "canary-web-token" },
        { form.Action, form.RoleArn, form.WebIdentityToken })
    end)

    it("takes them from the environment when nothing is said", function()
      credentials("assert(ecr.config_builder():auth_web_identity():build())", { AWS_ROLE_ARN = sts.DEV,
        AWS_WEB_IDENTITY_TOKEN_FILE = place:write("token", "canary-web-token") })
      assert.equal(sts.DEV, sts.form(server:requests()[1]).RoleArn)
    end)

    it("comes before keys in the environment", function()
      local options = ([[{ auth_web_identity = { "%s", "%s" } }]]):format(sts.DEV, place:write("token", "canary-web"))
      assert.equal("ASIAEXAMPLE000000001", credentials(options, { AWS_ACCESS_KEY_ID = "AKIAENVEXAMPLE000000",
        AWS_SECRET_ACCESS_KEY = "canary-env" }).AccessKeyId)
    end)

    for what, row in pairs{
      ["a missing file name"] = { ([[{ auth_web_identity = { "%s" } }]]):format(sts.DEV), "web_identity_token_file" },
      ["a token that is a string"] = { ([[{ auth_web_identity = { role_arn = "%s",
        web_identity_token = "canary" } }]]):format(sts.DEV), "web_identity_token must be a userdata" },
      ["a token and a file"] = { ([[{ auth_web_identity = { role_arn = "%s", web_identity_token = ecr.secret("canary"),
        web_identity_token_file = "/t" } }]]):format(sts.DEV), "not both" },
      ["a token that is too short"] = { ([[{ auth_web_identity = { role_arn = "%s",
        web_identity_token = ecr.secret("abc") } }]]):format(sts.DEV), "4 to 20000 characters" },
      ["a token that is too long"] = { ([[{ auth_web_identity = { role_arn = "%s",
        web_identity_token = ecr.secret(("x"):rep(20001)) } }]]):format(sts.DEV), "4 to 20000 characters" },
      ["nothing said anywhere"] = { "{ auth_web_identity = true }", "web_identity_token_file" },
      ["a file that is not there"] = { ([[{ auth_web_identity = { "%s", "/nonexistent/token" } }]]):format(sts.DEV),
        "auth_web_identity: /nonexistent/token" },
    } do
      it("refuses " .. what, function() assert_refused(row[1], nil, "auth_web_identity", row[2]) end)
    end
  end)
end)
