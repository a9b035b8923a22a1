-- SPDX-License-Identifier: MIT
-- Logs docker (or the program named) in to the registry; the password goes to its standard input,
-- sealed all the way.
local ecr <const> = require "ecr"

local client <const> = assert(ecr.client{})
local command <const> = assert(client.auth:get_login_cmd())
local words <const> = table.move(command.argv, 2, #command.argv, 2, { arg[1] or command.argv[1] })
local pipe <const> = assert(io.popen(table.concat(words, " "), "w"))
local written <const>, problem <const> = ecr.write(pipe, { command.stdin })
if not written then io.stderr:write(tostring(problem), "\n") end
return pipe:close() and written and 0 or 1
