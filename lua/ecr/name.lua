-- SPDX-License-Identifier: MIT
--- How callers name an image: a reference ("app:v1", "app@sha256:...", a full registry reference),
--- or a repository and `{tag = ...}` or `{digest = ...}`.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

---@class ecr.ImageName
---@field repository string
---@field tag? string
---@field digest? string
---@field region? string when a full registry reference said so
---@field registry_id? string likewise
local name_mt <const> = { __name = "ecr.image_name" }

function name_mt.__tostring(self)
  return self.repository .. (self.tag and ":" .. self.tag or "") .. (self.digest and "@"
    .. self.digest or "")
end

local name <const> = {}

local function refuse(message)
  return error_object.give{ kind = "input", code = "image_name", message = message }
end

local function from_reference(text)
  local parsed <const>, failure <const> = core.reference(text)
  if not parsed then
    return refuse(("%q is no image name: %s"):format(text, failure.message))
  end
  if parsed.public then
    return refuse(("%q is in ECR Public, whose API has no scans and no manifests"):format(text))
  end
  if parsed.host and not parsed.account then
    return refuse(("%q: the host %s is no ECR registry"):format(text, parsed.host))
  end
  return setmetatable({ repository = parsed.repository, tag = parsed.tag, digest = parsed.digest,
    region = parsed.region, registry_id = parsed.account }, name_mt)
end

local function from_parts(repository, image)
  local tag, digest = image.tag or image.image_tag, image.digest or image.image_digest
  for _, value in ipairs{ repository, tag or "", digest or "" } do
    if type(value) ~= "string" then return refuse("repository, tag and digest are strings") end
  end
  if digest then
    local ok <const>, failure <const> = core.check_digest(digest)
    if not ok then return refuse(failure.message) end
  end
  return setmetatable({ repository = repository, tag = tag, digest = digest }, name_mt)
end

--- The image a caller means.
---@param repository string|ecr.ImageName a reference when `image` is not given
---@param image? {tag?: string, digest?: string}
---@return ecr.ImageName?
---@return ecr.Error? kind "input"
function name.image(repository, image)
  local made, err
  if getmetatable(repository) == name_mt then
    made = repository
  elseif type(repository) ~= "string" then
    return refuse("an image is named by a string such as \"app:v1\"")
  elseif image == nil then
    made, err = from_reference(repository)
  elseif type(image) == "table" then
    made, err = from_parts(repository, image)
  else
    return refuse("an image of a repository is named by {tag = ...} or {digest = ...}")
  end
  if not made then return nil, err end
  if not made.tag and not made.digest then
    return refuse(("%s: a tag or a digest is missing, as in %s:v1"):format(made.repository,
      made.repository))
  end
  return made
end

--- Another image of the same repository.
---@param image ecr.ImageName
---@param digest string
---@return ecr.ImageName
function name.with_digest(image, digest)
  return setmetatable({ repository = image.repository, digest = digest, region = image.region,
    registry_id = image.registry_id }, name_mt)
end

--- The same image by its tag alone.
---@param image ecr.ImageName with a tag
---@return ecr.ImageName
function name.with_tag(image)
  return setmetatable({ repository = image.repository, tag = image.tag, region = image.region,
    registry_id = image.registry_id }, name_mt)
end

--- The image id as the API wants it: the digest alone where there is one, since it decides.
---@param image ecr.ImageName
---@return {image_tag?: string, image_digest?: string}
function name.id(image)
  if image.digest then return { image_digest = image.digest } end
  return { image_tag = image.tag }
end

return name
