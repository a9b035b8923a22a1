-- SPDX-License-Identifier: MIT
std = "lua54"
max_line_length = 100
max_comment_line_length = 120 -- annotations cannot be broken
max_string_line_length = 115 -- nor sentences for people
cache = false
include_files = { "lua/**/*.lua", "lua/*.lua", "scripts/*.lua", "examples/**/*.lua", "spec/**/*.lua", "core/model/*.lua" }
files["spec"].std = "lua54+busted"
files["spec/support"].std = "lua54+busted"
files["scripts"].globals = { "arg" }
files["spec"].max_line_length = 120 -- rows of tables read better whole
files["spec"].max_string_line_length = 130
