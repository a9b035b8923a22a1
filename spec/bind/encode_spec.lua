-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local core = require "ecr.core"
local process = require "spec.support.process"

local function body(operation, input, service)
  local text = assert(core.encode(service or "ecr", operation, input))
  return cjson.decode(text)
end

local function problem(operation, input, service)
  local text, failure = core.encode(service or "ecr", operation, input)
  assert.is_nil(text)
  assert.equal("input", failure.kind)
  return failure.message
end

describe("encoding", function()
  it("writes the wire's names for ours", function()
    assert.same({ repositoryName = "app", imageIds = { { imageTag = "v1" } } },
      body("DescribeImages", { repository_name = "app", image_ids = { { image_tag = "v1" } } }))
  end)

  it("writes an empty object for no input, and capitals where AWS has them", function()
    assert.equal("{}", core.encode("ecr", "DescribeRegistry", {}))
    assert.same({ resourceArn = "arn:x", tags = { { Key = "k", Value = "v" } } },
      body("TagResource", { resource_arn = "arn:x", tags = { { key = "k", value = "v" } } }))
  end)

  it("writes bytes as base64 and whole numbers without a point", function()
    local text = core.encode("ecr", "UploadLayerPart", { repository_name = "app",
      upload_id = "01234567-89ab-cdef-0123-456789abcdef", part_first_byte = 0, part_last_byte = 2.0,
      layer_part_blob = "\0\1\255" })
    assert.matches('"layerPartBlob":"AAH/"', text, 1, true)
    assert.matches('"partLastByte":2[,}]', text)
  end)

  it("keeps an empty list a list", function()
    assert.matches('"rules":%[%]', core.encode("ecr", "PutRegistryScanningConfiguration", { rules = {} }))
  end)

  it("names a member that is missing", function()
    assert.equal("repository_name: is required", problem("DescribeImages", {}))
    assert.matches("^tags%[2%]%.key: is required", problem("TagResource",
      { resource_arn = "a", tags = { { key = "k", value = "v" }, { value = "v" } } }))
  end)

  it("names a member that nobody knows", function()
    assert.equal('image_ids[1]: ImageIdentifier has no member "image_tg"', problem("DescribeImages",
      { repository_name = "app", image_ids = { { image_tg = "v1" } } }))
  end)

  it("holds to lengths, patterns, ranges and enums of the model", function()
    assert.matches("must match %[0%-9%]{12}", problem("DescribeImages",
      { repository_name = "app", registry_id = "123" }))
    assert.matches("must be 1 to 1000", problem("DescribeImages", { repository_name = "app", max_results = 1001 }))
    assert.matches("must be one of MUTABLE", problem("PutImageTagMutability",
      { repository_name = "app", image_tag_mutability = "SOMETIMES" }))
    assert.matches("must hold 1 to 100 items", problem("BatchGetImage",
      { repository_name = "app", image_ids = {} }))
    assert.matches("must have 2 to 256 characters", problem("DescribeImages", { repository_name = "a" }))
  end)

  it("tells a wrong type", function()
    assert.equal("repository_name: must be a string, not a number", problem("DescribeImages",
      { repository_name = 5 }))
    assert.matches("must be a list", problem("DescribeImages",
      { repository_name = "app", image_ids = { image_tag = "v1" } }))
    assert.matches("must be a whole number", problem("DescribeImages",
      { repository_name = "app", max_results = 1.5 }))
    assert.matches("must be true or false", problem("DeleteRepository", { repository_name = "app", force = 1 }))
    assert.equal("must be a table, not a string", problem("DescribeImages", "app"))
  end)

  it("does not put control characters of a value into its message", function()
    assert.is_nil(problem("DescribeImages", { repository_name = "a\27[31m\nb" }):find("%c"))
  end)

  it("never matches a name that ends in a newline", function()
    problem("DescribeImages", { repository_name = "app\n" })
  end)

  it("refuses text that is not UTF-8", function()
    assert.matches("UTF%-8", problem("PutLifecyclePolicy", { repository_name = "app",
      lifecycle_policy_text = ("\xff"):rep(200) }))
  end)

  it("accepts exactly the repository names of the two services", function()
    for _, row in ipairs(dofile "spec/fixtures/repository_names.lua") do
      local private = core.encode("ecr", "DeleteRepository", { repository_name = row.name })
      local public = core.encode("ecr-public", "DeleteRepository", { repository_name = row.name })
      assert.equal(row.private, private ~= nil, "private: " .. row.name)
      assert.equal(row["public"], public ~= nil, "public: " .. row.name)
    end
  end)

  it("takes no metamethod of the caller's for data", function()
    local called = false
    local input = setmetatable({}, { __index = function() called = true return "app" end })
    problem("DescribeImages", input)
    assert.is_false(called)
  end)

  it("raises in a finalizer that runs when the state is closed, after its own", function()
    local result = process.ecrlua{ "-e", [[
      local core
      older = setmetatable({}, { __gc = function()
        print(pcall(core.encode, "ecr", "ListImages", { repository_name = "app" }))
      end })
      core = require "ecr.core"]] }
    assert.same({ "false\tecr.core is closed\n", 0 }, { result.output, result.code })
  end)
end)
