#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages named as arguments that are not there yet, and says what it does.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
  echo "This is no Debian system. Needed are these Debian packages, or what corresponds to them here:"
  echo "  $*"
  [ -n "${ECRLUA_DEPS_PRESENT:-}" ] && exit 0
  echo "Install them and set ECRLUA_DEPS_PRESENT=1."
  exit 1
fi

missing=
installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null || true)
for package in "$@"; do
  case "
$installed
" in
  *"
ii $package
"*) ;;
  *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
  sudo=sudo
  command -v sudo >/dev/null 2>&1 || { echo "Not root, and no sudo. Install:$missing"; exit 1; }
fi
echo "installing:$missing"
echo "+ $sudo apt-get update"
$sudo apt-get update -qq
echo "+ $sudo apt-get install --no-install-recommends$missing"
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
