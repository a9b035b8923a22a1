-- SPDX-License-Identifier: MIT
-- The main path under valgrind: `lua5.4 spec/valgrind.lua ECRLUA`. No invalid access, no use of what was
-- never set, nothing lost. Ends with one line of counts.

local process <const> = require "spec.support.process"

local VALGRIND <const> = "valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect "
local DEMO <const> = "--sim examples/scenarios/demo.lua "
local ANSWERS <const> = [[return function(request)
  local DIGEST = "sha256:]] .. ("0"):rep(64) .. [["
  local target = request.headers["x-amz-target"]
  if target:find("DescribeImages$") then
    return {body = '{"imageDetails":[{"imageDigest":"' .. DIGEST
      .. '","imageManifestMediaType":"application/vnd.oci.image.manifest.v1+json"}]}'}
  elseif target:find("DescribeImageScanFindings$") and request.count < 4 then
    return {status = 400, body = '{"__type":"ThrottlingException","message":"slow down"}'}
  elseif target:find("DescribeImageScanFindings$") then
    return {body = '{"imageScanStatus":{"status":"COMPLETE"},"imageScanFindings":{"imageScanCompletedAt":'
      .. os.time() .. ',"findings":[{"name":"CVE-2026-1","severity":"HIGH","attributes":[{"key":"package_name",'
      .. '"value":"openssl"}]}],"findingSeverityCounts":{"HIGH":1}}}'}
  end
  return {body = '{"authorizationData":[{"authorizationToken":"QVdTOng=","expiresAt":1.5}]}'}
end]]

local passed, failed = 0, 0

--- Runs ecrlua with these words; it must exit with `code`.
local function run(name, words, code, environment)
  local result <const> = process.run(("env %s %s %s %s"):format(environment or "", VALGRIND, arg[1], words))
  if result.code == code then
    passed = passed + 1
  else
    failed = failed + 1
    print(("not ok - %s: exit %d, expected %d\n%s"):format(name, result.code, code, result.errors))
  end
end

run("pass, after waiting", DEMO .. "scan_gate.lua app:v1", 0)
run("fail, as JSON", DEMO .. "scan_gate.lua app:v2 --json", 1)
run("an index", DEMO .. "scan_gate.lua app:multi", 0)
run("no such image", DEMO .. "scan_gate.lua app:none", 3)

local server <const> = process.serve(ANSWERS)
local keys <const> = "AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_ENDPOINT_URL=" .. server.url
run("over HTTP, throttled at first", "scan_gate.lua app:v1", 0, keys)
run("a token, sealed", "-e 'local t = assert(require(\"ecr\").client{}:call(\"GetAuthorizationToken\")) "
  .. "return #t.authorization_data[1].authorization_token'", 8, keys)
run("cancelled in flight", "-e 'local ecr = require \"ecr\" local c = ecr.client{} local t = ecr.spawn(function() "
  .. "return c.repository:list() end) ecr.sleep(0) t:cancel() return 5'", 5, keys)
server:stop()
run("nobody listens", "--retries 0 scan_gate.lua app:v1", 3, keys)

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
