-- SPDX-License-Identifier: MIT
-- The documents that hold credentials, as the services and AWS's tools write them. Times are what `date -u -d`
-- makes of the text.
local core = require "ecr.core"

local EXPIRES = 1767323045 -- 2026-01-02T03:04:05Z

--- The same value with every secret as {revealed}, so that one sealed too few or too many is seen.
local function opened(value)
  if type(value) == "userdata" then return { value:reveal() } end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = opened(item) end
  return copy
end

local function decoded(document, text)
  return opened(assert(core.decode(document, text)))
end

describe("a document with credentials", function()
  it("comes from a container", function()
    assert.same({ access_key_id = "ASIA", secret_access_key = { "k/+" }, token = { "t" }, expiration = EXPIRES,
      account_id = "123456789012", role_arn = "arn:aws:iam::123456789012:role/x" }, decoded("container",
      [[{"RoleArn":"arn:aws:iam::123456789012:role/x","AccessKeyId":"ASIA","SecretAccessKey":"k/+","Token":"t",
      "Expiration":"2026-01-02T03:04:05Z","AccountId":"123456789012"}]]))
    assert.same({ code = "InvalidToken", message = "no" },
      decoded("container", '{"code":"InvalidToken","message":"no"}'))
  end)

  it("comes from an instance's metadata", function()
    assert.same({ code = "Success", last_updated = "2026-01-01T03:04:05Z", type = "AWS-HMAC", access_key_id = "ASIA",
      secret_access_key = { "k" }, token = { "t" }, expiration = EXPIRES, account_id = "123456789012" },
      decoded("imds", [[{"Code":"Success","LastUpdated":"2026-01-01T03:04:05Z","Type":"AWS-HMAC","AccessKeyId":"ASIA",
      "SecretAccessKey":"k","Token":"t","Expiration":"2026-01-02T03:04:05Z","AccountId":"123456789012"}]]))
    assert.same({ code = "AssumeRoleUnauthorizedAccess", message = "no" },
      decoded("imds", '{"Code":"AssumeRoleUnauthorizedAccess","Message":"no"}'))
  end)

  it("comes from a process", function()
    assert.same({ version = 1, access_key_id = "AKIA", secret_access_key = { "k" }, session_token = { "t" },
      expiration = EXPIRES, account_id = "123456789012" }, decoded("process",
      [[{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"k","SessionToken":"t",
      "Expiration":"2026-01-02T05:04:05+02:00","AccountId":"123456789012"}]]))
    assert.equal("integer", math.type(core.decode("process", '{"Version":1}').version))
    assert.same({ version = 1 }, decoded("process", '{"Version":1,"SessionToken":null}'))
  end)

  it("comes from IAM Identity Center, with its time in milliseconds", function()
    local value = decoded("sso", [[{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"k",
      "sessionToken":"t","expiration":1767323045123}}]])
    assert.same({ role_credentials = { access_key_id = "ASIA", secret_access_key = { "k" }, session_token = { "t" },
      expiration = 1767323045123 } }, value)
    assert.equal("integer", math.type(value.role_credentials.expiration))
  end)

  it("comes from an OIDC service, as tokens or as an error", function()
    assert.same({ access_token = { "a" }, token_type = "Bearer", expires_in = 28800, refresh_token = { "r" },
      id_token = { "i" } }, decoded("oidc",
      '{"accessToken":"a","tokenType":"Bearer","expiresIn":28800,"refreshToken":"r","idToken":"i"}'))
    assert.same({ error = "invalid_grant", error_description = "no" },
      decoded("oidc", '{"error":"invalid_grant","error_description":"no"}'))
  end)

  it("comes from the sign-in service", function()
    assert.same({ access_token = { access_key_id = "ASIA", secret_access_key = { "k" }, session_token = { "t" } },
      token_type = "aws_sigv4", expires_in = 900, refresh_token = { "r" }, id_token = { "i" } }, decoded("login",
      [[{"accessToken":{"accessKeyId":"ASIA","secretAccessKey":"k","sessionToken":"t"},"tokenType":"aws_sigv4",
      "expiresIn":900,"refreshToken":"r","idToken":"i"}]]))
  end)

  it("lies in the cache of SSO tokens, also in that of older tools", function()
    assert.same({ start_url = "https://d-abc123.awsapps.com/start", region = "eu-west-1", access_token = { "a" },
      expires_at = EXPIRES, client_id = "c", client_secret = { "s" }, registration_expires_at = EXPIRES,
      refresh_token = { "r" } }, decoded("sso_token", [[{"startUrl":"https://d-abc123.awsapps.com/start",
      "region":"eu-west-1","accessToken":"a","expiresAt":"2026-01-02T03:04:05Z","clientId":"c","clientSecret":"s",
      "registrationExpiresAt":"2026-01-02T03:04:05Z","refreshToken":"r"}]]))
    assert.same({ access_token = { "a" }, expires_at = EXPIRES },
      decoded("sso_token", '{"accessToken":"a","expiresAt":"2026-01-02T03:04:05UTC"}'))
    assert.same({ expires_at = EXPIRES }, decoded("sso_token", '{"expiresAt":1767323045}'))
  end)

  it("lies in the cache of logins", function()
    assert.same({ access_token = { access_key_id = "ASIA", secret_access_key = { "k" }, session_token = { "t" },
      account_id = "123456789012", expires_at = EXPIRES }, token_type = "aws_sigv4", refresh_token = { "r" },
      id_token = { "i" }, client_id = "arn:aws:signin:::devtools/same-device", dpop_key = { "-----BEGIN\n" } },
      decoded("login_token", [[{"accessToken":{"accessKeyId":"ASIA","secretAccessKey":"k","sessionToken":"t",
      "accountId":"123456789012","expiresAt":"2026-01-02T03:04:05Z"},"tokenType":"aws_sigv4","refreshToken":"r",
      "idToken":"i","clientId":"arn:aws:signin:::devtools/same-device","dpopKey":"-----BEGIN\n"}]]))
  end)

  it("comes from STS, in XML", function()
    assert.same({ credentials = { access_key_id = "ASIA", secret_access_key = { "k/&" }, session_token = { "t==" },
      expiration = EXPIRES }, assumed_role_user = { arn = "arn:aws:sts::123456789012:assumed-role/x/s",
      assumed_role_id = "AROA:s" }, subject_from_web_identity_token = "s", provider = "p", audience = "a",
      packed_policy_size = 6 }, decoded("sts", [[<AssumeRoleWithWebIdentityResponse
      xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
      <Audience>a</Audience><Provider>p</Provider>
      <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/x/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId>
      </AssumedRoleUser><Credentials><SessionToken>t==</SessionToken><SecretAccessKey>k/&amp;</SecretAccessKey>
      <Expiration>2026-01-02T03:04:05Z</Expiration><AccessKeyId>ASIA</AccessKeyId></Credentials>
      <SubjectFromWebIdentityToken>s</SubjectFromWebIdentityToken><PackedPolicySize>6</PackedPolicySize>
      </AssumeRoleWithWebIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
      </AssumeRoleWithWebIdentityResponse>]]))
    assert.same({ arn = "arn:aws:iam::123456789012:user/x", user_id = "AIDA", account = "123456789012" },
      decoded("sts", [[<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/x</Arn>
      <UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>]]))
  end)

  it("comes from a kubelet, annotations by the names they have", function()
    assert.same({ kind = "CredentialProviderRequest", api_version = "credentialprovider.kubelet.k8s.io/v1",
      image = "host/app:v1", service_account_token = { "h.p.s" }, service_account_annotations = {
      ["eks.amazonaws.com/ecr-role-arn"] = "arn", ["aB_c.d"] = "" } }, decoded("kubelet_request",
      [[{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"host/app:v1",
      "serviceAccountToken":"h.p.s",
      "serviceAccountAnnotations":{"eks.amazonaws.com/ecr-role-arn":"arn","aB_c.d":""}}]]))
  end)

  it("is refused where a secret is no text or a time no time, without being quoted", function()
    for document, text in pairs{ process = '{"SecretAccessKey":["canary"]}', oidc = '{"refreshToken":{"a":"canary"}}',
      container = '{"Expiration":"canary"}', login = '{"accessToken":"canary"}', sso_token = '{"expiresAt":"canary',
      kubelet_request = '{"serviceAccountToken":["canary"]}',
      sts = "<AResponse><AResult><Credentials>canary</Credentials></AResult></AResponse>" } do
      local value, failure = core.decode(document, text)
      assert.is_nil(value)
      assert.equal("protocol", failure.kind)
      assert.is_nil(failure.message:find("canary", 1, true))
    end
  end)
end)
