-- SPDX-License-Identifier: MIT
--- What the simulated registry does for each operation it knows: `handler(world, input)` gives the
--- output or `nil` and a fault. Inputs were checked against the model before they come here.
--- Messages are the service's wording.

local core <const> = require "ecr.core"
local manifest <const> = require "ecr.sim.manifest"
local scan <const> = require "ecr.sim.scan"

local DAY <const> = 86400
local DEFAULT_PAGE <const> = 100
local CLEAN_SCAN <const> = { type = "basic", states = { { state = "IN_PROGRESS", seconds = 10 },
  "COMPLETE" } }

local operations <const> = {}

local function fault(code, message, ...)
  return nil, { code = code, message = message:format(...) }
end

-- --- finding things ------------------------------------------------------------------------------

local function find_repository(world, input)
  local repository <const> = world.repositories[input.repository_name]
  if repository and (input.registry_id or world.account) == world.account then return repository end
  return fault("RepositoryNotFoundException",
    "The repository with name '%s' does not exist in the registry with id '%s'",
      input.repository_name,
    input.registry_id or world.account)
end

--- "{imageDigest:'sha256:...', imageTag:'v1'}"
local function show_id(id)
  return ("{imageDigest:'%s', imageTag:'%s'}"):format(id.image_digest or "null", id.image_tag
    or "null")
end

--- The image of an id, or nil and a failure code.
local function lookup(repository, id)
  if not id.image_digest and not id.image_tag then return nil, "MissingDigestAndTag" end
  if id.image_digest and not id.image_digest:find("^[%w%-_+.]+:%x+$") then
    return nil, "InvalidImageDigest"
  end
  local by_tag <const> = id.image_tag and repository.tags[id.image_tag]
  if id.image_tag and not by_tag then return nil, "ImageNotFound" end
  if id.image_digest and by_tag and by_tag ~= id.image_digest then
    return nil, "ImageTagDoesNotMatchDigest"
  end
  local image <const> = repository.images[id.image_digest or by_tag]
  if image then return image end
  return nil, "ImageNotFound"
end

local REASONS <const> = {
  MissingDigestAndTag = "Invalid request parameters: both tag and digest cannot be null",
  InvalidImageDigest = "Invalid request parameters: image digest should satisfy the regex "
    .. "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  ImageNotFound = "Requested image not found",
  ImageTagDoesNotMatchDigest = "Requested image tag does not match the requested image digest",
}

--- The image of an id, for operations that fail as a whole.
local function find_image(world, repository, id)
  local image <const>, code <const> = lookup(repository, id)
  if image then return image end
  if code ~= "ImageNotFound" then return fault("InvalidParameterException", "%s", REASONS[code]) end
  return fault("ImageNotFoundException",
    "The image with imageId %s does not exist within the repository "
    .. "with name '%s' in the registry with id '%s'", show_id(id), repository.name, world.account)
end

local function find_both(world, input)
  local repository <const>, problem <const> = find_repository(world, input)
  if not repository then return nil, problem end
  local image <const>, other <const> = find_image(world, repository, input.image_id)
  if not image then return nil, other end
  return image, repository
end

-- --- pages ---------------------------------------------------------------------------------------

