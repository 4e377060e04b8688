#!/bin/bash
# Packs a built program and what belongs to it as a Debian package, and prints the package's path.
#
#   build.sh PACKAGE ARCH SUITE PROGRAM SYSROOT FOLDER      PACKAGE is a folder beside this file, and the program's name
#
# The same program and commit give the same bytes: times are the commit's, entries are sorted, nobody's user id is in it. Dependencies are the
# packages of that release that give the libraries that the program names. SOURCE_DATE_EPOCH and PACKAGE_VERSION may be set from outside.
set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC
[ $# -eq 6 ] || { echo "usage: $0 PACKAGE ARCH SUITE PROGRAM SYSROOT FOLDER" >&2; exit 64; }
name=$1 arch=$2 suite=$3 program=$4 sysroot=$5 output=$6
here=$(cd "$(dirname "$0")" && pwd)
recipe=$here/$name
[ -d "$recipe" ] || { echo "$0: unknown package '$name': there is no folder $recipe" >&2; exit 64; }
root=$(cd "$here/../.." && pwd)
tools=$(dirname "$(readlink -f "$(command -v swift)")")

case $suite in
bookworm) release=deb12 ;;
trixie) release=deb13 ;;
*) echo "$0: unknown Debian release '$suite': use bookworm or trixie" >&2; exit 64 ;;
esac
commit=$(git -C "$root" log -1 --format='%ct %h' 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-${commit% *}}
number=$(sed -n 's/.*static let number: StaticString = "\(.*\)".*/\1/p' "$root/Sources/AgentRuntime/Words.swift")
# Before a release is tagged, the commit's time orders packages: ~ sorts before the release itself.
if ! git -C "$root" describe --exact-match --tags HEAD >/dev/null 2>&1 && [ "$commit" != 0 ]; then
    number="$number~git$(date -u -d "@${commit% *}" +%Y%m%d%H%M%S).${commit#* }"
fi
version=${PACKAGE_VERSION:-$number}+$release

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
mkdir -p "$tree/DEBIAN"

# The program, without symbols.
install -d "$tree/usr/bin"
"$tools/llvm-objcopy" --strip-all "$program" "$tree/usr/bin/$name"
chmod 755 "$tree/usr/bin/$name"

# Everything else, by the list.
while read -r source target mode; do
    case $source in ''|'#'*) continue ;; esac
    [ -e "$root/$source" ] || { echo "$0: $source, which the list 'files' names, is not there" >&2; exit 66; }
    install -D -m "$mode" "$root/$source" "$tree/$target"
done <"$recipe/files"
if [ "$name" = harborseal-agent ]; then
    install -d -m 755 "$tree/etc/harborseal/agent.conf.d"
fi
doc=$tree/usr/share/doc/$name
install -d "$doc" "$tree/usr/share/man/man1"
gzip -9n <"$recipe/$name.1" >"$tree/usr/share/man/man1/$name.1.gz"
{
    printf '%s (%s) %s; urgency=medium\n\n' "$name" "$version" "$suite"
    # The newest section of CHANGELOG.md, an item a line, folded.
    awk '/^## /{ n++ } n == 1 && /^- /{ printf "%s%s", next_, substr($0, 3); next_ = "\n" }
        n == 1 && /^  [^ ]/ { printf " %s", substr($0, 3) } END { print "" }' "$root/CHANGELOG.md" |
        while read -r item; do fold -s -w 74 <<<"$item" | sed -E '1s/^/  * /; 2,$s/^/    /; s/ +$//'; done
    printf '\n -- Harborseal maintainers <maintainers@harborseal.org>  %s\n' "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
"$root/Firmware-Config/sbom/sbom.py" --architecture "$arch" --release "$suite" --sysroot "$sysroot" --program "$tree/usr/bin/$name" \
    --name "$name" --version "$version" --time "$SOURCE_DATE_EPOCH" | gzip -9n >"$doc/sbom.cdx.json.gz"

# Which packages give the libraries that the program asks for by name.
depends=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | while read -r soname; do
    library=$(sed -E 's/^(.*)\.so\.(.*)$/\1 \2/' <<<"$soname")
    line=$(grep -m 1 -E "^${library//+/\\+}( |$)" "$sysroot/.debian/shlibs") ||
        { echo "$0: no package of $suite gives $soname" >&2; exit 69; }
    echo "${line#"$library" }"
done | sort -u | paste -sd, | sed 's/,/, /g')
[ -n "$depends" ] || { echo "$0: $program names no library" >&2; exit 65; }

installed=$(find "$tree" -path "$tree/DEBIAN" -prune -o -type f -printf '%s\n' | awk '{ total += int(($1 + 1023) / 1024) } END { print total + 12 }')
sed -e "s|@VERSION@|$version|" -e "s|@ARCH@|$arch|" -e "s|@DEPENDS@|$depends|" -e "s|@INSTALLED@|$installed|" \
    "$recipe/control" >"$tree/DEBIAN/control"
(cd "$tree" && find etc -type f | sort | sed 's|^|/|') >"$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 755 "$recipe/$script" "$tree/DEBIAN/$script"; done
(cd "$tree" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$output"
package=$output/${name}_${version}_$arch.deb
dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "$tree" "$package" >/dev/null
echo "$package"
