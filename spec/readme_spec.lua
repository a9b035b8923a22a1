-- SPDX-License-Identifier: MIT
-- What the README shows is what happens.
local files = require "spec.support.files"
local process = require "spec.support.process"

local readme = files.read("README.md")

--- The blocks of a language, in order.
local function blocks(language)
  local list = {}
  for text in readme:gmatch("\n```" .. language .. "\n(.-)\n```") do list[#list + 1] = text end
  return list
end

local function trim(text) return (text:gsub("^%s+", ""):gsub("%s+$", "")) end

describe("the README", function()
  it("shows what make demo prints", function()
    local result = process.run("sh -c 'bash spec/support/demo.sh " .. process.ECRLUA .. " 2>&1'")
    assert.equal(trim(result.output), blocks("console")[1])
  end)

  it("shows examples that are files, and their output", function()
    assert.equal(trim(files.read("examples/list_images.lua"):gsub("^[^\n]*\n", "", 1)), blocks("lua")[1])
    assert.equal(trim(files.read("examples/gate_many.lua"):gsub("^[^\n]*\n", "", 1)), blocks("lua")[2])
    local command, output = blocks("console")[2]:match("^%$ ecrlua ([^\n]*)\n(.*)$")
    assert.equal(output, trim(process.run(process.ECRLUA .. " " .. command).output))
  end)

  it("names every option of the interpreter and of the gate", function()
    for _, words in ipairs{ { "--help" }, { "scan_gate.lua", "--help" } } do
      for option in process.ecrlua(words).output:gmatch("%-%-[%a-]+") do
        assert.is_true(option == "--help" or option == "--version" or readme:find(option, 1, true) ~= nil, option)
      end
    end
  end)

  --- The members that the README's table of the gate's JSON document names: "images[].scan.type", ...
  local function documented()
    local members = {}
    local rows = readme:match("`%-%-json` prints one document:\n(.-)\n\n")
    for names, content in rows:gmatch("\n| (`[^|]+) | ([^|]+) |") do
      for name in names:gmatch("`([%w_.%[%]]+)`") do
        members[name] = true
        local is_object = name:find("%[%]$") and name ~= "warnings[]" or name == "error" or name == "images[].scan"
        for member in content:gmatch(is_object and "`([%l_]+[%[%]]*)`" or "%z") do
          members[name .. "." .. member] = true
        end
      end
    end
    for _, value in ipairs{ "basic", "enhanced" } do members["images[].scan." .. value] = nil end
    return members
  end

  local BY_SEVERITY = { thresholds = true, counts = true, ["images[].counts"] = true }
  local LISTS = { warnings = true, images = true, findings = true, left_out = true }

  --- Adds the members of a value to a set.
  local function collect(value, path, into)
    into[path] = true
    if type(value) ~= "table" or BY_SEVERITY[path] then return end
    for key, item in pairs(value) do
      if math.type(key) == "integer" then
        collect(item, path, into)
      else
        collect(item, (path == "" and "" or path .. ".") .. key .. (LISTS[key] and "[]" or ""), into)
      end
    end
  end

  it("names all members of the gate's JSON document, and no others", function()
    local ecr, cjson, document_of = require "ecr", require "cjson", require "ecr.gate.document"
    local function document(image)
      image.tags = { "v1" }
      return cjson.decode(document_of(ecr.gate(ecr.mock():with_image("app", image):client{}, "app:v1")))
    end
    local finding = { id = "CVE-1", severity = "HIGH", package = "p", version = "1", fixed_version = "2", score = 5.0,
      vector = "CVSS:3.1/x", description = "d", uri = "https://example.org" }
    local seen = {}
    collect(document{ index = { { scan = { type = "enhanced", findings = { finding } } }, { attestation = true } } },
      "", seen)
    collect(document{ scan = { states = { "FAILED" } } }, "", seen)
    local empty = ecr.mock():with_repository{ name = "app" }:client{}
    collect(cjson.decode(document_of(ecr.gate(empty, "app:v1"))), "", seen)
    seen[""], seen.moved_to, seen.interrupted = nil, true, true -- their documents are other specs'
    assert.same(documented(), seen)
  end)

  it("has the table of services that the model gives", function()
    local services = require "core.model.services"
    assert.is_truthy(readme:find("\n" .. table.concat(services.lines(), "\n") .. "\n", 1, true), "run make docs")
  end)

  it("names no method that a service does not have, and every one it has", function()
    local client = require("ecr").mock():with_repository{ name = "app" }:client{}
    for service, methods in pairs(require("core.model.services").methods()) do
      local shown, had = {}, {}
      for method in pairs(methods) do shown[#shown + 1] = method end
      for method in pairs(getmetatable(client[service]).__index) do had[#had + 1] = method end
      table.sort(shown)
      table.sort(had)
      assert.same(had, shown)
    end
  end)
end)

describe("the examples", function()
  local DEMO, REPLICATION = "examples/scenarios/demo.lua", "examples/scenarios/replication.lua"

  --- A program that reads its standard input and is content.
  local function reader()
    local path = process.file("#!/bin/sh\ncat >/dev/null\n", ".sh")
    assert(process.run("chmod +x " .. path).code == 0)
    return path
  end

  -- file, scenario, exit code, arguments
  local rows = {
    { "list_images", DEMO, 0 }, { "gate_many", DEMO, 1 }, { "simulate", DEMO, 0 },
    { "scan_and_evaluate", DEMO, 0 }, { "scan_and_evaluate", DEMO, 1, "app:v2" },
    { "track_replication", REPLICATION, 0 }, { "resolve_arm64", DEMO, 0 },
    { "resolve_arm64", DEMO, 3, "app:multi", "linux/s390x" }, { "docker_login", DEMO, 0, reader },
    { "docker_login", DEMO, 1, "false" },
    { "download_layers", DEMO, 0, "app:v1", function() return (os.tmpname():match("^(.*)/")) end },
  }
  local covered = {}
  for _, row in ipairs(rows) do
    covered[row[1]] = true
    it(("run: %s.lua, exit %d"):format(row[1], row[3]), function()
      local words = { "--sim", row[2], "examples/" .. row[1] .. ".lua" }
      for i = 4, #row do words[#words + 1] = type(row[i]) == "function" and row[i]() or row[i] end
      local result = process.ecrlua(words)
      assert.equal(row[3], result.code, result.errors)
      if row[3] == 0 then assert.equal("", result.errors) end
    end)
  end

  it("are all run here, and named in the README", function()
    for _, path in ipairs(files.find("examples -maxdepth 1 -name '*.lua'")) do
      assert.is_true(covered[path:match("([%w_]+)%.lua$")], path)
      assert.is_truthy(readme:find(path, 1, true), path)
    end
  end)
end)
