#!/bin/bash
# Runs every test of this repository, one stage after the other, and ends with one line of counts. `make test` calls it.
# A stage that fails does not stop the next one: one run shows everything that is wrong. Exit 1 if anything failed or was left running.
set -uo pipefail
cd "$(dirname "$0")/.."
# The marks in front of a test's line have three bytes, and one character.
export LC_ALL=C.UTF-8
logs=.build-logs
rm -rf $logs && mkdir -p $logs
passed=0 failed=0 skipped=0
started=$(date +%s)
failures=()

# stage NAME COMMAND...: runs it, shows it, remembers its log and how it ended.
stage() {
    local name=$1 begun status
    shift
    begun=$(date +%s)
    printf '\n=== %s\n' "$name"
    "$@" </dev/null 2>&1 | tee "$logs/$name.log"
    status=${PIPESTATUS[0]}
    close "$name" "$status" "$begun"
}

# beside NAME COMMAND...: runs it while the next stages do. finish NAME: waits for it, shows it and counts it, as a stage does.
declare -A process began
beside() {
    local name=$1
    shift
    began[$name]=$(date +%s)
    "$@" </dev/null >"$logs/$name.log" 2>&1 &
    process[$name]=$!
}

finish() {
    local name=$1 status
    wait "${process[$name]}"
    status=$?
    printf '\n=== %s\n' "$name"
    cat "$logs/$name.log"
    close "$name" "$status" "${began[$name]}"
}

# close NAME STATUS BEGUN: counts a stage that has ended.
close() {
    count "$logs/$1.log" "$2" "$1"
    printf '=== %s: %s after %d s\n' "$1" "$([ "$2" = 0 ] && echo passed || echo "FAILED ($2)")" $(($(date +%s) - $3))
}

# Counts what a log states: Swift Testing's lines, our scripts' closing line `N passed, N failed, N skipped`, or else the stage itself.
count() {
    local log=$1 status=$2 name=$3 run skips bad line
    run=$(grep -aoE 'Test run with [0-9]+ test' "$log" | grep -oE '[0-9]+' | paste -sd+ -)
    line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)
    run=$((${run:-0}))
    if [ "$run" != 0 ]; then
        skips=$(grep -acE '^. Test .* skipped(:|\.|$)' "$log")
        bad=$(grep -aE '^. Test .* failed after' "$log" | grep -acv 'Test run with')
        passed=$((passed + run - skips - bad)) skipped=$((skipped + skips)) failed=$((failed + bad))
        [ "$status" = 0 ] || [ "$bad" != 0 ] || failed=$((failed + 1))
    elif [ -n "$line" ]; then
        set -- $(grep -oE '[0-9]+' <<<"$line") 0
        passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
        [ "$status" = 0 ] || [ "$2" != 0 ] || failed=$((failed + 1))
    elif [ "$status" = 0 ] && grep -q 'Test run with 0 tests' "$log"; then
        failed=$((failed + 1)) failures+=("$name: no test has this name: $log")
    elif [ "$status" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
    [ "$status" = 0 ] || failures+=("$name: $logs/$name.log")
}

own_processes() { pgrep -f '(harborseal|mosquitto|gpsd|gpsfake|qemu-(aarch64|arm|x86_64)|proot)' | sort; }
before=$(own_processes)

stage agent-side make --no-print-directory test-agent
stage embedded-agents make --no-print-directory agents
stage independent-readers make --no-print-directory readers
stage hardware Tests/Hardware/check.py .build-embedded/release/harborseal-agent
# One process after the other, for minutes; the build beside it is not timed.
beside packages make --no-print-directory packages
# The agent's side was tested above: its tests are not compiled again.
export HARBORSEAL_ONLY=alliance
stage alliance-build swift build --build-tests
finish packages
# It waits more than it computes, on machines of its own.
beside readme Tests/Readme/check.py
# One at a time: tests that wait for a real broker hold a thread each, and on two cores the node under test would get none.
# Two such processes wait for brokers and clocks more than they compute. `swift test` would wait for the other one's lock as well.
one_by_one=".build/debug/harborsealPackageTests.xctest --testing-library swift-testing --no-parallel --filter"
beside servers $one_by_one '^(AllianceTrust|AnchorNode|DeviceRegistry|NodeHTTP|RegistryHTTP)Tests\.'
stage commands swift test --skip-build --no-parallel --filter '^HarborsealCommandsTests\.'
finish readme
finish servers
identity='^IntegrationTests\.(Enrolment|RegistryJourney|TokenKey)Tests'
beside identity $one_by_one "$identity"
stage integration swift test --skip-build --no-parallel --filter '^IntegrationTests\.' --skip "$identity"
finish identity
stage demo make --no-print-directory demo

left=$(comm -13 <(echo "$before") <(own_processes))
if [ -n "$left" ]; then
    echo "Left running by a test:" && ps -o pid,args -p "$(echo $left | tr ' ' ',')"
    failed=$((failed + 1)) failures+=("processes left running")
fi

printf '\n%d s' $(($(date +%s) - started))
[ -d "$TEST_DATA" ] || printf '; %s is absent: the tests that read it were skipped' "$TEST_DATA"
printf '\n'
[ ${#failures[@]} = 0 ] || printf 'FAILED %s\n' "${failures[@]}"
# The reasons last, where a reader of a long log looks first.
grep -ahE -A4 '^✘ Test .* recorded an issue|error: ' $logs/*.log | cut -c1-1000 | head -n 80
grep -ahE '^. Test .* skipped' $logs/*.log | sort | uniq | head -n 40
printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
[ $failed = 0 ] && [ ${#failures[@]} = 0 ]
