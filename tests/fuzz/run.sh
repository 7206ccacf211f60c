#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh TARGET SECONDS: fuzzes one target with libFuzzer, from its corpus on.
# New inputs stay in tests/fuzz/work/NAME of the build, a crash in found/.
set -u
target=$1 seconds=$2
name=${target##*/fuzz-}
here=$top_srcdir/tests/fuzz
work=$top_builddir/tests/fuzz/work/$name
found=$top_builddir/tests/fuzz/found
mkdir -p "$work" "$found" || exit 1
set -- -max_total_time="$seconds" -max_len=16384 -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/$name-"
[ ! -f "$here/dict/$name" ] || set -- "$@" -dict="$here/dict/$name"
echo "fuzz: $name for $seconds s"
"$target" "$@" "$work" "$here/corpus/$name" >"$work.log" 2>&1 || {
	tail -n 40 "$work.log"
	echo "fuzz: $name has failed; see $found and $work.log"
	exit 1
}
grep -E 'number_of_executed_units|new_units_added' "$work.log"
grep -o 'cov: [0-9]*' "$work.log" | tail -n 1
