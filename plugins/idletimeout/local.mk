plugin_LTLIBRARIES += plugins/idletimeout/idletimeout.la
plugins_idletimeout_idletimeout_la_SOURCES = \
	plugins/idletimeout/idletimeout.c
plugins_idletimeout_idletimeout_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_idletimeout_idletimeout_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_idletimeout_idletimeout_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_idletimeout_idletimeout_la_LIBADD =
dist_man_MANS += plugins/idletimeout/headgate-idletimeout.8
