-- SPDX-License-Identifier: MIT
-- busted's output: what failed and where, what was skipped and why, and one line of counts.

return function(options)
  local handler = require "busted.outputHandlers.base"()
  local busted = require "busted"

  local function place(element)
    local info = element.trace
    return info and ("%s:%s"):format(info.short_src or "?", info.currentline or "?") or "?"
  end

  local function tell(kind, entry)
    io.write(("%s - %s (%s)\n"):format(kind, entry.name or "?", place(entry)))
    local message = entry.message
    if type(message) ~= "string" then message = message and tostring(message) or "" end
    if message ~= "" then io.write("    ", (message:gsub("\n", "\n    ")), "\n") end
    local trace = kind ~= "skipped" and entry.trace and entry.trace.traceback
    if trace and options.verbose then io.write(trace, "\n") end
  end

  handler.suiteEnd = function()
    for _, entry in ipairs(handler.pendings) do tell("skipped", entry) end
    for _, entry in ipairs(handler.failures) do tell("not ok", entry) end
    for _, entry in ipairs(handler.errors) do tell("error", entry) end
    io.write(("%d passed, %d failed, %d skipped\n"):format(handler.successesCount,
      handler.failuresCount + handler.errorsCount, handler.pendingsCount))
    io.flush()
    return nil, true
  end

  busted.subscribe({ "suite", "end" }, handler.suiteEnd)
  return handler
end
