#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the linker must have made of the programs and the modules.
. "$(dirname "$0")/tap.sh"

[ "$HEADGATE_SANITIZER" != yes ] || skip_all "a sanitizer build"
[ -n "$READELF" ] || skip_all "no readelf"

# expect NAME FILE READELF-OPTION PATTERN
expect() {
	if "$READELF" -W "$3" "$2" | grep -qE "$4"; then
		ok "$1"
	else
		not_ok "$1" "readelf $3 $2 shows no $4"
	fi
}

# refuse NAME FILE READELF-OPTION PATTERN
refuse() {
	check "$1" "$("$READELF" -W "$3" "$2" | grep -E "$4")"
}

common() {
	expect "$1: RELRO" "$2" -l 'GNU_RELRO'
	expect "$1: bound at start" "$2" -d '\(BIND_NOW\)|Flags:.*NOW'
	expect "$1: stack is not executable" "$2" -l 'GNU_STACK.* RW +'
	refuse "$1: no RPATH or RUNPATH" "$2" -d '\((RPATH|RUNPATH)\)'
	refuse "$1: no text relocations" "$2" -d 'TEXTREL'
}

program() {
	common "$1" "$2"
	expect "$1: position-independent" "$2" -h 'Type:[[:space:]]+DYN'
	expect "$1: marked as PIE" "$2" -d 'Flags:.*PIE'
	expect "$1: stack protector" "$2" --dyn-syms ' UND __stack_chk_fail'
	if [ -n "$HEADGATE_FORTIFY" ]; then
		expect "$1: fortified" "$2" --dyn-syms ' UND __[a-z]+_chk'
	else
		skip "$1: fortified" "not asked for, or without optimisation"
	fi
}

module() {
	common "$1" "$2"
	check "$1: exports its entry point and nothing else" "$(
		"$READELF" -W --dyn-syms "$2" |
		awk '$5 ~ /GLOBAL|WEAK/ && $7 != "UND" && NF >= 8 { print $8 }' |
		grep -vx hg_plugin_entry
	)"
	expect "$1: has an entry point" "$2" --dyn-syms \
	    'OBJECT +GLOBAL +DEFAULT +[0-9]+ +hg_plugin_entry$'
	refuse "$1: links to no other module" "$2" -d \
	    "NEEDED.*\[($modules)\.so\]"
}

program headgate "$HEADGATE"
program headgatectl "$HEADGATECTL"
modules=$(cd "$HEADGATE_PLUGIN_DIR" && ls ./*.so |
    sed 's|^\./||; s|\.so$||' | tr '\n' '|' | sed 's/|$//')
[ -n "$modules" ] || not_ok "there are modules in $HEADGATE_PLUGIN_DIR"
for file in "$HEADGATE_PLUGIN_DIR"/*.so; do
	module "$(basename "$file")" "$file"
done
tap_done
