-- SPDX-License-Identifier: MIT
--- A simulated registry built in code: `ecr.mock():with_repository{name = "app"}:with_image("app",
--- {tags = {"v1"}}):client{}`. What the parts may hold is the scenario format's: see
--- `ecr.sim.scenario`.

local error_object <const> = require "ecr.error"
local scenario <const> = require "ecr.sim.scenario"
local sim <const> = require "ecr.transport.sim"

---@class ecr.Mock
local mock_methods <const> = {}
local mock_mt <const> = { __name = "ecr.mock", __index = mock_methods }

--- The repository of that name, made when it is not there yet.
local function repository_of(self, name)
  for _, repository in ipairs(self.scenario.repositories) do
    if repository.name == name then return repository end
  end
  local made <const> = { name = name, images = {} }
  table.insert(self.scenario.repositories, made)
  return made
end

local function image_with_tag(repository, tag)
  for _, image in ipairs(repository.images or {}) do
    for _, other in ipairs(image.tags or {}) do
      if other == tag then return image end
    end
  end
end

--- Adds a repository; a scenario's has more fields still.
---@param repository {name: string, tag_mutability?: string, images?: table[]}
---@return ecr.Mock self
function mock_methods:with_repository(repository)
  local kept <const> = repository_of(self, repository.name)
  for key, value in pairs(repository) do kept[key] = value end
  return self
end

--- Adds a repository to the account's public registry.
---@param repository {name: string, images?: table[]}
---@return ecr.Mock self
function mock_methods:with_public_repository(repository)
  table.insert(self.scenario.public_repositories, repository)
  return self
end

--- Adds a replication rule: each destination says how it goes there.
---@param rule {destinations: table[], filters?: string[]}
---@return ecr.Mock self
function mock_methods:with_replication(rule)
  self.scenario.replication = self.scenario.replication or { rules = {} }
  table.insert(self.scenario.replication.rules, rule)
  return self
end

--- Adds an image to a repository.
---@param repository string its name
---@param image {tags?: string[], platform?: string, scan?: table, index?: table[]}
---@return ecr.Mock self
function mock_methods:with_image(repository, image)
  local kept <const> = repository_of(self, repository)
  kept.images = kept.images or {}
  table.insert(kept.images, image)
  return self
end

--- Says how the scan of a tagged image goes: the states it shows one after the other, and what it
--- finds.
---@param progression {repository: string, tag: string, states?: table[], findings?: table[], type?: string}
---@return ecr.Mock self
function mock_methods:configure_scan_progression(progression)
  local image <const> = image_with_tag(repository_of(self, progression.repository), progression.tag)
  assert(image, "configure_scan_progression: add the image first")
  image.scan = { type = progression.type or "basic", states = progression.states,
    findings = progression.findings }
  return self
end

--- Makes an operation fail.
---@param fault {operation: string, code?: string, status?: integer, message?: string, times?: integer}
---@return ecr.Mock self
function mock_methods:with_error_injection(fault)
  table.insert(self.scenario.faults, fault)
  return self
end

--- Makes answers take longer.
---@param latency {seconds: number, operation?: string}
---@return ecr.Mock self
function mock_methods:with_latency_injection(latency)
  table.insert(self.scenario.latency, latency)
  return self
end

--- A client of this registry. Later clients of the same mock see the same registry and the same
--- time.
---@param options? table see `ecr.client`
---@return ecr.Client?
---@return ecr.Error? kind "config" when a part of the registry is not what a scenario may hold
function mock_methods:client(options)
  if not self.transport then
    local world <const>, problem <const> = scenario.from_table(self.scenario)
    if not world then
      return error_object.give{ kind = "config", code = "scenario", message = problem }
    end
    self.transport = sim.new(world)
  end
  local settings <const> = { transport = self.transport }
  for key, value in pairs(options or {}) do settings[key] = value end
  return self.make_client(settings)
end

--- What was asked of the registry so far, in order: `operation`, `input`, `at`, `status`, `code`.
---@return table[]
function mock_methods:history()
  return self.transport and self.transport.history or {}
end

local mock <const> = {}

--- An empty registry.
---@param make_client fun(options: table): ecr.Client?, ecr.Error?
---@return ecr.Mock
function mock.new(make_client)
  return setmetatable({ make_client = make_client,
    scenario = { version = 1, repositories = {}, public_repositories = {}, faults = {},
      latency = {} } }, mock_mt)
end

return mock
