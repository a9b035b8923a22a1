-- SPDX-License-Identifier: MIT
local error_object = require "ecr.error"

describe("the error object", function()
  it("reads as one line with kind, code, status and request id", function()
    local err = error_object.new{ kind = "not_found", code = "RepositoryNotFoundException",
      status = 400,
      message = "The repository with name 'x' does not exist", operation = "DescribeImages",
      region = "eu-west-1", request_id = "abc" }
    assert.equal("DescribeImages in eu-west-1: The repository with name 'x' does not exist "
      .. "(not_found, RepositoryNotFoundException, HTTP 400, request abc)", tostring(err))
  end)

  it("keeps line breaks and terminal controls of a message out of its line", function()
    local err = error_object.new{ kind = "server", message = "a\nb\27[31mc" }
    assert.is_nil(tostring(err):find("[%c]"))
  end)

  it("refuses a kind that is not in the closed list", function()
    assert.has_error(function() error_object.new{ kind = "odd", message = "x" } end)
  end)

  it("strips the decorations of a code", function()
    assert.equal("Name", error_object.plain_code("com.amazon#Name:http://x"))
    assert.equal("Name", error_object.plain_code("Name"))
    assert.is_nil(error_object.plain_code(nil))
  end)

  it("takes nothing for a code that is no name", function()
    for _, text in ipairs{ "", "#", ":x", "not a code", "a\27[2J", ("x"):rep(129) } do
      assert.is_nil(error_object.plain_code(text))
    end
  end)

  -- Kinds as the API reference and the retry documentation put them.
  local rows = {
    { "RepositoryNotFoundException", 400, "not_found", false },
    { "AccessDeniedException", 400, "denied", false },
    { "AccessDeniedException", 403, "denied", false },
    { "UnrecognizedClientException", 403, "auth", false },
    { "ExpiredTokenException", 403, "auth", false },
    { "ThrottlingException", 400, "throttled", true },
    { "TooManyRequestsException", 429, "throttled", true },
    { "LimitExceededException", 400, "limit", false },
    { "ServerException", 500, "server", true },
    { "InvalidParameterException", 400, "input", false },
    { "ImageTagAlreadyExistsException", 400, "conflict", false },
    { nil, 503, "server", true },
    { nil, 501, "server", false },
    { nil, 429, "throttled", true },
    { nil, 404, "not_found", false },
    { "NeverHeardOfIt", 400, "input", false },
    { nil, 302, "protocol", false },
  }
  for _, row in ipairs(rows) do
    it(("classifies %s with HTTP %d as %s"):format(row[1] or "no code", row[2], row[3]), function()
      local kind, retryable = error_object.classify(row[1], row[2])
      assert.equal(row[3], kind)
      assert.equal(row[4], retryable)
    end)
  end
end)
