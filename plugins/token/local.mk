# Only where libjwt is: see configure.
if HAVE_JWT
plugin_LTLIBRARIES += plugins/token/token.la
plugins_token_token_la_SOURCES = \
	plugins/token/key.c plugins/token/source.c \
	plugins/token/token.c plugins/token/token.h \
	plugins/token/verify.c
plugins_token_token_la_CPPFLAGS = \
	$(PLUGIN_CPPFLAGS) $(OPENSSL_CFLAGS) $(JWT_CFLAGS)
plugins_token_token_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_token_token_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_token_token_la_LIBADD = $(JWT_LIBS) $(OPENSSL_LIBS)
dist_man_MANS += plugins/token/headgate-token.8
endif
