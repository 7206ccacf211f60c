plugin_LTLIBRARIES += plugins/authrequest/authrequest.la
plugins_authrequest_authrequest_la_SOURCES = \
	plugins/authrequest/authrequest.c plugins/authrequest/authrequest.h \
	plugins/authrequest/fields.c
plugins_authrequest_authrequest_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_authrequest_authrequest_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_authrequest_authrequest_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_authrequest_authrequest_la_LIBADD =
dist_man_MANS += plugins/authrequest/headgate-authrequest.8
