-- SPDX-License-Identifier: MIT
-- The README's table of services: `lua5.4 core/model/services.lua` prints it, `make docs` puts it in its
-- place. Which calls a method makes stands here; whether they exist, and whether they write, the model says.

local core <const> = require "ecr.core"

--- {service, {method, the calls it makes, the seed's name}...}
local SERVICES <const> = {
  { "repository",
    { "list", { "DescribeRepositories" }, "list_repositories" },
    { "each", { "DescribeRepositories" } },
    { "get", { "DescribeRepositories" }, "get_repository" },
    { "get_lifecycle", { "GetLifecyclePolicy" }, "get_lifecycle_policy" },
    { "get_policy", { "GetRepositoryPolicy" } },
    { "list_tags", { "ListTagsForResource", "DescribeRepositories" } } },
  { "image",
    { "list", { "ListImages" }, "list_images" },
    { "each", { "ListImages" } },
    { "describe", { "DescribeImages" }, "describe_images" },
    { "each_detail", { "DescribeImages" } },
    { "get", { "BatchGetImage" }, "get_image" },
    { "batch_get", { "BatchGetImage" } },
    { "put_tag", { "DescribeImages", "BatchGetImage", "PutImage" }, "put_image_tag" },
    { "batch_delete", { "BatchDeleteImage" }, "batch_delete_images" },
    { "get_for_deployment", { "DescribeImages", "DescribeRepositories", "DescribeImageScanFindings",
      "StartImageScan", "BatchGetImage" }, "get_image_for_deployment" } },
  { "manifest",
    { "read", { "BatchGetImage" } },
    { "get_manifest", { "BatchGetImage" }, "get_manifest" },
    { "get_list", { "BatchGetImage" } },
    { "get_platform_manifest", { "BatchGetImage", "GetDownloadUrlForLayer" },
      "get_platform_manifest" },
    { "get_config", { "BatchGetImage", "GetDownloadUrlForLayer" } },
    { "get_layers", { "BatchGetImage", "GetDownloadUrlForLayer" } },
    { "referrers", { "DescribeImages", "ListImageReferrers" } } },
  { "scan",
    { "start", { "StartImageScan" }, "start_image_scan" },
    { "get_findings", { "DescribeImageScanFindings" }, "get_scan_findings" },
    { "get_status", { "DescribeImageScanFindings" } },
    { "wait_for", { "DescribeImages", "DescribeImageScanFindings" }, "wait_for_scan" } },
  { "auth",
    { "get_token", { "GetAuthorizationToken" }, "get_authorization_token" },
    { "get_creds", { "GetAuthorizationToken" }, "get_docker_credentials" },
    { "get_login_cmd", { "GetAuthorizationToken" }, "get_login_command" },
    { "refresh", { "GetAuthorizationToken" } } },
  { "replication",
    { "get_config", { "DescribeRegistry" } },
    { "list_destinations", { "DescribeRegistry" } },
    { "get_status", { "DescribeImages", "DescribeImageReplicationStatus" },
      "get_replication_status" },
    { "wait_for", { "DescribeImages", "DescribeRegistry", "DescribeImageReplicationStatus",
      "BatchGetImage" } } },
  { "public",
    { "list_repos", { "ecr-public:DescribeRepositories" }, "list_public_repositories" },
    { "get_repo", { "ecr-public:DescribeRepositories" } },
    { "list_images", { "ecr-public:DescribeImages" } },
    { "get_token", { "ecr-public:GetAuthorizationToken" }, "get_public_auth_token" } },
}

--- Where the action is not the operation's name. Source: "Actions, resources, and condition keys for
--- Amazon ECR" in the Service Authorization Reference.
local ACTIONS <const> = {
  ["ecr:ListImageReferrers"] = { "ecr:BatchGetImage" },
  ["ecr-public:GetAuthorizationToken"] = { "ecr-public:GetAuthorizationToken",
    "sts:GetServiceBearerToken" },
}

local function split(call)
  local service <const>, operation <const> = call:match("^(.-):(.*)$")
  return service or "ecr", operation or call
end

--- The IAM actions of some calls, each once, in order.
local function actions_of(calls)
  local list <const>, seen <const> = {}, {}
  for _, call in ipairs(calls) do
    local service <const>, operation <const> = split(call)
    assert(core.operation(service, operation), "the model has no operation " .. call)
    local key <const> = service .. ":" .. operation
    for _, action in ipairs(ACTIONS[key] or { key }) do
      if not seen[action] then list[#list + 1] = action end
      seen[action] = true
    end
  end
  return list
end

local function code(words)
  local quoted <const> = {}
  for i, word in ipairs(words) do quoted[i] = "`" .. word .. "`" end
  return table.concat(quoted, " ")
end

--- Whether one of the calls changes something.
local function writes(calls)
  for _, call in ipairs(calls) do
    if core.operation(split(call)) == "write" then return true end
  end
  return false
end

local services <const> = {}

--- The table's lines.
---@return string[]
function services.lines()
  local lines <const> = { "| method | AWS calls | IAM actions | in the seed |",
    "|---|---|---|---|" }
  for _, service in ipairs(SERVICES) do
    for i = 2, #service do
      local method <const>, calls <const>, seed <const> = table.unpack(service[i])
      lines[#lines + 1] = ("| `client.%s:%s`%s | %s | %s | %s |"):format(service[1], method,
        writes(calls) and " (writes)" or "", code(calls), code(actions_of(calls)),
        seed and "`" .. seed .. "`" or "")
    end
  end
  return lines
end

--- The methods of each service, for whoever checks that none is missing.
---@return table<string, table<string, boolean>>
function services.methods()
  local methods <const> = {}
  for _, service in ipairs(SERVICES) do
    methods[service[1]] = {}
    for i = 2, #service do methods[service[1]][service[i][1]] = true end
  end
  return methods
end

if arg and arg[0] and arg[0]:find("services%.lua$") then
  print(table.concat(services.lines(), "\n"))
end

return services
