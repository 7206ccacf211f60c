#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Documentation says what the programs do: keys, defaults, options of the
# command line, tables, counters, and the files that it names.
. "$(dirname "$0")/tap.sh"
cd "$top_srcdir" || exit 99
: "${HEADGATE:=$top_srcdir/build/core/headgate}"
: "${HEADGATECTL:=$top_srcdir/build/core/headgatectl}"
: "${HEADGATE_PLUGIN_DIR:=$top_srcdir/build/plugins/all}"
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

pages="doc/headgate.8 doc/headgatectl.1 doc/headgate.ini.5"
plugins=$(cd plugins && for dir in */; do
	[ ! -f "$dir/local.mk" ] || echo "${dir%/}"
done)

# items FILE: "SECTION<tab>KEY<tab>TEXT" for each ".It Cm KEY" of a page;
# SECTION is the last .Ss in .Sh DESCRIPTION, else .Sh. TEXT has no macros.
items() {
	awk '
	function flush() {
		if (key != "")
			printf "%s\t%s\t%s\n", section, key, text
		key = text = ""
	}
	function plain(line) {
		gsub(/(^|[ ])(Cm|Ql|Pa|Ar|Ns|Li|Bq|Dv)( |$)/, " ", line)
		gsub(/[ ]+/, " ", line)
		sub(/^ /, "", line)
		return line
	}
	$1 == ".Sh" { flush(); head = $2; section = $2; next }
	$1 == ".Ss" { flush(); if (head == "DESCRIPTION") section = $3; next }
	$1 == ".It" {
		flush()
		if ($2 == "Cm")
			key = $3
		next
	}
	/^\.(Bl|El|Pp|Bd|Ed)/ { next }
	key != "" {
		sub(/^\./, "")
		text = text " " plain($0)
	}
	END { flush() }' "$1"
}

# has_default TEXT DEFAULT
has_default() {
	case " $1 " in
	*"default is $2 "* | *"default is $2."* | *"default is $2,"*) return 0 ;;
	*"default is $2 ."* | *"default is $2 ,"*) return 0 ;;
	*"default is "*) return 1 ;;
	esac
	[ -z "$2" ]
}

# dump PLUGIN: "KEY<tab>DEFAULT" for each option.
dump() {
	"$HEADGATE" --plugin-dir "$HEADGATE_PLUGIN_DIR" --dump-plugin "$1" |
	    sed -n 's/^option=\([a-z-]*\) .*default="\([^"]*\)".*/\1	\2/p' |
	    sort -u
}

tab=$(printf '\t')

# --- plugins -----------------------------------------------------------------

# compare PLUGIN PAGE: what of the options is missing, wrong, or too much.
compare() {
	items "$2" | awk -F"$tab" '$1 ~ /OPTIONS|CONFIGURATION/' >"$tmp/items"
	dump "$1" >"$tmp/dump"
	while IFS=$tab read -r key default; do
		text=$(awk -F"$tab" -v k="$key" '$2 == k { print $3 }' \
		    "$tmp/items")
		if ! cut -f2 "$tmp/items" | grep -qxF -- "$key"; then
			echo "$2: no $key"
		elif ! has_default "$text" "$default"; then
			echo "$2: $key: the default is \"$default\""
		fi
	done <"$tmp/dump"
	cut -f2 "$tmp/items" | while read -r key; do
		cut -f1 "$tmp/dump" | grep -qxF -- "$key" ||
		    echo "$2: there is no option $key"
	done
}

counters() {
	"$HEADGATE" --plugin-dir "$HEADGATE_PLUGIN_DIR" --dump-plugin "$1" |
	    sed -n 's/^counter=//p' | while read -r counter; do
		grep -qw -- "$counter" "$2" || echo "$2: no counter $counter"
	done
}

fragment() {
	grep -qxF "[plugin $1]" "$2" || echo "$2: no [plugin $1]"
	dump "$1" | while IFS=$tab read -r key default; do
		line=$(echo ";$key = $default" | sed 's/ *$//')
		grep -qxF -- "$line" "$2" || echo "$2: no line \"$line\""
	done
	sed -n 's/^;\([a-z-]*\) =.*/\1/p' "$2" | while read -r key; do
		dump "$1" | cut -f1 | grep -qxF -- "$key" ||
		    echo "$2: there is no option $key"
	done
}

