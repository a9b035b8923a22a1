-- SPDX-License-Identifier: MIT
-- AWS's shared files. The rows say what the table of parser cases says that AWS's SDKs share (Java, Rust,
-- Kotlin), case by case, and below them what facts/credentials.md adds.
local core = require "ecr.core"
local process = require "spec.support.process"

local path

before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

local function read(text, kind)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return core.read_ini(path, kind or "config")
end

--- The same tables with every secret's text in its place.
local function opened(value)
  if type(value) == "userdata" then return value:reveal() end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, inner in pairs(value) do copy[key] = opened(inner) end
  return copy
end

--- What a file holds: {profile = ...}, other kinds of section only where there are some.
local function holds(text, kind)
  local sections = opened(assert(read(text, kind)))
  for name, inside in pairs(sections) do
    if not next(inside) then sections[name] = nil end
  end
  return sections
end

--- {what the case is about, text, the profiles | the line to blame, kind of file}
local CASES = {
  { "an empty file has no profiles", "", nil },
  { "a profile may be empty", "[profile one]", { one = {} } },
  { "names have letters, digits and some signs", "[profile a-b:c/d_e%f.g@h+]\n[profile no!name]",
    { ["a-b:c/d_e%f.g@h+"] = {} } },
  { "a section's bracket is closed", "[profile one", 1 },
  { "names are trimmed", "[profile \tone \t]", { one = {} } },
  { "a tab may follow the prefix", "[profile\tone]", { one = {} } },
  { "settings stand in a section", "key = value", 1 },
  { "a profile has settings", "[profile one]\nkey = value", { one = { key = "value" } } },
  { "lines may end as on Windows", "[profile one]\r\nkey = value\r\n", { one = { key = "value" } } },
  { "values may hold an equals sign", "[profile one]\nkey = a=b", { one = { key = "a=b" } } },
  { "values may be Unicode", "[profile one]\nkey = \u{1f602}", { one = { key = "\u{1f602}" } } },
  { "there may be several settings", "[profile one]\nkey = a\nother = b", { one = { key = "a", other = "b" } } },
  { "keys and values are trimmed", "[profile one]\nkey \t=  \tvalue \t", { one = { key = "value" } } },
  { "values may be empty", "[profile one]\nkey =", { one = { key = "" } } },
  { "keys may not", "[profile one]\n= value", 2 },
  { "a colon is no equals sign", "[profile one]\nkey : value", 2 },
  { "several profiles may be empty", "[profile one]\n[profile two]", { one = {}, two = {} } },
  { "settings belong to the section above", "[profile one]\na = 1\n[profile two]\nb = 2",
    { one = { a = "1" }, two = { b = "2" } } },
  { "blank lines mean nothing", "\t \n[profile one]\n\t\n \na = 1\n\t \n[profile two]\n \t",
    { one = { a = "1" }, two = {} } },
  { "comments begin with #", "# x\n[profile one] # x\na = 1 # x # y", { one = { a = "1" } } },
  { "comments begin with ;", "; x\n[profile one] ; x\na = 1 ; x ; y", { one = { a = "1" } } },
  { "both may be mixed", "# x\n[profile one] ; x\na = 1 # x ; y", { one = { a = "1" } } },
  { "comments may be empty", ";\n[profile one];\na = 1 ;\n", { one = { a = "1" } } },
  { "comments may touch a bracket", "[profile one]; x\n[profile two]# x", { one = {}, two = {} } },
  { "but not a value", "[profile one]\na = 1; x\nb = 2# x", { one = { a = "1; x", b = "2# x" } } },
  { "an indented line continues a value", "[profile one]\na = 1\n -2", { one = { a = "1\n-2" } } },
  { "so do several", "[profile one]\na = 1\n -2\n -3", { one = { a = "1\n-2\n-3" } } },
  { "continuations are trimmed", "[profile one]\na = 1\n \t -2 \t ", { one = { a = "1\n-2" } } },
  { "they keep # behind text", "[profile one]\na = 1\n -2 # x", { one = { a = "1\n-2 # x" } } },
  { "they keep ; behind text", "[profile one]\na = 1\n -2 ; x", { one = { a = "1\n-2 ; x" } } },
  { "none stands outside a section", " -1", 1 },
  { "none stands outside a setting", "[profile one]\n -1", 2 },
  { "a section ends the setting above", "[profile one]\na = 1\n[profile one]\n -2", 4 },
  { "the same profile again goes on", "[profile one]\na = 1\n[profile one]\nb = 2", { one = { a = "1", b = "2" } } },
  { "the later setting counts", "[profile one]\na = 1\na = 2", { one = { a = "2" } } },
  { "also in another section", "[profile one]\na = 1\n[profile one]\na = 2", { one = { a = "2" } } },
  { "also in capitals", "[profile one]\nKey = 1\n[profile one]\nkey = 2", { one = { key = "2" } } },
  { "[profile default] before [default]", "[profile default]\na = 1\n[default]\nb = 2", { default = { a = "1" } } },
  { "[profile default] behind [default]", "[default]\nb = 2\n[profile default]\na = 1", { default = { a = "1" } } },
  { "[profile default] around [default]", "[profile default]\na = 1\n[default]\nb = 2\n[profile default]\nc = 3",
    { default = { a = "1", c = "3" } } },
  { "a profile whose name is none is skipped", "[profile no name]\na = 1", nil },
  { "also in the credentials file", "[no name]\na = 1", nil, "credentials" },
  { "with what is in it", "[profile one]\na = 1\n[profile no name]\nb = 2\n[profile two]\nc = 3",
    { one = { a = "1" }, two = { c = "3" } } },
  { "a setting whose name is none is skipped", "[profile one]\nno key = 1", { one = {} } },
  { "keys are in lower case", "[profile one]\nABCXYZabcxyz019-_ = 1", { one = { ["abcxyzabcxyz019-_"] = "1" } } },
  { "a setting may hold others", "[profile one]\ns3 =\n a = 1", { one = { s3 = { a = "1" } } } },
  { "which need an equals sign", "[profile one]\ns3 =\n a", 3 },
  { "which may be empty", "[profile one]\ns3 =\n a =", { one = { s3 = { a = "" } } } },
  { "which need a name", "[profile one]\ns3 =\n = 1", 3 },
  { "and are skipped when their name is none", "[profile one]\ns3 =\n no key = 1\n a = 2",
    { one = { s3 = { a = "2" } } } },
  { "blank lines between them mean nothing", "[profile one]\ns3 =\n a = 1\n\t \n b = 2",
    { one = { s3 = { a = "1", b = "2" } } } },
  { "a value and a block in turn", "[default]\na = 1\n b = 2 \n 3\nc = 4\nd =\n e = 5",
    { default = { a = "1\nb = 2\n3", c = "4", d = { e = "5" } } } },
  { "the config file has prefixes", "[one]\na = 1", nil },
  { "the credentials file has none", "[profile one]\na = 1", nil, "credentials" },
  { "a prefix is a word", "[profileone]\na = 1\n[profile two]", { two = {} } },
  { "spaces inside the brackets", "[   profile one    ]\na = 1\n[profile two]", { one = { a = "1" }, two = {} } },
  { "the same in the credentials file", "[   one    ]\na = 1\n[profile two]", { one = { a = "1" } }, "credentials" },
  { "sso-session without a name is a name there", "[sso-sessionone]\na = 1\n[two]",
    { ["sso-sessionone"] = { a = "1" }, two = {} }, "credentials" },
}

