#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The demonstration: three images of a simulated registry, gated. Succeeds when the answers are pass,
# fail, pass.
set -u
ecrlua=$1
wrong=0

gate() { # IMAGE EXPECTED
  echo "\$ ecrlua --sim examples/scenarios/demo.lua scan_gate.lua $1"
  "$ecrlua" --sim examples/scenarios/demo.lua scan_gate.lua "$1"
  local code=$?
  echo "exit code $code"
  echo
  [ "$code" -eq "$2" ] || wrong=1
}

gate app:v1 0
gate app:v2 1
gate app:multi 0
exit $wrong
