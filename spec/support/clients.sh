#!/bin/sh
# SPDX-License-Identifier: MIT
# `clients.sh FOLDER PACKAGE...` unpacks programs and libraries of Debian packages below a folder: what specs
# run beside ours. They are not installed, because installing some of them starts services on the machine.
# Where one cannot be had this says so and goes on: the specs that need it say that they are skipped.
set -eu

mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

missing=
for package in "$@"; do
  [ -e "$folder/$package.unpacked" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "This is no Debian system. More specs would run with these Debian packages:$missing"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

download() {
  apt-get -qq -o APT::Sandbox::User=root download "$1" >messages 2>&1
}

updated=
fetch() {
  download "$1" && return 0
  [ -z "$updated" ] || return 1
  updated=yes
  apt-get -qq update >/dev/null 2>&1 && download "$1"
}

unpack() {
  dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x -C "$folder" --no-same-owner --exclude=./etc --exclude=./usr/sbin \
    --exclude=./usr/share --exclude=./lib/systemd --exclude=./usr/lib/systemd
}

echo "unpacking below build, not installing:$missing"
for package in $missing; do
  if fetch "$package" && unpack "$package"; then
    : >"$folder/$package.unpacked"
  else
    echo "not unpacked, specs that need it will be skipped: $package ($(tail -n 1 messages))"
  fi
  rm -f ./*.deb
done
