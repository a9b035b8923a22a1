-- SPDX-License-Identifier: MIT
--- A function that is given a time: what it waits for then is taken back.

local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"

local deadline <const> = {}

local function too_late(seconds)
  return error_object.give{ kind = "timeout", code = "deadline", retryable = false,
    message = ("there was no answer within %.3g s"):format(seconds) }
end

--- Runs a function for so long at most, and gives its results. When its time is up it is cancelled at
--- what it waits for, its `<close>` variables are closed, and the answer is `nil` and an error of kind
--- "timeout", code "deadline".
---@param seconds number
---@param fn function
---@param ... any its arguments
---@return any ...
function deadline.with(seconds, fn, ...)
  local task <close> = loop.spawn(fn, ...)
  local is_over = false
  local _ <close> = loop.spawn(function()
    loop.sleep(seconds)
    is_over = true
    task:cancel()
  end)
  local results <const> = table.pack(task:await())
  local err <const> = results[2]
  if is_over and error_object.is(err) and err.kind == "cancelled" then return too_late(seconds) end
  return table.unpack(results, 1, results.n)
end

return deadline
