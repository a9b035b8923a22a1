-- SPDX-License-Identifier: MIT
--- Writes core/model.c: `lua5.4 core/model/generate.lua DIR > core/model.c`, where DIR holds AWS's
--- published service models as `ecr/<version>/service-2.json` and
--- `ecr-public/<version>/service-2.json` (`.gz` or not) with `paginators-1.json` beside them. `make
--- model MODEL=DIR` calls it.

local here <const> = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;" .. package.path

local overlay <const> = require "overlay"
local pattern <const> = require "pattern"
local models <const> = require "published"

local NO_LIMIT <const> = "ECR_NO_LIMIT"
local TYPES <const> = {
  any = "ANY", structure = "STRUCTURE", list = "LIST", map = "MAP", string = "STRING",
  character = "STRING", integer = "INTEGER", long = "INTEGER", double = "DOUBLE", float = "DOUBLE",
  boolean = "BOOLEAN", timestamp = "TIMESTAMP", blob = "BLOB",
}

-- --- names ---------------------------------------------------------------------------------------

local function snake(name)
  return (name:gsub("%.", "_"):gsub("(%u+)(%u%l)", "%1_%2"):gsub("([%l%d])(%u)", "%1_%2"):lower())
end

local function symbol(service, shape)
  return (service:gsub("-", "_") .. "_" .. shape:gsub("%W", "_"))
end

local function text(value)
  if not value then return "NULL" end
  return '"' .. value:gsub('[\\"]', "\\%0"):gsub("[%c]",
    function(c) return ("\\%03o"):format(c:byte()) end) .. '"'
end

local function limit(value)
  if not value then return NO_LIMIT end
  return ("INT64_C(%d)"):format(math.tointeger(value))
end

local function sorted_keys(map)
  local keys <const> = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- --- writing -------------------------------------------------------------------------------------

local out <const> = {}
local patterns <const>, pattern_index <const> = {}, {}

