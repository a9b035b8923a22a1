-- SPDX-License-Identifier: MIT
-- Profiles that assume a role: what they are based on, and which of them are refused.
local home = require "spec.support.home"
local process = require "spec.support.process"
local sts = require "spec.support.sts"

local function in_seconds(seconds) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds) end

describe("a profile that assumes a role", function()
  local server, other, place

  before_each(function() server = sts.serve() end)

  after_each(function()
    server:stop()
    if other then other:stop() end
    if place then place:remove() end
    other, place = nil, nil
  end)

  local function dev(lines, more) place = sts.home(lines, more) end

  local function run(environment, options) return sts.run(place, server, environment, options) end

  local function credentials(...) return sts.credentials(run(...)) end

  local function assert_refused(...)
    sts.assert_failed(run(), ...)
    assert.same({}, server:requests())
  end

  describe("with a source profile", function()
    it("gives what the service granted", function()
      dev("source_profile = base")
      local got = credentials()
      assert.equal("ASIAEXAMPLE000000001", got.AccessKeyId)
      assert.equal("canary-sts-secret-1", got.SecretAccessKey)
      assert.equal("canary-sts-session-1", got.SessionToken)
      assert.equal("123456789012", got.AccountId)
      local year, month, day, hour, minute, second = got.Expiration:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
      local now = os.date("!*t")
      now.isdst = false
      local left = os.time{ year = year, month = month, day = day, hour = hour, min = minute, sec = second }
        - os.time(now)
      assert.is_true(left > 3540 and left <= 3600, got.Expiration)
    end)

    it("signs for the service with the keys of the source profile", function()
      dev("source_profile = base")
      credentials()
      local request = server:requests()[1]
      assert.same({ "AKIABASEEXAMPLE00000", "us-east-1", "sts" }, { sts.signer(request) })
      assert.equal("canary-base-session", request.headers["x-amz-security-token"])
    end)

    it("may take them from the credentials file", function()
      place = home.new{ config = "[profile dev]\nrole_arn = " .. sts.DEV .. "\nsource_profile = base\n",
        credentials = "[base]\n" .. sts.KEYS }
      credentials()
      assert.equal("AKIABASEEXAMPLE00000", (sts.signer(server:requests()[1])))
    end)

    it("may be written in the credentials file itself", function()
      place = home.new{ credentials = "[dev]\nrole_arn = " .. sts.DEV .. "\nsource_profile = base\n[base]\n"
        .. sts.KEYS }
      assert.equal("ASIAEXAMPLE000000001", credentials().AccessKeyId)
    end)

    it("climbs a chain of three from the base up", function()
      dev("source_profile = two", "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\n"
        .. "source_profile = three\n[profile three]\nrole_arn = arn:aws:iam::123456789012:role/three\n"
        .. "source_profile = base\n")
      assert.equal("ASIAEXAMPLE000000003", credentials().AccessKeyId)
      local asked = {}
      for i, request in ipairs(server:requests()) do
        asked[i] = sts.form(request).RoleArn:match("[^/]+$") .. " by " .. sts.signer(request)
      end
      assert.same({ "three by AKIABASEEXAMPLE00000", "two by ASIAEXAMPLE000000001", "dev by ASIAEXAMPLE000000002" },
        asked)
    end)

    it("uses the session token of the role before in a chain", function()
      dev("source_profile = two", "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\n"
        .. "source_profile = base\n")
      credentials()
      assert.equal("canary-sts-session-1", server:requests()[2].headers["x-amz-security-token"])
    end)

    it("may be the profile itself, which then gives its keys", function()
      dev("source_profile = dev\n" .. sts.KEYS)
      credentials()
      assert.equal(1, #server:requests())
      assert.equal("AKIABASEEXAMPLE00000", (sts.signer(server:requests()[1])))
    end)

    it("then gives its keys before all else that it has", function()
      dev("source_profile = dev\ncredential_process = false\n" .. sts.KEYS)
      credentials()
      assert.equal("AKIABASEEXAMPLE00000", (sts.signer(server:requests()[1])))
    end)

    it("takes the role of a source profile that has keys too", function()
      dev("source_profile = two", "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\n"
        .. "source_profile = base\naws_access_key_id = AKIAOTHEREXAMPLE0000\naws_secret_access_key = canary-other\n")
      credentials()
      assert.equal("ASIAEXAMPLE000000001", (sts.signer(server:requests()[2])))
    end)

    it("may have a web identity", function()
      dev("source_profile = web")
      local token = place:write("token", "canary-web-token")
      place:write(".aws/config", place:read(".aws/config") .. "[profile web]\nrole_arn = "
        .. "arn:aws:iam::123456789012:role/web\nweb_identity_token_file = " .. token .. "\n")
      assert.equal("ASIAEXAMPLE000000002", credentials().AccessKeyId)
      assert.equal("AssumeRoleWithWebIdentity", sts.form(server:requests()[1]).Action)
      assert.equal("ASIAEXAMPLE000000001", (sts.signer(server:requests()[2])))
    end)

    it("keeps its own web identity apart from that of the environment", function()
      dev("source_profile = base")
      credentials{ AWS_WEB_IDENTITY_TOKEN_FILE = place:write("token", "canary-web-token"),
        AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/web" }
      assert.equal("AKIABASEEXAMPLE00000", (sts.signer(server:requests()[1])))
    end)

    it("may have a credential_process", function()
      dev("source_profile = program")
      local answer = place:write("answer", '{"Version":1,"AccessKeyId":"AKIAPROCESSEXAMPLE00",'
        .. '"SecretAccessKey":"canary-process"}')
      place:write(".aws/config", place:read(".aws/config") .. "[profile program]\ncredential_process = cat "
        .. answer .. "\n")
      credentials()
      assert.equal("AKIAPROCESSEXAMPLE00", (sts.signer(server:requests()[1])))
    end)

    it("may be one of IAM Identity Center", function()
      other = process.serve([[return function()
        return { body = ('{"roleCredentials":{"accessKeyId":"ASIASSOEXAMPLE000000","secretAccessKey":"canary-sso",'
          .. '"sessionToken":"canary-sso-session","expiration":%d}}'):format((os.time() + 3600) * 1000) }
      end]])
      dev("source_profile = sso", "[profile sso]\nsso_session = my-sso\nsso_account_id = 123456789012\n"
        .. "sso_role_name = Admin\n[sso-session my-sso]\nsso_region = us-east-1\n"
        .. "sso_start_url = https://d-abc123.awsapps.com/start\n")
      place:write(".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json",
        ('{"accessToken":"canary-sso-token","expiresAt":"%s"}'):format(in_seconds(3600)))
      credentials{ AWS_ENDPOINT_URL_SSO = other.url }
      assert.equal("ASIASSOEXAMPLE000000", (sts.signer(server:requests()[1])))
    end)
  end)

  describe("is refused before anything is asked", function()
    it("when it names itself and has no keys", function()
      dev("source_profile = dev")
      assert_refused("profile dev", "source_profile", "aws_access_key_id")
    end)

    it("when two profiles name each other; the circle is shown", function()
      dev("source_profile = two", "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\n"
        .. "source_profile = dev\n")
      assert_refused("dev%W+two%W+dev")
    end)

    it("when three profiles name each other; the circle is shown", function()
      dev("source_profile = two", "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\n"
        .. "source_profile = three\n[profile three]\nrole_arn = arn:aws:iam::123456789012:role/three\n"
        .. "source_profile = dev\n")
      assert_refused("dev%W+two%W+three%W+dev")
    end)

    it("when a circle lies behind it, not through it", function()
      dev("source_profile = two", "[profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\n"
        .. "source_profile = three\n[profile three]\nrole_arn = arn:aws:iam::123456789012:role/three\n"
        .. "source_profile = two\n")
      assert_refused("two%W+three%W+two")
    end)

    it("when the source profile does not exist; those that do are named", function()
      dev("source_profile = bsae")
      assert_refused("profile dev", '"bsae"', "there are base, dev")
    end)

    it("when the source profile has no credentials", function()
      dev("source_profile = empty", "[profile empty]\nregion = us-east-1\n")
      assert_refused("profile dev", "empty", "no credentials")
    end)

    it("when the source profile has half a pair of keys", function()
      dev("source_profile = half", "[profile half]\naws_access_key_id = AKIAHALFEXAMPLE00000\n")
      assert_refused("half", "aws_secret_access_key")
    end)

    it("when it has both source_profile and credential_source", function()
      dev("source_profile = base\ncredential_source = Environment")
      assert_refused("profile dev", "source_profile", "credential_source", "both")
    end)

    it("when it has neither source_profile nor credential_source", function()
      dev("")
      assert_refused("profile dev", "source_profile", "credential_source")
    end)

    it("when its credential_source is none that there is; those there are are named", function()
      dev("credential_source = Vault")
      assert_refused("profile dev", "Vault", "Environment", "Ec2InstanceMetadata", "EcsContainer")
    end)

    for what, lines in pairs{
      ["role_arn is too short"] = { "role_arn", "role_arn = arn:aws:iam" },
      ["external_id is too short"] = { "external_id", "external_id = x" },
      ["external_id has a character that none may have"] = { "external_id", "external_id = a b" },
      ["role_session_name is too short"] = { "role_session_name", "role_session_name = x" },
      ["role_session_name is too long"] = { "role_session_name", "role_session_name = " .. ("x"):rep(65) },
      ["role_session_name has a character that none may have"] = { "role_session_name", "role_session_name = a/b" },
      ["duration_seconds is below a quarter of an hour"] = { "duration_seconds", "duration_seconds = 899" },
      ["duration_seconds is above half a day"] = { "duration_seconds", "duration_seconds = 43201" },
      ["duration_seconds is no number"] = { "duration_seconds", "duration_seconds = an hour" },
      ["duration_seconds is a number in Lua's eyes only"] = { "duration_seconds", "duration_seconds = 0x384" },
      ["duration_seconds is more than a number holds"] = { "duration_seconds", "duration_seconds = " .. ("9"):rep(30) },
      ["duration_seconds is no whole number"] = { "duration_seconds", "duration_seconds = 3600.5" },
    } do
      it("when " .. what, function()
        local role = lines[1] == "role_arn" and "" or "role_arn = " .. sts.DEV .. "\n"
        place = home.new{ config = "[profile dev]\n" .. role .. lines[2] .. "\nsource_profile = base\n[profile base]\n"
          .. sts.KEYS }
        assert_refused("profile dev", lines[1])
      end)
    end
  end)

  describe("with a credential source", function()
    it("takes the keys of the environment", function()
      dev("credential_source = Environment")
      credentials({ AWS_PROFILE = false, AWS_ACCESS_KEY_ID = "AKIAENVEXAMPLE000000",
        AWS_SECRET_ACCESS_KEY = "canary-env", AWS_SESSION_TOKEN = "canary-env-session" }, { "--profile", "dev" })
      local request = server:requests()[1]
      assert.equal("AKIAENVEXAMPLE000000", (sts.signer(request)))
      assert.equal("canary-env-session", request.headers["x-amz-security-token"])
    end)

    it("says that the environment has no keys", function()
      dev("credential_source = Environment")
      assert_refused("profile dev", "environment", "AWS_ACCESS_KEY_ID is not set")
    end)

    it("takes what the container gives", function()
      other = process.serve([[return function() return { body =
        ('{"AccessKeyId":"ASIACONTAINEREXAMPLE","SecretAccessKey":"canary-container","Token":"canary-token",'
        .. '"Expiration":"%s"}'):format(os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600)) } end]])
      dev("credential_source = EcsContainer")
      credentials{ AWS_CONTAINER_CREDENTIALS_FULL_URI = other.url .. "/creds" }
      assert.equal("ASIACONTAINEREXAMPLE", (sts.signer(server:requests()[1])))
    end)

    it("says that there is no container", function()
      dev("credential_source = EcsContainer")
      assert_refused("profile dev", "EcsContainer", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    end)

    it("takes what the instance metadata give", function()
      other = process.serve([[return function(request)
        if request.method == "PUT" then return { body = "canary-imds" } end
        if not request.path:match("/app$") then
          return request.path:match("extended") and { status = 404 } or { body = "app" }
        end
        if request.path:match("extended") then return { status = 404 } end
        return { body = ('{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-02T03:04:05Z",'
          .. '"AccessKeyId":"ASIAINSTANCEEXAMPLE0","SecretAccessKey":"canary-instance","Token":"canary-token",'
          .. '"Expiration":"%s"}'):format(os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600)) }
      end]])
      dev("credential_source = Ec2InstanceMetadata")
      credentials{ AWS_EC2_METADATA_DISABLED = "false", AWS_EC2_METADATA_SERVICE_ENDPOINT = other.url }
      assert.equal("ASIAINSTANCEEXAMPLE0", (sts.signer(server:requests()[1])))
    end)

    it("says that the instance metadata are switched off", function()
      dev("credential_source = Ec2InstanceMetadata")
      assert_refused("profile dev", "Ec2InstanceMetadata", "AWS_EC2_METADATA_DISABLED")
    end)
  end)
end)
