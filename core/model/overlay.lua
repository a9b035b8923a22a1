-- SPDX-License-Identifier: MIT
--- What AWS's published model does not say, kept by hand: what is sealed, what only reads, what a
--- repeated write does, pages that the model forgot, and documents that are no operation's.

local overlay <const> = {}

--- Members that arrive as secrets, by shape.
overlay.sealed = {
  AuthorizationData = { authorizationToken = true },
  GetDownloadUrlForLayerResponse = { downloadUrl = true },
}

--- Operations that change nothing, by the start of their name; everything else is a write.
overlay.reads = { "Get", "Describe", "List", "BatchGet", "BatchCheck", "Validate" }

--- What a repeated write does when the first one's outcome is unknown; "safe" where nothing stands
--- here.
overlay.repeats = {
  BatchDeleteImage = "safe by digest; by tag the tag may have moved",
  CompleteLayerUpload = "gives LayerAlreadyExistsException or UploadNotFoundException",
  CreatePullThroughCacheRule = "gives PullThroughCacheRuleAlreadyExistsException",
  CreateRepository = "gives RepositoryAlreadyExistsException",
  CreateRepositoryCreationTemplate = "gives TemplateAlreadyExistsException",
  DeleteLifecyclePolicy = "gives LifecyclePolicyNotFoundException",
  DeletePullThroughCacheRule = "gives PullThroughCacheRuleNotFoundException",
  DeleteRegistryPolicy = "gives RegistryPolicyNotFoundException",
  DeleteRepository = "gives RepositoryNotFoundException",
  DeleteRepositoryCreationTemplate = "gives TemplateNotFoundException",
  DeleteRepositoryPolicy = "gives RepositoryPolicyNotFoundException",
  DeleteSigningConfiguration = "gives SigningConfigurationNotFoundException",
  DeregisterPullTimeUpdateExclusion = "gives ExclusionNotFoundException",
  InitiateLayerUpload = "makes a second upload; the first expires unused",
  PutImage = "gives ImageAlreadyExistsException: done",
  RegisterPullTimeUpdateExclusion = "gives ExclusionAlreadyExistsException",
  StartImageScan = "gives LimitExceededException within 24 hours: started",
  StartLifecyclePolicyPreview = "gives LifecyclePolicyPreviewInProgressException",
  UpdateImageStorageClass = "may give ImageStorageClassUpdateNotSupportedException",
  UploadLayerPart = "only for the identical range of bytes",
}

--- Pages of operations whose paginator AWS does not publish.
overlay.pages = {
  ListImageReferrers = { result_key = "referrers" },
  ListPullTimeUpdateExclusions = { result_key = "pullTimeUpdateExclusions" },
}

local function list(element) return { type = "list", member = element } end
local function structure(members) return { type = "structure", members = members } end
--- A member that arrives as a secret.
local function sealed(name) return { name, "Text", sealed = true } end
local TEXTS <const> = { type = "map", key = "Text", value = "Text" }

--- Documents in shapes of the model's form. Source: the OCI image specification; Docker's manifest
--- v2 schema 2; "Lifecycle policy properties" in the Amazon ECR User Guide; for those that hold
--- credentials "Container credential provider", "IMDS credential provider", "Process credential
--- provider" in the AWS SDKs and Tools Reference Guide, the API references of AWS STS, IAM Identity
--- Center and its OIDC service, and the caches that AWS's tools keep below ~/.aws; "Kubelet
--- CredentialProvider" in the Kubernetes reference. Members are in the order in which they usually
--- stand.
overlay.documents = {
  lifecycle_policy = "LifecyclePolicyDocument",
  manifest = "ManifestDocument",
  container = "ContainerDocument",
  imds = "InstanceDocument",
  process = "ProcessDocument",
  sso = "SsoDocument",
  sso_token = "SsoTokenDocument",
  oidc = "OidcDocument",
  login = "LoginDocument",
  login_token = "LoginTokenDocument",
  sts = "StsDocument",
  token_cache = "TokenCacheDocument",
  kubelet_request = "KubeletRequestDocument",
}

