plugin_LTLIBRARIES += plugins/channels/channels.la
plugins_channels_channels_la_SOURCES = \
	plugins/channels/channels.h \
	plugins/channels/control.h \
	plugins/channels/merge.h \
	plugins/channels/table.h \
	plugins/channels/types.h \
	plugins/channels/auth.c \
	plugins/channels/chan.c \
	plugins/channels/channels.c \
	plugins/channels/control-text.c \
	plugins/channels/control.c \
	plugins/channels/copy.c \
	plugins/channels/create.c \
	plugins/channels/creating.c \
	plugins/channels/credit.c \
	plugins/channels/data-recv.c \
	plugins/channels/data-send.c \
	plugins/channels/dispatch.c \
	plugins/channels/drain.c \
	plugins/channels/emit.c \
	plugins/channels/end.c \
	plugins/channels/flow.c \
	plugins/channels/ids.c \
	plugins/channels/merge-recv.c \
	plugins/channels/merge-send.c \
	plugins/channels/migrate.c \
	plugins/channels/mux.c \
	plugins/channels/negotiate.c \
	plugins/channels/option.c \
	plugins/channels/out.c \
	plugins/channels/queue.c \
	plugins/channels/rate.c \
	plugins/channels/resume.c \
	plugins/channels/schedule.c \
	plugins/channels/table.c
plugins_channels_channels_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_channels_channels_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_channels_channels_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_channels_channels_la_LIBADD =
dist_man_MANS += plugins/channels/headgate-channels.8
