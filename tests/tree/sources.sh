#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every file that must be built, run, installed or shipped is named by a
# fragment of the makefile.
. "$(dirname "$0")/tap.sh"
cd "$top_srcdir" || exit 99

fragments=$(find . -name local.mk -not -path './build*' | sort)
named=$(cat Makefile.am $fragments | tr -s ' \t\\' '\n')

# unnamed PATTERN...: existing files whose path is no word of the fragments.
unnamed() {
	for file in "$@"; do
		[ -f "$file" ] || continue
		printf '%s\n' "$named" | grep -qxF "$file" ||
		    echo "$file is in no local.mk"
	done
}

check "sources of the core are built" "$(unnamed core/*.[ch])"
check "sources of the plugins are built" "$(unnamed plugins/*/*.[ch])"
check "public headers are installed" "$(unnamed include/headgate/plugin.h)"
check "manual pages are installed" \
    "$(unnamed doc/*.[1-8] plugins/*/*.[1-8])"
check "configuration is installed or shipped" \
    "$(unnamed $(find conf.d plugins -name '*.ini' | sort))"
check "tests of this folder run" "$(
	unnamed tests/tree/*.sh tests/wire/*.mjs tests/e2e/*.mjs \
	    tests/unit/*.h tests/plugin/*.[h] tests/plugin/*.mjs \
	    tests/fuzz/*.h
)"
check "C tests run" "$(
	for file in tests/unit/*.c tests/plugin/*.c tests/bench/*.c \
	    tests/fuzz/*.c; do
		[ -f "$file" ] || continue
		printf '%s\n' "$named" | grep -qxF "${file%.c}" ||
		    unnamed "$file"
	done
)"

# In a checkout, whatever git knows must be in the tarball too.
if [ -e .git ] && git rev-parse --git-dir >/dev/null 2>&1; then
	dist=$(make -s -C "${top_builddir:-.}" print-DISTFILES 2>/dev/null |
	    tr ' ' '\n' | sed "s|^$top_srcdir/||; s|^\./||; s|^\(\.\./\)*||" | sort -u)
	check "the tarball has all that git has" "$(
		git ls-files | while read -r file; do
			case $file in
			.*) continue ;;
			esac
			dir=$file
			while [ "$dir" != . ]; do
				printf '%s\n' "$dist" | grep -qxF "$dir" &&
				    break
				dir=$(dirname "$dir")
			done
			[ "$dir" != . ] || echo "$file is not distributed"
		done
	)"
else
	skip "the tarball has all that git has" "no git checkout"
fi

tap_done
