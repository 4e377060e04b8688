#!/bin/sh
# Unpacks the libraries that the gateway's programs link with, for an architecture and a Debian release, into a folder.
#
#   sysroot.sh ARCH SUITE DIRECTORY        for example: sysroot.sh arm64 bookworm .sysroots/arm64-bookworm
set -eu

[ $# -eq 3 ] || { echo "usage: $0 ARCH SUITE DIRECTORY" >&2; exit 64; }
arch=$1 suite=$2 target=$3
case $suite in
bookworm) gcc=libgcc-12-dev ;;
trixie) gcc=libgcc-14-dev ;;
*) echo "$0: unknown Debian release '$suite': use bookworm or trixie" >&2; exit 64 ;;
esac
[ "$arch-$suite" != riscv64-bookworm ] || { echo "$0: Debian has riscv64 since trixie: use SUITE=trixie" >&2; exit 64; }
packages="libc6-dev $gcc libmosquitto-dev libmbedtls-dev libinih-dev libcjson-dev libmodbus-dev"
[ "$(cat "$target/.debian/complete" 2>/dev/null)" = "$packages" ] && exit 0

. "$(dirname "$0")/foreign-apt.sh"
rm -rf "$target"
mkdir -p "$target"
foreign_apt_open "$arch" "$suite" "$target.apt"
# shellcheck disable=SC2086
foreign_apt install --download-only --yes --no-install-recommends $packages
foreign_apt_unpack "$target"
rm -rf "$target.apt"
echo "$packages" >"$target/.debian/complete"
