plugin_LTLIBRARIES += plugins/pingpong/pingpong.la
plugins_pingpong_pingpong_la_SOURCES = \
	plugins/pingpong/pingpong.c plugins/pingpong/pingpong.h \
	plugins/pingpong/start.c
plugins_pingpong_pingpong_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_pingpong_pingpong_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_pingpong_pingpong_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_pingpong_pingpong_la_LIBADD =
dist_man_MANS += plugins/pingpong/headgate-pingpong.8