mkdir "$tmp/conf.d"
echo '[headgate]' >"$tmp/headgate.ini"
for plugin in $plugins; do
	page=plugins/$plugin/headgate-$plugin.8
	ini=plugins/$plugin/$plugin.ini
	pages="$pages $page"
	if [ ! -f "$HEADGATE_PLUGIN_DIR/$plugin.so" ] &&
	    grep -q '^if HAVE_' "plugins/$plugin/local.mk"; then
		skip "$plugin: its documentation" "it is not built here"
		continue
	fi
	if [ -f "$page" ]; then
		check "$plugin: its page has its options" \
		    "$(compare "$plugin" "$page")"
		check "$plugin: its page has its counters" \
		    "$(counters "$plugin" "$page")"
	else
		not_ok "$plugin: it has a page" "no $page"
	fi
	if [ -f "$ini" ]; then
		check "$plugin: its fragment has its options" \
		    "$(fragment "$plugin" "$ini")"
		sed 's/^;\([a-z]\)/\1/' "$ini" >"$tmp/conf.d/$plugin.ini"
	else
		not_ok "$plugin: it has a fragment" "no $ini"
	fi
done
check "the fragments are a configuration, commented out or not" "$(
	"$HEADGATE" --plugin-dir "$HEADGATE_PLUGIN_DIR" \
	    -c "$tmp/headgate.ini" -t 2>&1 >/dev/null
	for plugin in $plugins; do
		[ ! -f "$tmp/conf.d/$plugin.ini" ] ||
		    cp "plugins/$plugin/$plugin.ini" "$tmp/conf.d/"
	done
	"$HEADGATE" --plugin-dir "$HEADGATE_PLUGIN_DIR" \
	    -c "$tmp/headgate.ini" -t 2>&1 >/dev/null
)"

# --- headgate.ini ------------------------------------------------------------

# keys SECTION: the keys of its table in core/keys.c.
keys() {
	table=$(tr '\n' ' ' <core/keys.c |
	    sed "s/.*static const struct hg_option $1_keys\[\] = {//
	        s/{ .key = NULL }.*//")
	case $table in
	*LIMITS\(*) table="$table $(tr '\n' ' ' <core/keys.c |
	    sed 's/.*#define LIMITS(//; s/static const .*//')" ;;
	esac
	printf '%s\n' "$table" |
	    grep -oE 'KEY\([^"]*"[a-z-]+"|\.key = "[a-z-]+"' |
	    sed 's/.*"\([a-z-]*\)"$/\1/' | sort -u
}

cat >"$tmp/all.ini" <<'TEXT'
[headgate]
[listen x]
address = 127.0.0.1:0
[plugin echo]
[plugin channels]
[service x]
listen = x
path = /x
plugins = echo
[trunk x]
connect = wss://localhost
TEXT
mv "$tmp/conf.d" "$tmp/other"
"$HEADGATE" --plugin-dir "$HEADGATE_PLUGIN_DIR" -c "$tmp/all.ini" \
    --dump-config >"$tmp/dumped" 2>&1

for section in headgate listen service trunk; do
	items doc/headgate.ini.5 |
	    awk -F"$tab" -v s=$section '$1 == s' >"$tmp/items"
	check "headgate.ini.5: the keys of $section" "$(
		[ -n "$(keys $section)" ] || echo "core/keys.c has none?"
		keys $section | while read -r key; do
			cut -f2 "$tmp/items" | grep -qxF -- "$key" ||
			    echo "no $key"
		done
		cut -f2 "$tmp/items" | while read -r key; do
			keys $section | grep -qxF -- "$key" ||
			    echo "there is no key $key"
		done
	)"
	check "headgate.ini.5: the defaults of $section" "$(
		awk -v s=$section '
		/^\[/ { on = $1 == "[" s || $1 == "[" s "]" }
		on && /; default$/ {
			sub(/[ \t]*; default$/, "")
			print
		}' "$tmp/dumped" | grep -v '^control = ' |
		while IFS= read -r line; do
			key=${line%% =*}
			text=$(awk -F"$tab" -v k="$key" '$2 == k { print $3 }' \
			    "$tmp/items")
			has_default "$text" "${line#* = }" ||
			    echo "$key: the default is ${line#* = }"
		done
	)"
