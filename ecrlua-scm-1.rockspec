-- SPDX-License-Identifier: MIT
rockspec_format = "3.0"
package = "ecrlua"
version = "scm-1"
source = { url = "file://." } -- built from a checkout: `luarocks make`
description = {
  summary = "Amazon ECR from Lua: scan gates, a simulator, every operation",
  license = "MIT",
}
dependencies = { "lua >= 5.4, < 5.5", "lua-cjson" }
external_dependencies = {
  OPENSSL = { header = "openssl/evp.h" },
  CURL = { header = "curl/curl.h" },
  YAJL = { header = "yajl/yajl_parse.h" },
  EXPAT = { header = "expat.h" },
}
build = {
  type = "make",
  build_target = "build/ecr/core.so",
  install_target = "install-rock",
  install_variables = { LUADIR = "$(LUADIR)", LIBDIR = "$(LIBDIR)" },
}