overlay.shapes = {
  Text = { type = "string" },
  Whole = { type = "long" },
  Time = { type = "timestamp" },
  Anything = { type = "any" },
  TextList = list("Text"),
  TextMap = TEXTS,
  DescriptorList = list("DescriptorDocument"),
  ManifestDocument = { type = "structure", members = {
    { "schemaVersion", "Whole" }, { "mediaType", "Text" }, { "artifactType", "Text" },
    { "config", "DescriptorDocument" }, { "layers", "DescriptorList" },
    { "manifests", "DescriptorList" }, { "blobs", "DescriptorList" },
    { "subject", "DescriptorDocument" }, { "annotations", "TextMap" }, { "fsLayers", "Anything" },
  } },
  DescriptorDocument = { type = "structure", members = {
    { "mediaType", "Text" }, { "digest", "Text" }, { "size", "Whole" },
    { "platform", "PlatformDocument" }, { "annotations", "TextMap" }, { "urls", "TextList" },
    { "artifactType", "Text" }, { "data", "Text" },
  } },
  PlatformDocument = { type = "structure", members = {
    { "architecture", "Text" }, { "os", "Text" }, { "variant", "Text" }, { "os.version", "Text" },
    { "os.features", "TextList" }, { "features", "TextList" },
  } },
  LifecycleRuleList = list("LifecycleRuleDocument"),
  LifecyclePolicyDocument = { type = "structure", members = { { "rules", "LifecycleRuleList" } } },
  LifecycleRuleDocument = { type = "structure", members = {
    { "rulePriority", "Whole" }, { "description", "Text" },
    { "selection", "LifecycleSelectionDocument" }, { "action", "LifecycleActionDocument" },
  } },
  LifecycleSelectionDocument = { type = "structure", members = {
    { "tagStatus", "Text" }, { "tagPatternList", "TextList" }, { "tagPrefixList", "TextList" },
    { "storageClass", "Text" }, { "countType", "Text" }, { "countUnit", "Text" },
    { "countNumber", "Whole" },
  } },
  LifecycleActionDocument = { type = "structure", members = {
    { "type", "Text" }, { "targetStorageClass", "Text" },
  } },

  ContainerDocument = structure{
    { "AccessKeyId", "Text" }, sealed "SecretAccessKey", sealed "Token", { "Expiration", "Time" },
    { "AccountId", "Text" }, { "RoleArn", "Text" }, { "code", "Text" }, { "message", "Text" },
  },
  InstanceDocument = structure{
    { "Code", "Text" }, { "Message", "Text" }, { "LastUpdated", "Text" }, { "Type", "Text" },
    { "AccessKeyId", "Text" }, sealed "SecretAccessKey", sealed "Token", { "Expiration", "Time" },
    { "AccountId", "Text" },
  },
  ProcessDocument = structure{
    { "Version", "Whole" }, { "AccessKeyId", "Text" }, sealed "SecretAccessKey",
    sealed "SessionToken", { "Expiration", "Time" }, { "AccountId", "Text" },
  },
  -- the time is a number of milliseconds
  RoleCredentialsDocument = structure{
    { "accessKeyId", "Text" }, sealed "secretAccessKey", sealed "sessionToken",
    { "expiration", "Whole" },
  },
  SsoDocument = structure{ { "roleCredentials", "RoleCredentialsDocument" } },
  SsoTokenDocument = structure{
    { "startUrl", "Text" }, { "region", "Text" }, sealed "accessToken", { "expiresAt", "Time" },
    { "clientId", "Text" }, sealed "clientSecret", { "registrationExpiresAt", "Time" },
    sealed "refreshToken",
  },
  OidcDocument = structure{
    sealed "accessToken", { "tokenType", "Text" }, { "expiresIn", "Whole" }, sealed "refreshToken",
    sealed "idToken", { "error", "Text" }, { "error_description", "Text" },
  },
  LoginAccessDocument = structure{
    { "accessKeyId", "Text" }, sealed "secretAccessKey", sealed "sessionToken",
    { "accountId", "Text" }, { "expiresAt", "Time" },
  },
  LoginDocument = structure{
    { "accessToken", "LoginAccessDocument" }, { "tokenType", "Text" }, { "expiresIn", "Whole" },
    sealed "refreshToken", sealed "idToken",
  },
  LoginTokenDocument = structure{
    { "accessToken", "LoginAccessDocument" }, { "tokenType", "Text" }, sealed "refreshToken",
    sealed "idToken", { "clientId", "Text" }, sealed "dpopKey",
  },
  StsCredentialsDocument = structure{
    { "AccessKeyId", "Text" }, sealed "SecretAccessKey", sealed "SessionToken",
    { "Expiration", "Time" },
  },
  AssumedRoleDocument = structure{ { "AssumedRoleId", "Text" }, { "Arn", "Text" } },
  -- what all results of STS may hold
  StsDocument = { type = "structure", xml = true, members = {
    { "Credentials", "StsCredentialsDocument" }, { "AssumedRoleUser", "AssumedRoleDocument" },
    { "PackedPolicySize", "Whole" }, { "SubjectFromWebIdentityToken", "Text" },
    { "Provider", "Text" }, { "Audience", "Text" }, { "SourceIdentity", "Text" },
    { "UserId", "Text" }, { "Account", "Text" }, { "Arn", "Text" },
  } },
  -- A file of the cache of tokens, core/cache.h: written by us alone, and so in Lua's names.
  TokenCacheDocument = structure{
    { "version", "Whole" }, { "registry", "Text" }, { "identity", "Text" },
    { "obtained_at", "Time" }, { "expires_at", "Time" }, sealed "token",
  },
  KubeletRequestDocument = structure{
    { "kind", "Text" }, { "apiVersion", "Text" }, { "image", "Text" },
    sealed "serviceAccountToken", { "serviceAccountAnnotations", "TextMap" },
  },
}

return overlay
