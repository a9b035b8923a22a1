-- SPDX-License-Identifier: MIT
-- The form is the one that AWS's SDKs have agreed on (facts: credentials, section 12).
local user_agent = require "ecr.user_agent"

local function text(settings, features, execution)
  settings.retry_mode = settings.retry_mode or "standard"
  return user_agent(settings, features, execution)
end

describe("the User-Agent", function()
  it("names the program, the system, the language, what is used, and the retry mode", function()
    assert.matches("^ecrlua/[%d.]+ ua/2%.1 os/linux#%S+ md/arch#%S+ lang/lua#5%.4 m/g,E cfg/retry%-mode#standard$",
      text({}, { "g" }))
  end)

  it("says where it runs, which application it is for, and what the caller adds", function()
    assert.matches(" lang/lua#5%.4 exec%-env/AWS_ECS_FARGATE m/E,N cfg/retry%-mode#standard app/shop gate/1%.0$",
      text({ sdk_ua_app_id = "shop", user_agent_extra = "gate/1.0", endpoint_url = "http://x" }, {}, "AWS_ECS_FARGATE"))
  end)

  it("has no byte that could end the header", function()
    local made = text({ sdk_ua_app_id = "a b\r\nX: y", user_agent_extra = "a\r\nX: y\0" }, {}, "x\ny")
    assert.is_nil(made:find("[^\x20-\x7e]"))
    assert.matches("app/a%-b%-%-X%-%-y a%-%-X: y%-$", made)
  end)

  it("tells the retry modes apart", function()
    assert.matches(" m/F cfg/retry%-mode#adaptive$", text({ retry_mode = "adaptive" }))
    assert.matches(" m/D cfg/retry%-mode#legacy$", text({ retry_mode = "legacy" }))
  end)
end)
