-- SPDX-License-Identifier: MIT
-- What specs of logging in share: registries under ECR's names, each with the password of its region, and ECR
-- itself on loopback, which gives the passwords out. Everything that must not be seen is called canary.
local clients = require "spec.support.clients"
local cloud = require "spec.support.cloud"
local mime = require "mime"
local process = require "spec.support.process"
local registry = require "spec.support.registry"

local logins = {}

local ECRLUA = process.ECRLUA:find("^/") and process.ECRLUA or os.getenv("PWD") .. "/" .. process.ECRLUA

--- Hosts of one account: two regions, and more names of the first. RECORDED takes any password and says which;
--- FOREIGN, which is none of ECR's, does so too.
logins.HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
logins.FIPS = "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"
logins.DUAL_STACK = "123456789012.dkr-ecr.us-east-1.on.aws"
logins.OTHER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
logins.RECORDED = "123456789012.dkr.ecr.ap-south-1.amazonaws.com"
logins.FOREIGN = "registry.example.com"

--- By region, another each time. The last is as long as a real one.
local ONCE = process.run("openssl rand -hex 8").output:match("%x+")
logins.PASSWORDS = {
  ["us-east-1"] = "canaryOfVirginia+/" .. ONCE .. "==",
  ["eu-west-1"] = "canaryOfIreland" .. ONCE,
  ["ap-south-1"] = ("canaryOfMumbai+/89"):rep(130) .. ONCE .. "LastLettersOfIt==",
}

--- What of them must be seen nowhere: they themselves, and as files and headers have them.
function logins.secrets()
  local secrets = {}
  for _, password in pairs(logins.PASSWORDS) do
    secrets[#secrets + 1] = password
    secrets[#secrets + 1] = mime.b64("AWS:" .. password)
  end
  return secrets
end

local GIVE_TOKEN = [[
  if not (request.headers["x-amz-target"] or ""):find("GetAuthorizationToken") then return nil end
  local region = request.headers.authorization:match("Credential=[^/]+/%%d+/([^/]+)/")
  local token = cjson.decode(%q)[region]
  if not token then return {status = 400, body = '{"__type":"AccessDeniedException","message":"none for you"}'} end
  return {body = cjson.encode{authorizationData = {{authorizationToken = token, expiresAt = os.time() + 43200,
    proxyEndpoint = ("https://123456789012.dkr.ecr.%%s.amazonaws.com"):format(region)}}}}]]

--- ECR on loopback: it gives these passwords, by region, and denies the other regions.
local function cloud_of(passwords)
  local tokens = {}
  for region, password in pairs(passwords) do tokens[region] = mime.b64("AWS:" .. password) end
  return cloud.serve(GIVE_TOKEN:format(require("cjson").encode(tokens)))
end

local scene_methods = {}
local scene_mt = { __index = scene_methods }

--- A world of these registries (see spec/support/registry.lua) and ECR before them, for a spec whose clients
--- these are. What it lacks on this machine is its `missing`; it is not opened then.
function logins.scene(...)
  return setmetatable({ missing = clients.missing("docker-registry", ...) }, scene_mt)
end

--- Before all tests.
function scene_methods:open()
  if self.missing then return end
  local world = registry.world{ logins.HOST, logins.FIPS, logins.DUAL_STACK, logins.OTHER, logins.RECORDED,
    logins.FOREIGN }
  world:serve(logins.HOST, logins.PASSWORDS["us-east-1"])
  world:serve(logins.OTHER, logins.PASSWORDS["eu-west-1"])
  for _, name in ipairs{ logins.FIPS, logins.DUAL_STACK } do world:lead(name, world.ports[logins.HOST]) end
  assert(os.execute(("mkdir %s/bin && ln -s %s %s/bin/docker-credential-ecrlua"):format(world.home.path, ECRLUA,
    world.home.path)))
  self.world = world
end

--- After all tests.
function scene_methods:close()
  if self.world then self.world:stop() end
end

--- From now on ECR gives these passwords, by region.
function scene_methods:give(passwords)
  if self.cloud then self.cloud:stop() end
  self.cloud = cloud_of(passwords)
end

--- Before each test: nobody is logged in, and ECR gives the right passwords.
function scene_methods:begin()
  if self.missing then return end
  self.world:log_out()
  self.recorder, self.foreign = self.world:stand_in(logins.RECORDED), self.world:stand_in(logins.FOREIGN)
  self:give(logins.PASSWORDS)
end

--- After each test.
function scene_methods:finish()
  if self.missing then return end
  for _, server in ipairs{ self.cloud, self.recorder, self.foreign } do server:stop() end
end

--- Has the tests of a spec take place here, by busted's words, which are in the spec's own `_ENV`. What is
--- returned makes a test: its name, the client that it needs besides those of the scene, if any, and itself.
function scene_methods:tests(env)
  env.setup(function() self:open() end)
  env.teardown(function() self:close() end)
  env.before_each(function() self:begin() end)
  env.after_each(function() self:finish() end)
  return function(name, client, fn)
    local missing = self.missing or client and clients.missing(client)
    env.it(name, function()
      if missing then return env.pending(missing) end
      fn()
    end)
  end
end

--- Runs a program in the world: with keys, with ECR, and with our helper on the path.
function scene_methods:run(words, more)
  local environment = { AWS_ACCESS_KEY_ID = "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY = "secret", AWS_REGION = "us-east-1",
    AWS_EC2_METADATA_DISABLED = "true", AWS_CONFIG_FILE = "/nonexistent/config", AWS_SHARED_CREDENTIALS_FILE =
    "/nonexistent/credentials", AWS_ENDPOINT_URL_ECR = self.cloud.url,
    PATH = self.world.home.path .. "/bin:" .. clients.PATH }
  for name, value in pairs(more or {}) do environment[name] = value end
  return self.world:run(words, environment)
end

--- Runs ecrlua there.
function scene_methods:ecrlua(words, more)
  return self:run({ ECRLUA, table.unpack(words) }, more)
end

--- Runs one of our scripts, which succeeds and has nothing to complain of; gives what it wrote.
function scene_methods:succeed(words, more)
  local result = self:ecrlua(words, more)
  assert(result.code == 0 and result.errors == "", result.output .. result.errors)
  return result.output
end

--- Has a client read an image of a host.
function scene_methods:read(client, host, more)
  local image = host .. "/team/app:1"
  local words = {
    skopeo = { "skopeo", "inspect", "--raw", "docker://" .. image },
    docker = { "docker", "manifest", "inspect", image },
    podman = { "podman", "login", host }, -- it asks the registry with the credentials that it finds
  }
  return self:run(words[client], more)
end

--- Asserts that it could, with what it has of credentials.
function scene_methods:assert_reads(client, host, more)
  local result = self:read(client, host, more)
  assert(result.code == 0, result.output .. result.errors)
end

--- Asserts that it could not.
function scene_methods:assert_refused(client, host, more)
  local result = self:read(client, host, more)
  assert(result.code ~= 0, result.output .. result.errors)
end

--- Asserts that a client sent the whole password of the registry that says which.
function scene_methods:assert_sent(client)
  self:read(client, logins.RECORDED)
  local given = registry.given(self.recorder)
  assert(given == "AWS:" .. logins.PASSWORDS["ap-south-1"], given)
end

return logins
