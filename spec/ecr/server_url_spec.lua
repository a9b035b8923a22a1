-- SPDX-License-Identifier: MIT
-- Which registry an address means. Hosts: "Amazon ECR endpoints and quotas"; forms of addresses: what docker,
-- podman and skopeo hand to a credential helper.
local server_url = require "ecr.server_url"

local HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

describe("a server URL", function()
  for _, text in ipairs{ HOST, "https://" .. HOST, "https://" .. HOST .. "/", HOST .. "/v2/", "HTTPS://" .. HOST,
    HOST:upper(), HOST .. ":443", "https://" .. HOST .. ":443/v1/", HOST .. "/app/nested" } do
    it("names an ECR registry: " .. text, function()
      local registry = assert(server_url.registry(text))
      assert.same({ HOST, "123456789012", "us-east-1" }, { registry.host, registry.account, registry.region })
    end)
  end

  for _, host in ipairs{ "public.ecr.aws", "ecr-public.aws.com", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
    "123456789012.dkr-ecr.eu-west-1.on.aws", "123456789012.dkr-ecr-fips.us-east-1.on.aws",
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu" } do
    it("names an ECR registry: " .. host, function()
      assert.equal(host, assert(server_url.registry("https://" .. host)).host)
    end)
  end

  for _, text in ipairs{ "docker.io", "https://index.docker.io/v1/", "localhost:5000", "123456789012", "[::1]:5000",
    "evil-" .. HOST .. ".example.com", HOST .. ".example.com", "x" .. HOST, "x." .. HOST, "evil.example/" .. HOST,
    "https://" .. HOST .. "@evil.example/", "https://AWS:word@" .. HOST, HOST .. ":5000", HOST .. "?x", HOST .. "#x",
    HOST .. ".", "//" .. HOST, HOST .. " x", "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    "vpce-1.dkr.ecr.us-east-1.vpce.amazonaws.com", "public.ecr.aws.evil.example", "http://docker.io", "\u{ff11}.x" } do
    it("of another server is none: " .. text, function()
      assert.same({ n = 1 }, table.pack((server_url.registry(text))))
      assert.is_nil(select(2, server_url.registry(text)))
    end)
  end

  for _, scheme in ipairs{ "http", "HTTP", "ftp", "oci" } do
    it("over " .. scheme .. " is refused, and says why", function()
      local registry, err = server_url.registry(scheme .. "://" .. HOST .. "/v2/")
      assert.is_nil(registry)
      assert.same({ "input", "server_url" }, { err.kind, err.code })
      assert.matches(HOST .. " is asked over " .. scheme, err.message, 1, true)
    end)
  end

  for what, text in pairs{ ["longer than 2048 bytes"] = HOST .. "/" .. ("x"):rep(2048), ["a control character"] = HOST
    .. "\n.example.com", ["control character"] = HOST .. "\0.example.com", ["not UTF-8"] = HOST .. "/\xff" } do
    it("that is no text is refused, and not repeated: " .. what, function()
      local registry, err = server_url.registry(text)
      assert.is_nil(registry)
      assert.equal("input", err.kind)
      assert.matches(what, err.message, 1, true)
      assert.not_matches("123456789012", err.message)
    end)
  end
end)
