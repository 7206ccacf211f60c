#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# instructions.sh: instructions of the daemon for each operation, counted by
# callgrind, as a table. The same binary gives the same numbers, on any machine
# and under any load; so a change of them is a change of the program (or of the
# C library, OpenSSL or libevent). The clock stands still while it is counted, as
# the daemon reads less behind a long turn. What is left is below a thousandth,
# so a row may differ by one: in the edge's rows, how often recycled memory is
# taken from the depot or made new, which the connecting of clients decides.
#
# A load runs twice, the second time with so many operations more; what that
# costs more is theirs. Counted is only what happens within the function named,
# with all that it calls; what clients and servers do is not.
: "${top_builddir:=.}"
export HEADGATE_PLUGIN_DIR="${HEADGATE_PLUGIN_DIR:-$top_builddir/plugins/all}"
driver=$top_builddir/tests/bench/instructions

if ! command -v valgrind >/dev/null; then
	echo "instructions: skipped, there is no valgrind"
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

# collect LOAD COUNT FUNCTION: prints how many instructions there were.
collect() {
	if ! valgrind --tool=callgrind --callgrind-out-file=/dev/null \
	    --toggle-collect="$3" "$driver" "$1" "$2" >"$dir/out" 2>&1; then
		cat "$dir/out" >&2
		return 1
	fi
	sed -n 's/.*Collected : *\([0-9]*\).*/\1/p' "$dir/out"
}

# row LOAD OPERATIONS PARTS FUNCTION WHAT: PARTS of each operation are divided
# by.
row() {
	few=$(collect "$1" "$2" "$4") && many=$(collect "$1" $((3 * $2)) "$4") ||
	    exit 1
	each=$(((${many:-0} - ${few:-0}) / (2 * $2 * $3)))
	if [ "$each" -le 0 ]; then
		echo "instructions: nothing is counted in $4" >&2
		exit 1
	fi
	printf '| %-44s | %12d |\n' "$5" "$each"
}

printf '| %-44s | %12s |\n' 'for each' 'instructions'
echo '| -------------------------------------------- | -----------: |'
row decode 100 64 bench_decode 'frame of 64 bytes, read and unmasked'
row decode-long 20 64 bench_decode 'frame of 4 KiB, read and unmasked'
row chain 1000 1 bench_chain 'frame up and down a chain of 8 plugins'
row echo 500 1 worker_turn 'echo of 64 bytes'
row proxy 500 2 worker_turn 'message of 64 bytes through a proxy'
row broker 5 1000 worker_turn 'delivery by the broker to 1000'
row trunk 5 1000 group_settle 'delivery at an edge to a group of 1000'
row trunk 5 1000 stomp_child_send 'personalising of a STOMP message'
