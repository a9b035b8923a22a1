-- SPDX-License-Identifier: MIT
--- What the allocation sweep runs: sections that together call every function of `ecr.core` and of its
--- classes (spec/core/sweep.c checks that they do). Each is run in a new Lua state for every n with the
--- n-th allocation failing, so it must do its work or raise Lua's "not enough memory", and nothing else:
--- `run` says what it expects by asserting. `prepare` and `after` run with memory to spare.
---
--- The world is a table that C makes: `open` opens ecr.core, `url` is a server of canned answers,
--- `setenv`, `is_full` and `release` are C's. What a section leaves in its fields (which exist, so that
--- filling them needs no memory) is used once more afterwards.

local sections <const> = {}

local function section(name, fields)
  fields.name = name
  sections[#sections + 1] = fields
end

local function same(got, expected)
  if got ~= expected then
    error(("got %s, expected %s"):format(tostring(got), tostring(expected)), 2)
  end
end

--- The call must raise this; lack of memory passes through.
local function raises(pattern, f, ...)
  local ok <const>, message <const> = pcall(f, ...)
  assert(not ok, "nothing was raised")
  if not message:find(pattern) then error(message, 0) end
end

--- The call must have given nil and a failure of this kind.
local function fails(kind, value, failure)
  same(value, nil)
  same(failure.kind, kind)
  assert(#failure.message > 0)
end

local EMPTY <const> = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
local ABC_512 <const> = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
  .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

section("the module opens", {
  closed = true,
  run = function(world)
    world.core = world.open()
    assert(world.core.version and world.core.null)
  end,
})

section("names", {
  run = function(world)
    local core <const> = world.core
    assert(core.check_repository("team/app"))
    fails("input", core.check_repository("a__b", true))
    assert(core.check_tag("v1"))
    fails("input", core.check_tag("-v1"))
  end,
})

section("what is made of secrets", {
  run = function(world)
    local core <const> = world.core
    local token <const> = core.secret("AWS:pass\"word")
    same(token:base64():unbase64():after(":"):json():reveal(), '"pass\\"word"')
    same(core.join{ "a", token, "" }:reveal(), 'aAWS:pass"word')
    same(token:percent():reveal(), "AWS%3Apass%22word")
    fails("input", token:unbase64())
    fails("input", token:after("?"))
    fails("input", core.secret("\xff"):json())
    raises("table expected", core.join)
    assert(core.write(2, { "", core.secret("") }))
    raises("is no descriptor", core.write, -1, {})
    assert(token:is_header() and not core.secret("a\r\nb"):is_header())
    assert(core.secret("012"):is_digits(3) and not token:is_digits(3))
    same(core.environment_secret("ECRLUA_NOT_SET"), nil)
    assert(core.environment_secret("PATH"))
    same(core.uname().system, "Linux")
  end,
})

-- The key of RFC 7515, appendix A.3.1.
local SEC1 <const> = [[-----BEGIN EC PRIVATE KEY-----
MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49
AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b
focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
-----END EC PRIVATE KEY-----
]]
section("a proof with a key", {
  run = function(world)
    local core <const> = world.core
    assert(#core.dpop(core.secret(SEC1), "https://a.example/", 1.5e9) > 400)
  end,
})

section("a proof with what is no key", {
  run = function(world)
    local core <const> = world.core
    fails("input", core.dpop(core.secret(SEC1), ("x"):rep(2049), 0))
    raises("is no time", core.dpop, core.secret(SEC1), "https://a.example/", -1)
    fails("auth", core.dpop(core.secret("none"), "https://a.example/", 1.5e9))
  end,
})

section("terminals and signals", {
  run = function(world)
    local core <const> = world.core
    local columns <const> = core.terminal(0)
    assert(columns == nil or math.type(columns) == "integer")
    raises("is no descriptor", core.terminal, -1)
    assert(core.catch_signals())
    fails("config", core.catch_signals())
    same(core.take_signal(), nil)
    core.release_signals()
    core.release_signals()
  end,
  after = function(world) world.core.release_signals() end,
})

section("what nobody wants to read", {
  run = function(world)
    local core <const> = world.core
    local nothing <close> = assert(io.open("/dev/null", "rb"))
    core.drain(nothing, 1)
    raises("is no descriptor", core.drain, -1, 1)
    raises("no time to wait", core.drain, nothing, -1)
    same(core.read_text(nothing, 10, 1), "")
    same(core.read_file("/dev/null", 10), "")
    same(core.read_file("/nowhere/at/all", 10), nil)
    fails("config", core.read_file("/", 10))
  end,
})

-- A question finds no terminal, or one where nobody answers in no time.
section("a question", {
  run = function(world)
    local core <const> = world.core
    fails("auth", core.ask("", 0))
    raises("zero byte", core.ask, "\0", 0)
    raises("is no time", core.ask, "", -1)
  end,
})

section("a file for its owner only", {
  run = function(world)
    local core <const> = world.core
    local file <close> = assert(core.create("/dev/null"))
    assert(core.write(file, { "line\n" }))
    fails("config", core.create("/nowhere/at/all"))
    raises("zero byte", core.create, "/dev/null\0")
  end,
})

section("shared files", {
  prepare = function(world)
    world.path = os.tmpname()
    local file <close> = assert(io.open(world.path, "wb"))
    file:write("[default]\nregion = eu-west-1\n[a]\naws_session_token = token\ns3 =\n b = 1\n[default]\nx =\n")
  end,
  run = function(world)
    local core <const> = world.core
    local profiles <const> = core.read_ini(world.path, "credentials").profile
    same(profiles.default.region, "eu-west-1")
    same(profiles.default.x:reveal(), "")
    same(profiles.a.aws_session_token:reveal(), "token")
    same(profiles.a.s3.b:reveal(), "1")
    same(core.read_ini(world.path, "config").profile.default.region, "eu-west-1")
    same(core.read_ini("/nowhere/at/all", "config"), nil)
    fails("config", core.read_ini("/", "config"))
    raises("invalid option", core.read_ini, "/", "ini")
    raises("zero byte", core.read_ini, "/\0", "config")
  end,
  after = function(world) os.remove(world.path) end,
})

section("docker's file", {
  prepare = function(world)
    world.path = os.tmpname()
    local file <close> = assert(io.open(world.path, "wb"))
    file:write('{"credsStore": "pass", "auths": {"a.example": {"identitytoken": "token"}}}')
  end,
  run = function(world)
    local core <const> = world.core
    local auth <const> = core.secret("AWS:token"):base64()
    assert(core.docker_config_set(world.path, { { registry = "a.example", auth = auth } }))
    assert(core.docker_config_set_helper(world.path, { "a.example" }, "ecr-login"))
    same(core.docker_config_helper(world.path, "a.example"), "ecr-login")
    same(core.docker_config_helper(world.path, "b.example"), "pass")
    same(core.docker_config_remove(world.path, { "a.example", "b.example" }), 1)
    same(core.docker_config_drop_helper(world.path, { "other.example" }), 0)
  end,
  after = function(world) os.remove(world.path) end,
})

section("docker's file, refused", {
  run = function(world)
    local core <const> = world.core
    fails("config", core.docker_config_remove("/", { "a.example" }))
    fails("config", core.docker_config_helper("/", "a.example"))
    fails("config", core.docker_config_set_helper("/dev/null", { "a.example" }, "ecr-login"))
    fails("input", core.docker_config_set("/nowhere/at/all", { { registry = "a.example", auth = "AWS" } }))
    raises("name is none", core.docker_config_remove, "/", { "a b" })
    raises("is no string", core.docker_config_set, "/", { { auth = "" } })
    raises("zero byte", core.docker_config_helper, "/\0", "a.example")
  end,
})

section("digests", {
  run = function(world)
    local core <const> = world.core
    same(core.digest(""), EMPTY)
    same(core.sha256(""), EMPTY:match(":(.*)"))
    same(core.sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d")
    assert(core.verify(EMPTY, ""))
    assert(core.verify(ABC_512, "abc"))
    fails("integrity", core.verify(EMPTY, "x"))
    fails("input", core.verify("sha256:0", ""))
    assert(core.check_digest(EMPTY))
    fails("input", core.check_digest("sha256"))
  end,
})

section("references, addresses, JSON strings and the clock", {
  run = function(world)
    local core <const> = world.core
    local parsed <const> = core.reference("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1@" .. EMPTY)
    same(parsed.account, "123456789012")
    same(parsed.region, "eu-west-1")
    same(parsed.repository, "team/app")
    same(parsed.tag, "v1")
    same(parsed.digest, EMPTY)
    fails("input", core.reference("UPPER"))
    assert(core.check_url("https://api.ecr.us-east-1.amazonaws.com:8443/a?b"))
    fails("config", core.check_url("ftp://a"))
    same(core.quote('say "é"\n'), '"say \\"é\\"\\n"')
    fails("input", core.quote("\xff"))
    same(core.base64("a\xff"), "Yf8=")
    same(core.unbase64("Yf8="), "a\xff")
    fails("input", core.unbase64("Yf8"))
    local monotonic <const>, wall <const> = core.clock()
    assert(monotonic > 0 and wall > monotonic)
  end,
})

section("secrets", {
  run = function(world)
    local core <const> = world.core
    world.secret = core.secret("kept")
    same(world.secret:reveal(), "kept")
    same(#world.secret, 4)
    same(tostring(world.secret), "<secret>")
    assert(world.secret == core.secret("kept") and world.secret ~= core.secret("other"))
    local closed
    do
      local inside <close> = core.secret("inside")
      closed = inside
    end
    raises("secret is closed", closed.reveal, closed)
    closed:close()
  end,
})

section("credentials from code", {
  run = function(world)
    local core <const> = world.core
    local creds <close> = core.creds{ id = "AKID", key = "key", token = core.secret("token"), expires = 1.5e9,
      account = "123456789012", source = "code" }
    same(creds:source(), "code")
    same(creds:expires(), 1.5e9)
    same(creds:account(), "123456789012")
    same(#creds:key_hash(), 64)
    same(tostring(creds), "credentials (code)")
    local other <const> = core.creds{ id = "AKID", key = core.secret("key"), source = "code" }
    same(other:expires(), nil)
    same(other:account(), nil)
    other:close()
    raises("credentials are closed", other.source, other)
    same(tostring(other), "credentials (closed)")
    fails("input", core.creds{ id = "AK ID", key = "key", source = "code" })
    fails("input", core.creds{ id = "AKID", key = "", source = "code" })
    fails("input", core.creds{ id = "AKID", key = "key", account = "1", source = "code" })
    raises("zero byte", core.creds, { id = "AKID\0", key = "key", source = "code" })
    raises("creds.key must be", core.creds, { id = "AKID", source = "code" })
  end,
})

section("credentials written for another program", {
  run = function(world)
    local core <const> = world.core
    local creds <const> = core.creds{ id = "AKID", key = "key'", token = "token", expires = 1.5e9,
      account = "123456789012", source = "code" }
    local file <close> = assert(core.create("/dev/null"))
    for _, form in ipairs{ "process", "env", "env-no-export" } do
      assert(core.write_creds(file, creds, form))
    end
    raises("no such form", core.write_creds, file, creds, "xml")
    local large <const> = core.creds{ id = "AKID", key = ("k"):rep(65536), source = "code" }
    fails("config", core.write_creds(file, large, "env"))
  end,
})

section("credentials from the environment", {
  prepare = function(world)
    world.setenv("AWS_ACCESS_KEY_ID", "AKID")
    world.setenv("AWS_SECRET_ACCESS_KEY", "key")
    world.setenv("AWS_SESSION_TOKEN", "token")
    world.setenv("AWS_CREDENTIAL_EXPIRATION", "2017-07-14T02:40:00Z")
  end,
  run = function(world)
    local creds <const> = world.core.creds_environment()
    same(creds:source(), "environment")
    same(creds:expires(), 1.5e9)
  end,
})

section("half a pair of credentials in the environment", {
  prepare = function(world)
    world.setenv("AWS_ACCESS_KEY_ID", "AKID")
    world.setenv("AWS_SECRET_ACCESS_KEY")
  end,
  run = function(world)
    fails("auth", world.core.creds_environment())
  end,
})

section("no credentials in the environment", {
  prepare = function(world)
    world.setenv("AWS_ACCESS_KEY_ID")
  end,
  run = function(world)
    same(select("#", world.core.creds_environment()), 1)
    same(world.core.creds_environment(), nil)
  end,
})

section("views of the model", {
  run = function(world)
    local core <const> = world.core
    local view <const> = core.model("ecr", "ListImages")
    same(view.class, "read")
    same(view.input.type, "structure")
    same(view.pages.output_token, "nextToken")
    same(core.model("ecr", "NoSuch"), nil)
    same(core.operation("ecr", "PutImage"), "write")
    same(core.operation("ecr", "NoSuch"), nil)
  end,
})

section("the list of operations", {
  run = function(world)
    assert(#world.core.operations() > 80)
  end,
})

section("input of every type", {
  run = function(world)
    local encode <const> = world.core.encode
    same(encode("ecr", "UploadLayerPart", { repository_name = "app", part_first_byte = 0,
      part_last_byte = 2, upload_id = "11111111-2222-3333-4444-555555555555", layer_part_blob = "abc" }),
      '{"repositoryName":"app","uploadId":"11111111-2222-3333-4444-555555555555","partFirstByte":0,'
      .. '"partLastByte":2,"layerPartBlob":"YWJj"}')
    same(encode("ecr", "CreateRepository", { repository_name = "app", tags = { { key = "a", value = "b" } },
      image_tag_mutability = "MUTABLE", image_scanning_configuration = { scan_on_push = true } }),
      '{"repositoryName":"app","tags":[{"Key":"a","Value":"b"}],"imageTagMutability":"MUTABLE",'
      .. '"imageScanningConfiguration":{"scanOnPush":true}}')
  end,
})

section("input that is refused", {
  run = function(world)
    local encode <const> = world.core.encode
    fails("input", encode("ecr", "ListImages", {}))
    fails("input", encode("ecr", "ListImages", { repository_nam = "app" }))
    fails("input", encode("ecr", "ListImages", { repository_name = "UPPER" }))
    fails("input", encode("ecr", "ListImages", { repository_name = "app", max_results = "x" }))
    fails("input", encode("ecr", "ListImages", { repository_name = "app", max_results = 1.5 }))
    fails("input", encode("ecr", "PutImageTagMutability", { repository_name = "app",
      image_tag_mutability = "SOMETIMES" }))
    fails("input", encode("ecr", "BatchGetImage", { repository_name = "app", image_ids = { a = 1 } }))
    raises("no such operation", encode, "ecr", "NoSuch", {})
  end,
})

local MANIFEST <const> = [[{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{"mediaType":"a/b","size":7,"digest":"sha256:0"},
"layers":[{"mediaType":"a/c","size":9,"digest":"sha256:1","annotations":{"k":"v"}}]}]]

section("documents", {
  run = function(world)
    local core <const> = world.core
    local manifest <const> = core.decode("manifest", MANIFEST)
    same(manifest.config.size, 7)
    same(manifest.layers[1].digest, "sha256:1")
    local any <const> = core.decode("any", '{"a":[1,2.5,"\\u00e9\\n",true,null,{"b":{}}]}')
    same(any.a[2], 2.5)
    same(any.a[3], "é\n")
    same(any.a[5], core.null)
    fails("protocol", core.decode("any", '{"a":1,"a":2}'))
    fails("protocol", core.decode("any", '{"a":'))
    fails("protocol", core.decode("any", "[1,}"))
    fails("protocol", core.decode("manifest", '{"config":[]}'))
    raises("no such document", core.decode, "letter", "{}")
  end,
})

-- --- requests ------------------------------------------------------------------------------------

local function raw(world, path)
  return { kind = "http", method = "GET", url = world.url .. path, sink = "raw:1000", timeout = 10,
    connect_timeout = 10 }
end

local function aws(world, operation, creds)
  return { kind = "aws", service = "ecr", operation = operation, region = "us-east-1", body = "{}",
    url = world.url .. "/", sink = "shape:" .. operation, creds = creds, timeout = 10, connect_timeout = 10,
    headers = { ["X-Amz-Meta"] = "a" } }
end

--- Lack of memory, said in an event. libcurl 7.88.1 calls it "could not resolve host" where it makes
--- addresses; the server's address is a number, so nothing else can be meant.
local function is_memory(failure)
  return failure.kind == "memory" or failure.code == "dns"
end

--- The one event of this ticket. That memory was short is raised, for `others` too.
local function await(http, ticket, others)
  assert(ticket, "the request was not taken")
  for _ = 1, 20 do
    local events <const> = http:poll(20)
    for i = 1, #events do
      local event <const> = events[i]
      local wanted <const> = event.ticket == ticket
      if (wanted or others) and event.failure and is_memory(event.failure) then
        error("not enough memory", 0)
      end
      if wanted then return event end
    end
  end
  error("no event came")
end

local function open_http(world)
  world.http = world.core.http{ proxy = "", user_agent = "sweep", max_connections = 4 }
  return world.http
end

--- A handle that has its connections and libcurl's handle already.
local function warm_http(world)
  local http <const> = open_http(world)
  same(await(http, http:submit(raw(world, "/raw"))).value, "canned bytes")
end

section("a handle is opened and refuses what is wrong", {
  run = function(world)
    local http <close> = world.core.http{ ca_bundle = "/etc/ssl/certs", proxy = "" }
    fails("config", world.core.http{ ca_bundle = "/nowhere/at/all" })
    raises("request.kind is missing", http.submit, http, {})
    raises("sink", http.submit, http, { kind = "http", method = "GET", url = world.url, sink = "cup" })
    local wrong <const> = raw(world, "")
    wrong.url = "ftp://a"
    fails("config", http:submit(wrong))
    same(#http:poll(0), 0)
    http:close()
    raises("http is closed", http.poll, http, 0)
  end,
})

section("a signed request, its answer decoded with a sealed member", {
  run = function(world)
    local http <const> = open_http(world)
    local creds <const> = world.core.creds{ id = "AKID", key = "key", token = "token", source = "static" }
    local event <const> = await(http, http:submit(aws(world, "GetAuthorizationToken", creds)))
    same(event.status, 200)
    same(event.headers["x-amzn-requestid"], "1-2-3")
    local data <const> = event.value.authorization_data[1]
    same(data.authorization_token:reveal(), "QVdTOmNhbm5lZA==")
    same(data.expires_at, 1.5e9)
  end,
})

section("a refusal in JSON, a refusal in HTML, answers of the wrong shape and size", {
  prepare = warm_http,
  run = function(world)
    local http <const> = world.http
    local refusal <const> = await(http, http:submit(aws(world, "DescribeRepositories")))
    same(refusal.status, 400)
    same(refusal.value.__type, "RepositoryNotFoundException")
    local busy <const> = await(http, http:submit(raw(world, "/busy")))
    same(busy.status, 503)
    same(busy.headers["retry-after"], "7")
    same(busy.text, "<p>busy")
    same(await(http, http:submit(aws(world, "ListImages"))).failure.code, "shape")
    local small <const> = raw(world, "/raw")
    small.sink = "raw:4"
    same(await(http, http:submit(small)).failure.code, "too_large")
  end,
})

section("an answer that is a document with credentials", {
  prepare = warm_http,
  run = function(world)
    local request <const> = raw(world, "/container")
    request.sink = "creds:container"
    local value <const> = await(world.http, world.http:submit(request)).value
    same(value.secret_access_key:reveal(), "k")
    same(value.expiration, 60.0)
    request.sink = "creds:letter"
    raises("no document letter", world.http.submit, world.http, request)
  end,
})

section("an answer in XML, and a refusal", {
  prepare = warm_http,
  run = function(world)
    local http <const>, request <const> = world.http, raw(world, "/sts")
    request.sink = "creds:sts"
    local value <const> = await(http, http:submit(request)).value
    same(value.credentials.secret_access_key:reveal(), "k&")
    same(value.credentials.expiration, 60.0)
    request.url = world.url .. "/refused-by-sts"
    same(await(http, http:submit(request)).value.Code, "AccessDenied")
    fails("protocol", world.core.decode("sts", "<!DOCTYPE a><a/>"))
  end,
})

section("secrets that are sent, and are not read back", {
  prepare = warm_http,
  run = function(world)
    local core <const>, http <const> = world.core, world.http
    local request <const> = raw(world, "/refused-by-sts")
    request.hide = { world.core.secret("a part of the body") }
    request.method, request.sink, request.direct, request.user_agent = "POST", "creds:sts", true, "sweep/2"
    request.body = core.join{ "Token=", core.secret("a token of the sweep") }
    request.headers = { Authorization = core.secret("AccessDenied") }
    same(await(http, http:submit(request)).value.Code, "************")
    request.headers.Authorization = core.secret("a\nb")
    fails("input", http:submit(request))
  end,
})

section("a body kept raw, and a request that is cancelled", {
  prepare = warm_http,
  run = function(world)
    local http <const> = world.http
    local silent <const> = http:submit(raw(world, "/silent"))
    same(await(http, http:submit(raw(world, "/raw")), true).value, "canned bytes")
    same(http:in_flight(), 1)
    assert(http:fd() >= 0)
    assert(http:timeout())
    same(http:cancel(silent), true)
    same(http:cancel(silent), false)
    same(http:in_flight(), 0)
  end,
})

section("a handle is closed with requests in flight", {
  prepare = warm_http,
  run = function(world)
    local http <close> = world.http
    world.http = false
    http:submit(raw(world, "/silent"))
    http:poll(0)
    http:submit(raw(world, "/silent"))
  end,
})

-- --- programs -------------------------------------------------------------------------------------

--- A request to run sh.
local function script(text, sink)
  return { kind = "process", argv = { "sh", "-c", text }, sink = sink or "raw:100", timeout = 10,
    operation = "credential_process" }
end

section("programs: one that is fine, one that fails, one that says too much, one that is none", {
  run = function(world)
    local http <const> = open_http(world)
    local fine <const> = await(http, http:submit(script("echo done")))
    same(fine.status, 0)
    same(fine.value, "done\n")
    local failed <const> = await(http, http:submit(script("echo no >&2; exit 3")))
    same(failed.status, 3)
    same(failed.failure.message, "exited with 3: no")
    same(await(http, http:submit(script("echo done", "raw:4"))).failure.code, "too_large")
    local none <const> = script("")
    none.argv = { "/nowhere/at/all" }
    same(await(http, http:submit(none)).failure.code, "process_start")
    none.argv = {}
    raises("request.argv", http.submit, http, none)
  end,
})

section("programs that read a secret, and that do not", {
  run = function(world)
    local http <const> = open_http(world)
    local request <const> = script("cat")
    request.body = world.core.secret("canary")
    same(await(http, http:submit(request)).value, "canary")
    request.argv = { "sh", "-c", "cat >&2; exit 1" }
    same(await(http, http:submit(request)).failure.message, "exited with 1: ******")
    request.argv = { "true" }
    same(await(http, http:submit(request)).status, 0)
    request.body:close()
    raises("secret is closed", http.submit, http, request)
  end,
})

section("programs that are cancelled and closed", {
  run = function(world)
    local http <close> = world.core.http{}
    local ticket <const> = http:submit(script("exec sleep 1000"))
    same(http:in_flight(), 1)
    assert(http:timeout() <= 10)
    assert(http:cancel(ticket))
    http:submit(script("exec sleep 1000"))
  end,
})

-- --- files ---------------------------------------------------------------------------------------

local CANNED <const> = "sha256:8c58aed8df359bb4cbc9b71031534e017dd6f31b771fa57e7e5e80a1c3917342"

--- Where "canned bytes" go.
local function target(world, resume)
  return { path = world.path, digest = CANNED, size = 12, resume = resume }
end

local function new_path(world)
  world.path = os.tmpname()
  os.remove(world.path)
end

local function remove_path(world)
  os.remove(world.path)
  os.remove(world.path .. "." .. CANNED:match(":(" .. ("."):rep(16) .. ")") .. ".part")
end

local function content(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

section("a file that gets its name when it is whole", {
  prepare = new_path,
  run = function(world)
    local core <const> = world.core
    do
      local file <close> = core.file(target(world, true))
      same(file:have(), 0)
      assert(file:begin(200))
      assert(file:write("canned "))
      fails("config", core.file(target(world, true)))
    end
    local file <const> = core.file(target(world, true))
    same(file:have(), 7)
    assert(file:begin(206, "bytes 7-11/12"))
    assert(file:write("bytes"))
    assert(file:commit())
    file:close()
    raises("file is closed", file.have, file)
    same(content(world.path), "canned bytes")
  end,
  after = remove_path,
})

section("small files with secrets", {
  prepare = new_path,
  run = function(world)
    local core <const> = world.core
    assert(core.can_replace(world.path))
    assert(core.replace_file(world.path, { core.secret("tok"), "en\n" }))
    same(core.read_secret(world.path, 10):reveal(), "token")
    fails("auth", core.read_secret(world.path, 4))
    fails("auth", core.read_document(world.path, "manifest"))
    assert(core.replace_file(world.path, { MANIFEST }))
    same(core.read_document(world.path, "manifest").config.size, 7)
    fails("config", core.replace_file("/dev/null", { "x" }))
    fails("config", core.replace_file(world.path, { ("x"):rep(1024 * 1024 + 1) }))
    fails("config", core.can_replace("/"))
    fails("auth", core.read_secret("/nowhere/at/all", 10))
    same(core.read_document("/nowhere/at/all", "manifest"), nil)
    fails("auth", core.read_document("/", "manifest"))
    do
      local file <close> = assert(io.open(world.path, "rb"))
      same(core.read_input(file, "manifest", #MANIFEST, 1).config.size, 7)
      fails("protocol", core.read_input(file, "manifest", 10, 1)) -- it is at its end
      file:seek("set", 0)
      fails("input", core.read_input(file, "manifest", 10, 1))
    end
    raises("is no descriptor", core.read_input, -1, "manifest", 10, 1)
    raises("no such document", core.read_input, 0, "letter", 10, 1)
    raises("zero byte", core.can_replace, "a\0b")
    raises("no such document", core.read_document, world.path, "letter")
  end,
  after = function(world)
    os.remove(world.path)
    local others <close> = assert(io.popen("ls " .. world.path:gsub("[^/]+$", ".%0.*") .. " 2>/dev/null"))
    same(others:read("a"), "")
  end,
})

section("the cache of tokens", {
  prepare = function(world)
    new_path(world)
    -- Made in `run`, it would make the collector run finalizers where Lua has no memory to call them.
    world.large = ("x"):rep(1024 * 1024 + 1)
  end,
  run = function(world)
    local core <const> = world.core
    local path <const> = world.path
    same(core.cache_read(path, "t", "token_cache"), nil)
    local lock <const> = core.cache_lock(path, "t")
    same(core.cache_lock(path, "t"), nil)
    assert(core.cache_write(path, "t", { '{"token":', core.secret("canary"):json(), "}" }))
    same(core.cache_read(path, "t", "token_cache").token:reveal(), "canary")
    assert(core.cache_write(path, "t", { "canary" }))
    fails("auth", core.cache_read(path, "t", "token_cache"))
    fails("config", core.cache_write(path, "t", { world.large }))
    fails("auth", core.cache_read("/dev/null", "t", "token_cache"))
    fails("config", core.cache_write("/dev/null", "t", {}))
    fails("config", core.cache_lock("/dev/null", "t"))
    fails("config", core.cache_remove("/dev/null", "t"))
    assert(core.cache_remove(path, "t"))
    lock:close()
    do
      local again <close> = core.cache_lock(path, "t")
      assert(again)
    end
    raises("is no name", core.cache_remove, path, ".t")
    raises("is no directory", core.cache_lock, "", "t")
    raises("no such document", core.cache_read, path, "t", "letter")
  end,
  after = function(world)
    os.remove(world.path .. "/t")
    os.remove(world.path .. "/.t.lock")
    os.remove(world.path)
    assert(not io.open(world.path))
  end,
})

section("a file that is refused", {
  prepare = new_path,
  run = function(world)
    local core <const> = world.core
    local wrong <close> = core.file(target(world, false))
    fails("integrity", wrong:write("thirteen bytes"))
    assert(wrong:write("canned bytez"))
    fails("integrity", wrong:commit())
    fails("protocol", wrong:begin(206, "bytes 0-11/12"))
    fails("config", core.file{ path = "/nowhere/at/all", digest = CANNED, size = 1 })
    fails("config", core.file{ path = "a\0b", digest = CANNED, size = 1 })
    fails("input", core.file{ path = world.path, digest = "none", size = 1 })
    raises("path must be a string", core.file, {})
  end,
  after = remove_path,
})

local function blob(world, path)
  local request <const> = target(world, true)
  request.kind, request.method, request.sink, request.timeout = "http", "GET", "file", 10
  request.connect_timeout, request.stall = 10, 10
  request.url = world.core.secret(world.url .. path)
  return request
end

section("an answer that becomes a file", {
  prepare = function(world)
    new_path(world)
    warm_http(world)
  end,
  run = function(world)
    local http <const> = world.http
    local ticket <const> = assert(http:submit(blob(world, "/raw")))
    same(http:progress(ticket), 0)
    same(http:progress(0), nil)
    local event <const> = await(http, ticket)
    same(event.value.bytes, 12)
    same(event.value.resumed_from, 0)
    same(content(world.path), "canned bytes")
    local refused <const> = await(http, http:submit(blob(world, "/denied")))
    same(refused.code, "AccessDenied")
    same(refused.text, nil)
    same(refused.headers.location, nil)
    local plain <const> = blob(world, "/raw")
    plain.https_only = true
    fails("protocol", http:submit(plain))
  end,
  after = remove_path,
})

section("an answer that is the rest of a file", {
  prepare = function(world)
    new_path(world)
    warm_http(world)
    local file <close> = world.core.file(target(world, true))
    assert(file:write("canned "))
  end,
  run = function(world)
    local event <const> = await(world.http, world.http:submit(blob(world, "/rest")))
    same(event.value.resumed_from, 7)
    same(content(world.path), "canned bytes")
  end,
  after = remove_path,
})

-- Three requests are answered in one go, and one poll takes all the answers.

section("no ticket is lost by a poll that fails", {
  prepare = function(world)
    local http <const> = open_http(world)
    world.seen = {}
    for _ = 1, 3 do world.seen[http:submit(raw(world, "/together"))] = 0 end
    while not world.is_full() do same(#http:poll(0), 0) end
    world.release()
  end,
  run = function(world)
    return world.http:poll(20)
  end,
  after = function(world, ok, events)
    local answered = 0
    local function take(all)
      for _, event in ipairs(all) do
        world.seen[event.ticket] = world.seen[event.ticket] + 1
        answered = answered + 1
        if event.failure then same(event.failure.kind, "memory") else same(event.value, "one of three") end
      end
    end
    if ok then take(events) end
    if ok and world.clean then same(answered, 3) end
    for _ = 1, 3 do
      if answered < 3 then take(world.http:poll(20)) end
    end
    for _, times in pairs(world.seen) do same(times, 1) end
    same(world.http:in_flight(), 0)
    same(#world.http:poll(0), 0)
  end,
})

-- --- afterwards ----------------------------------------------------------------------------------

local sweep <const> = { sections = sections }

--- With memory to spare again everything works, old handles too.
function sweep.check(number, world, ok, result)
  if sections[number].after then sections[number].after(world, ok, result) end
  world.core = world.core or world.open()
  if world.secret then same(world.secret:reveal(), "kept") end
  same(world.core.secret("new"):reveal(), "new")
  local http <close> = world.core.http{ proxy = "" }
  same(await(http, http:submit(raw(world, "/raw"))).value, "canned bytes")
  if world.http then
    same(await(world.http, world.http:submit(raw(world, "/raw"))).value, "canned bytes")
    world.http:close()
  end
end

return sweep
