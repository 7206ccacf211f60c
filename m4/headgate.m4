# headgate.m4 - building a headgate plugin outside of headgate's tree
# SPDX-License-Identifier: Apache-2.0
#serial 1
#
# AX_HEADGATE_PLUGIN([API-MAJOR.MINOR])
#
# Finds headgate through pkg-config and stops configure when it is not there,
# or when its plugin API has another major number or a smaller minor number
# than the one asked for (default: any). Since 1.0.
#
# Substituted:
#   HEADGATE_CFLAGS          where <headgate/plugin.h> is
#   HEADGATE_PLUGIN_LDFLAGS  for the _LDFLAGS of a libtool module
#   HEADGATE_API_VERSION     the API that was found
#   headgate_plugindir       where headgate looks for plugins
#   headgate_confdir         where its configuration is
#   HEADGATE                 the daemon, for "make check"; may be empty
#
# A plugin links to nothing of headgate: its one entry point is the data
# symbol that HG_PLUGIN() defines.  A whole package needs, in configure.ac,
#
#   AC_PROG_CC
#   AM_PROG_AR
#   LT_INIT([disable-static])
#   AX_HEADGATE_PLUGIN([1.0])
#
# and in Makefile.am
#
#   plugindir = @headgate_plugindir@
#   plugin_LTLIBRARIES = hello.la
#   hello_la_SOURCES = hello.c
#   hello_la_CFLAGS = $(HEADGATE_CFLAGS)
#   hello_la_LDFLAGS = -module $(HEADGATE_PLUGIN_LDFLAGS)
#
# headgate_plugindir is inside of headgate's own prefix.  To install, or to run
# "make distcheck", without the right to write there, let configure's user
# decide: AX_HEADGATE_PLUGIN adds --with-headgate-plugindir=DIR.

AC_DEFUN([AX_HEADGATE_PLUGIN], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
PKG_CHECK_MODULES([HEADGATE], [headgate-plugin])
PKG_CHECK_VAR([HEADGATE_API_VERSION], [headgate-plugin], [api_version])
m4_ifnblank([$1], [
AC_MSG_CHECKING([for headgate plugin API $1])
ax_headgate_want_major=`AS_ECHO(["$1"]) | sed 's/\..*//'`
ax_headgate_want_minor=`AS_ECHO(["$1.0"]) | sed 's/^[[^.]]*\.//; s/\..*//'`
ax_headgate_have_major=`AS_ECHO(["$HEADGATE_API_VERSION"]) | sed 's/\..*//'`
ax_headgate_have_minor=`AS_ECHO(["$HEADGATE_API_VERSION"]) | sed 's/.*\.//'`
AS_IF([test "$ax_headgate_have_major" -ne "$ax_headgate_want_major" ||
    test "$ax_headgate_have_minor" -lt "$ax_headgate_want_minor"], [
	AC_MSG_RESULT([no])
	AC_MSG_ERROR([headgate has plugin API $HEADGATE_API_VERSION, $1 is needed])
])
AC_MSG_RESULT([$HEADGATE_API_VERSION])
])
PKG_CHECK_VAR([ax_headgate_plugindir], [headgate-plugin], [plugindir])
PKG_CHECK_VAR([headgate_confdir], [headgate-plugin], [confdir])
PKG_CHECK_VAR([ax_headgate_sbindir], [headgate-plugin], [sbindir])
AC_ARG_WITH([headgate-plugindir],
    [AS_HELP_STRING([--with-headgate-plugindir=DIR],
        [install the plugin in DIR])],
    [headgate_plugindir=$withval],
    [headgate_plugindir=$ax_headgate_plugindir])
AC_SUBST([headgate_plugindir])
AC_PATH_PROG([HEADGATE], [headgate], [],
    [$ax_headgate_sbindir$PATH_SEPARATOR$PATH$PATH_SEPARATOR/usr/sbin])
AC_SUBST([HEADGATE_PLUGIN_LDFLAGS],
    ["-module -avoid-version -shared -no-undefined -Wl,-z,defs -Wl,-z,now -export-symbols-regex ^hg_plugin_entry\$\$"])
])
