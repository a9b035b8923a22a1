-- SPDX-License-Identifier: MIT
--- Being asked to stop. While an interrupt is open, SIGINT and SIGTERM do not end the process but
--- cancel the tasks that it guards, so that a script can say what it knows; a second one of the
--- same kind ends it as always. Signals are the process's own: a Lua host gets its handlers back
--- when the interrupt is closed.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local reactor <const> = require "ecr.reactor"

local NAMES <const> = { [2] = "SIGINT", [15] = "SIGTERM" } -- POSIX's numbers, the same everywhere

---@class ecr.Interrupt
---@field signal? integer the signal that came
---@field name? string "SIGINT" or "SIGTERM"
---@field arrival ecr.Waiter
local interrupt_methods <const> = {}
local interrupt_mt <const> = { __name = "ecr.interrupt", __index = interrupt_methods }

local function on_signal(self, number)
  self.signal, self.name = number, NAMES[number]
  reactor.complete(self.arrival)
end

--- Cancels tasks when a signal comes, or at once when one came already. The guard ends when it is
--- closed: `local guard <close> = interrupt:guard(tasks)`.
---@param tasks ecr.Task[]
---@return ecr.Task
function interrupt_methods:guard(tasks)
  return loop.spawn(function()
    loop.await(self.arrival)
    for _, task in ipairs(tasks) do task:cancel() end
  end)
end

--- Signals do again what they did before. May be called twice.
function interrupt_methods:close()
  if self.closed then return end
  self.closed = true
  reactor.tell_signals(nil)
  core.release_signals()
end

interrupt_mt.__close = interrupt_methods.close
interrupt_mt.__gc = interrupt_methods.close

local interrupt <const> = {}

--- Catches SIGINT and SIGTERM until it is closed.
---@return ecr.Interrupt?
---@return ecr.Error? kind "config" when they are caught already
function interrupt.catch()
  local ok <const>, failure <const> = core.catch_signals()
  if not ok then return error_object.of_failure(failure) end
  local self <const> = setmetatable({ arrival = reactor.new_waiter() }, interrupt_mt)
  reactor.tell_signals(function(number) on_signal(self, number) end)
  return self
end

return interrupt
