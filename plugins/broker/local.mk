plugin_LTLIBRARIES += plugins/broker/broker.la
plugins_broker_broker_la_SOURCES = \
	plugins/broker/ack.c \
	plugins/broker/auth.c \
	plugins/broker/broker.c \
	plugins/broker/broker.h \
	plugins/broker/bytes.c \
	plugins/broker/command.c \
	plugins/broker/connect.c \
	plugins/broker/destination.c \
	plugins/broker/feed.c \
	plugins/broker/form.c \
	plugins/broker/header.c \
	plugins/broker/heartbeat.c \
	plugins/broker/message.c \
	plugins/broker/option.c \
	plugins/broker/parse.c \
	plugins/broker/parsehead.c \
	plugins/broker/queue.c \
	plugins/broker/reply.c \
	plugins/broker/session.c \
	plugins/broker/subscription.c \
	plugins/broker/topic.c \
	plugins/broker/transaction.c \
	plugins/broker/wake.c
plugins_broker_broker_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_broker_broker_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_broker_broker_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_broker_broker_la_LIBADD =
dist_man_MANS += plugins/broker/headgate-broker.8
