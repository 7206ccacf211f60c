plugin_LTLIBRARIES += plugins/tap/tap.la
plugins_tap_tap_la_SOURCES = plugins/tap/tap.c
plugins_tap_tap_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_tap_tap_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_tap_tap_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_tap_tap_la_LIBADD =
dist_man_MANS += plugins/tap/headgate-tap.8
