-- SPDX-License-Identifier: MIT
-- Lists in pages: nextToken of AWS's JSON protocol. Pages are the spec's own.
local answers = require "spec.support.answers"
local ecr = require "ecr"
local loop = require "ecr.loop"
local pages = require "ecr.pages"

--- A client that gives these pages of ListImages; a page is {items..., token = "...", error = "code"}.
local function client_of(list)
  local client = ecr.mock():with_repository{ name = "app" }:client{}
  local asked = answers.put(client, { ListImages = function(input)
    local number = tonumber(input.next_token or 1)
    local page = list[number]
    if page.error then return nil, page.error end
    ecr.sleep(1)
    local items = {}
    for i, tag in ipairs(page) do items[i] = { image_tag = tag } end
    return { image_ids = items, next_token = page.token or (list[number + 1] and tostring(number + 1) or nil) }
  end })
  return client, asked
end

local function open(client, options)
  options = options or {}
  options.key = "image_ids"
  options.convert = function(raw) return raw.image_tag end
  return pages.open(client, "ListImages", { repository_name = "app" }, options)
end

local function walk(list)
  local got = {}
  for item in list:each() do got[#got + 1] = item end
  return got
end

describe("a list in pages", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("is read to its end, empty pages and all", function()
    local client, asked = client_of{ { "a", "b" }, {}, { "c" }, {} }
    assert.same({ "a", "b", "c" }, open(client):all())
    assert.equal(4, #asked)
    assert.same({ "a", "b", "c" }, walk(open((client_of{ { "a", "b" }, {}, { "c" }, {} }))))
    assert.same({}, open((client_of{ {} })):all())
    assert.same({}, walk(open((client_of{ {} }))))
  end)

  it("is all or an error, never a part", function()
    local client = client_of{ { "a" }, { error = "AccessDeniedException" } }
    local got, err = open(client):all()
    assert.is_nil(got)
    assert.equal("denied", err.kind)
  end)

  it("raises the error object where it is walked, after what came before", function()
    local client = client_of{ { "a", "b" }, { error = "AccessDeniedException" } }
    local got = {}
    local ok, err = pcall(function()
      for item in open(client):each() do got[#got + 1] = item end
    end)
    assert.is_false(ok)
    assert.is_true(ecr.is_error(err))
    assert.equal("denied", err.kind)
    assert.same({ "a", "b" }, got)
  end)

  it("fetches the next page while the items of this one are used", function()
    local client, asked = client_of{ { "a" }, { "b" }, { "c" } }
    local counts = {}
    for _ in open(client):each() do counts[#counts + 1] = #asked end
    assert.same({ 2, 3, 3 }, counts)
  end)

  it("takes back what it fetched ahead when the loop is left", function()
    local client, asked = client_of{ { "a" }, { "b" }, { "c" } }
    for item in open(client):each() do
      if item == "a" then break end
    end
    assert.equal(2, #asked)
  end)

  it("takes it back also when the loop's body raises", function()
    local client = client_of{ { "a" }, { "b" } }
    assert.is_false(pcall(function()
      for _ in open(client):each() do error("mine") end
    end))
  end)

  it("is walked in a task as in a plain script", function()
    local client = client_of{ { "a" }, { "b" } }
    local task = ecr.spawn(function() return walk(open(client)) end)
    assert.same({ "a", "b" }, task:await())
  end)

  it("ends with as many items as were wanted, without asking on", function()
    local client, asked = client_of{ { "a", "b" }, { "c", "d" }, { "e" } }
    assert.same({ "a", "b", "c" }, open(client, { max_items = 3 }):all())
    assert.equal(2, #asked)
    assert.same({ "a", "b" }, walk(open((client_of{ { "a", "b" }, { "c" } }), { max_items = 2 })))
    assert.same({}, open((client_of{ { "a" } }), { max_items = 0 }):all())
  end)

  it("keeps what is wanted, and counts only that", function()
    local client = client_of{ { "a1", "b1" }, { "a2", "b2" }, { "a3" } }
    local function is_a(item) return item:find("^a") ~= nil end
    assert.same({ "a1", "a2" }, open(client, { keep = is_a, max_items = 2 }):all())
  end)

  it("is an error when a token comes back", function()
    for _, list in ipairs{ { { "a", token = "1" }, { "b", token = "2" } }, { { "a" }, { "b", token = "2" } } } do
      local _, err = open((client_of(list))):all()
      assert.same({ "protocol", "repeated_token" }, { err.kind, err.code })
    end
  end)

  it("ends at an empty token as at none", function()
    assert.same({ "a" }, open((client_of{ { "a", token = "" }, { "b" } })):all())
  end)

  it("leaves the input as it was", function()
    local input = { repository_name = "app" }
    pages.open((client_of{ { "a" }, { "b" } }), "ListImages", input, { key = "image_ids" }):all()
    assert.same({ repository_name = "app" }, input)
  end)
end)
