#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-node.sh FILE...: runs node's tests and prints flat TAP, one line for each
# case. A report of a sanitizer in any process that a test started is an error
# of the test, whether the test noticed or not.
# HEADGATE_NODE_MODULES names the folder of installed packages (default: that of
# the build tree).
here=$(cd "$(dirname "$0")" && pwd)
: "${HEADGATE_NODE_MODULES:=${top_builddir:-$(pwd)}/node_modules}"
export HEADGATE_NODE_MODULES

# Under make, configure has looked for a node that is new enough.
if [ -z "${NODE=$(command -v node)}" ]; then
	echo "1..0 # SKIP needs node 20 or newer"
	exit 0
fi

reports=$(mktemp -d) || exit 99
trap 'rm -rf "$reports"' EXIT
# The end of a process is not where leaks are looked for: LeakSanitizer stops its
# own process by ptrace there, which on a busy machine now and then waits for
# ever. The C tests look for leaks.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:log_path=$reports/asan"
UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$reports/ubsan"
TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}log_path=$reports/tsan"
export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS

timeout -k 5 "${HEADGATE_TEST_TIMEOUT:-300}" "$NODE" --test \
    --import "file://$here/resolve.mjs" \
    --test-reporter="$here/flat-tap.mjs" "$@" </dev/null
status=$?
[ $status -ne 124 ] || echo "Bail out! stopped after its time limit"

for report in "$reports"/*; do
	[ -f "$report" ] || break
	cat "$report" >&2
	echo "Bail out! a sanitizer reported an error, see the log"
	exit 1
done
exit $status
