#!/bin/sh
# Builds the fuzzers and runs each reader's for some time.
#
#   Tests/Fuzz/run.sh [SECONDS [READER...]]     SECONDS a reader, default 60; readers as in Sources/HarborsealTesting/FuzzReader.swift
#                                               and Tests/SensorSourcesTests/SourceFuzzReader.swift
#   Tests/Fuzz/run.sh replay                    only the kept corpus, once
#
# Every input is tried with memory bounded: one allocation at most 1 MiB (16 MiB for evidence), 512 MiB in all.
# A crash leaves its input in .build-fuzz/READER-crash-*; new inputs stay in .build-fuzz/corpus and are not kept by themselves.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
readers=${*:-cbor cose event statement eventProof batchMessage receipt reply hello trustFile evidence topic carried registration intake gpsd nmea topics thermometer attribute edges}
out=.build-fuzz
mkdir -p "$out"

module() { # name, sources...
    name=$1
    shift
    # Built before, and nothing has changed since.
    if [ -f "$out/lib$name.a" ] && [ -z "$(find "$@" -newer "$out/lib$name.a")" ]; then return; fi
    swiftc -O -g -sanitize=fuzzer,address -parse-as-library -enable-testing -package-name harborseal \
        -enable-upcoming-feature InternalImportsByDefault -module-name "$name" -I "$out" -emit-module \
        -emit-module-path "$out/$name.swiftmodule" -emit-library -static -o "$out/lib$name.a" "$@"
}

module MerkleTree Sources/MerkleTree/*.swift
module AttestationFormat Sources/AttestationFormat/*.swift
module LogisticsEvents Sources/LogisticsEvents/*.swift
swiftc -O -g -sanitize=fuzzer,address -parse-as-library -module-name Fuzz -I "$out" -o "$out/fuzz" \
    Tests/Fuzz/FuzzTarget.swift Sources/HarborsealTesting/FuzzReader.swift \
    "$out/libAttestationFormat.a" "$out/libMerkleTree.a" 2>"$out/link.log" || { cat "$out/link.log"; exit 1; }

# Of the sources only what is pure: their readers, without sockets and files.
# shellcheck disable=SC2046 # one word a file
module SensorSources $(grep -LE 'CPosixShims|MQTTLink' Sources/SensorSources/*.swift | grep -vE '/(Source|ReplaySource).swift$')
swiftc -O -g -sanitize=fuzzer,address -parse-as-library -package-name harborseal -module-name SourceFuzz -I "$out" -o "$out/fuzz-sources" \
    Tests/Fuzz/SourceFuzzTarget.swift Tests/SensorSourcesTests/SourceFuzzReader.swift "$out/libSensorSources.a" \
    "$out/libLogisticsEvents.a" "$out/libAttestationFormat.a" "$out/libMerkleTree.a" 2>"$out/link.log" ||
    { cat "$out/link.log"; exit 1; }

for reader in $readers; do
    program=fuzz
    case $reader in
    intake | gpsd | nmea | topics | thermometer | attribute | edges) program=fuzz-sources limits="-malloc_limit_mb=1 -max_len=20000" ;;
    evidence) limits="-malloc_limit_mb=16 -max_len=65536" ;;
    batchMessage | trustFile | reply | hello) limits="-malloc_limit_mb=1 -max_len=16384" ;;
    *) limits="-malloc_limit_mb=1 -max_len=4096" ;;
    esac
    if [ "$seconds" = replay ]; then duration=-runs=0; else duration=-max_total_time=$seconds; fi
    mkdir -p "$out/corpus/$reader"
    # shellcheck disable=SC2086 # the limits are several words
    HARBORSEAL_FUZZ_READER=$reader "$out/$program" $limits -rss_limit_mb=512 -timeout=5 -print_final_stats=0 $duration \
        -artifact_prefix="$out/$reader-" "$out/corpus/$reader" "Tests/Fuzz/Corpus/$reader" >"$out/$reader.log" 2>&1 ||
        { tail -n 40 "$out/$reader.log"; echo "fuzz: $reader failed; its input is in $out/$reader-*"; exit 1; }
    echo "fuzz: $reader: $(tail -n 1 "$out/$reader.log")"
done