local function write(format, ...)
  out[#out + 1] = format:format(...)
end

local function pattern_number(published)
  if not published then return -1 end
  if not pattern_index[published] then
    patterns[#patterns + 1] = published
    pattern_index[published] = #patterns - 1
  end
  return pattern_index[published]
end

local function write_members(service, name, shape)
  local members <const> = models.members(service, name, shape)
  if #members == 0 then return "NULL", 0 end
  assert(#members <= 64, name .. " has more than 64 members")
  local sealed <const> = overlay.sealed[name] or {}
  write("static const struct ecr_member members_%s[] = {", symbol(service.name, name))
  for _, member in ipairs(members) do
    write("    {%s, %s, %d, %d, %s, %s, %s, &shape_%s},", text(member.wire),
      text(snake(member.wire)),
      #member.wire, #snake(member.wire), tostring(member.required or false),
      tostring(member.deprecated or false),
      tostring(member.sealed or sealed[member.wire] or false), symbol(service.name, member.shape))
  end
  write("};")
  return "members_" .. symbol(service.name, name), #members
end

local function write_enum(service, name, shape)
  if not shape.enum then return "NULL", 0 end
  local words <const> = {}
  for i, word in ipairs(shape.enum) do words[i] = text(word) end
  write("static const char *const enum_%s[] = {%s};", symbol(service.name, name),
    table.concat(words, ", "))
  return "enum_" .. symbol(service.name, name), #words
end

local function shape_reference(service, part)
  if not part then return "NULL" end
  return "&shape_" .. symbol(service.name, type(part) == "table" and part.shape or part)
end

local function write_shape(service, name, shape)
  local members <const>, member_count <const> = write_members(service, name, shape)
  local enum <const>, enum_count <const> = write_enum(service, name, shape)
  write("static const struct ecr_shape shape_%s = {", symbol(service.name, name))
  write("    .name = %s, .type = ECR_T_%s, .exception = %s,", text(name), assert(TYPES[shape.type],
    shape.type),
    tostring(shape.exception or false))
  write("    .members = %s, .member_count = %d, .element = %s, .key = %s,", members, member_count,
    shape_reference(service, shape.member or shape.value), shape_reference(service, shape.key))
  write("    .min = %s, .max = %s, .pattern = %d, .enums = %s, .enum_count = %d,", limit(shape.min),
    limit(shape.max), pattern_number(shape.pattern), enum, enum_count)
  if shape.xml then write("    .xml = true,") end
  write("};")
end

local function write_shapes(service, shapes)
  local names <const> = sorted_keys(shapes)
  for _, name in ipairs(names) do
    write("static const struct ecr_shape shape_%s;", symbol(service.name, name))
  end
  for _, name in ipairs(names) do write_shape(service, name, shapes[name]) end
end

local function is_read(name)
  for _, start in ipairs(overlay.reads) do
    if name:sub(1, #start) == start then return true end
  end
  return false
end

local function pages_of(service, name)
  local pages <const> = service.pages[name]
  if pages then return pages end
  local own <const> = overlay.pages[name]
  return own and { input_token = "nextToken", output_token = "nextToken", limit_key = "maxResults",
    result_key = own.result_key }
end

local function write_page_results(service, name)
  local pages <const> = pages_of(service, name)
  if not pages then return "{NULL, NULL, NULL, 0, NULL}" end
  local results <const> = type(pages.result_key) == "table" and pages.result_key
    or { pages.result_key }
  local words <const> = {}
  for i, path in ipairs(results) do words[i] = text(path) end
  write("static const char *const results_%s[] = {%s};", symbol(service.name, name),
    table.concat(words, ", "))
  return ("{%s, %s, %s, %d, results_%s}"):format(text(pages.input_token), text(pages.output_token),
    text(pages.limit_key), #words, symbol(service.name, name))
end

local function write_errors(service, name, operation)
  if #(operation.errors or {}) == 0 then return "NULL" end
  local names <const> = {}
  for i, problem in ipairs(operation.errors) do
    names[i] = "&shape_" .. symbol(service.name, problem.shape)
  end
  write("static const struct ecr_shape *const errors_%s[] = {%s};", symbol(service.name, name),
    table.concat(names, ", "))
  return "errors_" .. symbol(service.name, name)
end

local function operation_row(service, name)
  local operation <const> = service.operations[name]
  local pages <const>, errors <const> = write_page_results(service, name), write_errors(service,
    name, operation)
  local read <const> = is_read(name)
  return ("    {%s, &ecr_services[%d], ECR_CLASS_%s, %s, %s, %s, %s, %d, %s},"):format(text(name),
    service.index,
    read and "READ" or "WRITE", text(overlay.repeats[name] or "safe"),
    shape_reference(service, assert(operation.input, name)),
    shape_reference(service, assert(operation.output, name)), pages,
    #(operation.errors or {}), errors)
end

local function write_operations(service)
  local rows <const> = {}
  for i, name in ipairs(sorted_keys(service.operations)) do
    rows[i] = operation_row(service, name)
  end
  write("static const struct ecr_operation operations_%s[] = {", symbol(service.name, ""))
  for _, row in ipairs(rows) do write("%s", row) end
  write("};")
end

local function service_row(service)
  local metadata <const> = service.metadata
  return ("    {%s, %s, %s, %s, %s, %d, operations_%s},"):format(text(service.name),
    text(metadata.targetPrefix), text(metadata.endpointPrefix), text(metadata.apiVersion),
    text(metadata.serviceId), #sorted_keys(service.operations), symbol(service.name, ""))
end

local function write_documents()
  local service <const> = { name = "document", shapes = overlay.shapes, operations = {} }
  local shapes <const> = {}
  for _, name in pairs(overlay.documents) do models.collect(service, name, shapes) end
  write_shapes(service, shapes)
  local names <const> = sorted_keys(overlay.documents)
  write("const struct ecr_document ecr_documents[] = {")
  for _, name in ipairs(names) do
    write("    {%s, &shape_%s},", text(name), symbol("document", overlay.documents[name]))
  end
  write("};")
  write("const size_t ecr_document_count = %d;", #names)
end

local function write_patterns()
  write("const struct ecr_pattern ecr_patterns[] = {")
  for _, published in ipairs(patterns) do
    write("    {%s, %s},", text(pattern.to_posix(published)), text(published))
  end
  write("};")
  write("const size_t ecr_pattern_count = %d;", #patterns)
end

local function main(dir)
  local services <const> = { models.load(dir, "ecr", 0), models.load(dir, "ecr-public", 1) }
  write("/* SPDX-License-Identifier: MIT */")
  write("/* Generated by core/model/generate.lua from AWS's published service models:")
  for _, service in ipairs(services) do
    write(" * %s %s, sha256 %s", service.name, service.metadata.apiVersion, service.sum)
  end
  write(" * Not edited by hand: `make model`. */")
  write("/* clang-format off */")
  write('#include "model.h"\n')
  write('const struct ecr_shape ecr_shape_any = {.name = "any", .type = ECR_T_ANY,')
  write("    .min = %s, .max = %s, .pattern = -1};", NO_LIMIT, NO_LIMIT)
  for _, service in ipairs(services) do
    write_shapes(service, models.reachable(service))
    write_operations(service)
  end
  write("const struct ecr_service ecr_services[] = {")
  for _, service in ipairs(services) do write("%s", service_row(service)) end
  write("};")
  write("const size_t ecr_service_count = %d;", #services)
  write_documents()
  write_patterns()
  print(table.concat(out, "\n"))
end

main(assert(arg[1], "usage: lua5.4 core/model/generate.lua DIR"))
