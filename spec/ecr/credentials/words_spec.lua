-- SPDX-License-Identifier: MIT
local fixtures = require "spec.fixtures.command_words"
local words = require "ecr.credentials.words"

describe("the words of a command", function()
  for _, row in ipairs(fixtures) do
    it(("are those of AWS's tools: %q"):format(row[1]), function()
      local got, problem = words(row[1])
      if row[2] then
        assert.same(row[2], got)
      else
        assert.is_nil(got)
        assert.equal("string", type(problem))
      end
    end)
  end
end)