describe("the shared table of cases:", function()
  for _, case in ipairs(CASES) do
    it(case[1], function()
      if type(case[3]) == "number" then
        local sections, failure = read(case[2], case[4])
        assert.is_nil(sections)
        assert.same({ "config", "config_file" }, { failure.kind, failure.code })
        assert.equal(1, (failure.message:find(path .. ", line " .. case[3] .. ": ", 1, true)))
      else
        assert.same({ profile = case[3] }, holds(case[2], case[4]))
      end
    end)
  end

  it("sessions and services have names of their own", function()
    assert.same({ profile = { bar = {}, foo = { b = "2" } }, ["sso-session"] = { foo = { a = "1" } } },
      holds("[sso-session foo]\na = 1\n[profile bar]\n[profile foo]\nb = 2"))
    assert.same({ ["sso-session"] = { foo = { a = "1" } } }, holds("[  sso-session foo  ]\na = 1"))
    assert.same({ profile = { default = { a = "1" } }, ["sso-session"] = { default = { a = "2" } } },
      holds("[default]\na = 1\n[sso-session default]\na = 2"))
    assert.same({ profile = { default = { services = "mine" } },
      services = { mine = { s3 = { endpoint_url = "https://s3.example" } } } },
      holds("[default]\nservices = mine\n[services mine]\ns3 =\n\tendpoint_url = https://s3.example"))
    assert.same({}, holds("[sso-session]\na = 1\n"))
    assert.same({}, holds("[sso-session foo]\na = 1\n[services foo]\n", "credentials"))
    assert.same({ profile = { default = { region = "x" } } }, holds("[default]\nregion = x\n[other foo]\na =\n\tb = c"))
  end)
end)

