-- SPDX-License-Identifier: MIT
-- Programs that a spec starts and stops: servers on loopback, and ecrlua itself.

local process = {}

--- A word for the shell.
function process.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- A file with this content, gone when the test process ends.
function process.file(content, suffix)
  local path = os.tmpname()
  if suffix then
    os.remove(path)
    path = path .. suffix
  end
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  return path
end

--- Runs a command to its end; gives what it wrote and its exit code.
function process.run(command)
  local errors = os.tmpname()
  local pipe = assert(io.popen(command .. " 2>" .. errors .. " </dev/null", "r"))
  local output = pipe:read("a")
  local _, how, code = pipe:close()
  local file = assert(io.open(errors))
  local error_text = file:read("a")
  file:close()
  os.remove(errors)
  return { output = output, errors = error_text, code = how == "exit" and code or 128 + code }
end

--- The interpreter under test.
process.ECRLUA = os.getenv("ECRLUA") or "build/ecrlua"

--- Runs ecrlua with these words; `environment` is a list of "NAME=value".
function process.ecrlua(words, environment)
  local parts = { "env", "-u", "LUA_PATH", "-u", "LUA_CPATH" }
  for _, setting in ipairs(environment or {}) do parts[#parts + 1] = process.quote(setting) end
  parts[#parts + 1] = process.ECRLUA
  for _, word in ipairs(words) do parts[#parts + 1] = process.quote(word) end
  return process.run(table.concat(parts, " "))
end

local server_methods = {}
local server_mt = { __index = server_methods }

--- Ends the server by its own process id; what it was asked is readable afterwards.
function server_methods:stop()
  if self.stopped then return end
  self.stopped = true
  os.execute("kill " .. self.pid .. " 2>/dev/null")
  self.pipe:close()
  os.remove(self.handler)
end

--- What was asked of the server so far: {method, path, headers, body}.
function server_methods:requests()
  local cjson = require "cjson"
  local list = {}
  for line in io.lines(self.log) do list[#list + 1] = cjson.decode(line) end
  return list
end

--- A key and a self-signed certificate for a host, as two files.
function process.certificate(host)
  local key, certificate = process.file("", ".key"), process.file("", ".pem")
  local result = process.run(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
    .. "-days 2 -subj /CN=test -addext subjectAltName=%s -keyout %s -out %s"):format(host, key, certificate))
  assert(result.code == 0, result.errors)
  return { key = key, certificate = certificate }
end

--- One that is signed by itself and was valid for a day in 2020.
function process.expired_certificate(host)
  local made = process.certificate(host)
  local folder = process.run("mktemp -d").output:match("%S+")
  local result = process.run(([[cd %s && touch index.txt && echo 01 > serial && openssl req -new -key %s \
    -subj /CN=test -addext subjectAltName=%s -out request.pem && printf '[ca]\ndefault_ca=own\n[own]\n\
database=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n\
[any]\ncommonName=supplied\n' > own.conf && openssl ca -batch -config own.conf -selfsign -keyfile %s \
    -in request.pem -startdate 20200101000000Z -enddate 20200102000000Z -notext -out %s]]):format(folder,
    made.key, host, made.key, made.certificate))
  process.run("rm -r " .. folder)
  assert(result.code == 0, result.errors)
  return made
end

--- Starts spec/support/server.lua with a handler: Lua text that returns a function. With `tls`, a
--- certificate, it speaks https.
function process.serve(handler, tls)
  local self = setmetatable({ handler = process.file(handler, ".lua"), log = process.file("") }, server_mt)
  self.pipe = assert(io.popen(("exec env -u LUA_PATH -u LUA_CPATH lua5.4 spec/support/server.lua %s %s %s"):format(
    self.handler, self.log, tls and tls.key .. " " .. tls.certificate or ""), "r"))
  local line = assert(self.pipe:read("l"), "the test server did not start")
  self.port, self.pid = line:match("^port (%d+) pid (%d+)$")
  assert(self.port, line)
  self.url = (tls and "https" or "http") .. "://127.0.0.1:" .. self.port
  return self
end

return process
