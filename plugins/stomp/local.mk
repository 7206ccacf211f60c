plugin_LTLIBRARIES += plugins/stomp/stomp.la
plugins_stomp_stomp_la_SOURCES = \
	plugins/stomp/again.c \
	plugins/stomp/body.c \
	plugins/stomp/connect.c \
	plugins/stomp/credential.c \
	plugins/stomp/early.c \
	plugins/stomp/error.c \
	plugins/stomp/escape.c \
	plugins/stomp/from-broker.c \
	plugins/stomp/from-client.c \
	plugins/stomp/head.c \
	plugins/stomp/header.c \
	plugins/stomp/heartbeat.c \
	plugins/stomp/join.c \
	plugins/stomp/keep.c \
	plugins/stomp/key.c \
	plugins/stomp/made.c \
	plugins/stomp/message.c \
	plugins/stomp/orphan.c \
	plugins/stomp/park.c \
	plugins/stomp/parse.c \
	plugins/stomp/parse.h \
	plugins/stomp/percent.c \
	plugins/stomp/personalise.c \
	plugins/stomp/rejoin.c \
	plugins/stomp/session.c \
	plugins/stomp/source.c \
	plugins/stomp/stomp.c \
	plugins/stomp/stomp.h \
	plugins/stomp/subscribe.c \
	plugins/stomp/table.c \
	plugins/stomp/utf8.c \
	plugins/stomp/wire.c \
	plugins/stomp/write.c
plugins_stomp_stomp_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_stomp_stomp_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_stomp_stomp_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_stomp_stomp_la_LIBADD =
dist_man_MANS += plugins/stomp/headgate-stomp.8
