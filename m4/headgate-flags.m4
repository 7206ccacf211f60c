# SPDX-License-Identifier: Apache-2.0
# Probing of compiler and linker flags, for this package's own configure.ac.

# HG_CFLAGS(VARIABLE, FLAGS)
# Appends to VARIABLE each of FLAGS that the C compiler accepts, and
# substitutes it.
AC_DEFUN([HG_CFLAGS], [
AC_LANG_PUSH([C])
for hg_flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([hg_cv], [hg_cv_cflag_$hg_flag])
	AC_CACHE_CHECK([whether $CC accepts $hg_flag], [hg_cv], [
		hg_saved=$CFLAGS
		CFLAGS="$CFLAGS -Werror $hg_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		    [AS_VAR_SET([hg_cv], [yes])], [AS_VAR_SET([hg_cv], [no])])
		CFLAGS=$hg_saved
	])
	AS_VAR_IF([hg_cv], [yes], [AS_VAR_APPEND([$1], [" $hg_flag"])])
	AS_VAR_POPDEF([hg_cv])
done
AC_SUBST([$1])
AC_LANG_POP([C])
])

# HG_LDFLAGS(VARIABLE, FLAGS)
# The same for flags of the linker.
AC_DEFUN([HG_LDFLAGS], [
AC_LANG_PUSH([C])
for hg_flag in m4_normalize([$2]); do
	AS_VAR_PUSHDEF([hg_cv], [hg_cv_ldflag_$hg_flag])
	AC_CACHE_CHECK([whether the linker accepts $hg_flag], [hg_cv], [
		hg_saved_c=$CFLAGS
		hg_saved_l=$LDFLAGS
		CFLAGS="$CFLAGS -fPIE"
		LDFLAGS="$LDFLAGS $hg_flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		    [AS_VAR_SET([hg_cv], [yes])], [AS_VAR_SET([hg_cv], [no])])
		CFLAGS=$hg_saved_c
		LDFLAGS=$hg_saved_l
	])
	AS_VAR_IF([hg_cv], [yes], [AS_VAR_APPEND([$1], [" $hg_flag"])])
	AS_VAR_POPDEF([hg_cv])
done
AC_SUBST([$1])
AC_LANG_POP([C])
])

# HG_FORTIFY(VARIABLE)
# Appends -D_FORTIFY_SOURCE=3, or 2 where the C library knows no better. It
# needs optimisation, and a builder's own choice in CFLAGS or CPPFLAGS wins.
# FORTIFY_LEVEL is substituted: what was appended, or empty.
AC_DEFUN([HG_FORTIFY], [
AC_MSG_CHECKING([for the level of _FORTIFY_SOURCE])
hg_fortify=no
AS_CASE([" $CFLAGS $CPPFLAGS "],
    [*_FORTIFY_SOURCE*], [hg_fortify=given],
    [*" -O0 "*], [hg_fortify="none, -O0"],
    [*" -O"*], [
	hg_saved=$CFLAGS
	for hg_level in 3 2; do
		CFLAGS="$hg_saved -Werror -D_FORTIFY_SOURCE=$hg_level"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]],
		    [])], [hg_fortify=$hg_level; break])
	done
	CFLAGS=$hg_saved
    ])
AC_MSG_RESULT([$hg_fortify])
FORTIFY_LEVEL=
AS_CASE([$hg_fortify], [2|3], [
	FORTIFY_LEVEL=$hg_fortify
	AS_VAR_APPEND([$1], [" -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$hg_fortify"])
])
AC_SUBST([FORTIFY_LEVEL])
])

# HG_ARG_SANITIZER(OPTION, SANITIZER, NAME)
# --enable-OPTION adds SANITIZER to the comma list $hg_sanitizers.
AC_DEFUN([HG_ARG_SANITIZER], [
AC_ARG_ENABLE([$1],
    [AS_HELP_STRING([--enable-$1], [build with $3])],
    [], [enable_$1=no])
AS_IF([test "$enable_$1" = yes],
    [hg_sanitizers=${hg_sanitizers:+$hg_sanitizers,}$2])
])
