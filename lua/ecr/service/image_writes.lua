-- SPDX-License-Identifier: MIT
--- What changes images: tags that are put, images that are deleted. Source of behaviour: PutImage and
--- BatchDeleteImage in the Amazon ECR API Reference.

local batch <const> = require "ecr.service.batch"
local check <const> = require "ecr.check"
local error_object <const> = require "ecr.error"
local image_type <const> = require "ecr.types.image"
local loop <const> = require "ecr.loop"
local manifest <const> = require "ecr.types.manifest"
local name <const> = require "ecr.name"
local subject <const> = require "ecr.service.subject"

local writes <const> = {}

-- --- tags ----------------------------------------------------------------------------------------

---@class ecr.PutTagResult
---@field status "created"|"unchanged"
---@field tag string
---@field digest string
---@field image ecr.Image

--- The digest of the image to tag, found without reading its manifest.
local function source_digest(self, source)
  if source.digest then return source.digest end
  local detail <const>, err <const> = self:describe(source)
  if not detail then return nil, err end
  return detail.image_digest
end

--- The image to tag, its bytes verified: asked for by digest, so that nothing is translated.
local function read_source(self, source)
  local digest <const>, err <const> = source_digest(self, source)
  if not digest then return nil, err end
  local got <const>, problem <const> = self:get(name.with_digest(source, digest))
  if not got then return nil, problem end
  local parsed <const>, refusal <const> = manifest.parse(got, digest)
  if not parsed then return nil, refusal end
  return parsed
end

local function put(self, source, parsed, tag)
  return self.client:call("PutImage", { repository_name = source.repository,
    registry_id = source.registry_id, image_manifest = parsed.text,
    image_manifest_media_type = parsed.media_type, image_tag = tag, image_digest = parsed.digest })
end

--- The tag is taken and may not be moved: by this very image (then our own first attempt did it), or
--- by another one, which the error names.
local function explain_conflict(self, source, parsed, tag, err)
  local holder <const>, problem <const> = self:describe(source.repository, { tag = tag })
  if not holder then
    err.cause = problem
    return nil, err
  end
  if holder.image_digest == parsed.digest then return "unchanged" end
  err.message = ("%s (%s:%s is %s)"):format(err.message, source.repository, tag,
    holder.image_digest)
  err.digest = holder.image_digest
  return nil, err
end

local function outcome_of(self, source, parsed, tag)
  local output <const>, err <const> = put(self, source, parsed, tag)
  if output then return "created" end
  if err.code == "ImageAlreadyExistsException" then return "unchanged" end
  if err.code ~= "ImageTagAlreadyExistsException" then return nil, err end
  return explain_conflict(self, source, parsed, tag, err)
end

local function read_arguments(client, image, id, tag)
  if tag == nil then image, id, tag = image, nil, id end
  if type(id) == "string" then
    id = id:find(":", 1, true) and { digest = id } or { tag = id }
  end
  local source <const>, home <const> = subject(client, image, id)
  if not source then return nil, home end
  local ok <const>, problem <const> = check.tag(tag)
  if not ok then return nil, problem end
  return source, tag, home:uncached().image
end

--- Puts another tag on an image, without pulling a layer. `put_tag("app:v1", "stable")`, or
--- `put_tag("app", {digest = "sha256:..."}, "stable")`. A tag that another image has is moved where
--- the repository allows it.
---@param image string|ecr.ImageName
---@param id string|{tag?: string, digest?: string} the source; the new tag when `image` names the source
---@param tag? string
---@return ecr.PutTagResult? "unchanged" when the image has the tag already, also where tags are immutable
---@return ecr.Error? kind "conflict" with `digest` when an immutable tag is another image's
function writes.put_tag(self, image, id, tag)
  local source <const>, wanted <const>, home <const> = read_arguments(self.client, image, id, tag)
  if not source then return nil, wanted end
  local parsed <const>, err <const> = read_source(home, source)
  if not parsed then return nil, err end
  local status <const>, problem <const> = outcome_of(home, source, parsed, wanted)
  if not status then return nil, problem end
  return { status = status, tag = wanted, digest = parsed.digest,
    image = image_type.of{ repository_name = source.repository, registry_id = source.registry_id,
      image_id = { image_digest = parsed.digest, image_tag = wanted },
      image_manifest = parsed.text, image_manifest_media_type = parsed.media_type } }
end

-- --- deletion ------------------------------------------------------------------------------------

---@class ecr.BatchDeleteResult
---@field deleted ecr.ImageIdentifier[] what is gone: an image by digest, or a tag
---@field failures ecr.ImageFailure[] one for each id that was not deleted, or of which it is not known

--- A call that failed as a whole is a failure of each of its ids.
local function add_failed_call(failures, chunk, err)
  for _, id in ipairs(chunk) do
    failures[#failures + 1] = { image_id = image_type.identifier(id), failure_code = err.code
      or err.kind, failure_reason = err.message, error = err }
  end
end

--- Errors after which it may have been done all the same.
local UNCLEAR <const> = { network = true, timeout = true, server = true, cancelled = true }

--- The error that says of all calls that nothing was done; nil when one may have done something.
local function is_refusal(errors, count)
  local first <const> = errors and errors[1]
  for i = 1, count do
    local err <const> = errors and errors[i]
    if not err or UNCLEAR[err.kind] or err.kind ~= first.kind then return nil end
  end
  return first
end

--- An id with both would delete all of the image or only its tag: that is not for us to choose.
local function check_single(ids)
  for i, id in ipairs(ids) do
    if (id.tag or id.image_tag) and (id.digest or id.image_digest) then
      return error_object.give{ kind = "input", code = "ids",
        message = ("ids[%d] has a tag and a digest: give the tag alone to take it away, the digest "
          .. "alone to delete the image with all its tags"):format(i) }
    end
  end
  return true
end

--- Deletes images by digest (with all their tags), or takes tags away (an image without a tag left
--- goes too), any number, a hundred a call, the calls at the same time. An id has a tag or a digest,
--- not both.
---@param repository string
---@param ids {tag?: string, digest?: string}[]
---@param options? {registry_id?: string, deadline?: number}
---@return ecr.BatchDeleteResult? always both lists; nil only when nothing can have been deleted
---@return ecr.Error?
function writes.batch_delete(self, repository, ids, options)
  local ok <const>, problem <const> = check.repository_name(repository)
  if not ok then return nil, problem end
  local chunks <const>, err <const> = batch.chunks(repository, ids)
  if not chunks then return nil, err end
  local single <const>, refused <const> = check_single(ids)
  if not single then return nil, refused end
  local calls <const> = {}
  for i, chunk in ipairs(chunks) do
    calls[i] = function()
      return self.client:call("BatchDeleteImage", batch.input("BatchDeleteImage", repository,
        chunk, options), options)
    end
  end
  local outputs <const>, errors <const> = loop.all(calls)
  local refusal <const> = #calls > 0 and is_refusal(errors, #calls)
  if refusal then return error_object.give(refusal) end
  local deleted <const>, failures <const> = {}, {}
  for i, chunk in ipairs(chunks) do
    if outputs[i] then
      for _, id in ipairs(outputs[i].image_ids or {}) do
        deleted[#deleted + 1] = image_type.identifier(id)
      end
      batch.add_failures(failures, outputs[i].failures, "BatchDeleteImage")
    else
      add_failed_call(failures, chunk, errors[i])
    end
  end
  return { deleted = deleted, failures = failures }
end

return writes
