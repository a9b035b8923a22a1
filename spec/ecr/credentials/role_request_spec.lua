-- SPDX-License-Identifier: MIT
-- What a profile that assumes a role asks of AWS's Security Token Service, and when.
local process = require "spec.support.process"
local sts = require "spec.support.sts"

describe("a profile that assumes a role, of the service", function()
  local server, place

  before_each(function() server = sts.serve() end)

  after_each(function()
    server:stop()
    if place then place:remove() end
    place = nil
  end)

  local function dev(lines, more) place = sts.home(lines, more) end

  local function run(environment, options) return sts.run(place, server, environment, options) end

  local function credentials(...) return sts.credentials(run(...)) end

  describe("asks the service", function()
    local function asked_with(lines, more)
      dev("source_profile = base\n" .. lines)
      credentials(more)
      return sts.form(server:requests()[1]), server:requests()[1]
    end

    it("as AWS's query protocol says", function()
      local _, request = asked_with("")
      assert.equal("POST", request.method)
      assert.equal("/", request.path)
      assert.matches("^application/x%-www%-form%-urlencoded", request.headers["content-type"])
      assert.matches("^AWS4%-HMAC%-SHA256 Credential=AKIABASEEXAMPLE00000/%d+/us%-east%-1/sts/aws4_request, ",
        request.headers.authorization)
      assert.is_nil(request.body:find("canary", 1, true))
    end)

    it("for the role alone, under a name that is made", function()
      local form = asked_with("")
      local name = form.RoleSessionName
      form.RoleSessionName, form.DurationSeconds = nil, nil
      assert.same({ Action = "AssumeRole", Version = "2011-06-15", RoleArn = sts.DEV }, form)
      assert.matches("^[%w_+=,.@-]+$", name)
      assert.is_true(#name >= 2 and #name <= 64)
    end)

    it("for an hour if nothing is said", function()
      local duration = asked_with("").DurationSeconds
      assert.is_true(duration == nil or duration == "3600") -- the service's own default is an hour
    end)

    it("under the name that was given, for the time that was given, with the external id", function()
      local form = asked_with("role_session_name = me+you@example.com\nduration_seconds = 900\n"
        .. "external_id = a,b:c/d=e@f-g.h+i")
      assert.equal("me+you@example.com", form.RoleSessionName)
      assert.equal("900", form.DurationSeconds)
      assert.equal("a,b:c/d=e@f-g.h+i", form.ExternalId)
    end)

    it("for the longest time there is", function()
      assert.equal("43200", asked_with("duration_seconds = 43200").DurationSeconds)
    end)

    it("in the region of the profile", function()
      dev("source_profile = base\nregion = eu-central-1")
      credentials{ AWS_REGION = "" }
      assert.equal("eu-central-1", select(2, sts.signer(server:requests()[1])))
    end)

    it("at the endpoint of the profile that was chosen, not of its source", function()
      dev("source_profile = two\nservices = mine", "[profile two]\nservices = others\n" .. sts.KEYS
        .. "[services mine]\nsts =\n  endpoint_url = " .. server.url .. "\n"
        .. "[services others]\nsts =\n  endpoint_url = http://127.0.0.1:1\n")
      credentials{ AWS_ENDPOINT_URL_STS = false }
      assert.equal(1, #server:requests())
    end)

    it("with a signature that its secret makes, by openssl's account", function()
      local _, request = asked_with("")
      local when = request.headers["x-amz-date"]
      local signed = request.headers.authorization:match("SignedHeaders=([^,]+)")
      local function digest(text, how)
        local path = process.file(text)
        local result = process.run(("openssl dgst -sha256 %s %s"):format(how or "", path))
        os.remove(path)
        return result.output:match("(%x+)%s*$")
      end
      local lines = {}
      for name in signed:gmatch("[^;]+") do lines[#lines + 1] = name .. ":" .. request.headers[name] .. "\n" end
      local canonical = ("POST\n/\n\n%s\n%s\n%s"):format(table.concat(lines), signed, digest(request.body))
      local scope = when:sub(1, 8) .. "/us-east-1/sts/aws4_request"
      local key = ("AWS4canary-base-secret"):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
      for part in (scope .. "/"):gmatch("([^/]+)/") do key = digest(part, "-mac HMAC -macopt hexkey:" .. key) end
      local text = ("AWS4-HMAC-SHA256\n%s\n%s\n%s"):format(when, scope, digest(canonical))
      assert.equal(digest(text, "-mac HMAC -macopt hexkey:" .. key), request.headers.authorization:match("%x+$"))
    end)
  end)

  describe("among other sources", function()
    it("gives way to keys in the environment", function()
      dev("source_profile = base")
      assert.equal("AKIAENVEXAMPLE000000", credentials{ AWS_ACCESS_KEY_ID = "AKIAENVEXAMPLE000000",
        AWS_SECRET_ACCESS_KEY = "canary-env" }.AccessKeyId)
    end)

    it("comes before them when the profile is named on the command line", function()
      dev("source_profile = base")
      assert.equal("ASIAEXAMPLE000000001", credentials({ AWS_ACCESS_KEY_ID = "AKIAENVEXAMPLE000000",
        AWS_SECRET_ACCESS_KEY = "canary-env" }, { "--profile", "dev" }).AccessKeyId)
    end)

    it("comes before the profile's own keys", function()
      dev("source_profile = base\naws_access_key_id = AKIAOTHEREXAMPLE0000\naws_secret_access_key = canary-other")
      assert.equal("ASIAEXAMPLE000000001", credentials().AccessKeyId)
    end)

    it("is told in the explanation, without a secret", function()
      dev("source_profile = base")
      local steps, text = place:explain{ AWS_PROFILE = "dev", AWS_ENDPOINT_URL_STS = server.url }
      assert.equal("used", steps["assumed role"].state)
      assert.matches("role/dev", steps["assumed role"].detail, 1, true)
      assert.equal("not asked", steps["config file"].state)
      assert.is_nil(text:find("canary", 1, true))
    end)
  end)
end)
