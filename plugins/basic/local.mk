plugin_LTLIBRARIES += plugins/basic/basic.la
plugins_basic_basic_la_SOURCES = \
	plugins/basic/basic.c plugins/basic/basic.h \
	plugins/basic/check.c plugins/basic/file.c \
	plugins/basic/given.c plugins/basic/proof.c
plugins_basic_basic_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(OPENSSL_CFLAGS)
plugins_basic_basic_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_basic_basic_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_basic_basic_la_LIBADD = $(OPENSSL_LIBS) $(CRYPT_LIBS)
dist_man_MANS += plugins/basic/headgate-basic.8
