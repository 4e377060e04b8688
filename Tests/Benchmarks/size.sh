#!/bin/bash
# Prints the stripped size and the linked libraries of the agent, and fails above the budgets beside this file, and where it calls what it must not.
# usage: size.sh ARCHITECTURE-RELEASE BINARY
set -euo pipefail
pair=$1 architecture=${1%-*} binary=$2
budgets=$(dirname "$0")/budgets
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
"${TOOLCHAIN:-}llvm-objcopy" --strip-all "$binary" "$stripped"
bytes=$(stat -c %s "$stripped")
limit=$(awk -v name="agent.stripped.$architecture" '$1 == name { print $2 }' "$budgets")
[ -n "$limit" ] || { echo "size: no budget for $architecture in $budgets" >&2; exit 1; }
libraries=$("${TOOLCHAIN:-}llvm-objdump" -p "$binary" | awk '$1 == "NEEDED" { print $2 }')
printf 'harborseal-agent %-14s %7d bytes stripped (budget %d)  links: %s\n' "$pair" "$bytes" "$limit" "$(echo $libraries)"
failed=0
[ "$bytes" -le "$limit" ] || { echo "size: $((bytes - limit)) bytes above the budget" >&2; failed=1; }
allowed=" $(sed -n 's/^agent.libraries //p' "$budgets") "
for library in $libraries; do
    case $allowed in *" $library "*) ;; *) echo "size: $library is not a library the agent may need" >&2; failed=1 ;; esac
done
# mbedTLS 2.28 has unfixed faults where it reads a name from text; and a child that is not another program at once would share the agent's keys and locks.
calls=$("${TOOLCHAIN:-}llvm-nm" --dynamic --undefined-only --format=posix "$binary" | sed 's/[@ ].*//')
grep -q '^posix_spawn$' <<<"$calls" || { echo "size: the agent's calls cannot be read: posix_spawn, by which it starts children, is not among them" >&2; failed=1; }
for call in mbedtls_x509_string_to_names fork vfork _Fork forkpty daemon clone system popen; do
    ! grep -qx "$call" <<<"$calls" || { echo "size: the agent calls $call, which it must not" >&2; failed=1; }
done
exit $failed
