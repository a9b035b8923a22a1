-- SPDX-License-Identifier: MIT
-- The arrows of the source, as data: who may use whom. A file that no row covers fails, so that whoever
-- adds one says where it belongs.

local files = require "spec.support.files"

--- Layers of Lua from the top down. A module may use its own layer and those below it, unless the layer
--- says `alone`: then only those below. The base may be used by all.
local LAYERS = {
  { "scripts and examples", "^scripts/", "^examples/" },
  { "the public face, and what the interpreter starts", "^lua/ecr%.lua$", "^lua/ecr/prompt%.lua$" },
  { "the simulated registry as a builder", "^lua/ecr/mock%.lua$" },
  { "reusable parts of workflows", "^lua/ecr/gate%.lua$", "^lua/ecr/gate/", "^lua/ecr/login/",
    "^lua/ecr/registry_map%.lua$", "^lua/ecr/registry_map/" },
  { "the seven services, and what they share", "^lua/ecr/service/", "^lua/ecr/pages%.lua$",
    "^lua/ecr/pull_secret%.lua$" },
  { "clients of several places", "^lua/ecr/pool%.lua$" },
  { "the client", "^lua/ecr/client%.lua$", "^lua/ecr/uncached%.lua$" },
  { "policy", "^lua/ecr/exchange%.lua$", "^lua/ecr/retry%.lua$", "^lua/ecr/breaker%.lua$", "^lua/ecr/operation%.lua$",
    "^lua/ecr/request%.lua$", "^lua/ecr/metadata_cache%.lua$",
    "^lua/ecr/credentials%.lua$", "^lua/ecr/credentials/", "^lua/ecr/user_agent%.lua$",
    "^lua/ecr/loop%.lua$", "^lua/ecr/deadline%.lua$", "^lua/ecr/wait%.lua$", "^lua/ecr/token_cache%.lua$",
    "^lua/ecr/reactor%.lua$", "^lua/ecr/flight%.lua$", "^lua/ecr/interrupt%.lua$",
    "^lua/ecr/config%.lua$", "^lua/ecr/config/" },
  { "the seam", "^lua/ecr/transport/" },
  { "recordings", "^lua/ecr/recorder%.lua$", "^lua/ecr/recording/" },
  { "the simulated registry", "^lua/ecr/sim/" },
}

--- Everybody may use these; they use nobody but each other and C.
local BASE = { "^lua/ecr/error%.lua$", "^lua/ecr/error_codes%.lua$", "^lua/ecr/check%.lua$",
  "^lua/ecr/flags%.lua$", "^lua/ecr/log%.lua$", "^lua/ecr/json%.lua$", "^lua/ecr/name%.lua$",
  "^lua/ecr/printable%.lua$", "^lua/ecr/masked_url%.lua$", "^lua/ecr/terminal%.lua$", "^lua/ecr/table_text%.lua$",
  "^lua/ecr/kubernetes%.lua$",
  "^lua/ecr/endpoint%.lua$", "^lua/ecr/endpoint/",
  "^lua/ecr/glob%.lua$", "^lua/ecr/queue%.lua$", "^lua/ecr/lru%.lua$", "^lua/ecr/time_text%.lua$",
  "^lua/ecr/command_line%.lua$", "^lua/ecr/server_url%.lua$",
  "^lua/ecr/semver%.lua$", "^lua/ecr/types/" }

--- What is not a file of ours.
local OUTSIDE = { ["ecr.core"] = true, cjson = true, argparse = true }

local function matches_any(path, patterns, first)
  for i = first or 1, #patterns do
    if path:find(patterns[i]) then return true end
  end
  return false
end

local function layer_of(path)
  if matches_any(path, BASE) then return math.huge end
  for number, layer in ipairs(LAYERS) do
    if matches_any(path, layer, 2) then return number end
  end
end

local function path_of(module)
  return "lua/" .. module:gsub("%.", "/") .. ".lua"
