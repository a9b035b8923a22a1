-- SPDX-License-Identifier: MIT
-- The proof of possession that a login's refresh needs, checked with the openssl command.
local cjson = require "cjson"
local core = require "ecr.core"
local process = require "spec.support.process"

local URL = "https://us-east-1.signin.aws.amazon.com/v1/token"

local function run(command, ...)
  local result = process.run("{ " .. command:format(...) .. "; }")
  assert(result.code == 0, result.errors)
  return result.output
end

local function unbase64url(text)
  return core.unbase64(text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" }) .. ("="):rep(-#text % 4))
end

--- An integer of the certificates' form.
local function integer(bytes)
  bytes = bytes:gsub("^\0+", "")
  if bytes:byte() >= 0x80 then bytes = "\0" .. bytes end
  return "\2" .. string.char(#bytes) .. bytes
end

--- r and s as openssl wants them.
local function der(raw)
  local both = integer(raw:sub(1, 32)) .. integer(raw:sub(33))
  return "\x30" .. string.char(#both) .. both
end

local function parts(jwt)
  local header, payload, signature = jwt:match("^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$")
  return { signed = header .. "." .. payload, header = unbase64url(header), payload = unbase64url(payload),
    signature = unbase64url(signature) }
end

describe("a proof of possession", function()
  local key, files

  before_each(function()
    files = {}
    key = process.file("", ".pem")
    files[1] = key
  end)
  after_each(function()
    for _, path in ipairs(files) do os.remove(path) end
  end)

  local function new_key(command)
    run(command .. " > %s", key)
    return core.secret(run("cat %s", key))
  end

  local function new_p256()
    return new_key("openssl ecparam -name prime256v1 -genkey -noout")
  end

  local function file(content)
    files[#files + 1] = process.file(content)
    return files[#files]
  end

  it("is signed by the key", function()
    local pem = new_p256()
    for _ = 1, 20 do -- some have an r or s that begins with a zero
      local proof = parts(core.dpop(pem, URL, 1767323045.9):reveal())
      assert.equal(64, #proof.signature)
      run("openssl ec -in %s -pubout > %s", key, file(""))
      run("openssl dgst -sha256 -verify %s -signature %s %s", files[#files], file(der(proof.signature)),
        file(proof.signed))
    end
  end)

  it("has the members of the protocol and no others", function()
    local proof = parts(core.dpop(new_p256(), URL, 1767323045.9):reveal())
    local point = core.unbase64(run("openssl ec -in %s -pubout -outform DER | base64 -w0", key)):sub(-64)
    local header = cjson.decode(proof.header)
    assert.equal(point, unbase64url(header.jwk.x) .. unbase64url(header.jwk.y))
    header.jwk.x, header.jwk.y = nil, nil
    assert.same({ typ = "dpop+jwt", alg = "ES256", jwk = { kty = "EC", crv = "P-256" } }, header)
    local payload = cjson.decode(proof.payload)
    assert.matches("^%x+%-%x+%-4%x%x%x%-[89ab]%x%x%x%-%x+$", payload.jti)
    assert.equal(36, #payload.jti)
    payload.jti = nil
    assert.same({ htm = "POST", htu = URL, iat = 1767323045 }, payload)
  end)

  it("is another one each time, and sealed", function()
    local pem = new_p256()
    local first, second = core.dpop(pem, URL, 0), core.dpop(pem, URL, 0)
    assert.equal("<secret>", tostring(first))
    assert.not_equal(cjson.decode(parts(first:reveal()).payload).jti,
      cjson.decode(parts(second:reveal()).payload).jti)
  end)

  it("takes a key in either form", function()
    assert(core.dpop(new_key("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"), URL, 0))
  end)

  it("is refused for every other key, and nobody is asked for a password", function()
    for _, command in ipairs{ "openssl ecparam -name secp384r1 -genkey -noout",
      "openssl ecparam -name secp256k1 -genkey -noout",
      "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "openssl genpkey -algorithm ED25519",
      "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout",
      "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:canary",
      "openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -passout pass:canary", "echo canary" } do
      local jwt, failure = core.dpop(new_key(command), URL, 0)
      assert.is_nil(jwt, command)
      assert.same({ "auth", "dpop_key" }, { failure.kind, failure.code })
      assert.is_nil(failure.message:find("canary", 1, true))
    end
  end)

  it("is refused for an address that is none and is a mistake without a time", function()
    local pem = new_p256()
    for _, url in ipairs{ "\xff", ("x"):rep(2049) } do
      local jwt, failure = core.dpop(pem, url, 0)
      assert.is_nil(jwt)
      assert.equal("input", failure.kind)
    end
    assert(core.dpop(pem, ('"'):rep(2048), 0))
    assert.is_false(pcall(core.dpop, pem, URL, 0 / 0))
    assert.is_false(pcall(core.dpop, "text", URL, 0))
  end)
end)
