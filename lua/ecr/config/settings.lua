-- SPDX-License-Identifier: MIT
--- Every setting of a client, as data: its type, and where it comes from besides code. Names of
--- variables and of keys in the shared files: "Settings reference" in the AWS SDKs and Tools
--- Reference Guide.

---@class ecr.ClientOptions what `ecr.client` takes; all of it may be left out
---@field region? string
---@field registry_id? string twelve digits; goes with every call that takes one
---@field public_registry? boolean ECR Public is the client's registry, not the account's
---@field endpoint_url? string of the client's registry, instead of AWS's
---@field public_endpoint_url? string of ECR Public, instead of AWS's
---@field ignore_configured_endpoint_urls? boolean only endpoints given in code count
---@field use_fips? boolean
---@field use_dualstack? boolean
---@field sts_regional_endpoints? "regional"|"legacy"
---@field profile? string a profile of the shared files: its credentials and its settings
---@field auth_default_chain? boolean credentials as AWS's tools look for them; so too if nothing is said
---@field auth_static? table {id, secret, token?}, by position or name; strings or `ecr.secret`s
---@field auth_assume_role? string|table|true a role to assume with what the others give
---@field auth_web_identity? table|true {role_arn, token_file}, by position or as `ecr.RoleOptions`
---@field access_key_id? string short for `auth_static`, with the next two
---@field secret_access_key? string|userdata
---@field session_token? string|userdata
---@field token_refresh_buffer_secs? number seconds that a registry token given out still lives (300)
---@field token_cache? boolean|string registry tokens on disk, for processes that follow each other: `true` or
---"on", an absolute path, `false` or "off" (the default)
---@field metadata_cache? boolean|{ttl?: number, max_bytes?: integer} what was told of repositories and images is
---kept: seconds (300), bytes (10 MB); off unless it is given (`false` or left out)
---@field timeout? number seconds for one attempt (30)
---@field request_timeout_ms? number the same in milliseconds
---@field connect_timeout? number seconds of these until the connection stands (5)
---@field max_retries? integer repetitions after the first attempt (3)
---@field retry_mode? "standard"|"adaptive"|"legacy" all three act as standard
---@field defaults_mode? string only its connection time-out is used
---@field ca_bundle? string file or hashed directory, trusted instead of the system's
---@field proxy? string URL; "" for none, whatever the environment says
---@field sdk_ua_app_id? string goes into the User-Agent
---@field user_agent_extra? string likewise
---@field ec2_metadata_disabled? boolean
---@field ec2_metadata_v1? boolean allows the first version of the instance metadata service
---@field ec2_metadata_service_endpoint? string
---@field ec2_metadata_service_endpoint_mode? "ipv4"|"ipv6"
---@field ec2_instance_profile_name? string
---@field metadata_service_timeout? number seconds (1)
---@field metadata_service_num_attempts? integer (1)
---@field sim? string path of a scenario
---@field record? string path of a recording to write
---@field replay? string path of a recording to be answered from
---@field transport? table a transport of the caller's (see the seam)

---@class ecr.Setting
---@field type "string"|"number"|"integer"|"boolean"|"table"|"any"
---@field flag? string its field in `ecr.flags`
---@field said? string how the flag is written, where that is not its name
---@field environment? string[] variables; the first that is set and not empty counts
---@field profile? string key of a profile in the shared files
---@field default? any
---@field choices? string[] what it may be; compared without regard to case
---@field counts_attempts? boolean outside of code it counts the first attempt too
---@field names_identity? boolean it says whose credentials to use
---@field hidden? boolean `explain_config` leaves it out: it is no setting, or may hold a secret

