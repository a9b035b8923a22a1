-- SPDX-License-Identifier: MIT
--- The rules of `ecr.endpoint` as data: the partitions, a template for each service and variant, what
--- overrides it. Sources: the endpoint rule sets that AWS publishes; "Amazon ECR endpoints and quotas".

local rules <const> = {}

rules.variants = { "plain", "dualstack", "fips", "fips_dualstack" }
rules.words = { plain = "plain", dualstack = "dual-stack", fips = "FIPS",
  fips_dualstack = "FIPS dual-stack" }

local AMAZONAWS <const> = { plain = "amazonaws.com", fips = "amazonaws.com", dualstack = "on.aws",
  fips_dualstack = "on.aws" }

---@class ecr.Partition
---@field id string as it stands in an ARN
---@field listed? string the one name of its own that is no region and fits no pattern
---@field regions? string Lua pattern; nil for the partition of all other regions
---@field suffix string of its host names
---@field dual_stack_suffix string
---@field registry table<ecr.EndpointVariant, string> suffix of its registry hosts; nil where it has none

---@type ecr.Partition[]
rules.partitions = {
  { id = "aws-cn", listed = "aws-cn-global", regions = "^cn%-[%w_]+%-%d+$",
    suffix = "amazonaws.com.cn", dual_stack_suffix = "api.amazonwebservices.com.cn",
    registry = { plain = "amazonaws.com.cn", dualstack = "on.amazonwebservices.com.cn" } },
  { id = "aws-eusc", regions = "^eusc%-de%-[%w_]+%-%d+$",
    suffix = "amazonaws.eu", dual_stack_suffix = "api.amazonwebservices.eu",
    registry = { plain = "amazonaws.eu" } },
  { id = "aws-iso", listed = "aws-iso-global", regions = "^us%-iso%-[%w_]+%-%d+$",
    suffix = "c2s.ic.gov", dual_stack_suffix = "api.aws.ic.gov",
    registry = { plain = "c2s.ic.gov" } },
  { id = "aws-iso-b", listed = "aws-iso-b-global", regions = "^us%-isob%-[%w_]+%-%d+$",
    suffix = "sc2s.sgov.gov", dual_stack_suffix = "api.aws.scloud",
    registry = { plain = "sc2s.sgov.gov" } },
  { id = "aws-iso-e", listed = "aws-iso-e-global", regions = "^eu%-isoe%-[%w_]+%-%d+$",
    suffix = "cloud.adc-e.uk", dual_stack_suffix = "api.cloud-aws.adc-e.uk",
    registry = { plain = "cloud.adc-e.uk" } },
  { id = "aws-iso-f", listed = "aws-iso-f-global", regions = "^us%-isof%-[%w_]+%-%d+$",
    suffix = "csp.hci.ic.gov", dual_stack_suffix = "api.aws.hci.ic.gov",
    registry = { plain = "csp.hci.ic.gov" } },
  { id = "aws-us-gov", listed = "aws-us-gov-global", regions = "^us%-gov%-[%w_]+%-%d+$",
    suffix = "amazonaws.com", dual_stack_suffix = "api.aws", registry = AMAZONAWS },
}

--- No region of its own is listed: what no other pattern takes is in it, as the SDKs have it.
---@type ecr.Partition
rules.aws = { id = "aws", suffix = "amazonaws.com", dual_stack_suffix = "api.aws",
  registry = AMAZONAWS }

rules.hosts = {
  ecr = {
    plain = "api.ecr.{region}.{suffix}", dualstack = "ecr.{region}.{dual_stack_suffix}",
    fips = "api.ecr-fips.{region}.{suffix}",
    fips_dualstack = "ecr-fips.{region}.{dual_stack_suffix}",
  },
  ["ecr-public"] = {
    plain = "api.ecr-public.{region}.{suffix}",
    dualstack = "api.ecr-public.{region}.{dual_stack_suffix}",
    fips = "api.ecr-public-fips.{region}.{suffix}",
    fips_dualstack = "api.ecr-public-fips.{region}.{dual_stack_suffix}",
  },
  sts = {
    plain = "sts.{region}.{suffix}", dualstack = "sts.{region}.{dual_stack_suffix}",
    fips = "sts-fips.{region}.{suffix}", fips_dualstack = "sts-fips.{region}.{dual_stack_suffix}",
  },
  sso = {
    plain = "portal.sso.{region}.{suffix}", dualstack = "portal.sso.{region}.{dual_stack_suffix}",
    fips = "portal.sso-fips.{region}.{suffix}",
    fips_dualstack = "portal.sso-fips.{region}.{dual_stack_suffix}",
  },
  ["sso-oidc"] = {
    plain = "oidc.{region}.{suffix}", dualstack = "oidc.{region}.{dual_stack_suffix}",
    fips = "oidc-fips.{region}.{suffix}",
    fips_dualstack = "oidc-fips.{region}.{dual_stack_suffix}",
  },
  signin = {
    plain = "signin.{region}.{suffix}", dualstack = "signin.{region}.{dual_stack_suffix}",
    fips = "signin-fips.{region}.{suffix}",
    fips_dualstack = "signin-fips.{region}.{dual_stack_suffix}",
  },
}

--- By service, then by region or partition: the region wins.
rules.overrides = {
  ["ecr-public"] = { aws = { dualstack = "ecr-public.{region}.{dual_stack_suffix}" } },
  sts = { ["aws-us-gov"] = { fips = "sts.{region}.{suffix}" } },
  sso = { ["aws-us-gov"] = { fips = "portal.sso.{region}.{suffix}" } },
  ["sso-oidc"] = { ["aws-us-gov"] = { fips = "oidc.{region}.{suffix}" } },
  signin = {
    aws = { plain = "{region}.signin.aws.amazon.com" },
    ["aws-cn"] = { plain = "{region}.signin.amazonaws.cn" },
    ["aws-us-gov"] = { plain = "{region}.signin.amazonaws-us-gov.com",
      fips = "{region}.signin-fips.amazonaws-us-gov.com" },
    ["aws-iso"] = { plain = "{region}.signin.c2shome.ic.gov" },
    ["aws-iso-b"] = { plain = "{region}.signin.sc2shome.sgov.gov" },
    ["us-gov-west-1"] = { fips = "signin-fips.amazonaws-us-gov.com" },
  },
}

--- STS's one host for all regions, and what it is signed for.
rules.global = { host = "sts.amazonaws.com", signing = "us-east-1" }

--- The regions that STS had when it was one host for all: its legacy mode sends them there.
rules.legacy = {
  ["ap-northeast-1"] = true, ["ap-south-1"] = true, ["ap-southeast-1"] = true,
  ["ap-southeast-2"] = true, ["ca-central-1"] = true, ["eu-central-1"] = true,
  ["eu-north-1"] = true, ["eu-west-1"] = true, ["eu-west-2"] = true, ["eu-west-3"] = true,
  ["sa-east-1"] = true, ["us-east-1"] = true, ["us-east-2"] = true, ["us-west-1"] = true,
  ["us-west-2"] = true,
}

--- Registry hosts of account, region, suffix: a dot for IPv4, a hyphen for dual-stack.
rules.registries = { plain = "%s.dkr.ecr.%s.%s", fips = "%s.dkr.ecr-fips.%s.%s",
  dualstack = "%s.dkr-ecr.%s.%s", fips_dualstack = "%s.dkr-ecr-fips.%s.%s" }

return rules
