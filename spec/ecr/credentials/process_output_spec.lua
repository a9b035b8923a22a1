-- SPDX-License-Identifier: MIT
-- What a credential_process prints. facts/credentials.md, section 8.
local cached = require "spec.support.cached"
local home = require "spec.support.home"

local KEYS = [["AccessKeyId":"ASIAOFTHEPROGRAM","SecretAccessKey":"Canary-secret"]]

describe("the output of a credential_process", function()
  local place

  before_each(function()
    place = home.new{ config = "[default]\ncredential_process = sh -c 'cat $HOME/answer' Canary-argument\n" }
  end)
  after_each(function() place:remove() end)

  local function ask(answer)
    place:write("answer", answer)
    return cached.ask(place)
  end

  it("may have all members", function()
    assert.same({ Version = 1, AccessKeyId = "ASIAOFTHEPROGRAM", SecretAccessKey = "Canary-secret",
      SessionToken = "Canary-session", Expiration = "2100-01-02T03:04:05+00:00", AccountId = "123456789012" },
      (ask('{"Version":1,' .. KEYS .. [[,"SessionToken":"Canary-session","Expiration":"2100-01-02T03:04:05Z",
        "AccountId":"123456789012"}]])))
  end)

  -- What may be added or left out; a member of the credentials, and its value.
  local fine = {
    { "no session token", "", "SessionToken", nil },
    { "a session token that is null", ',"SessionToken":null', "SessionToken", nil },
    { "an empty session token", ',"SessionToken":""', "SessionToken", nil },
    { "no end", ',"SessionToken":"Canary-session"', "Expiration", nil },
    { "an end that is null", ',"Expiration":null', "Expiration", nil },
    { "no account", ',"Expiration":"2100-01-02T03:04:05Z"', "AccountId", nil },
    { "an end with an offset", ',"Expiration":"2100-01-02T03:04:05+02:00"', "Expiration",
      "2100-01-02T01:04:05+00:00" },
    { "an end with a fraction", ',"Expiration":"2100-01-02T03:04:05.678Z"', "Expiration",
      "2100-01-02T03:04:05+00:00" },
    { "members that nobody knows", ',"Future":{"a":[1,null]},"SessionTokens":2', "AccessKeyId", "ASIAOFTHEPROGRAM" },
  }
  for _, row in ipairs(fine) do
    it("may have " .. row[1], function()
      local creds = assert(ask('{"Version":1,' .. KEYS .. row[2] .. "}"))
      assert.equal(row[4], creds[row[3]])
    end)
  end

  it("may have space and line ends around it", function()
    assert(ask('\n  {"Version": 1,\r\n' .. KEYS .. "}\n\n"))
  end)

  -- What is no answer, and what the refusal says besides the source.
  local wrong = {
    { "has no version", "{" .. KEYS .. "}", "Version" },
    { "has version 2", '{"Version":2,' .. KEYS .. "}", "Version" },
    { "has a version that is a text", '{"Version":"1",' .. KEYS .. "}", "Version" },
    { "has a version that is null", '{"Version":null,' .. KEYS .. "}", "Version" },
    { "has a version between two", '{"Version":1.5,' .. KEYS .. "}", "Version" },
    { "has no key id", '{"Version":1,"SecretAccessKey":"Canary"}', "access key id" },
    { "has no secret", '{"Version":1,"AccessKeyId":"ASIA"}', "secret access key" },
    { "has an empty key id", '{"Version":1,"AccessKeyId":"","SecretAccessKey":"Canary"}', "access key id" },
    { "has an empty secret", '{"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":""}', "secret access key" },
    { "has a secret that is a number", '{"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":5}', "SecretAccessKey" },
    { "has an end that is no time", '{"Version":1,"Expiration":"Canary",' .. KEYS .. "}", "Expiration" },
    { "has expired", '{"Version":1,"Expiration":"2020-01-02T03:04:05Z",' .. KEYS .. "}",
      "expired at 2020%-01%-02T03:04:05Z" },
    { "has a line end in the key id", '{"Version":1,"AccessKeyId":"AS\\r\\nIA","SecretAccessKey":"Canary"}',
      "access key id" },
    { "is empty", "", "" },
    { "is a word", "Canary", "JSON" },
    { "is half a document", '{"Version":1,' .. KEYS, "JSON" },
    { "is a list", '[{"Version":1,' .. KEYS .. "}]", "list" },
    { "is null", "null", "" },
    { "is two documents", '{"Version":1,' .. KEYS .. '}{"Version":1,' .. KEYS .. "}", "JSON" },
    { "is a page", "<html>Canary</html>", "JSON" },
    { "is no UTF-8", '{"Version":1,"x":"\xff",' .. KEYS .. "}", "" },
    { "is shell", "export AWS_SECRET_ACCESS_KEY=Canary\n", "JSON" },
    { "is too much", '{"Version":1,"x":"' .. ("Canary"):rep(500000) .. '",' .. KEYS .. "}", "larger than" },
  }
  for _, row in ipairs(wrong) do
    it(("is refused, none of it shown, when it %s"):format(row[1]), function()
      place:write("answer", row[2])
      local text = cached.refusal(place)
      assert.matches("credential_process of profile default", text)
      assert.matches(row[3], text)
    end)
  end

  it("is refused when it never ends", function()
    place:write(".aws/config", "[default]\ncredential_process = yes Canary\n")
    assert.matches("credential_process of profile default", cached.refusal(place))
  end)
end)
