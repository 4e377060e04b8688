#!/bin/bash
# Builds a gateway's program in Embedded Swift for a Debian architecture and release, with what SwiftPM says as output.
#
#   build-embedded.sh PROGRAM ARCH SUITE SCRATCH [SYSROOT]     gives SCRATCH/release/PROGRAM
#
# Without a sysroot it is built for this machine, with this machine's libraries.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 4 ] || { echo "usage: $0 PROGRAM ARCH SUITE SCRATCH [SYSROOT]" >&2; exit 64; }
program=$1 arch=$2 suite=$3 scratch=$4 sysroot=${5-}

# The embedded standard library of the toolchain knows ARM as a bare processor; the toolset's options make Linux of it.
case $arch in
amd64) triple=x86_64-unknown-linux-gnu ;;
arm64) triple=aarch64-none-none-elf ;;
armhf) triple=armv7-none-none-eabi ;;
riscv64) triple=riscv64-none-none-eabi ;;
*) echo "$0: unknown architecture '$arch': use amd64, arm64, armhf or riscv64" >&2; exit 64 ;;
esac
options=()
if [ -n "$sysroot" ]; then
    Firmware-Config/toolsets/sysroot.sh "$arch" "$suite" "$sysroot"
    sysroot=$(cd "$sysroot" && pwd)
    options=(--triple $triple -Xcc --sysroot="$sysroot" -Xswiftc -Xclang-linker -Xswiftc --sysroot="$sysroot")
    toolset=Firmware-Config/toolsets/$arch.json
    [ ! -e "$toolset" ] || options+=(--toolset "$toolset")
fi
# Without debugging information, which costs a fifth of the build and is stripped anyway, and without frame pointers.
HARBORSEAL_EMBEDDED=1 HARBORSEAL_ARCH=$arch swift build -c release --product "$program" --scratch-path "$scratch" \
    -debug-info-format none --omit-frame-pointers "${options[@]}"
