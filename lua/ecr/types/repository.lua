-- SPDX-License-Identifier: MIT
--- A repository as the registry describes it, with what it says of scanning and encryption. Source:
--- Repository in the Amazon ECR API Reference.

---@class ecr.ScanConfig the repository's own switch; the registry's scanning configuration decides
---@field scan_on_push boolean
local scan_config_methods <const> = {}
local scan_config_mt <const> = { __name = "ecr.scan_config", __index = scan_config_methods }

function scan_config_mt.__tostring(self)
  return self.scan_on_push and "scan on push" or "no scan on push"
end

---@class ecr.EncryptionConfig
---@field encryption_type "AES256"|"KMS"|"KMS_DSSE"
---@field kms_key? string its ARN
local encryption_methods <const> = {}
local encryption_mt <const> = { __name = "ecr.encryption_config", __index = encryption_methods }

function encryption_mt.__tostring(self)
  return self.encryption_type .. (self.kms_key and " (" .. self.kms_key .. ")" or "")
end

--- Whether a key of the customer's is used, which somebody may disable.
---@return boolean
function encryption_methods:uses_kms()
  return self.encryption_type ~= "AES256"
end

---@class ecr.Repository
---@field repository_name string
---@field repository_arn string
---@field repository_uri string the plain registry host and the name
---@field registry_id string
---@field created_at number seconds since the epoch
---@field image_tag_mutability "MUTABLE"|"IMMUTABLE"|"IMMUTABLE_WITH_EXCLUSION"|"MUTABLE_WITH_EXCLUSION"
---@field image_tag_mutability_exclusion_filters? {filter_type: string, filter: string}[]
---@field image_scanning_configuration? ecr.ScanConfig
---@field encryption_configuration? ecr.EncryptionConfig
local repository_methods <const> = {}
local repository_mt <const> = { __name = "ecr.repository", __index = repository_methods }

function repository_mt.__tostring(self)
  return self.repository_uri or self.repository_name
end

--- A wildcard filter as a Lua pattern: "*" is any run of characters.
local function pattern_of(filter)
  return "^" .. filter:gsub("[%.%-]", "%%%0"):gsub("%*", ".*") .. "$"
end

local function is_excluded(self, tag)
  for _, each in ipairs(self.image_tag_mutability_exclusion_filters or {}) do
    if tag:find(pattern_of(each.filter)) then return true end
  end
  return false
end

--- Whether a tag may be moved from one image to another.
---@param tag string
---@return boolean
function repository_methods:allows_move(tag)
  local immutable <const> = (self.image_tag_mutability or "MUTABLE"):find("^IMMUTABLE") ~= nil
  return immutable == is_excluded(self, tag)
end

--- The reference of an image in it, for whoever pulls.
---@param image {tag?: string, digest?: string}
---@return string
function repository_methods:reference(image)
  if image.digest then return self.repository_uri .. "@" .. image.digest end
  return self.repository_uri .. ":" .. image.tag
end

local repository <const> = {}

--- A repository out of the service's answer, which it keeps.
---@param raw table
---@return ecr.Repository
function repository.of(raw)
  local scanning <const>, encryption <const> = raw.image_scanning_configuration,
    raw.encryption_configuration
  if scanning then setmetatable(scanning, scan_config_mt) end
  if encryption then setmetatable(encryption, encryption_mt) end
  return setmetatable(raw, repository_mt)
end

return repository
