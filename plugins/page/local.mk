plugin_LTLIBRARIES += plugins/page/page.la
plugins_page_page_la_SOURCES = \
	plugins/page/page.c plugins/page/page.h \
	plugins/page/condition.c \
	plugins/page/date.c \
	plugins/page/file.c \
	plugins/page/path.c \
	plugins/page/range.c \
	plugins/page/script.c \
	plugins/page/type.c
plugins_page_page_la_CPPFLAGS = \
	$(PLUGIN_CPPFLAGS) $(OPENSSL_CFLAGS) \
	-DPAGE_SCRIPT_DIR='"$(pkgdatadir)/js"'
plugins_page_page_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_page_page_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_page_page_la_LIBADD = $(OPENSSL_LIBS)
dist_man_MANS += plugins/page/headgate-page.8
