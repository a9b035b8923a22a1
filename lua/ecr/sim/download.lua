-- SPDX-License-Identifier: MIT
--- Blobs of the simulated registry: the address of one, and what storage answers to it, in virtual
--- time. Files are written as the core writes them. Source: GetDownloadUrlForLayer in the Amazon ECR
--- API Reference; "Authenticating requests: using query parameters" in the Amazon S3 API Reference.

local core <const> = require "ecr.core"
local lookup <const> = require "ecr.sim.lookup"
local place <const> = require "ecr.sim.place"
local refusal <const> = require "ecr.sim.refusal"

local LIFE <const> = 3600 -- seconds that an address is good for

local download <const> = {}

-- --- the registry's side -------------------------------------------------------------------------

--- Whether an image of the repository names the blob.
local function is_used(repository, digest)
  for _, image in pairs(repository.images) do
    for _, other in ipairs(image.blobs or {}) do
      if other == digest then return true end
    end
  end
  return false
end

--- An address; what it stands for is the world's to know.
local function new_address(state, scope, repository, digest)
  local host <const> = ("prod-%s-starport-layer-bucket.s3.%s.%s"):format(scope.region, scope.region,
    place.partition(scope.region).suffix)
  local signature <const> = core.digest(digest .. " at " .. state.clock.mono):sub(8)
  local text <const> = ("https://%s/%s/%s/%s?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=%d"
    .. "&X-Amz-SignedHeaders=host&X-Amz-Signature=%s"):format(host, scope.account, repository.name,
    digest, LIFE, signature)
  state.addresses[text] = { content = repository.blobs[digest],
    expires = state.clock.mono + LIFE }
  return core.secret(text)
end

--- GetDownloadUrlForLayer.
---@param state ecr.sim.World
---@param scope ecr.sim.Scope
---@param input {repository_name: string, layer_digest: string}
---@return table?
---@return ecr.sim.Fault?
function download.address(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local digest <const> = input.layer_digest
  if not repository.blobs[digest] then
    return refusal.layer_not_found(scope, repository.name, digest)
  end
  if not is_used(repository, digest) then
    return refusal.layer_inaccessible(scope, repository.name, digest)
  end
  return { download_url = new_address(state, scope, repository, digest), layer_digest = digest }
end

-- --- the storage's side --------------------------------------------------------------------------

local function broken(failure)
  return { status = 200, failure = failure }
end

--- What a file does not have yet.
local function answer_file(request, content)
  local file <close>, failure = core.file{ path = request.path, digest = request.digest,
    size = request.size, resume = request.resume }
  if not file then return { failure = failure } end
  local from <const> = file:have()
  local ok
  if from > 0 and from < #content then
    ok, failure = file:begin(206, ("bytes %d-%d/%d"):format(from, #content - 1, #content))
  elseif from > 0 then
    file:begin(416)
    return refusal.storage(416, "InvalidRange")
  else
    ok, failure = file:begin(200)
  end
  if ok then ok, failure = file:write(content:sub(from + 1)) end
  if ok then ok, failure = file:commit() end
  if not ok then return broken(failure) end
  return { status = from > 0 and 206 or 200, value = { bytes = #content, resumed_from = from } }
end

local function answer_text(request, content)
  local most <const> = tonumber(request.sink:match("^raw:(%d+)$"))
  if #content <= most then return { status = 200, value = content } end
  return broken{ kind = "protocol", code = "too_large",
    message = ("the answer is larger than the %d bytes allowed"):format(most) }
end

--- What storage answers to a request: a part of an event.
---@param state ecr.sim.World
---@param request table see DESIGN, the seam
---@return {status?: integer, value?: any, fault?: table, failure?: table}
function download.answer(state, request)
  local address <const> = type(request.url) == "string" and request.url or request.url:reveal()
  local known <const> = state.addresses[address]
  if not known or known.expires <= state.clock.mono then
    return refusal.storage(403, "AccessDenied")
  end
  if request.sink == "file" then return answer_file(request, known.content) end
  return answer_text(request, known.content)
end

return download
