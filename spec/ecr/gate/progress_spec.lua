-- SPDX-License-Identifier: MIT
local progress = require "ecr.gate.progress"

local AMD64 = { digest = "sha256:a", platform = "linux/amd64" }
local ARM64 = { digest = "sha256:b", platform = "linux/arm64" }

describe("the progress of a gate", function()
  local stderr = io.stderr

  after_each(function() io.stderr = stderr end) -- luacheck: ignore 122

  --- What is written while `fn` runs.
  local function written(fn)
    local texts = {}
    io.stderr = { write = function(_, ...) -- luacheck: ignore 122
      texts[#texts + 1] = table.concat{ ... }
    end }
    fn()
    io.stderr = stderr -- luacheck: ignore 122
    return texts
  end

  it("tells a state once where nothing can be drawn over", function()
    local shown = progress.new("x.lua", "app:v1")
    shown.line = nil
    assert.same({ "x.lua: app:v1: PENDING after 0 s, waiting\n", "x.lua: app:v1: ACTIVE after 10 s, waiting\n",
      "x.lua: app:v1 linux/arm64: ACTIVE after 10 s, waiting\n" }, written(function()
        local one = { digest = "sha256:a" }
        shown:on_poll(one, "PENDING", 0, 5)
        shown:on_poll(one, "PENDING", 5, 5)
        shown:on_poll(one, "ACTIVE", 10, 5)
        shown:on_poll(ARM64, "ACTIVE", 10, 5)
        shown:on_poll(ARM64, "ACTIVE", 15, 5)
        shown:close()
      end))
  end)

  it("draws the images that are still waited for", function()
    local lines = {}
    local shown = progress.new("x.lua", "app:v1")
    shown.line = { show = function(_, text) lines[#lines + 1] = text end, clear = function() lines.cleared = true end }
    shown:on_poll(AMD64, "ACTIVE", 0, 5)
    shown:on_poll(ARM64, "PENDING", 0, 5)
    shown:on_poll(AMD64, "ACTIVE", 5, 5)
    shown:on_poll(ARM64, "PENDING", 5, 5)
    shown:on_poll(ARM64, "PENDING", 11, 5)
    shown:close()
    assert.same({ "app:v1: 0 s, next look in 5 s: linux/amd64 ACTIVE",
      "app:v1: 0 s, next look in 5 s: linux/amd64 ACTIVE, linux/arm64 PENDING",
      "app:v1: 5 s, next look in 5 s: linux/amd64 ACTIVE, linux/arm64 PENDING",
      "app:v1: 5 s, next look in 5 s: linux/amd64 ACTIVE, linux/arm64 PENDING",
      "app:v1: 11 s, next look in 5 s: linux/arm64 PENDING", cleared = true }, lines)
  end)

  it("lets nothing of a name steer the terminal", function()
    local lines = {}
    local shown = progress.new("x.lua", "app\27[2J:v1")
    shown.line = { show = function(_, text) lines[#lines + 1] = text end }
    shown:on_poll({ digest = "d", platform = "a\rb" }, "X\7", 0, 5)
    assert.is_nil(lines[1]:find("%c"))
  end)
end)
