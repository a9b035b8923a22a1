-- SPDX-License-Identifier: MIT
--- Where a profile's own credentials are looked for, in AWS's order: what to call the place, its module
--- (loaded when its turn comes), and what its `open` takes besides. A role to assume comes before them,
--- and is not here: it needs what is.
---@type {[1]: string, [2]: (fun(): table), [3]: string?}[]
return {
  { "web identity", function() return require "ecr.credentials.web_identity" end },
  { "IAM Identity Center", function() return require "ecr.credentials.sso" end },
  { "credentials file", function() return require "ecr.credentials.files" end, "credentials" },
  { "aws login", function() return require "ecr.credentials.login" end },
  { "credential_process", function() return require "ecr.credentials.process" end },
  { "config file", function() return require "ecr.credentials.files" end, "config" },
}
