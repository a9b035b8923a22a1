-- SPDX-License-Identifier: MIT
-- Reading a Kubernetes pull secret with the tools of others: lua-cjson, PyYAML, coreutils' base64.
local cjson = require "cjson"
local process = require "spec.support.process"

local dockerconfig = {}

local TO_JSON = "python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "

--- Runs a command over a file with this text.
local function over(command, text)
  local path = process.file(text)
  local result = process.run(command .. path)
  os.remove(path)
  assert(result.code == 0, result.errors)
  return result.output
end

--- What base64 makes of a text.
function dockerconfig.unbase64(text)
  return over("base64 -d ", text)
end

--- Whether YAML can be read by somebody else here.
function dockerconfig.reads_yaml()
  return process.run("python3 -c 'import yaml'").code == 0
end

--- The document as a table, what is under `data` decoded too.
function dockerconfig.read(text, format)
  local document = cjson.decode(format == "yaml" and over(TO_JSON, text) or text)
  for key, value in pairs(document.data) do document.data[key] = cjson.decode(dockerconfig.unbase64(value)) end
  return document
end

return dockerconfig
