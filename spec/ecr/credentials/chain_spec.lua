-- SPDX-License-Identifier: MIT
-- Who wins, and what is said of each source, as a table. Order: AWS CLI User Guide, "Configuration and credential
-- precedence", and botocore 1.43, credentials.create_credential_resolver. A source that is configured but broken
-- is an error although a later one could give credentials.
local cloud = require "spec.support.cloud"
local home = require "spec.support.home"

local ORDER = { "environment variables", "assumed role", "web identity", "IAM Identity Center", "credentials file",
  "aws login", "credential_process", "config file", "container", "instance metadata" }

--- What the explanation says of a source that is passed over or used, unless the row says otherwise.
local PASSED = { "AWS_ACCESS_KEY_ID is not set", "no role_arn", "no token file", "no sso_session or sso_start_url",
  "profile", "no login_session", "no credential_process", "profile", "no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "switched off by AWS_EC2_METADATA_DISABLED" }
local USED = { "environment variables", "role arn:aws:iam::123456789012:role/assumed of profile", "web identity",
  "IAM Identity Center", "profile [%w]+ in .*/%.aws/credentials", "aws login session", "credential_process of profile",
  "profile [%w]+ in .*/%.aws/config", "container", "instance metadata" }
local STATES = { p = "passed over", u = "used", b = "broken", ["."] = "not asked" }

local KEYS = { AWS_ACCESS_KEY_ID = cloud.ID.environment, AWS_SECRET_ACCESS_KEY = cloud.KEY.environment,
  AWS_SESSION_TOKEN = cloud.TOKEN.environment }
local WEB = { AWS_WEB_IDENTITY_TOKEN_FILE = "HOME/token", AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/web-role" }
local CONTAINER = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "SERVER/container" }
local INSTANCE = { AWS_EC2_METADATA_DISABLED = "false" }
local L = cloud.LINES
local BASE = "[base]\n" .. L.credentials
local ROLE = "role_arn = arn:aws:iam::123456789012:role/assumed\n"

local function all(...)
  local environment = {}
  for _, part in ipairs{ ... } do
    for name, value in pairs(part) do environment[name] = value end
  end
  return environment
end

--- Everything from the third source on, for rows about half-configured ones: nothing of it may be used.
local REST = all(CONTAINER, INSTANCE)

--- {name, environment, config file, credentials file, winner or pattern of the error, states by ORDER, details}.
--- HOME, SERVER and PROCESS stand for the folder, the server, and a credential_process that works.
local ROWS = {
  -- the order: each row has one source less
  { "environment before all else", all(KEYS, WEB, REST), "[default]\n" .. L.role .. L.sso .. L.login .. "PROCESS"
    .. L.config, "[default]\n" .. L.credentials .. BASE, "environment", "u........." },
  { "then the assumed role", all(WEB, REST), "[default]\n" .. L.role .. L.sso .. L.login .. "PROCESS" .. L.config,
    "[default]\n" .. L.credentials .. BASE, "role", "pu........" },
  { "then the web identity", all(WEB, REST), "[default]\n" .. L.sso .. L.login .. "PROCESS" .. L.config,
    "[default]\n" .. L.credentials, "web", "ppu......." },
  { "then IAM Identity Center", REST, "[default]\n" .. L.sso .. L.login .. "PROCESS" .. L.config,
    "[default]\n" .. L.credentials, "sso", "pppu......" },
  { "then the credentials file", REST, "[default]\n" .. L.login .. "PROCESS" .. L.config,
    "[default]\n" .. L.credentials, "credentials", "ppppu....." },
  { "then aws login", REST, "[default]\n" .. L.login .. "PROCESS" .. L.config, "", "login", "pppppu...." },
  { "then credential_process", REST, "[default]\nPROCESS" .. L.config, "", "process", "ppppppu..." },
  { "then the config file", REST, "[default]\n" .. L.config, "", "config", "pppppppu.." },
  { "then the container", REST, "", "", "container", "ppppppppu." },
  { "then the instance", INSTANCE, "", "", "instance", "pppppppppu" },
  { "nobody", {}, "", "", "no AWS credentials: set AWS_ACCESS_KEY_ID", "pppppppppp" },

  -- web identity in the profile: the environment's comes first
  { "web identity of the profile", {}, "[default]\n" .. ROLE .. "web_identity_token_file = HOME/token\n", "", "web",
    "ppu.......", { ["assumed role"] = "token file", ["web identity"] = "web identity of profile default" } },
  { "web identity of the environment before the profile's", WEB, "[default]\n" .. ROLE
    .. "web_identity_token_file = HOME/missing\n", "", "web", "ppu.......", { ["assumed role"] = "token file",
    ["web identity"] = "AWS_WEB_IDENTITY_TOKEN_FILE" } },
  { "AWS_ROLE_ARN alone does nothing", all(CONTAINER, { AWS_ROLE_ARN = WEB.AWS_ROLE_ARN }), "", "", "container",
    "ppppppppu.", { ["web identity"] = "AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE" } },

  -- profiles
  { "AWS_PROFILE does not remove the environment's keys", all(KEYS, { AWS_PROFILE = "dev" }), "", "[dev]\n"
    .. L.credentials, "environment", "u........." },
  { "--profile removes the environment's keys", KEYS, "", "[dev]\n" .. L.credentials, "credentials", "ppppu.....",
    { ["environment variables"] = "a profile was asked for by name" }, { "--profile", "dev" } },
  { "--profile removes the environment's web identity", WEB, "", "[dev]\n" .. L.credentials, "credentials",
    "ppppu.....", { ["environment variables"] = "by name", ["web identity"] = "no token file.*by name" },
    { "--profile", "dev" } },
  { "--profile default removes them too", KEYS, "[default]\n" .. L.config, "", "config", "pppppppu..",
    { ["environment variables"] = "by name" }, { "--profile", "default" } },
  { "--profile goes before AWS_PROFILE", { AWS_PROFILE = "other" }, "", "[dev]\n" .. L.credentials
    .. "[other]\naws_access_key_id = half\n", "credentials", "ppppu.....", { ["environment variables"] = "by name" },
    { "--profile", "dev" } },
  { "AWS_PROFILE goes before AWS_DEFAULT_PROFILE", { AWS_PROFILE = "dev", AWS_DEFAULT_PROFILE = "other" }, "",
    "[dev]\n" .. L.credentials .. "[other]\naws_access_key_id = half\n", "credentials", "ppppu....." },
  { "AWS_DEFAULT_PROFILE counts", { AWS_DEFAULT_PROFILE = "dev" }, "[profile dev]\n" .. L.config, "", "config",
    "pppppppu.." },
  { "a profile inherits nothing from default", { AWS_PROFILE = "dev" }, "[profile dev]\nregion = us-east-1\n",
    "[default]\n" .. L.credentials, "no AWS credentials", "pppppppppp" },
  { "a missing default is nothing", CONTAINER, "[profile dev]\n" .. L.config, "", "container", "ppppppppu." },
  { "an unknown AWS_PROFILE", all(CONTAINER, { AWS_PROFILE = "nope" }), "[profile dev]\n" .. L.config,
    "[other]\n" .. L.credentials, 'no profile "nope" %(from AWS_PROFILE%).*dev, other' },
  { "an unknown --profile, whatever the environment has", KEYS, "[profile dev]\n" .. L.config, "",
    'no profile "nope" %(from %-%-profile%).*dev', nil, nil, { "--profile", "nope" } },
  { "a section without the word profile is none in the config file", { AWS_PROFILE = "dev" }, "[dev]\n" .. L.config,
    "", 'no profile "dev"' },

  -- both files
  { "both files make one profile", { AWS_PROFILE = "dev" }, "[profile dev]\nsource_profile = base\n",
    BASE .. "[dev]\n" .. ROLE, "role", "pu........" },
  { "the credentials file's key counts before the config file's", {}, "[default]\ncredential_process = false\n",
    "[default]\nPROCESS", "process", "ppppppu..." },
  { "the credentials file's keys count before the config file's", {}, "[default]\n" .. L.config,
    "[default]\n" .. L.credentials, "credentials", "ppppu....." },
  { "files of other names", { AWS_CONFIG_FILE = "HOME/c", AWS_SHARED_CREDENTIALS_FILE = "HOME/s" }, "", "",
    "no AWS credentials", "pppppppppp" },

  -- half-configured is an error, whatever comes behind
  { "an environment key without its secret", all(REST, { AWS_ACCESS_KEY_ID = cloud.ID.environment }), "", "[default]\n"
    .. L.credentials, "environment variables: .*AWS_SECRET_ACCESS_KEY is not", "b........." },
  { "environment keys that have expired", all(KEYS, REST, { AWS_CREDENTIAL_EXPIRATION = "2020-01-01T00:00:00Z" }), "",
    "[default]\n" .. L.credentials, "environment variables: .*expired", "b........." },
  { "an empty environment key is none", all(KEYS, CONTAINER, { AWS_ACCESS_KEY_ID = "" }), "", "", "container",
    "ppppppppu." },
  { "a secret without an id is nothing", all(CONTAINER, { AWS_SECRET_ACCESS_KEY = "canarySecretAlone" }), "", "",
    "container", "ppppppppu." },
  { "a role without a source", REST, "[default]\n" .. ROLE, "[default]\n" .. L.credentials,
    "profile default.*source_profile.*credential_source", "pb........" },
  { "a role with two sources", REST, "[default]\n" .. L.role .. "credential_source = Environment\n", BASE,
    "profile default.*both source_profile and credential_source", "pb........" },
  { "a role with an unknown credential_source", REST, "[default]\n" .. ROLE .. "credential_source = Elsewhere\n", "",
    'credential_source "Elsewhere"', "pb........" },
  { "a role whose source_profile is missing", REST, "[default]\n" .. L.role, "", 'no source_profile "base"',
    "pb........" },
  { "a role whose source_profile has nothing", REST, "[default]\n" .. L.role .. "[profile base]\nregion = us-east-1\n",
    "", "profile base has no credentials", "pb........" },
  { "roles that assume each other", REST, "[default]\n" .. L.role .. "[profile base]\n" .. ROLE
    .. "source_profile = default\n", "", "circle: default %-> base %-> default", "pb........" },
  { "a token file that is missing", all(WEB, REST, { AWS_WEB_IDENTITY_TOKEN_FILE = "HOME/missing" }), "", "",
    "web identity.*/missing", "ppb......." },
  { "a token file without a role", all(REST, { AWS_WEB_IDENTITY_TOKEN_FILE = "HOME/token" }), "", "",
    "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not", "ppb......." },
  { "a profile's token file without a role", REST, "[default]\nweb_identity_token_file = HOME/token\n", "",
    "web identity of profile default: there is no role_arn", "ppb......." },
  { "IAM Identity Center without an account", REST, "[default]\n" .. L.sso:gsub("sso_account_id[^\n]*\n", ""), "",
    "IAM Identity Center .profile default.: there is no sso_account_id", "pppb......" },
  { "an sso_session that is missing", REST, "[default]\nsso_session = my-sso\n", "", 'no sso%-session "my%-sso"',
    "pppb......" },
  { "IAM Identity Center without a login", REST, "[default]\n" .. L.sso:gsub("abc123", "other"), "",
    "IAM Identity Center .*aws sso login", "pppb......" },
  { "an id without a secret in the credentials file", REST, "[default]\n" .. L.config,
    "[default]\naws_access_key_id = half\n", "/%.aws/credentials has aws_access_key_id but no aws_secret_access_key",
    "ppppb....." },
  { "a secret without an id in the credentials file is nothing", CONTAINER, "",
    "[default]\naws_secret_access_key = canarySecretAlone\n", "container", "ppppppppu." },
  { "aws login without a session", REST, "[default]\nlogin_session = somebody\n", "",
    "aws login session of profile default: .*aws login", "pppppb...." },
  { "a credential_process that fails", REST, "[default]\ncredential_process = false\n" .. L.config, "",
    "credential_process of profile default", "ppppppb..." },
  { "a credential_process that is not there", REST, "[default]\ncredential_process = /no/such/program -x\n", "",
    "credential_process of profile default: .*/no/such/program", "ppppppb..." },
  { "a credential_process with an open quote", REST, "[default]\ncredential_process = cat 'x\n", "",
    "credential_process of profile default", "ppppppb..." },
  { "an id without a secret in the config file", REST, "[default]\naws_access_key_id = half\n", "",
    "/%.aws/config has aws_access_key_id but no aws_secret_access_key", "pppppppb.." },
  { "a container's address that may not be asked", all(INSTANCE, { AWS_CONTAINER_CREDENTIALS_FULL_URI =
    "http://evil.org/" }), "", "", "container credentials: .*evil.org", "ppppppppb." },

  -- files that cannot be read
  { "a config file that breaks the grammar", all(KEYS, REST), "[default]\nregion = us-east-1\ncanary\n", "",
    "/%.aws/config, line 3: " },
  { "a credentials file that breaks the grammar", all(KEYS, REST), "", "[default]\n\n\n[other\n",
    "/%.aws/credentials, line 4: " },
  { "a config file that is a folder", all(KEYS, REST, { AWS_CONFIG_FILE = "HOME/.aws" }), "", "", "/%.aws" },
  { "a services section that is missing", KEYS, "[default]\nservices = local\n", "",
    "profile default names the services section local" },
}

describe("the chain of sources", function()
  local place, server

  before_each(function()
    place, server = home.new(), cloud.serve()
    cloud.log_in(place)
    place:write("token", "canaryWebIdentityToken.0123456789")
  end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  local function filled(text)
    local names = { HOME = place.path, SERVER = server.url, PROCESS = cloud.process_lines(place) }
    return (text:gsub("%u+", names))
  end

  local function prepare(row)
    place:write(".aws/config", filled(row[3]))
    place:write(".aws/credentials", filled(row[4]))
    local environment = cloud.endpoints(server)
    for name, value in pairs(row[2]) do environment[name] = filled(value) end
    return environment
  end

  local function check_step(row, number, step)
    local name, letter = ORDER[number], row[6]:sub(number, number)
    assert.equal(STATES[letter], step and step.state, name)
    local pattern = row[7] and row[7][name] or letter == "p" and PASSED[number] or letter == "u" and USED[number]
      or letter == "b" and row[5]
    if pattern then assert.matches(pattern, step.detail, nil, nil, name) else assert.equal("", step.detail) end
  end

  for _, row in ipairs(ROWS) do
    local won = cloud.ID[row[5]]
    it(("gives for %s: %s"):format(row[1], won and row[5] or "an error"), function()
      local creds, errors, code = place:credentials(prepare(row), row[8])
      if won then
        assert.is_truthy(creds, errors)
        assert.same({ won, cloud.KEY[row[5]], cloud.TOKEN[row[5]] }, { creds.AccessKeyId, creds.SecretAccessKey,
          creds.SessionToken })
      else
        assert.is_nil(creds)
        assert.equal(3, code)
        assert.matches(row[5], errors)
        assert.not_matches("canary", errors)
      end
    end)

    if row[6] then
      it("explains " .. row[1], function()
        local steps, text = place:explain(prepare(row), row[8])
        for number = 1, #ORDER do check_step(row, number, steps[ORDER[number]]) end
        assert.not_matches("canary", text)
      end)
    end
  end

  it("says of credentials that were refused that their source is broken", function()
    server:stop()
    server = cloud.serve([[if request.path == "/container" then return {body = '{"AccessKeyId":"A","SecretAccessKey":'
      .. '"canary","Expiration":"2020-01-01T00:00:00Z"}'} end]])
    local step = place:explain{ AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/container" }.container
    assert.equal("broken", step.state)
    assert.matches("expired at 2020%-01%-01", step.detail)
  end)
end)
