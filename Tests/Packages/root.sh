#!/bin/sh
# Makes a root folder of one architecture and Debian release in which our packages can be installed: what dpkg and the packages'
# scripts need, and every dependency that apt finds for the packages; all of it unpacked, none of it configured.
#
#   root.sh ARCH SUITE FOLDER PACKAGE...
set -eu
[ $# -ge 4 ] || { echo "usage: $0 ARCH SUITE FOLDER PACKAGE..." >&2; exit 64; }
arch=$1 suite=$2 target=$3
shift 3

. "$(dirname "$0")/../../Firmware-Config/toolsets/foreign-apt.sh"
rm -rf "$target"
mkdir -p "$target"
foreign_apt_open "$arch" "$suite" "$target.apt"
foreign_apt install --download-only --yes --no-install-recommends "$@" \
    dpkg dash coreutils sed grep tar findutils diffutils libc-bin passwd base-passwd base-files init-system-helpers perl-base \
    systemd-standalone-sysusers systemd-standalone-tmpfiles
rm -f "$target.apt"/cache/archives/harborseal-*.deb
foreign_apt_unpack "$target"

# What the packages' own scripts would have done.
mkdir -p "$target/var/lib/dpkg/info" "$target/var/lib/dpkg/updates" "$target/tmp"
mv "$target/.debian/status" "$target/var/lib/dpkg/status"
for each in "$target.apt"/cache/archives/*.deb; do
    name=$(dpkg-deb -f "$each" Package)
    [ "$(dpkg-deb -f "$each" Multi-Arch)" != same ] || name=$name:$arch
    { echo /.; dpkg-deb --fsys-tarfile "$each" | tar -t | sed -n 's|^\./\(.*[^/]\)/*$|/\1|p'; } >"$target/var/lib/dpkg/info/$name.list"
done
cp "$target/usr/share/base-passwd/passwd.master" "$target/etc/passwd"
cp "$target/usr/share/base-passwd/group.master" "$target/etc/group"
rm -rf "$target.apt" "$target/.debian"