--- A page of a list: its items and the token of the next. Tokens are opaque to the caller.
local function page(items, input, most)
  local first = 1
  if input.next_token then
    first = tonumber(input.next_token:match("^page%-(%d+)$") or "")
    if not first or first > #items then
      return nil, nil, { code = "InvalidParameterException",
        message = "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'" }
    end
  end
  local size <const> = math.min(input.max_results or DEFAULT_PAGE, most or math.huge)
  local last <const> = math.min(first + size - 1, #items)
  return table.move(items, first, last, 1, {}), last < #items and ("page-" .. last + 1) or nil
end

local function paged(items, input, key)
  local part <const>, token <const>, problem <const> = page(items, input)
  if not part then return nil, problem end
  return { [key] = part, next_token = token }
end

local function sorted_tags(image)
  local tags <const> = {}
  for tag in pairs(image.tags) do tags[#tags + 1] = tag end
  table.sort(tags)
  return tags
end

local function wants(filter, tagged)
  local status <const> = filter and filter.tag_status or "ANY"
  return status == "ANY" or status == (tagged and "TAGGED" or "UNTAGGED")
end

-- --- repositories --------------------------------------------------------------------------------

local function repository_view(world, repository)
  return {
    repository_name = repository.name, registry_id = world.account,
    repository_arn = ("arn:aws:ecr:%s:%s:repository/%s"):format(world.region, world.account,
      repository.name),
    repository_uri = ("%s.dkr.ecr.%s.amazonaws.com/%s"):format(world.account, world.region,
      repository.name),
    created_at = repository.created_at, image_tag_mutability = repository.tag_mutability,
    image_scanning_configuration = { scan_on_push = false },
    encryption_configuration = { encryption_type = "AES256" },
  }
end

function operations.DescribeRepositories(world, input)
  local views <const> = {}
  for i, name in ipairs(input.repository_names or world.names) do
    local repository <const>, problem <const> = find_repository(world,
      { repository_name = name, registry_id = input.registry_id })
    if not repository then return nil, problem end
    views[i] = repository_view(world, repository)
  end
  return paged(views, input, "repositories")
end

function operations.CreateRepository(world, input)
  if world.repositories[input.repository_name] then
    return fault("RepositoryAlreadyExistsException",
      "The repository with name '%s' already exists in the registry with id '%s'",
        input.repository_name,
      world.account)
  end
  local repository <const> = world:add_repository(input.repository_name,
    { tag_mutability = input.image_tag_mutability })
  return { repository = repository_view(world, repository) }
end

-- --- images --------------------------------------------------------------------------------------

function operations.ListImages(world, input)
  local repository <const>, problem <const> = find_repository(world, input)
  if not repository then return nil, problem end
  local ids <const> = {}
  for _, digest in ipairs(repository.order) do
    local tags <const> = sorted_tags(repository.images[digest])
    if #tags == 0 and wants(input.filter, false) then ids[#ids + 1] = { image_digest = digest } end
    for _, tag in ipairs(wants(input.filter, true) and tags or {}) do
      ids[#ids + 1] = { image_digest = digest, image_tag = tag }
    end
  end
  return paged(ids, input, "image_ids")
end

local function image_view(world, repository, image)
  local tags <const> = sorted_tags(image)
  return {
    registry_id = world.account, repository_name = repository.name, image_digest = image.digest,
    image_tags = #tags > 0 and tags or nil, image_size_in_bytes = image.size,
      image_pushed_at = image.pushed_at,
    image_manifest_media_type = image.media_type, artifact_media_type = image.artifact_media_type,
    last_recorded_pull_time = image.pulled_at,
  }
end

function operations.DescribeImages(world, input)
  local repository <const>, problem <const> = find_repository(world, input)
  if not repository then return nil, problem end
  local views <const> = {}
  if input.image_ids then
    local seen <const> = {}
    for _, id in ipairs(input.image_ids) do
      local image <const>, other <const> = find_image(world, repository, id)
      if not image then return nil, other end
      if not seen[image] then views[#views + 1] = image_view(world, repository, image) end
      seen[image] = true
    end
    return { image_details = views }
  end
  for _, digest in ipairs(repository.order) do
    local image <const> = repository.images[digest]
    if wants(input.filter, next(image.tags) ~= nil) then
      views[#views + 1] = image_view(world, repository, image)
    end
  end
  return paged(views, input, "image_details")
end

function operations.BatchGetImage(world, input)
  local repository <const>, problem <const> = find_repository(world, input)
  if not repository then return nil, problem end
  local output <const> = { images = {}, failures = {} }
  for _, id in ipairs(input.image_ids) do
    local image <const>, code <const> = lookup(repository, id)
    if image then
      image.pulled_at = world:wall() -- reading a manifest counts as a pull
      table.insert(output.images, { registry_id = world.account, repository_name = repository.name,
        image_id = { image_digest = image.digest, image_tag = id.image_tag },
          image_manifest = image.text,
        image_manifest_media_type = image.media_type })
    else
      table.insert(output.failures, { image_id = { image_digest = id.image_digest,
        image_tag = id.image_tag },
        failure_code = code, failure_reason = REASONS[code] })
    end
  end
  return output
end

local function media_type_of(input)
  if input.image_manifest_media_type then return input.image_manifest_media_type end
  local document <const> = core.decode("manifest", input.image_manifest)
  return document and document.media_type
end

--- Why a tag cannot be set, or nil.
local function tag_conflict(repository, tag, digest, world)
  local before <const> = repository.tags[tag]
  if before == digest then
    return { code = "ImageAlreadyExistsException",
      message = ("Image with digest '%s' and tag '%s' already "
      .. "exists in the repository with name '%s' in registry with id '%s'"):format(digest, tag,
        repository.name,
      world.account) }
  end
  if before and repository.tag_mutability == "IMMUTABLE" then
    return { code = "ImageTagAlreadyExistsException",
      message = ("The image tag '%s' already exists in the '%s' "
      .. "repository and cannot be overwritten because the repository is immutable."):format(tag,
        repository.name) }
  end
end

function operations.PutImage(world, input)
  local repository <const>, problem <const> = find_repository(world, input)
  if not repository then return nil, problem end
  local media_type <const> = media_type_of(input)
  if not media_type then
    return fault("InvalidParameterException",
      "Invalid parameter at 'ImageManifest' failed to satisfy "
      .. "constraint: 'Invalid JSON syntax'")
  end
  local digest <const> = core.digest(input.image_manifest)
  if input.image_digest and input.image_digest ~= digest then
    return fault("ImageDigestDoesNotMatchException",
      "The specified image digest '%s' does not match '%s'",
      input.image_digest, digest)
  end
  local conflict <const> = input.image_tag and tag_conflict(repository, input.image_tag, digest,
    world)
  if conflict then return nil, conflict end
  local image <const> = world:put(repository, { text = input.image_manifest, digest = digest,
    media_type = media_type, artifact_media_type = media_type ~= manifest.INDEX and manifest.CONFIG
      or nil })
  if input.image_tag then world:set_tag(repository, input.image_tag, digest) end
  return { image = { registry_id = world.account, repository_name = repository.name,
    image_id = { image_digest = image.digest, image_tag = input.image_tag },
    image_manifest = input.image_manifest, image_manifest_media_type = media_type } }
end

-- --- scans ---------------------------------------------------------------------------------------

local function no_scan(world, input, repository)
  return fault("ScanNotFoundException",
    "Image scan does not exist for the image with '%s' in the repository "
    .. "with name '%s' in the registry with id '%s'", show_id(input.image_id), repository.name,
      world.account)
end

--- The part of the findings that a page holds, and the next page's token.
local function findings_page(body, input)
  local key <const> = body.enhanced_findings and "enhanced_findings" or "findings"
  local part <const>, token <const>, problem <const> = page(body[key] or {}, input,
    key == "enhanced_findings" and DEFAULT_PAGE or nil)
  if not part then return nil, nil, problem end
  local copy <const> = {}
  for name, value in pairs(body) do copy[name] = value end
  copy[key] = part
  return copy, token
end

function operations.DescribeImageScanFindings(world, input)
  local image <const>, repository <const> = find_both(world, input)
  if not image then return nil, repository end
  if not image.scan then return no_scan(world, input, repository) end
  local status <const>, body = scan.read(image.scan, { account = world.account,
    region = world.region,
    wall = world:wall() }, world.now, input.next_token == nil)
  local token, problem
  if body then
    body, token, problem = findings_page(body, input)
    if problem then return nil, problem end
  end
  return { registry_id = world.account, repository_name = repository.name,
    image_id = { image_digest = image.digest, image_tag = input.image_id.image_tag },
    image_scan_status = status, image_scan_findings = body, next_token = token }
end

local function may_scan(world, image)
  if world.scanning.type == "enhanced" then
    return fault("ValidationException", "This feature is disabled")
  end
  if image.media_type == manifest.INDEX then
    return fault("UnsupportedImageTypeException",
      "An artifact with media type '%s' cannot be scanned",
      image.media_type)
  end
  if image.scanned_at and world.now - image.scanned_at < DAY then
    return fault("LimitExceededException",
      "The scan quota per image has been exceeded. Wait and try again.")
  end
  return true
end

function operations.StartImageScan(world, input)
  local image <const>, repository <const> = find_both(world, input)
  if not image then return nil, repository end
  local ok <const>, problem <const> = may_scan(world, image)
  if not ok then return nil, problem end
  image.scan = scan.start(image.on_start or CLEAN_SCAN, world.now)
  image.scanned_at = world.now
  return { registry_id = world.account, repository_name = repository.name,
    image_id = { image_digest = image.digest, image_tag = input.image_id.image_tag },
    image_scan_status = { status = "PENDING" } }
end

function operations.GetRegistryScanningConfiguration(world)
  return { registry_id = world.account,
    scanning_configuration = { scan_type = world.scanning.type:upper(), rules = {} } }
end

return operations
