-- SPDX-License-Identifier: MIT
--- Two queues: first in, first out; and by time.

local queue <const> = {}

---@class ecr.Queue
local fifo <const> = {}
local fifo_mt <const> = { __name = "ecr.queue", __index = fifo }

--- A first-in-first-out queue.
---@return ecr.Queue
function queue.new()
  return setmetatable({ first = 1, last = 0 }, fifo_mt)
end

function fifo:push(item)
  self[self.last + 1] = item -- may fail for lack of memory
  self.last = self.last + 1
end

function fifo:pop()
  if self.first > self.last then return nil end
  local item <const> = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  if self.first > self.last then self.first, self.last = 1, 0 end
  return item
end

function fifo:empty()
  return self.first > self.last
end

---@class ecr.Heap entries {due, order, item}, the earliest first, equal ones in order of arrival
local heap <const> = {}
local heap_mt <const> = { __name = "ecr.heap", __index = heap }

--- A queue by time. Items that are done already (`item.done`) are dropped when they come up.
---@return ecr.Heap
function queue.new_heap()
  return setmetatable({ order = 0 }, heap_mt)
end

local function before(a, b)
  if a.due ~= b.due then return a.due < b.due end
  return a.order < b.order
end

function heap:push(due, item)
  self.order = self.order + 1
  local entry <const> = { due = due, order = self.order, item = item }
  local at = #self + 1
  while at > 1 and before(entry, self[at // 2]) do
    self[at] = self[at // 2]
    at = at // 2
  end
  self[at] = entry
end

local function sink(self, entry, size)
  local at = 1
  while 2 * at <= size do
    local child = 2 * at
    if child < size and before(self[child + 1], self[child]) then child = child + 1 end
    if not before(self[child], entry) then break end
    self[at] = self[child]
    at = child
  end
  self[at] = entry
end

local function drop_first(self)
  local size <const> = #self
  local last <const> = self[size]
  self[size] = nil
  if size > 1 then sink(self, last, size - 1) end
end

local function drop_done(self)
  while self[1] and self[1].item.done do drop_first(self) end
end

--- When the earliest is due; nil when empty.
---@return number?
function heap:due()
  drop_done(self)
  return self[1] and self[1].due
end

function heap:pop()
  drop_done(self)
  local entry <const> = self[1]
  if not entry then return nil end
  drop_first(self)
  return entry.item
end

function heap:empty()
  drop_done(self)
  return self[1] == nil
end

function heap:count()
  drop_done(self)
  return #self
end

return queue