end

describe("the arrows", function()
  for _, path in ipairs(files.find("lua scripts examples -name '*.lua'")) do
    it("of " .. path .. " point down", function()
      local own = layer_of(path)
      assert.is_not_nil(own, "no layer covers " .. path)
      for module in files.read(path):gmatch('require%s*%(?%s*"([^"]+)"') do
        if not OUTSIDE[module] then
          local other = layer_of(path_of(module))
          assert.is_not_nil(other, path .. " uses " .. module .. ", which no layer covers")
          assert.is_true(other >= own, path .. " uses " .. module .. ", which is above it")
        end
      end
    end)
  end

  --- Headers that only some files of the core may include.
  local RESERVED = {
    { "lua headers", "<lua", { "^core/bind/", "^core/ecrlua%.c$" } },
    { "lauxlib", "<lauxlib", { "^core/bind/", "^core/ecrlua%.c$" } },
    { "libcurl", "<curl/", { "^core/curl%.h$" } },
    { "our libcurl table", '"curl%.h"', { "^core/curl%.c$", "^core/ending%.h$", "^core/lines%.h$",
      "^core/transfer%.h$" } },
    { "header lines", '"lines%.h"', { "^core/lines%.c$", "^core/transfer%.h$" } },
    { "endings", '"ending%.h"', { "^core/ending%.c$", "^core/transfer%.c$" } },
    { "transfers", '"transfer%.h"', { "^core/transfer%.c$", "^core/http%.c$" } },
    { "flights", '"flight%.h"', { "^core/flight%.c$", "^core/transfer%.h$", "^core/process%.h$" } },
    { "processes", '"process%.h"', { "^core/process%.c$", "^core/http%.c$" } },
    { "children", '"child%.h"', { "^core/child%.c$", "^core/process%.h$" } },
    { "the child's side", '"spawn%.h"', { "^core/spawn%.c$", "^core/child%.c$" } },
    { "replacements", '"replacement%.h"', { "^core/replacement%.c$", "^core/store%.c$", "^core/swap%.c$",
      "^core/cache%.c$" } },
    { "targets", '"target%.h"', { "^core/target%.c$", "^core/store%.c$", "^core/swap%.c$" } },
    { "guards", '"guard%.h"', { "^core/guard%.c$", "^core/cache%.c$" } },
    { "swaps", '"swap%.h"', { "^core/swap%.c$", "^core/docker%.c$" } },
    { "libcrypto", "<openssl/", { "^core/hash%.c$", "^core/secret%.c$", "^core/ec%.c$", "^core/ecrlua%.c$" } },
    { "yajl", "<yajl/", { "^core/json%.c$" } },
    { "expat", "<expat", { "^core/xml%.c$" } },
    { "places in a JSON text", '"place%.h"', { "^core/place%.c$", "^core/member%.h$" } },
    { "members of a JSON text", '"member%.h"', { "^core/member%.c$", "^core/docker%.c$" } },
    { "bindings", '"bind/', {} },
    { "the bindings' header", '"bind%.h"', { "^core/bind/" } },
  }
  for _, path in ipairs(files.find("core -name '*.[ch]'")) do
    it("of " .. path .. " keep to the headers it may include", function()
      for include in files.read(path):gmatch("#include%s+(%S+)") do
        for _, row in ipairs(RESERVED) do
          if include:find(row[2]) then
            assert.is_true(matches_any(path, row[3]), path .. " includes " .. include .. " (" .. row[1] .. ")")
          end
        end
      end
    end)
  end
end)

describe("every source file", function()
  for _, path in ipairs(files.find("lua scripts examples core spec -name '*.lua' -o -name '*.[ch]' "
    .. "-o -name '*.sh'")) do
    it("says its licence: " .. path, function()
      assert.matches("SPDX%-License%-Identifier: MIT", files.read(path):sub(1, 100))
    end)
  end
end)
