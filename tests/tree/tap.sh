# SPDX-License-Identifier: Apache-2.0
# TAP for the shell tests of this folder. A test sources it, calls ok, not_ok,
# check or skip per case, and ends with tap_done.
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
tap_count=0

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# not_ok NAME [EXPLANATION]: each line of the explanation becomes a comment.
not_ok() {
	tap_count=$((tap_count + 1))
	echo "not ok $tap_count - $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
}

# check NAME PROBLEMS: passes when PROBLEMS is empty.
check() {
	if [ -z "$2" ]; then ok "$1"; else not_ok "$1" "$2"; fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

tap_done() {
	echo "1..$tap_count"
	exit 0
}
