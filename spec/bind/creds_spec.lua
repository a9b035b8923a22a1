-- SPDX-License-Identifier: MIT
-- Credentials written for another program. The JSON is what the documentation of credential_process
-- asks for, the names of variables are those of the AWS CLI's documentation.
local core = require "ecr.core"
local process = require "spec.support.process"

local TEMPORARY = { id = "ASIAEXAMPLE", key = "wJalr/+Kx=", token = "FQoG//a+b==", expires = 1767323045.5,
  account = "123456789012", source = "static" }

local function creds(fields)
  local all = { id = "AKIDEXAMPLE", key = "key", source = "static" }
  for name, value in pairs(fields) do all[name] = value end
  return core.creds(all)
end

local function written(fields, form)
  local path = os.tmpname()
  local file = assert(core.create(path))
  assert.is_true(core.write_creds(file, creds(fields), form))
  file:close()
  file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  os.remove(path)
  return text
end

describe("written credentials", function()
  it("are what a credential_process prints", function()
    assert.equal('{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"wJalr/+Kx=",'
      .. '"SessionToken":"FQoG//a+b==","Expiration":"2026-01-02T03:04:05+00:00","AccountId":"123456789012"}\n',
      written(TEMPORARY, "process"))
    assert.equal('{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"a\\"b\\\\"}\n',
      written({ key = 'a"b\\' }, "process"))
  end)

  it("are lines for a shell", function()
    assert.equal("export AWS_ACCESS_KEY_ID=ASIAEXAMPLE\nexport AWS_SECRET_ACCESS_KEY=wJalr/+Kx=\n"
      .. "export AWS_SESSION_TOKEN=FQoG//a+b==\nexport AWS_CREDENTIAL_EXPIRATION=2026-01-02T03:04:05+00:00\n",
      written(TEMPORARY, "env"))
    assert.equal("export AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nexport AWS_SECRET_ACCESS_KEY='$(x)'\\'';&'\n",
      written({ key = "$(x)';&" }, "env"))
  end)

  it("are lines as they are for an environment file", function()
    assert.equal("AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY=$(x)';&\nAWS_SESSION_TOKEN=t\n",
      written({ key = "$(x)';&", token = "t" }, "env-no-export"))
  end)

  it("come through a shell byte for byte", function()
    local all = {}
    for byte = 0x21, 0x7e do all[#all + 1] = string.char(byte) end
    local key = table.concat(all)
    local script = process.file(written({ key = key }, "env") .. 'printf %s "$AWS_SECRET_ACCESS_KEY"\n')
    assert.equal(key, process.run("sh " .. script).output)
    os.remove(script)
  end)

  it("that do not reach a disk or a reader are a failure", function()
    local full = assert(io.open("/dev/full", "wb"))
    local ok, failure = core.write_creds(full, creds{}, "process")
    full:close()
    assert.is_nil(ok)
    assert.same({ "config", "write" }, { failure.kind, failure.code })
    local script = process.file([[
      local core, creds = require "ecr.core"
      creds = core.creds{ id = "a", key = "canary", source = "x" }
      local reader, ok, failure = io.popen("exec true", "w")
      repeat ok, failure = core.write_creds(reader, creds, "env") until not ok
      io.write(failure.kind, ": ", failure.message)]])
    local result = process.run("trap '' PIPE; LUA_CPATH='build/?.so;;' lua5.4 " .. script)
    os.remove(script)
    assert.equal("config: it cannot be written: Broken pipe", result.output)
  end)

  it("are refused in a form that there is none of, and closed ones", function()
    assert.is_false(pcall(core.write_creds, 1, creds{}, "yaml"))
    local closed = creds{}
    closed:close()
    assert.has_error(function() core.write_creds(1, closed, "env") end, "credentials are closed")
  end)
end)

describe("credentials", function()
  it("have a hash of their access key id (by coreutils' sha256sum)", function()
    local made = assert(core.creds{ id = "AKIDEXAMPLE", key = "key", source = "spec" })
    assert.equal("7a898e50dbd5b8305149c34046d159f7d02b5d1fe021d4de640842d3835fb549", made:key_hash())
  end)
end)
