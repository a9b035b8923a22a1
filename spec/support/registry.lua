-- SPDX-License-Identifier: MIT
-- Real registries under ECR's names, for real clients: `docker-registry` with its own password for each host,
-- on loopback. Clients reach it through a proxy that knows these hosts only, and trust its certificate by
-- their environment: nothing of the machine is changed. All of it ends by itself after five minutes.
local clients = require "spec.support.clients"
local core = require "ecr.core"
local home = require "spec.support.home"
local mime = require "mime"
local process = require "spec.support.process"
local socket = require "socket"

local registry = {}

local LIFE, PATIENCE = 300, 20 -- seconds
local MANIFEST = "application/vnd.docker.distribution.manifest.v2+json" -- what Debian 12's docker knows
local CONFIG = "application/vnd.docker.container.image.v1+json"
local LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

local SETTINGS = [[
version: 0.1
log: {formatter: json}
storage: {filesystem: {rootdirectory: FOLDER/blobs}}
http: {addr: '127.0.0.1:0', secret: fixture, tls: {key: KEY, certificate: CERTIFICATE}}
auth: {htpasswd: {realm: fixture, path: FOLDER/htpasswd}}
]]

--- A line of htpasswd, of which bcrypt makes 60 letters, from 72 bytes at most of the password. Perl asks
--- the C library; the password is no word of a command here either.
local function htpasswd(user, password)
  local path = process.file(password)
  local result = process.run("sh -c " .. process.quote("perl -e " .. process.quote(
    "local $/; print crypt(<STDIN>, q{$2y$04$InteropFixtureSaltEcru})") .. " <" .. path))
  os.remove(path)
  assert(#result.output == 60, result.errors)
  return ("%s:%s\n"):format(user, result.output)
end

local function descriptor(media_type, text)
  return ('{"mediaType":"%s","digest":"%s","size":%d}'):format(media_type, core.digest(text), #text)
end

--- An image of one empty layer: its blobs, the last of them the manifest.
local function image()
  local layer = process.run("sh -c 'head -c 1024 /dev/zero | gzip -n'").output
  local config = ('{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}'):format(
    core.digest(("\0"):rep(1024)))
  local manifest = ('{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}'):format(MANIFEST,
    descriptor(CONFIG, config), descriptor(LAYER, layer))
  return { layer, config, manifest }
end

--- Puts an image as team/app:1 where the registry of a host keeps its blobs. skopeo and podman could push it,
--- but as root they keep a cache outside their home, whatever they are told.
local function fill(home_folder, host)
  local blobs, repository = {}, host .. "/blobs/docker/registry/v2/repositories/team/app/"
  for i, blob in ipairs(image()) do
    blobs[i] = core.digest(blob)
    local hex = blobs[i]:match("%x+$")
    home_folder:write(("%s/blobs/docker/registry/v2/blobs/sha256/%s/%s/data"):format(host, hex:sub(1, 2), hex), blob)
    home_folder:write(("%s_layers/sha256/%s/link"):format(repository, hex), blobs[i])
  end
  home_folder:write(("%s_manifests/revisions/sha256/%s/link"):format(repository, blobs[3]:match("%x+$")), blobs[3])
  home_folder:write(repository .. "_manifests/tags/1/current/link", blobs[3])
end

local world_methods = {}
local world_mt = { __index = world_methods }

--- A home for clients, and a certificate for all of these hosts. `ports` has those that are served.
function registry.world(hosts)
  local self = setmetatable({ home = home.new(), ports = {}, pids = {}, servers = {} }, world_mt)
  self.tls = process.certificate("DNS:" .. table.concat(hosts, ",DNS:"))
  clients.settle(self.home)
  return self
end

--- What the function gives, once it gives something; it is asked again for a while.
local function await(fn)
  local deadline = socket.gettime() + PATIENCE
  while socket.gettime() < deadline do
    local found = fn()
    if found then return found end
    socket.sleep(0.02)
  end
end

--- Starts a program in the background; `name` is its log in the home. Gives its id.
function world_methods:start(command, name)
  local pipe = assert(io.popen(("timeout %d env -u LUA_PATH -u LUA_CPATH %s %s >%s 2>&1 & echo $!"):format(LIFE,
    clients.FOUND, command, self.home:write(name, ""))))
  local pid = pipe:read("n")
  pipe:close()
  self.pids[#self.pids + 1] = pid
  return pid
end

--- What a pattern captures of a log, once it does.
local function await_log(self, name, pattern)
  return await(function() return self.home:read(name):match(pattern) end)
    or error(("no %s in %q"):format(pattern, self.home:read(name)))
end

local function is_over(pid)
  local file = io.open(("/proc/%d/stat"):format(pid))
  if not file then return true end
  local stat = file:read("a")
  file:close()
  return stat:match("%) (%u)") == "Z"
end

--- Ends a program by its id, and waits until it has ended.
local function finish(pid)
  os.execute("kill " .. pid .. " 2>/dev/null")
  assert(await(function() return is_over(pid) end), "a program did not end")
end

--- Leads a host, or one name more of a registry, to a port from now on.
function world_methods:lead(host, port)
  self.ports[host] = port
  local lines = {}
  for name, number in pairs(self.ports) do lines[#lines + 1] = name .. " " .. number end
  self.home:write("hosts", table.concat(lines, "\n") .. "\n")
end

--- Starts the registry of a host, with an image team/app:1. It takes this password from the user AWS.
function world_methods:serve(host, password)
  local folder = self.home.path .. "/" .. host
  self.home:write(host .. "/htpasswd", htpasswd("AWS", password))
  fill(self.home, host)
  local values = { FOLDER = folder, KEY = self.tls.key, CERTIFICATE = self.tls.certificate }
  local settings = self.home:write(host .. "/settings.yml", (SETTINGS:gsub("%u%u+", values)))
  self:start("docker-registry serve " .. settings, host .. "/log")
  self:lead(host, await_log(self, host .. "/log", "listening on 127%.0%.0%.1:(%d+)"))
end

local STAND_IN = [[
local function rounds()
  local file = io.open(%q)
  if not file then return nil end
  local number = file:read("n")
  file:close()
  return number
end

--- While somebody watches, a client with a password waits until everything was looked at.
local function hold(connection)
  local last, deadline = (rounds() or 0) + 2, os.time() + 20
  while rounds() and rounds() < last and os.time() < deadline do connection:sleep(0.01) end
end

return function(request, connection)
  if request.headers.authorization then hold(connection) end
  local headers = {["docker-distribution-api-version"] = "registry/2.0", ["www-authenticate"] =
    'Basic realm="fixture"', ["content-type"] = "application/vnd.docker.distribution.manifest.list.v2+json"}
  return {status = request.headers.authorization and 200 or 401, headers = headers, body =
    '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}'}
end]]

--- A host whose server says what it was asked: it takes any password, and has an empty list of images by
--- every name. Gives the server (see spec/support/process.lua), which ends by itself after a minute.
function world_methods:stand_in(host)
  local server = process.serve(STAND_IN:format(self.home.path .. "/rounds"), self.tls)
  self:lead(host, server.port)
  self.servers[#self.servers + 1] = server
  return server
end

--- The proxy's address.
local function proxy_of(self)
  if not self.proxy then
    local words = ("lua5.4 spec/support/connect_proxy.lua %s %s/hosts"):format(self.home:write("asked", ""),
      self.home.path)
    self:start(words, "proxy.log")
    self.proxy = "http://127.0.0.1:" .. await_log(self, "proxy.log", "^port (%d+)")
  end
  return self.proxy
end

--- What a server of `stand_in` was given as user and password, "user:password", the last time; nil for none.
function registry.given(server)
  local requests = server:requests()
  local header = #requests > 0 and requests[#requests].headers.authorization
  return header and mime.unb64(header:match("^Basic (%S+)$"))
end

--- Runs a function while somebody looks at the command lines and environments of all processes. Gives what
--- was found of these texts, a line each (see spec/support/watcher.lua).
function world_methods:watch(texts, fn)
  local found, rounds = self.home:write("found", ""), self.home.path .. "/rounds"
  local needles = self.home:write("needles", table.concat(texts, "\n") .. "\n")
  local pid = self:start(("lua5.4 spec/support/watcher.lua %s %s %s"):format(needles, found, rounds), "watcher.log")
  assert(await(function() return io.open(rounds) end), "nobody watches"):close()
  fn()
  finish(pid)
  os.remove(rounds)
  return self.home:read("found")
end

--- Removes what clients have of credentials, and tokens that were kept.
function world_methods:log_out()
  os.execute(("cd %s && rm -rf auth.json containers .docker .cache .config/containers/registries.conf"):format(
    self.home.path))
end

--- Whether a client asked for this host.
function world_methods:was_asked(host)
  return ("\n" .. self.home:read("asked")):find("\n" .. host .. "\n", 1, true) ~= nil
end

--- The command line that runs a program with these words there; `environment` has more variables.
function world_methods:command(words, environment)
  local parts = { "timeout 60 env", clients.environment(self.home, proxy_of(self), self.tls.certificate) }
  for name, value in pairs(environment or {}) do parts[#parts + 1] = process.quote(name .. "=" .. value) end
  for _, word in ipairs(words) do parts[#parts + 1] = process.quote(word) end
  return table.concat(parts, " ")
end

--- Runs a program there to its end; gives what it wrote and its exit code.
function world_methods:run(words, environment)
  return process.run(self:command(words, environment))
end

--- The manifest of the image that each registry has.
function registry.manifest()
  return image()[3]
end

--- A file of credentials as `docker login` writes it.
function registry.auth_file(host, password)
  return ('{"auths": {"%s": {"auth": "%s"}}}'):format(host, mime.b64("AWS:" .. password))
end

--- Ends all that was started and removes what it wrote.
function world_methods:stop()
  for _, server in ipairs(self.servers) do server:stop() end
  for _, pid in ipairs(self.pids) do finish(pid) end
  for _, path in pairs(self.tls) do os.remove(path) end
  self.home:remove()
end

return registry
