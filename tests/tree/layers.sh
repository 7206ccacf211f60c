#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom, and that the public headers stand on their own.
. "$(dirname "$0")/tap.sh"

# core/LAYERS as "name rank" lines, in the order of the layers.
ranks=$(sed -n '/^[0-9]/{s/^[^:]*: *//;p;}' "$top_srcdir/core/LAYERS" |
    tr -s ' ' '\n' | awk 'NF { print $1, ++n }')

listed=
for name in $(echo "$ranks" | awk '{ print $1 }'); do
	[ -f "$top_srcdir/core/$name.c" ] || [ -f "$top_srcdir/core/$name.h" ] ||
	    listed="$listed $name"
done
check "core/LAYERS names only files that exist" "$listed"

missing=
for file in "$top_srcdir"/core/*.[ch]; do
	[ -f "$file" ] || continue
	name=$(basename "$file" | sed 's/\.[ch]$//')
	echo "$ranks" | grep -q "^$name " || missing="$missing $name"
done
check "core/LAYERS names every file of core" "$missing"

check "core/LAYERS names each file once" \
    "$(echo "$ranks" | awk '{ print $1 }' | sort | uniq -d)"

# File:line and the name of every include in quotes.
quoted() {
	grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$@" \
	    /dev/null | sed 's/^\([^:]*:[0-9]*\):[^"]*"\([^"]*\)".*/\1 \2/'
}

check "core includes downwards only" "$(
	quoted "$top_srcdir"/core/*.[ch] |
	while read -r where header; do
		file=$(basename "${where%%:*}" | sed 's/\.[ch]$//')
		name=$(basename "$header" .h)
		echo "$ranks" | awk -v file="$file" -v name="$name" \
		    -v text="core/$(basename "$where") includes $header" '
		    { rank[$1] = $2 }
		    END {
			if (!(name in rank) || rank[name] > rank[file])
				print text
		    }'
	done
)"

check "core includes nothing of plugins or tests" "$(
	grep -nE '#[[:space:]]*include.*(plugins|tests)/' \
	    "$top_srcdir"/core/*.[ch] /dev/null
)"

for dir in "$top_srcdir"/plugins/*/; do
	plugin=$(basename "$dir")
	ls "$dir"*.c >/dev/null 2>&1 || continue
	check "plugin $plugin includes its own folder only" "$(
		quoted "$dir"*.[ch] |
		while read -r where header; do
			case $header in
			*/*) echo "$where includes $header" ;;
			*) [ -f "$dir$header" ] ||
			    echo "$where includes $header" ;;
			esac
		done
	)"
	check "plugin $plugin sees <headgate/plugin.h> only" "$(
		grep -nE '#[[:space:]]*include[[:space:]]*<headgate/' \
		    "$dir"*.[ch] /dev/null | grep -v '<headgate/plugin\.h>'
	)"
done

# alone HEADER LANGUAGE COMPILER FLAG...: the header first and twice.
alone() {
	header=$1 language=$2
	shift 2
	name="<headgate/$header> compiles alone, $language"
	if ! command -v "${1%% *}" >/dev/null 2>&1; then
		skip "$name" "no compiler $1"
		return
	fi
	check "$name" "$(
		printf '#include <headgate/%s>\n' "$header" "$header" |
		sed '$aextern int not_empty;' |
		$@ -Wall -Wextra -Wundef -Werror -fsyntax-only \
		    -I"$top_srcdir/include" \
		    -I"${top_builddir:-.}/include" - 2>&1 || echo failed
	)"
}

for header in plugin.h version.h; do
	alone $header gnu11 ${CC:-cc} -x c -std=gnu11
	alone $header C11 ${CC:-cc} -x c -std=c11 -pedantic
	alone $header C++17 ${CXX:-c++} -x c++ -std=c++17
done

tap_done
