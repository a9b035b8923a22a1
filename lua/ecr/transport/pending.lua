-- SPDX-License-Identifier: MIT
--- What a transport in virtual time has still to answer, by the time at which the answer is due.

local queue <const> = require "ecr.queue"

---@class ecr.Pending
---@field last_ticket integer
local pending_methods <const> = {}
local pending_mt <const> = { __name = "ecr.pending", __index = pending_methods }

local pending <const> = {}

--- Nothing yet.
---@return ecr.Pending
function pending.new()
  return setmetatable({ last_ticket = 0, by_ticket = {}, by_time = queue.new_heap() }, pending_mt)
end

--- Adds a request, and notes its ticket in it.
---@param due number monotonic time
---@param item table
---@return integer ticket
function pending_methods:add(due, item)
  self.last_ticket = self.last_ticket + 1
  item.ticket = self.last_ticket
  self.by_time:push(due, item)
  self.by_ticket[item.ticket] = item
  return item.ticket
end

--- Takes out what is due, one after the other, equal ones as they were added.
---@param now number
---@return fun(): table?
function pending_methods:each_due(now)
  return function()
    local due <const> = self.by_time:due()
    if not due or due > now then return nil end
    local item <const> = self.by_time:pop()
    self.by_ticket[item.ticket] = nil
    return item
  end
end

--- Takes a request back; nil when it was answered.
---@param ticket integer
---@return table?
function pending_methods:cancel(ticket)
  local item <const> = self.by_ticket[ticket]
  if not item then return nil end
  self.by_ticket[ticket], item.done = nil, true
  return item
end

--- Where a clock stands after waiting: at the next answer, `seconds` on at most. Without anything
--- pending an endless wait would end nowhere: then the clock stays.
---@param now number
---@param seconds number
---@return number
function pending_methods:clock_after(now, seconds)
  local target <const> = math.min(now + math.max(0, seconds), self.by_time:due() or math.huge)
  return target < math.huge and math.max(now, target) or now
end

return pending
