-- SPDX-License-Identifier: MIT
-- A client whose answers a spec writes itself, for what the simulator does not do: the rest goes on to the
-- simulator.
local error_object = require "ecr.error"

local answers = {}

--- Puts functions of the input in the place of operations. Each gives the output, or nil and an error code
--- of the service. What was asked is in the list that is returned: {name, input}.
function answers.put(client, functions)
  local call, asked = client.call, {}
  client.call = function(self, name, input, options)
    asked[#asked + 1] = { name, input }
    local answer = functions[name:match("^ecr:(.*)$") or name]
    if not answer then return call(self, name, input, options) end
    local output, code, message = answer(input)
    if output then return output end
    local kind, retryable = error_object.classify(code, 400)
    return error_object.give{ kind = kind, retryable = retryable, code = code, operation = name, status = 400,
      message = message or "the spec wants this" }
  end
  return asked
end

return answers
