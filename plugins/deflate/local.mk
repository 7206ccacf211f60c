plugin_LTLIBRARIES += plugins/deflate/deflate.la
plugins_deflate_deflate_la_SOURCES = \
	plugins/deflate/deflate.c plugins/deflate/deflate.h \
	plugins/deflate/pack.c plugins/deflate/once.c \
	plugins/deflate/params.c \
	plugins/deflate/streams.c \
	plugins/deflate/unpack.c
plugins_deflate_deflate_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(ZLIB_CFLAGS)
plugins_deflate_deflate_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_deflate_deflate_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_deflate_deflate_la_LIBADD = $(ZLIB_LIBS)
dist_man_MANS += plugins/deflate/headgate-deflate.8
