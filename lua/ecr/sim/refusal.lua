-- SPDX-License-Identifier: MIT
--- How the registry says no: each function gives `nil` and the fault, with the service's own
--- words where they are known. Client errors are HTTP 400, also "not found". Source: the errors
--- of each operation in the Amazon ECR API Reference.

---@class ecr.sim.Fault
---@field code string
---@field message string
---@field status? integer 400 when absent

local refusal <const> = {}

local function refuse(code, message, ...)
  return nil, { code = code, message = message:format(...) }
end

--- An id in the service's words; it writes null for what was not given.
local function id_text(digest, tag)
  return ("{imageDigest:'%s', imageTag:'%s'}"):format(digest or "null", tag or "null")
end

function refusal.not_simulated(operation)
  return nil, { code = "NotSimulated", status = 501,
    message = ("the simulator does not know %s yet"):format(operation) }
end

function refusal.unsupported_command(region)
  return refuse("UnsupportedCommandException", "The command is not supported in %s", region)
end

function refusal.invalid_parameter(message, ...)
  return refuse("InvalidParameterException", "Invalid parameter: " .. message, ...)
end

function refusal.bad_token()
  return refusal.invalid_parameter("'nextToken' is not a token of this list")
end

function refusal.repository_not_found(scope, name)
  return refuse("RepositoryNotFoundException",
    "The repository with name '%s' does not exist in the registry with id '%s'", name,
      scope.account)
end

function refusal.repository_exists(scope, name)
  return refuse("RepositoryAlreadyExistsException",
    "The repository with name '%s' already exists in the registry with id '%s'", name,
      scope.account)
end

function refusal.repository_not_empty(scope, name)
  return refuse("RepositoryNotEmptyException", "The repository with name '%s' in registry with id "
    .. "'%s' cannot be deleted because it still contains images", name, scope.account)
end

function refusal.image_not_found(scope, name, id)
  return refuse("ImageNotFoundException", "The image with imageId %s does not exist within the "
    .. "repository with name '%s' in the registry with id '%s'",
    id_text(id.image_digest, id.image_tag), name, scope.account)
end

function refusal.scan_not_found(scope, name, digest, tag)
  return refuse("ScanNotFoundException", "Image scan does not exist for the image with '%s' in the "
    .. "repository with name '%s' in the registry with id '%s'", id_text(digest, tag), name,
      scope.account)
end

function refusal.scanning_disabled()
  return refuse("ValidationException", "This feature is disabled")
end

function refusal.scan_quota()
  return refuse("LimitExceededException",
    "The scan quota per image has been exceeded. Wait and try again.")
end

function refusal.cannot_scan(media_type)
  return refuse("UnsupportedImageTypeException",
    "An artifact with media type '%s' cannot be scanned", media_type)
end

function refusal.image_exists(scope, name, digest, tag)
  return refuse("ImageAlreadyExistsException",
    "Image with digest '%s' and tag '%s' already exists in the "
    .. "repository with name '%s' in registry with id '%s'", digest, tag or "null", name,
      scope.account)
end

function refusal.tag_exists(scope, name, tag)
  return refuse("ImageTagAlreadyExistsException",
    "The image tag '%s' already exists in the repository "
    .. "with name '%s' in the registry with id '%s' and cannot be overwritten because the tag is "
    .. "immutable", tag, name, scope.account)
end

function refusal.layer_not_found(scope, name, digest)
  return refuse("LayersNotFoundException",
    "The layers with digests '[%s]' could not be found in the repository with name '%s' in the "
    .. "registry with id '%s'", digest, name, scope.account)
end

function refusal.layer_inaccessible(scope, name, digest)
  return refuse("LayerInaccessibleException",
    "The layer with digest '%s' in the repository with name '%s' in the registry with id '%s' "
    .. "belongs to no image", digest, name, scope.account)
end

--- What storage says, which is no operation of the registry: the part of an event.
function refusal.storage(status, code)
  return { status = status, fault = { code = code, message = "HTTP status " .. status,
    members = {} } }
end

function refusal.digest_mismatch(stated, computed)
  return refuse("ImageDigestDoesNotMatchException",
    "The image digest '%s' does not match the digest of the manifest, '%s'", stated, computed)
end

function refusal.children_missing(scope, name, digests)
  return refuse("ReferencedImagesNotFoundException",
    "Images with digests '%s' required for pushing "
    .. "image into repository with name '%s' in the registry with id '%s' do not exist",
    table.concat(digests, ", "), name, scope.account)
end

--- A parameter in the words that the service has for documents and names of resources.
local function constraint(parameter, problem, ...)
  return refuse("InvalidParameterException", "Invalid parameter at '%s' failed to satisfy "
    .. "constraint: '%s'", parameter, problem:format(...))
end

function refusal.bad_arn()
  return constraint("resourceArn", "Invalid ARN")
end

function refusal.no_lifecycle_policy(scope, name)
  return refuse("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the "
    .. "repository with name '%s' in the registry with id '%s'", name, scope.account)
end

function refusal.lifecycle_invalid(problem)
  return constraint("LifecyclePolicyText", "Lifecycle policy validation failure: %s", problem)
end

function refusal.no_policy(scope, name)
  return refuse("RepositoryPolicyNotFoundException", "Repository policy does not exist for the "
    .. "repository with name '%s' in the registry with id '%s'", name, scope.account)
end

function refusal.policy_invalid()
  return constraint("PolicyText", "Invalid repository policy provided")
end

function refusal.policy_locks_out()
  return constraint("PolicyText", "The policy would keep you from setting another one; force it")
end

function refusal.reserved_tag(key)
  return refuse("InvalidTagParameterException", "The tag key '%s' begins with 'aws:', which is "
    .. "reserved", key)
end

function refusal.repeated_tag(key)
  return refuse("InvalidTagParameterException", "The tag key '%s' is given twice", key)
end

function refusal.too_many_tags(most)
  return refuse("TooManyTagsException", "A resource can have %d tags at most", most)
end

function refusal.replication_invalid(problem)
  return constraint("replicationConfiguration", "%s", problem)
end

return refusal
