#!/bin/sh
# Builds the fuzzers and runs each reader's for some time.
#
#   Tests/Fuzz/run.sh [SECONDS [READER...]]     SECONDS a reader, default 60; readers as in Sources/HarborsealTesting/FuzzReader.swift
#                                               Tests/SensorSourcesTests/SourceFuzzReader.swift and
#                                               Tests/DeviceEnrolmentTests/IdentityFuzzReader.swift
#   Tests/Fuzz/run.sh replay                    only the kept corpus, once
#
# Every input is tried with memory bounded: one allocation at most 1 MiB (16 MiB for evidence), 512 MiB in all.
# A crash leaves its input in .build-fuzz/READER-crash-*; new inputs stay in .build-fuzz/corpus and are not kept by themselves.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
readers=${*:-cbor cose event statement eventProof batchMessage receipt reply hello trustFile evidence topic carried registration intake gpsd nmea topics thermometer attribute edges httpAnswer enrolmentText certificatesOnly certificate revocationList tokenMessage tokenURI}
out=.build-fuzz
mkdir -p "$out"

module() { # name
    name=$1
    # shellcheck disable=SC2046 # one word a file
    set -- $(find "Sources/$name" -name '*.swift' | sort)
    # Built before, and nothing has changed since.
    if [ -f "$out/lib$name.a" ] && [ -z "$(find "$@" Tests/Fuzz/run.sh -newer "$out/lib$name.a")" ]; then return; fi
    # shellcheck disable=SC2086 # the maps are several words
    swiftc -O -g -sanitize=fuzzer,address -parse-as-library -enable-testing -package-name harborseal \
        -enable-upcoming-feature InternalImportsByDefault -module-name "$name" -I "$out" $maps -emit-module \
        -emit-module-path "$out/$name.swiftmodule" -emit-library -static -o "$out/lib$name.a" "$@"
}

shims() { # the name of a door to a C library: its objects, and the map that Swift finds it by
    mkdir -p "$out/$1"
    printf 'module %s { umbrella header "%s/Sources/%s/include/%s.h" export * }\n' "$1" "$PWD" "$1" "$1" >"$out/$1/module.modulemap"
    for source in Sources/"$1"/*.c; do
        cc -g -O1 -D_FILE_OFFSET_BITS=64 -I"Sources/$1/include" -c -o "$out/$1/$(basename "$source" .c).o" "$source"
    done
}

target() { # what libFuzzer is built with, program, sources and libraries...
    define=$1 program=$2
    shift 2
    # shellcheck disable=SC2086 # the maps are several words
    swiftc -O -g -sanitize=fuzzer,address -parse-as-library -package-name harborseal -module-name Fuzz -D "$define" -I "$out" $maps \
        -o "$out/$program" Tests/Fuzz/FuzzTarget.swift "$@" 2>"$out/link.log" || { cat "$out/link.log"; exit 1; }
}

maps=
for name in MerkleTree AttestationFormat LogisticsEvents; do module $name; done
target FORMAT fuzz Sources/HarborsealTesting/FuzzReader.swift "$out/libAttestationFormat.a" "$out/libMerkleTree.a"

# Sources, enrolment and tokens whole, with what they stand on.
for name in CPosixShims CMosquittoShims CMbedTLSShims CIniShims CTokenShims; do
    shims $name
    maps="$maps -I $out/$name"
done
for name in MQTTLink SensorSources SmallFiles DeviceCrypto SealToken ConfigurationFile DeviceEnrolment; do module $name; done
target SOURCES fuzz-sources Tests/SensorSourcesTests/SourceFuzzReader.swift "$out/libSensorSources.a" "$out/libMQTTLink.a" \
    "$out/libLogisticsEvents.a" "$out/libAttestationFormat.a" "$out/libMerkleTree.a" "$out"/CPosixShims/*.o "$out"/CMosquittoShims/*.o -lmosquitto
target IDENTITY fuzz-identity Tests/DeviceEnrolmentTests/IdentityFuzzReader.swift "$out/libDeviceEnrolment.a" "$out/libSealToken.a" \
    "$out/libConfigurationFile.a" "$out/libDeviceCrypto.a" "$out/libSmallFiles.a" "$out/libAttestationFormat.a" "$out/libMerkleTree.a" \
    "$out"/CPosixShims/*.o "$out"/CMbedTLSShims/*.o "$out"/CIniShims/*.o "$out"/CTokenShims/*.o -lmbedtls -lmbedx509 -lmbedcrypto -linih

for reader in $readers; do
    program=fuzz
    case $reader in
    intake | gpsd | nmea | topics | thermometer | attribute | edges) program=fuzz-sources limits="-malloc_limit_mb=1 -max_len=20000" ;;
    httpAnswer | enrolmentText | certificatesOnly | certificate | revocationList | tokenMessage | tokenURI)
        program=fuzz-identity limits="-malloc_limit_mb=1 -max_len=20000" ;;
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
