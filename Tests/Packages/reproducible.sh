#!/bin/bash
# Builds the checked-out commit a second time, in an empty folder of another name, and compares the stripped programs.
#
#   reproducible.sh ARCH SUITE PROGRAM      PROGRAM is the first build, of the same commit; a build takes about three minutes
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# = 3 ] || { echo "usage: $0 ARCH SUITE PROGRAM" >&2; exit 64; }
arch=$1 suite=$2 first=$3
git diff --quiet HEAD || { echo "$0: the working tree differs from its commit: commit first, and build again" >&2; exit 65; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone -q . "$folder/built-elsewhere"
make --no-print-directory -C "$folder/built-elsewhere" agent ARCH="$arch" SUITE="$suite"
second=$(find "$folder/built-elsewhere" -path '*/release/harborseal-agent' -type f)
for built in "$first" "$second"; do
    "${TOOLCHAIN:-}llvm-objcopy" --strip-all "$built" "$folder/stripped"
    sha256sum <"$folder/stripped" | cut -d ' ' -f 1
done >"$folder/sums"
if [ "$(uniq "$folder/sums" | wc -l)" != 1 ]; then
    echo "$arch $suite: the two builds differ: $(paste -sd' ' "$folder/sums")" >&2
    exit 1
fi
echo "$arch $suite: two builds in two folders, equal bytes, SHA-256 $(head -n 1 "$folder/sums")"
