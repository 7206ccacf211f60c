plugin_LTLIBRARIES += plugins/fanout/fanout.la
plugins_fanout_fanout_la_SOURCES = \
	plugins/fanout/align.c \
	plugins/fanout/align.h \
	plugins/fanout/backlog.c \
	plugins/fanout/copy.c \
	plugins/fanout/fanout.c \
	plugins/fanout/fanout.h \
	plugins/fanout/feed.c \
	plugins/fanout/flow.c \
	plugins/fanout/group.c \
	plugins/fanout/hold.c \
	plugins/fanout/join.c \
	plugins/fanout/key.c \
	plugins/fanout/learn.c \
	plugins/fanout/member.c \
	plugins/fanout/one.c \
	plugins/fanout/onecopy.c \
	plugins/fanout/part.c \
	plugins/fanout/park.c \
	plugins/fanout/place.c \
	plugins/fanout/quiet.c \
	plugins/fanout/recheck.c \
	plugins/fanout/report.c \
	plugins/fanout/resume.c \
	plugins/fanout/ring.c \
	plugins/fanout/share.c \
	plugins/fanout/siphash.c \
	plugins/fanout/siphash.h \
	plugins/fanout/store.c \
	plugins/fanout/table.c \
	plugins/fanout/table.h
plugins_fanout_fanout_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) $(OPENSSL_CFLAGS)
plugins_fanout_fanout_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_fanout_fanout_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_fanout_fanout_la_LIBADD = $(OPENSSL_LIBS)
dist_man_MANS += plugins/fanout/headgate-fanout.8
