-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask = asking.ask

local function tokens(parts, input, more)
  return assert(ask(asking.open(parts), "GetAuthorizationToken", input, more)).authorization_data
end

describe("GetAuthorizationToken", function()
  it("gives one sealed token: base64 of AWS, a colon and a password", function()
    local list = tokens{}
    assert.equal(1, #list)
    local sealed = list[1].authorization_token
    assert.equal("<secret>", tostring(sealed))
    assert.matches("^AWS:%w+$", sealed:unbase64():reveal())
  end)

  it("gives a token for twelve hours from its answer on", function()
    local transport = asking.open{ now = 1000, latency = { { seconds = 5 } } }
    local output = ask(transport, "GetAuthorizationToken")
    assert.equal(1000 + 5 + 12 * 3600, output.authorization_data[1].expires_at)
  end)

  it("names the caller's registry in its region, by the plain host", function()
    assert.equal("https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
      tokens({}, {}, { region = "eu-west-1" })[1].proxy_endpoint)
    assert.equal("https://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
      tokens({}, {}, { region = "cn-north-1" })[1].proxy_endpoint)
    assert.equal("https://123456789012.dkr.ecr.us-isof-east-1.csp.hci.ic.gov",
      tokens({}, {}, { region = "us-isof-east-1" })[1].proxy_endpoint)
  end)

  it("gives another password each time", function()
    local transport = asking.open{}
    local function token() return ask(transport, "GetAuthorizationToken").authorization_data[1].authorization_token end
    assert.is_true(token() ~= token())
  end)

  it("gives one token for each registry that is named", function()
    local list = tokens({}, { registry_ids = { "210987654321", "123456789012" } })
    assert.equal(2, #list)
    assert.equal("https://210987654321.dkr.ecr.us-east-1.amazonaws.com", list[1].proxy_endpoint)
  end)

  it("of ECR Public is no list and has no host", function()
    local data = tokens({}, {}, { service = "ecr-public" })
    assert.equal(1767225600.02 + 12 * 3600, data.expires_at)
    assert.is_nil(data.proxy_endpoint)
    assert.matches("^AWS:%w+$", data.authorization_token:unbase64():reveal())
  end)
end)
