-- SPDX-License-Identifier: MIT
-- `make docs`: puts what is generated between its marks in README.md.

local files <const> = require "spec.support.files"
local services <const> = require "core.model.services"

local BEGIN <const>, END <const> = "<!-- services: made by `make docs` -->\n", "<!-- end of services -->"

local text <const> = files.read("README.md")
local _, begin <const> = text:find(BEGIN, 1, true)
local stop <const> = text:find(END, 1, true)
assert(begin and stop, "README.md lacks the marks of the table of services")
local file <const> = assert(io.open("README.md", "wb"))
file:write(text:sub(1, begin), table.concat(services.lines(), "\n"), "\n", text:sub(stop))
assert(file:close())
