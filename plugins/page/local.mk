plugin_LTLIBRARIES += plugins/page/page.la
plugins_page_page_la_SOURCES = \
	plugins/page/page.c plugins/page/page.h \
	plugins/page/condition.c \
	plugins/page/csp.c plugins/page/csp.h \
	plugins/page/date.c \
	plugins/page/file.c plugins/page/fileinject.c \
	plugins/page/filter.c plugins/page/filter.h \
	plugins/page/html.c plugins/page/html.h \
	plugins/page/inject.c plugins/page/inject.h \
	plugins/page/path.c \
	plugins/page/pause.c \
	plugins/page/proxy.c plugins/page/proxy.h plugins/page/proxyhead.c \
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
