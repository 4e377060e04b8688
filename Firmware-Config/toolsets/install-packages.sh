#!/bin/sh
# Installs the Debian packages that are named and missing, through sudo when not root.
set -eu
missing=
for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || { echo "This machine has no apt-get. Install by hand:$missing" >&2; exit 69; }
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "Installing from Debian:$missing" >&2
# No service is started: tests and demo start their own.
log=$(mktemp)
if ! { $as_root apt-get -q update &&
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install:$missing (above: what it said)" >&2
    exit 69
fi
rm -f "$log"
