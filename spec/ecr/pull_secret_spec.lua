-- SPDX-License-Identifier: MIT
-- Image pull secrets: "Pull an Image from a Private Registry" and "Secrets" in the Kubernetes documentation. The
-- base64 texts are those of coreutils' base64.
local auth = require "ecr.types.auth"
local core = require "ecr.core"
local dockerconfig = require "spec.support.dockerconfig"
local ecr = require "ecr"

local NOW = 1767225600 -- 2026-01-01T00:00:00Z
local TOKEN = "QVdTOmh1bnRlcjI6eA==" -- AWS:hunter2:x
local HOST, OTHER = "123456789012.dkr.ecr.us-east-1.amazonaws.com", "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
local ENTRY = { username = "AWS", password = "hunter2:x", auth = TOKEN }

local function creds_of(host, life, token)
  return assert(auth.credentials({ authorization_token = core.secret(token or TOKEN),
    expires_at = NOW + (life or 43200) }, host or HOST))
end

local function text_of(creds, options)
  local document = assert(ecr.pull_secret(creds, options))
  assert.equal("<secret>", tostring(document))
  return document:reveal()
end

local function read(creds, options)
  return dockerconfig.read(text_of(creds, options), options.format or "yaml")
end

local function refusal(creds, options)
  local got, err = ecr.pull_secret(creds, options)
  assert.is_nil(got)
  assert.same({ "input", "not a secret" }, { err.kind, tostring(err):find("hunter2", 1, true) and "secret"
    or "not a secret" })
  return err.message
end

describe("a pull secret", function()
  it("is a Kubernetes secret with docker's configuration as JSON", function()
    local labels = { team = "red", ["example.org/tier"] = "" }
    assert.same({ apiVersion = "v1", kind = "Secret", type = "kubernetes.io/dockerconfigjson",
      metadata = { name = "ecr", namespace = "prod", labels = labels,
        annotations = { ["ecrlua/expires-at"] = "2026-01-01T12:00:00Z" } },
      data = { [".dockerconfigjson"] = { auths = { [HOST] = ENTRY } } } },
      read(creds_of(), { name = "ecr", namespace = "prod", format = "json", labels = labels }))
  end)

  it("is the same as YAML", function()
    if not dockerconfig.reads_yaml() then return pending("there is no PyYAML here") end
    local labels = { team = "red", ["example.org/tier"] = "", yes = "on", n = "1.0" }
    local options = { name = "1.0", namespace = "123", labels = labels }
    local as_yaml = read({ creds_of(), creds_of(OTHER) }, options)
    options.format = "json"
    assert.same(read({ creds_of(), creds_of(OTHER) }, options), as_yaml)
  end)

  it("is YAML unless JSON is asked for", function()
    local data = text_of(creds_of(), { name = "ecr", format = "json" }):match('json": "([^"]+)"')
    assert.equal(table.concat({ "apiVersion: v1", "kind: Secret", "metadata:", '  name: "ecr"', '  namespace: "prod"',
      "  labels:", '    "a": "1"', '    "team": "red"', "  annotations:",
      '    "ecrlua/expires-at": "2026-01-01T12:00:00Z"', "type: kubernetes.io/dockerconfigjson", "data:",
      "  .dockerconfigjson: " .. data, "" }, "\n"), text_of(creds_of(), { name = "ecr", namespace = "prod",
      labels = { team = "red", a = "1" } }))
  end)

  it("names neither a namespace nor labels that nobody asked for", function()
    for _, labels in ipairs{ false, {} } do
      assert.same({ name = "ecr", annotations = { ["ecrlua/expires-at"] = "2026-01-01T12:00:00Z" } },
        read(creds_of(), { name = "ecr", labels = labels or nil, format = "json" }).metadata)
    end
  end)

  it("holds several registries, and says when the first of them is shut", function()
    local document = read({ creds_of(HOST, 7200), creds_of("public.ecr.aws"), creds_of(OTHER, 3600.9) },
      { name = "ecr", format = "json" })
    assert.same({ [HOST] = ENTRY, [OTHER] = ENTRY, ["public.ecr.aws"] = ENTRY },
      document.data[".dockerconfigjson"].auths)
    assert.equal("2026-01-01T01:00:00Z", document.metadata.annotations["ecrlua/expires-at"])
  end)

  it("is the same text whatever the order of registries and labels", function()
    local options = { name = "ecr", labels = {} }
    for i = 1, 20 do options.labels["l" .. i] = "x" end
    local other = { name = "ecr", labels = {} }
    for i = 20, 1, -1 do other.labels["l" .. i] = "x" end
    local list = { creds_of(OTHER), creds_of(HOST) }
    local config = dockerconfig.unbase64(text_of(list, options):match("%.dockerconfigjson: (%S+)"))
    assert.is_true(config:find(HOST, 1, true) < config:find(OTHER, 1, true))
    assert.equal(text_of({ creds_of(HOST), creds_of(OTHER) }, options), text_of(list, other))
    assert.equal(OTHER, list[1].registry) -- the caller's list is the caller's
  end)

  it("holds one password for a registry", function()
    assert.matches(HOST .. " was given twice", refusal({ creds_of(), creds_of(OTHER), creds_of() }, { name = "a" }),
      nil, true)
  end)

  it("needs credentials", function()
    assert.matches("no credentials", refusal({}, { name = "a" }))
  end)

  it("is no larger than Kubernetes takes", function()
    local token = core.base64("AWS:" .. ("x"):rep(100000))
    local list = {}
    for i = 1, 4 do list[i] = creds_of(("%012d.dkr.ecr.us-east-1.amazonaws.com"):format(i), nil, token) end
    assert.is_true(#assert(ecr.pull_secret(list, { name = "a" })) > 1024 * 1024) -- the limit is on what base64 hides
    list[5] = creds_of(HOST, nil, token)
    assert.matches("Kubernetes takes 1048576 bytes", refusal(list, { name = "a" }))
  end)

  it("is not made of a token that JSON cannot hold", function()
    assert.matches(HOST, refusal(creds_of(HOST, nil, core.base64("AWS:\xff")), { name = "a" }), nil, true)
  end)

  for what, options in pairs{
    ["no name"] = {}, ["an empty name"] = { name = "" }, ["a name in capitals"] = { name = "No" },
    ["a name with an empty part"] = { name = "a..b" }, ["a name with a line feed"] = { name = "a\nb" },
    ["a name that is too long"] = { name = ("a"):rep(254) }, ["a namespace with a dot"] = { name = "a",
    namespace = "a.b" }, ["a format of its own"] = { name = "a", format = "xml" },
    ["a label with a blank"] = { name = "a", labels = { ["a b"] = "x" } },
    ["a label with two slashes"] = { name = "a", labels = { ["a/b/c"] = "x" } },
    ["a label whose value begins with -"] = { name = "a", labels = { a = "-x" } },
    ["a label whose value is no text"] = { name = "a", labels = { a = true } },
    ["labels that are a list"] = { name = "a", labels = { "x" } }, ["an unknown option"] = { nam = "a" },
  } do
    it("is refused for " .. what, function() refusal(creds_of(), options) end)
  end
end)
