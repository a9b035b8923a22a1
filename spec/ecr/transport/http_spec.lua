-- SPDX-License-Identifier: MIT
-- The HTTP path against a real server process on loopback.
local ecr = require "ecr"
local loop = require "ecr.loop"
local process = require "spec.support.process"

local server

--- A server whose handler is the body of function(request, connection).
local function serve(body)
  if server then server:stop() end
  server = process.serve("return function(request, connection) " .. body .. " end")
  return server
end

local function client(options)
  local settings = { region = "us-east-1", endpoint_url = server.url, access_key_id = "AKIDEXAMPLE",
    secret_access_key = "secret", session_token = "sessiontoken", max_retries = 0, timeout = 5, proxy = "" }
  for key, value in pairs(options or {}) do settings[key] = value end
  return assert(ecr.client(settings))
end

local function describe_app(options)
  return client(options):call("DescribeRepositories", { repository_names = { "app" } })
end

local OK = [[return {body = '{"repositories":[{"repositoryName":"app","createdAt":1.5}]}',
  headers = {["x-amzn-RequestId"] = "r-1", ["content-type"] = "application/x-amz-json-1.1"}}]]

describe("the HTTP transport", function()
  after_each(function()
    if server then server:stop() end
    server = nil
    assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
  end)

  it("sends what AWS's JSON protocol asks for, signed", function()
    serve(OK)
    local output = assert(describe_app())
    assert.equal("app", output.repositories[1].repository_name)
    assert.equal(1.5, output.repositories[1].created_at)
    local request = server:requests()[1]
    assert.equal("POST", request.method)
    assert.equal("/", request.path)
    assert.equal('{"repositoryNames":["app"]}', request.body)
    assert.equal("application/x-amz-json-1.1", request.headers["content-type"])
    assert.equal("AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", request.headers["x-amz-target"])
    assert.equal("127.0.0.1:" .. server.port, request.headers.host)
    assert.equal("sessiontoken", request.headers["x-amz-security-token"])
    assert.matches("^%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ$", request.headers["x-amz-date"])
    assert.matches("^AWS4%-HMAC%-SHA256 Credential=AKIDEXAMPLE/%d+/us%-east%-1/ecr/aws4_request, "
      .. "SignedHeaders=content%-type;host;x%-amz%-date;x%-amz%-security%-token;x%-amz%-target, "
      .. "Signature=%x+$", request.headers.authorization)
    assert.matches("^ecrlua/", request.headers["user-agent"])
    assert.is_nil(request.headers.expect)
    assert.is_nil(request.body:find("secret", 1, true))
  end)

  it("signs ECR Public as ecr-public in us-east-1, whatever the region", function()
    serve([[return {body = "{}"}]])
    local public = client{ region = "eu-west-1" }
    public.config.public_endpoint_url = server.url
    assert(public:call("ecr-public:DescribeRepositories", {}))
    local request = server:requests()[1]
    assert.matches("/us%-east%-1/ecr%-public/aws4_request", request.headers.authorization)
    assert.equal("SpencerFrontendService.DescribeRepositories", request.headers["x-amz-target"])
  end)

  it("uses one connection for calls one after the other", function()
    serve(OK)
    local one = client()
    for _ = 1, 5 do assert(one:call("DescribeRepositories", {})) end
    for _, request in ipairs(server:requests()) do assert.equal(1, request.connection) end
  end)

  it("has several requests in flight at the same time", function()
    -- the server answers nobody before it has been asked eight times
    serve([[asked = (asked or 0) + 1 while asked < 8 do connection:sleep(0.005) end ]] .. OK)
    local one = client()
    local calls = {}
    for i = 1, 8 do calls[i] = function() return one:call("DescribeRepositories", {}) end end
    local results, errors = ecr.all(calls)
    assert.is_nil(errors)
    assert.equal("app", results[8].repositories[1].repository_name)
  end)

  it("gives AWS's error with code, message, status and request id", function()
    serve([[return {status = 400, headers = {["x-amzn-RequestId"] = "r-7"},
      body = '{"__type":"com.amazonaws#RepositoryNotFoundException","message":"no such thing"}'}]])
    local _, err = describe_app()
    assert.equal("not_found", err.kind)
    assert.equal("RepositoryNotFoundException", err.code)
    assert.equal("no such thing", err.message)
    assert.equal(400, err.status)
    assert.equal("r-7", err.request_id)
    assert.equal("DescribeRepositories", err.operation)
    assert.is_false(err.retryable)
  end)

  it("gives out nothing of what it sent when a refusal quotes it", function()
    local token = "IQoJb3JpZ2luX2VjEXAMPLE/token+with/slashes=="
    serve([[local token = request.headers["x-amz-security-token"]
      local quoted = request.count == 1 and token or token:gsub("/", "\\/")
      return {status = 403, body = '{"__type":"InvalidSignatureException","message":"the canonical string was: '
        .. 'x-amz-security-token:' .. quoted .. ' and ' .. request.headers.authorization:gsub('"', "") .. '"}'}]])
    for _ = 1, 2 do
      local _, err = describe_app{ session_token = token }
      assert.equal("InvalidSignatureException", err.code)
      assert.matches("the canonical string was: x%-amz%-security%-token:%*+ and %*+", err.message)
      assert.is_nil(err.message:find("EXAMPLE", 1, true))
      assert.is_nil(err.message:find("Signature=", 1, true))
    end
  end)

  it("takes the code from the header when the body has none", function()
    serve([[return {status = 400, headers = {["x-amzn-ErrorType"] = "AccessDeniedException:http://x"}, body = "{}"}]])
    local _, err = describe_app()
    assert.equal("denied", err.kind)
    assert.equal("AccessDeniedException", err.code)
  end)

  it("tries again after throttling and server errors, signing anew, and says how often", function()
    serve([[if request.count < 3 then return {status = request.count == 1 and 500 or 503, body = "busy"} end ]] .. OK)
    assert(describe_app{ max_retries = 3 })
    assert.equal(3, #server:requests())
    serve([[return {status = 503, body = "<html>busy</html>"}]])
    local _, err = describe_app{ max_retries = 1 }
    assert.equal("server", err.kind)
    assert.equal(2, err.attempts)
    assert.equal(2, #server:requests())
  end)

  it("does not try again what cannot succeed", function()
    serve([[return {status = 400, body = '{"__type":"LimitExceededException","message":"once a day"}'}]])
    local _, err = describe_app{ max_retries = 3 }
    assert.equal("limit", err.kind)
    assert.equal(1, #server:requests())
  end)

  it("never follows a redirect, and sends its credentials nowhere else", function()
    serve([[return {status = 302, headers = {location = "http://127.0.0.1:1/"}}]])
    local _, err = describe_app()
    assert.equal("protocol", err.kind)
    assert.matches("never followed", err.message)
  end)

  -- What a hostile or broken server sends, and the kind and code of the error.
  local broken = {
    { "a reset", "connection:reset()", "network", nil },
    { "nothing at all", "connection:close()", "network", "empty" },
    { "half a body", [[connection:send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"repos") connection:close()]],
      "network", "truncated" },
    { "no HTTP", [[connection:send("SSH-2.0-OpenSSH\r\n") connection:close()]], "protocol", "reply" },
    { "a page instead of JSON", [[return {body = "<html>sign in</html>"}]], "protocol", "json" },
    { "half a document", [[return {body = '{"repositories":['}]], "protocol", "json" },
    { "a list instead of an object", [[return {body = '[]'}]], "protocol", "shape" },
    { "a wrong type", [[return {body = '{"repositories":{}}'}]], "protocol", "shape" },
    { "an empty body", [[return {body = ''}]], "protocol", "json" },
    { "headers without end", [[connection:send("HTTP/1.1 200 OK\r\n")
      for i = 1, 20000 do if not connection:send("x-" .. i .. ": " .. ("y"):rep(100) .. "\r\n") then break end end]],
      "protocol", "too_large" },
    { "a refusal without end", [[connection:send("HTTP/1.1 400 Bad\r\ncontent-length: 10000000\r\n\r\n")
      for _ = 1, 200 do if not connection:send(("x"):rep(10000)) then break end end]], "protocol", "too_large" },
  }
  for _, row in ipairs(broken) do
    it(("calls %s an error of kind %s"):format(row[1], row[3]), function()
      serve(row[2])
      local output, err = describe_app()
      assert.is_nil(output)
      assert.equal(row[3], err.kind)
      if row[4] then assert.equal(row[4], err.code) end
    end)
  end

  it("gives up in time on a server that says nothing, and on one that drips", function()
    serve([[connection:sleep(30)]])
    local _, err = describe_app{ timeout = 0.3 }
    assert.equal("timeout", err.kind)
    server:stop()
    serve([[connection:send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
      for _ = 1, 100 do connection:sleep(0.05) if not connection:send(" ") then break end end]])
    _, err = describe_app{ timeout = 0.3 }
    assert.equal("timeout", err.kind)
  end)

  it("holds all attempts to one deadline", function()
    serve([[return {status = 500, body = "no"}]])
    local one = client{ max_retries = 100 }
    local start = loop.now()
    local _, err = one:call("DescribeRepositories", {}, { deadline = start + 0.5 })
    assert.equal("deadline", err.code)
    assert.equal("server", err.cause.kind)
    assert.is_true(loop.now() - start < 1)
  end)

  it("says what is wrong when nobody listens or the name does not exist", function()
    server = { url = "http://127.0.0.1:1", stop = function() end }
    local _, err = describe_app()
    assert.equal("network", err.kind)
    assert.equal("connect", err.code)
    server.url = "http://nothing.invalid"
    _, err = describe_app()
    assert.equal("network", err.kind)
    assert.equal("dns", err.code)
  end)

  it("trusts a certificate that it was told to trust, for its host and no other", function()
    local here = process.certificate("IP:127.0.0.1")
    server = process.serve("return function(request, connection) " .. OK .. " end", here)
    assert(describe_app{ ca_bundle = here.certificate })
    assert.equal(1, #server:requests())
    server.url = server.url:gsub("127%.0%.0%.1", "localhost")
    local _, err = describe_app{ ca_bundle = here.certificate, max_retries = 3 }
    assert.equal("certificate", err.code)
    assert.equal(1, err.attempts)
    assert.is_false(err.retryable)
  end)

  it("sends nothing to a server whose certificate the system does not trust", function()
    server = process.serve("return function(request, connection) " .. OK .. " end",
      process.certificate("IP:127.0.0.1"))
    local _, err = describe_app{ max_retries = 3 }
    assert.equal("network", err.kind)
    assert.equal("certificate", err.code)
    assert.equal(1, err.attempts)
    assert.same({}, server:requests())
  end)

  it("says which CA bundle cannot be read", function()
    local _, err = ecr.client{ region = "us-east-1", ca_bundle = "/no/such/bundle.pem" }
    assert.equal("config", err.kind)
    assert.matches("/no/such/bundle.pem", err.message)
  end)

  it("goes through the proxy of the environment, and not where NO_PROXY says", function()
    serve(OK)
    local code = [[local c = require("ecr").client{region = "us-east-1", endpoint_url = "http://ecr.invalid/",
      max_retries = 0} print(c:call("DescribeRepositories", {}))]]
    local keys = { "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "http_proxy=" .. server.url }
    assert.matches("^table", process.ecrlua({ "-e", code }, keys).output)
    assert.equal("http://ecr.invalid/", server:requests()[1].path)
    keys[4] = "no_proxy=ecr.invalid"
    assert.matches("dns", process.ecrlua({ "-e", code }, keys).output)
    assert.equal(1, #server:requests())
  end)

  it("seals tokens also through call", function()
    serve([[return {body = '{"authorizationData":[{"authorizationToken":"QVdTOmh1bnRlcjI=","expiresAt":5}]}'}]])
    local output = assert(client():call("GetAuthorizationToken", {}))
    local token = output.authorization_data[1].authorization_token
    assert.equal("<secret>", tostring(token))
    assert.equal("QVdTOmh1bnRlcjI=", token:reveal())
  end)

  --- A client over a handle that answers with these events, one for each request, in one poll.
  local function with_events(events)
    local one = client()
    local submitted, polls = 0, 0
    one.exchange.transport = setmetatable({ events = false, core = {
      submit = function() submitted = submitted + 1 return submitted end,
      poll = function() polls = polls + 1 return polls == 1 and events or {} end,
    } }, getmetatable(one.exchange.transport))
    return one
  end

  it("raises lack of memory in the task whose answer it was, and in no other", function()
    serve(OK)
    local one = with_events{ { ticket = 1, failure = { kind = "memory", message = "out of memory" } },
      { ticket = 2, status = 200, headers = {}, value = { repositories = {} } } }
    local function ask() return one:call("DescribeRepositories", {}) end
    local outcomes = ecr.all{
      function() return { pcall(ask) } end,
      function() return { pcall(ask) } end,
    }
    assert.same({ false, "not enough memory" }, outcomes[1])
    assert.same({ true, { repositories = {} } }, outcomes[2])
  end)

  it("hands out at the next poll what it had no memory for at one", function()
    serve(OK)
    local headers = setmetatable({}, { __index = function() error("not enough memory", 0) end })
    local transport = with_events{ { ticket = 1, status = 500, headers = {} },
      { ticket = 2, status = 503, headers = headers } }.exchange.transport
    assert.same({ false, "not enough memory" }, { pcall(transport.poll, transport, 0) })
    setmetatable(headers, nil)
    local events = transport:poll(0)
    assert.same({ "HTTP status 500", "HTTP status 503" }, { events[1].fault.message, events[2].fault.message })
    assert.same({}, transport:poll(0))
  end)

  it("takes a request back when its task is cancelled", function()
    serve([[connection:sleep(30)]])
    local one = client()
    local task = ecr.spawn(function() return one:call("DescribeRepositories", {}) end)
    ecr.sleep(0)
    assert.equal(1, loop.pending().tickets)
    task:cancel()
    assert.equal(0, one.exchange.transport.core:in_flight())
    local _, err = task:await()
    assert.equal("cancelled", err.kind)
  end)

  it("can be driven by a foreign event loop", function()
    serve(OK)
    local one = client()
    local output
    local task = ecr.spawn(function() output = one:call("DescribeRepositories", {}) end)
    assert.is_true(ecr.loop.fd() >= 0)
    local start = loop.now()
    while not output and loop.now() - start < 10 do
      ecr.loop.step(0)
      local wait = ecr.loop.timeout()
      assert.is_true(wait == nil or wait >= 0)
    end
    task:await()
    assert.equal("app", output.repositories[1].repository_name)
  end)
end)