describe("a shared file", function()
  it("quotes names that have spaces", function()
    assert.same({ profile = { ["a b"] = {}, c = {}, [" d "] = {} }, ["sso-session"] = { ["My Corp"] = {} } },
      holds("[profile \"a b\"]\n[profile 'c']\n[profile ' d ']\n[sso-session 'My Corp']\n[profile 'e\"]\n"
        .. "[profile Single'Quote]\n[profile '']\n[profile \"a\tb\"]\n[profile ']\n"))
    assert.same({ profile = { ["a b"] = {} } }, holds("['a b']\n['profile]", "credentials"))
    assert.same({ profile = { default = { b = "2" } } }, holds("[default]\na = 1\n[profile 'default']\nb = 2"))
  end)

  it("may have other tools' sections, which are not read", function()
    assert.same({ profile = { default = { region = "x" } } }, holds("[plugins]\nwhatever this is\n  and this\n"
      .. "[]\n[ ]\n[profile]\n[Profile a]\n[default extra]\n[default]\nregion = x"))
  end)

  it("has indented comments too", function()
    assert.same({ profile = { a = { key = "1\n2", s3 = { b = "3" } } } },
      holds("  # x\n[profile a]\n  ; x\nkey = 1\n  # x\n  2\ns3 =\n  # x\n  b = 3 ; x\n  ; x = y\n"))
  end)

  it("keeps # and ; in what has no white space before them", function()
    assert.same({ profile = { a = { aws_secret_access_key = "a#b;c", aws_session_token = "#d", x = "" } } },
      holds("[a]\naws_secret_access_key = a#b;c # x\naws_session_token =#d\nx = # y\n", "credentials"))
  end)

  it("has one level of settings inside settings, and replaces them as one", function()
    assert.same({ services = { a = { ecr = { c = "3", d = "" }, s3 = "x" } } }, holds("[services a]\necr =\n a = 1\n"
      .. "s3 =\n a = 1\n[services a]\necr =\n  C = 3\n    d =\ns3 = x\n"))
    assert.same({ profile = { a = { s3 = {} } } }, holds("[profile a]\ns3 =\n no key = 1"))
    assert.same({ profile = { a = { b = "1" } } }, holds("[profile a]\nno key =\n no setting\nb = 1"))
  end)

  it("may begin with a byte order mark", function()
    assert.same({ profile = { default = { a = "1" } } }, holds("\xef\xbb\xbf[default]\r\na = 1"))
  end)

  it("always has three kinds of section", function()
    assert.same({ profile = {}, ["sso-session"] = {}, services = {} }, read("", "credentials"))
  end)

  it("gives strings for what is harmless, and secrets for all else", function()
    local profile = read("[a]\naws_access_key_id = AKID\nAWS_SECRET_ACCESS_KEY = key\naws_session_token = token\n"
      .. "region = eu-west-1\nnew_token =\necr =\n endpoint_url = http://localhost\n api_key = x\n",
      "credentials").profile.a
    assert.equal("AKID", profile.aws_access_key_id)
    assert.equal("eu-west-1", profile.region)
    assert.equal("http://localhost", profile.ecr.endpoint_url)
    for _, row in ipairs{ { profile.aws_secret_access_key, "key" }, { profile.aws_session_token, "token" },
      { profile.new_token, "" }, { profile.ecr.api_key, "x" } } do
      assert.equal("<secret>", tostring(row[1]))
      assert.equal(row[2], row[1]:reveal())
    end
  end)

  it("gives no string of several lines: the key may be in it", function()
    local profile = read("[profile a]\nregion = x\n  aws_secret_access_key = key\n").profile.a
    assert.equal("<secret>", tostring(profile.region))
  end)

  it("may not be there", function()
    os.remove(path)
    assert.same({ n = 1 }, table.pack(core.read_ini(path, "config")))
    assert.same({ n = 1 }, table.pack(core.read_ini("/dev/null/config", "config")))
  end)

  it("is not waited for, and nothing but a file", function()
    for what, why in pairs{ ["mkfifo"] = "no file", ["mkdir"] = "a directory" } do
      os.remove(path)
      process.run(what .. " " .. path)
      local sections, failure = core.read_ini(path, "config")
      process.run("rm -r " .. path)
      assert.is_nil(sections)
      assert.same({ kind = "config", code = "config_file", message = path .. " cannot be read: it is " .. why },
        failure)
    end
  end)

  it("is of one of two kinds, and its path is text", function()
    assert.has_error(function() core.read_ini(path, "ini") end)
    assert.has_error(function() core.read_ini(path) end)
    assert.has_error(function() core.read_ini(path .. "\0", "config") end)
  end)
end)
