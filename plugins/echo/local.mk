plugin_LTLIBRARIES += plugins/echo/echo.la
plugins_echo_echo_la_SOURCES = plugins/echo/echo.c
plugins_echo_echo_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_echo_echo_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_echo_echo_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_echo_echo_la_LIBADD =
dist_man_MANS += plugins/echo/headgate-echo.8
