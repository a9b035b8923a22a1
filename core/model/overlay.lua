-- SPDX-License-Identifier: MIT
--- What AWS's published model does not say, kept by hand: what is sealed, what only reads, what a
--- repeated write does, pages that the model forgot, and documents that are no operation's.

local overlay <const> = {}

--- Members that arrive as secrets, by shape.
overlay.sealed = {
  AuthorizationData = { authorizationToken = true },
  GetDownloadUrlForLayerResponse = { downloadUrl = true },
  ContainerCredentials = { SecretAccessKey = true, Token = true },
  InstanceCredentials = { SecretAccessKey = true, Token = true },
  ProcessCredentials = { SecretAccessKey = true, SessionToken = true },
  PortalKeys = { secretAccessKey = true, sessionToken = true },
  OidcToken = { accessToken = true, refreshToken = true, idToken = true },
  LoginKeys = { secretAccessKey = true, sessionToken = true },
  LoginToken = { refreshToken = true, idToken = true, dpopKey = true },
  SessionToken = { accessToken = true, refreshToken = true, clientSecret = true },
  StsKeys = { SecretAccessKey = true, SessionToken = true },
  CachedToken = { token = true },
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
local TEXTS <const> = { type = "map", key = "Text", value = "Text" }

--- Documents in shapes of the model's form. Source: the OCI image specification; Docker's manifest
--- v2 schema 2; "Lifecycle policy properties" in the Amazon ECR User Guide. Members are in the order
--- in which they usually stand.
overlay.documents = {
  lifecycle_policy = "LifecyclePolicyDocument",
  manifest = "ManifestDocument",
  -- credentials: what gives them, and the files of AWS's tools
  container = "ContainerCredentials",
  imds = "InstanceCredentials",
  login = "LoginToken",
  login_token = "LoginToken",
  oidc = "OidcToken",
  process = "ProcessCredentials",
  sso = "PortalCredentials",
  sso_token = "SessionToken",
  sts = "StsResult",
  sts_error = "StsError",
  -- our own
  token_cache = "CachedToken",
}

overlay.shapes = {
  Text = { type = "string" },
  Whole = { type = "long" },
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
  -- Source: "Process", "Container", "IMDS", "IAM Identity Center" and "Login credential provider" in the
  -- AWS SDKs and Tools Reference Guide; the models of STS, SSO and SSO OIDC.
  Time = { type = "timestamp" },
  ContainerCredentials = { type = "structure", members = {
    { "AccessKeyId", "Text" }, { "SecretAccessKey", "Text" }, { "Token", "Text" },
    { "Expiration", "Time" }, { "AccountId", "Text" }, { "RoleArn", "Text" }, { "code", "Text" },
    { "message", "Text" },
  } },
  InstanceCredentials = { type = "structure", members = {
    { "Code", "Text" }, { "Message", "Text" }, { "LastUpdated", "Text" }, { "Type", "Text" },
    { "AccessKeyId", "Text" }, { "SecretAccessKey", "Text" }, { "Token", "Text" },
    { "Expiration", "Time" }, { "AccountId", "Text" },
  } },
  ProcessCredentials = { type = "structure", members = {
    { "Version", "Whole" }, { "AccessKeyId", "Text" }, { "SecretAccessKey", "Text" },
    { "SessionToken", "Text" }, { "Expiration", "Time" }, { "AccountId", "Text" },
  } },
  PortalKeys = { type = "structure", members = {
    { "accessKeyId", "Text" }, { "secretAccessKey", "Text" }, { "sessionToken", "Text" },
    { "expiration", "Whole" },
  } },
  PortalCredentials = { type = "structure", members = { { "roleCredentials", "PortalKeys" } } },
  OidcToken = { type = "structure", members = {
    { "accessToken", "Text" }, { "refreshToken", "Text" }, { "idToken", "Text" },
    { "tokenType", "Text" }, { "expiresIn", "Whole" },
  } },
  LoginKeys = { type = "structure", members = {
    { "accessKeyId", "Text" }, { "secretAccessKey", "Text" }, { "sessionToken", "Text" },
    { "accountId", "Text" }, { "expiresAt", "Time" },
  } },
  LoginToken = { type = "structure", members = {
    { "accessToken", "LoginKeys" }, { "refreshToken", "Text" }, { "clientId", "Text" },
    { "dpopKey", "Text" }, { "idToken", "Text" }, { "tokenType", "Text" }, { "expiresIn", "Whole" },
  } },
  SessionToken = { type = "structure", members = {
    { "accessToken", "Text" }, { "expiresAt", "Time" }, { "refreshToken", "Text" },
    { "clientId", "Text" }, { "clientSecret", "Text" }, { "registrationExpiresAt", "Time" },
    { "startUrl", "Text" }, { "region", "Text" },
  } },
  StsKeys = { type = "structure", members = {
    { "AccessKeyId", "Text" }, { "SecretAccessKey", "Text" }, { "SessionToken", "Text" },
    { "Expiration", "Time" },
  } },
  StsUser = { type = "structure", members = { { "Arn", "Text" }, { "AssumedRoleId", "Text" } } },
  StsResult = { type = "structure", members = {
    { "Credentials", "StsKeys" }, { "AssumedRoleUser", "StsUser" },
    { "SubjectFromWebIdentityToken", "Text" }, { "Provider", "Text" }, { "Audience", "Text" },
    { "SourceIdentity", "Text" }, { "Account", "Text" }, { "Arn", "Text" }, { "UserId", "Text" },
  } },
  StsError = { type = "structure", members = {
    { "Type", "Text" }, { "Code", "Text" }, { "Message", "Text" },
  } },
  -- A file of the cache of tokens, core/cache.h: written by us alone, and so in Lua's names.
  CachedToken = { type = "structure", members = {
    { "version", "Whole" }, { "registry", "Text" }, { "identity", "Text" },
    { "obtained_at", "Time" }, { "expires_at", "Time" }, { "token", "Text" },
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
}

return overlay
