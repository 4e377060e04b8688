#!/bin/sh
# Puts overlays into a board's device tree: for a boot loader that cannot, and for trees that were built without labels, as Debian's mostly are.
#
#   apply.sh BASE.dtb RESULT.dtb OVERLAY.dtso...        for example: apply.sh imx8mm-evk.dtb /boot/gateway.dtb imx8mm-evk-i2c.dtso
#
# Overlays name what they change by label. A tree keeps its labels in /__symbols__ only if it was compiled with `dtc -@`; what is missing there is
# added from BOARD.labels beside the overlays. Needs dtc, fdtget, fdtput and fdtoverlay: Debian's package device-tree-compiler.
set -eu

[ $# -ge 3 ] || { echo "usage: $0 BASE.dtb RESULT.dtb OVERLAY.dtso..." >&2; exit 64; }
base=$1 result=$2
shift 2
for tool in dtc fdtget fdtput fdtoverlay; do
    command -v $tool >/dev/null || { echo "$0: $tool is missing: apt-get install device-tree-compiler" >&2; exit 69; }
done
[ -r "$base" ] || { echo "$0: $base cannot be read" >&2; exit 66; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$base" "$work/base.dtb"
fdtget -p "$work/base.dtb" / >/dev/null 2>&1 || { echo "$0: $base is not a compiled device tree" >&2; exit 65; }

# Numbers for nodes that nothing referred to so far. dtc counts from 1, so a tree has none of these.
handle=65536

# add_label LABEL PATH...: the first path that the tree has gets the label.
add_label() {
    label=$1
    shift
    fdtget "$work/base.dtb" /__symbols__ "$label" >/dev/null 2>&1 && return
    for path in "$@"; do
        fdtget -p "$work/base.dtb" "$path" >/dev/null 2>&1 || continue
        fdtput -p -t s "$work/base.dtb" /__symbols__ "$label" "$path"
        if ! fdtget "$work/base.dtb" "$path" phandle >/dev/null 2>&1; then
            handle=$((handle + 1))
            fdtput -t u "$work/base.dtb" "$path" phandle $handle
        fi
        return
    done
    missing="$missing $label"
}

missing=
overlays=
for overlay in "$@"; do
    name=$(basename "$overlay" .dtso)
    labels=$(dirname "$overlay")/${name%-*}.labels
    [ -r "$overlay" ] && [ -r "$labels" ] || { echo "$0: $overlay or $labels cannot be read" >&2; exit 66; }
    while read -r label paths; do
        # The paths are words without blanks, one after the other.
        case $label in ''|'#'*) ;; *) add_label "$label" $paths ;; esac
    done <"$labels"
    dtc -q -@ -I dts -O dtb -o "$work/$name.dtbo" "$overlay" || { echo "$0: $overlay does not compile" >&2; exit 65; }
    overlays="$overlays $work/$name.dtbo"
done

# Paths of the temporary folder have no blanks.
if ! fdtoverlay -i "$work/base.dtb" -o "$work/result.dtb" $overlays 2>"$work/log"; then
    echo "$0: the overlays do not fit $base:" >&2
    cat "$work/log" >&2
    [ -z "$missing" ] || echo "It has no node for:$missing. Is it this board's tree? Else find the nodes in it (dtc -I dtb -O dts) and name their paths in the .labels file." >&2
    exit 65
fi
cp "$work/result.dtb" "$result"