---@type table<string, ecr.Setting>
return {
  -- what is asked, and of whom
  region = { type = "string", flag = "region", environment = { "AWS_REGION",
    "AWS_DEFAULT_REGION" }, profile = "region" },
  registry_id = { type = "string" },
  public_registry = { type = "boolean", default = false },
  endpoint_url = { type = "string", flag = "endpoint_url" },
  public_endpoint_url = { type = "string" },
  ignore_configured_endpoint_urls = { type = "boolean", default = false,
    environment = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" },
    profile = "ignore_configured_endpoint_urls" },
  use_fips = { type = "boolean", default = false, environment = { "AWS_USE_FIPS_ENDPOINT" },
    profile = "use_fips_endpoint" },
  use_dualstack = { type = "boolean", default = false,
    environment = { "AWS_USE_DUALSTACK_ENDPOINT" }, profile = "use_dualstack_endpoint" },
  sts_regional_endpoints = { type = "string", default = "regional",
    environment = { "AWS_STS_REGIONAL_ENDPOINTS" }, profile = "sts_regional_endpoints",
    choices = { "regional", "legacy" } },

  -- who asks
  profile = { type = "string", flag = "profile", environment = { "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE" } },
  auth_default_chain = { type = "boolean", hidden = true, names_identity = true },
  auth_static = { type = "table", hidden = true, names_identity = true },
  auth_assume_role = { type = "any", hidden = true, names_identity = true },
  auth_web_identity = { type = "any", hidden = true, names_identity = true },
  access_key_id = { type = "string", hidden = true, names_identity = true },
  secret_access_key = { type = "any", hidden = true, names_identity = true },
  session_token = { type = "any", hidden = true, names_identity = true },
  token_refresh_buffer_secs = { type = "number", default = 300 },
  token_cache = { type = "any", environment = { "ECRLUA_TOKEN_CACHE" } },
  metadata_cache = { type = "any", default = false },
  ec2_metadata_disabled = { type = "boolean", default = false,
    environment = { "AWS_EC2_METADATA_DISABLED" } },
  ec2_metadata_v1 = { type = "boolean", default = false },
  ec2_metadata_v1_disabled = { type = "boolean", default = false,
    environment = { "AWS_EC2_METADATA_V1_DISABLED" }, profile = "ec2_metadata_v1_disabled" },
  ec2_metadata_service_endpoint = { type = "string",
    environment = { "AWS_EC2_METADATA_SERVICE_ENDPOINT" },
    profile = "ec2_metadata_service_endpoint" },
  ec2_metadata_service_endpoint_mode = { type = "string", default = "ipv4",
    environment = { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE" },
    profile = "ec2_metadata_service_endpoint_mode", choices = { "ipv4", "ipv6" } },
  ec2_instance_profile_name = { type = "string", environment = { "AWS_EC2_INSTANCE_PROFILE_NAME" },
    profile = "ec2_instance_profile_name" },
  metadata_service_timeout = { type = "number", default = 1,
    environment = { "AWS_METADATA_SERVICE_TIMEOUT" }, profile = "metadata_service_timeout" },
  metadata_service_num_attempts = { type = "integer", default = 1,
    environment = { "AWS_METADATA_SERVICE_NUM_ATTEMPTS" },
    profile = "metadata_service_num_attempts" },

  -- how it is asked
  timeout = { type = "number", flag = "timeout", default = 30 },
  request_timeout_ms = { type = "number", hidden = true },
  connect_timeout = { type = "number" },
  max_retries = { type = "integer", flag = "max_retries", said = "--retries", default = 3,
    environment = { "AWS_MAX_ATTEMPTS" }, profile = "max_attempts", counts_attempts = true },
  retry_mode = { type = "string", default = "standard", environment = { "AWS_RETRY_MODE" },
    profile = "retry_mode", choices = { "standard", "adaptive", "legacy" } },
  defaults_mode = { type = "string", default = "legacy", environment = { "AWS_DEFAULTS_MODE" },
    profile = "defaults_mode",
    choices = { "legacy", "standard", "in-region", "cross-region", "mobile", "auto" } },
  ca_bundle = { type = "string", environment = { "AWS_CA_BUNDLE" }, profile = "ca_bundle" },
  proxy = { type = "string" },
  sdk_ua_app_id = { type = "string", environment = { "AWS_SDK_UA_APP_ID" },
    profile = "sdk_ua_app_id" },
  user_agent_extra = { type = "string" },

  -- who answers instead
  sim = { type = "string", flag = "sim" },
  record = { type = "string", flag = "record" },
  replay = { type = "string", flag = "replay" },
  transport = { type = "table", hidden = true },
}
