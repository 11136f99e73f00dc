#!/bin/sh
# Installs the named Debian packages, as root or through sudo; says what to do when neither works.
set -eu
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Needed: $*. Ask an administrator to run: apt-get install $*" >&2; exit 1; }
    as_root="sudo"
fi
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
