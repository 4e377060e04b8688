#!/bin/sh
# Unpacks the libraries that the agent links with, for another architecture or Debian release, into a folder.
#
#   sysroot.sh ARCH SUITE DIRECTORY        for example: sysroot.sh arm64 bookworm .sysroots/arm64-bookworm
#
# The machine's own package system is left as it is: apt works with its own lists, status and cache inside the folder,
# because a foreign architecture added to the machine breaks its upgrades whenever a mirror is in the middle of a sync.
set -eu

[ $# -eq 3 ] || { echo "usage: $0 ARCH SUITE DIRECTORY" >&2; exit 64; }
arch=$1 suite=$2 target=$3
[ -e "$target/.complete" ] && exit 0

case $suite in
bookworm) gcc=libgcc-12-dev ;;
trixie) gcc=libgcc-14-dev ;;
*) echo "$0: unknown Debian release '$suite': use bookworm or trixie" >&2; exit 64 ;;
esac

work=$target.apt
rm -rf "$target" "$work"
mkdir -p "$target" "$work/lists/partial" "$work/cache/archives/partial" "$work/etc"
touch "$work/status"
work=$(cd "$work" && pwd)

# The machine's own mirror, with the release that is asked for. Its signatures are checked as everywhere else.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
[ -n "$mirror" ] || { echo "$0: apt-get has no package source; run 'apt-get update' once" >&2; exit 69; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/etc/sources.list"

apt_here() {
    apt-get -q -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
        -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o Dir::Etc::SourceList="$work/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null "$@"
}

apt_here update >"$work/log" 2>&1 &&
    apt_here install --download-only --yes --no-install-recommends \
        libc6-dev $gcc libmosquitto-dev libmbedtls-dev libinih-dev libcjson-dev >>"$work/log" 2>&1 ||
    { echo "$0: the packages for $arch $suite cannot be fetched:" >&2; tail -n 5 "$work/log" >&2; exit 69; }

for package in "$work"/cache/archives/*.deb; do dpkg -x "$package" "$target"; done
rm -rf "$work"
touch "$target/.complete"