done

# --- command lines -----------------------------------------------------------

# options PROGRAM PAGE: those of --help and of the page, both ways.
options() {
	"$1" --help | sed -n '/^  *-/p' |
	    grep -oE -- '(^|[ ,])-(-[a-z-]+|[a-zA-Z])' |
	    sed 's/^[ ,]*-//' | sort -u >"$tmp/help"
	grep -E '^\.It Fl' "$2" | grep -oE -- 'Fl [-a-zA-Z]+' |
	    sed 's/^Fl //' | sort -u >"$tmp/page"
	[ -s "$tmp/help" ] || echo "--help prints no options"
	comm -23 "$tmp/help" "$tmp/page" | sed 's/^/not in the page: -/'
	comm -13 "$tmp/help" "$tmp/page" | sed 's/^/not in --help: -/'
}

check "headgate.8: the options" "$(options "$HEADGATE" doc/headgate.8)"
check "headgatectl.1: the options" "$(options "$HEADGATECTL" doc/headgatectl.1)"
check "headgatectl.1: the tables" "$(
	"$HEADGATECTL" --help | awk '/^TABLE/ { on = 1; next }
	    on && NF == 0 { exit } on { print $1 }' | sort >"$tmp/help"
	sed -n 's/^\.Ss //p' doc/headgatectl.1 | sort >"$tmp/page"
	[ -s "$tmp/help" ] || echo "--help prints no tables"
	comm -23 "$tmp/help" "$tmp/page" | sed 's/^/not in the page: /'
	comm -13 "$tmp/help" "$tmp/page" | sed 's/^/not in --help: /'
)"
check "headgatectl.1: the columns" "$(
	cat core/stats.c plugins/fanout/*.c | tr -d '\n' |
	    grep -oE 'report_(text|number|quoted)\(report,[ 	]*"[a-z_]+"' |
	    sed 's/.*"\([a-z_]*\)"/\1/' | sort -u | while read -r column; do
		case $column in what) continue ;; esac
		grep -qw -- "$column" doc/headgatectl.1 || echo "no $column"
	done
)"

# --- pages and documents -----------------------------------------------------

documents="README.md CONTRIBUTING.md SECURITY.md"
documents="$documents $(echo doc/*.md)"

if command -v mandoc >/dev/null; then
	for page in $pages; do
		[ -f "$page" ] || continue
		check "$page is clean" \
		    "$(mandoc -T lint -W warning "$page" 2>&1)"
	done
else
	skip "manual pages are clean" "no mandoc"
fi

# named DOCUMENT: targets of its links, and paths in `quotes` that begin with a
# folder of the tree. What has a capital NAME, a star or the like is a pattern.
named() {
	grep -oE '\]\([^)#]+' "$1" | sed 's/^](//' | grep -v '^[a-z]*:' |
	    sed "s|^|$(dirname "$1")/|"
	grep -oE '`[^` ]+`' "$1" | tr -d '`' |
	    grep -E '^(core|include|plugins|tests|doc|conf\.d|m4)/' |
	    grep -vE '[*<>{}$]|NAME|\.\.\.'
}

for document in $documents; do
	check "$document names files that are there" "$(
		[ -f "$document" ] || echo "there is no $document"
		named "$document" | while read -r file; do
			[ -e "$file" ] || [ -e "include/headgate/$file.in" ] ||
			    echo "no $file"
		done
	)"
done

check "pages refer to pages that are there" "$(
	for page in $pages; do
		[ -f "$page" ] || continue
		sed -n 's/^\.Xr \(headgate[a-z.-]*\) \([0-9]\).*/\1.\2/p' \
		    "$page" | while read -r other; do
			[ -f "doc/$other" ] ||
			    [ -n "$(ls plugins/*/"$other" 2>/dev/null)" ] ||
			    echo "$page: no $other"
		done
	done
)"

tap_done
