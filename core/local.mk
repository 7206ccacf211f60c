# The daemon. Everything but main() is a library, for the tests.
noinst_LIBRARIES += core/libheadgate.a
core_libheadgate_a_SOURCES = \
	core/log.c core/log.h \
	core/list.h \
	core/str.c core/str.h \
	core/recycle.c core/recycle.h \
	core/buf.c core/buf.h \
	core/frame.c core/framelook.c core/frame.h \
	core/outq.c core/outq.h \
	core/mask.c core/mask.h \
	core/utf8.c core/utf8.h \
	core/http.c core/http.h \
	core/httpmake.c core/httpmake.h core/httpkeep.c \
	core/httpparse.c \
	core/httpbody.c core/httpbody.h \
	core/wsext.c core/wsext.h \
	core/wskey.c core/wskey.h \
	core/wsframe.c core/wsframe.h \
	core/wsrun.c core/wsrun.h \
	core/address.c core/address.h core/bind.c core/bind.h \
	core/mailbox.c core/mailbox.h \
	core/tcp.c core/tcp.h \
	core/poller.c core/poller.h \
	core/due.c core/due.h \
	core/worker.c core/worker.h \
	core/listener.c core/listener.h \
	core/lookup.c core/lookup.h core/dial.c core/dial.h \
	core/tls.c core/tls.h core/tlsio.c core/tlsio.h \
	core/transport.c core/transport.h \
	core/settings.h \
	core/chain.c core/chainbeat.c core/chain.h \
	core/login.c core/login.h core/identity.c core/identity.h \
	core/conn.c core/connread.c core/connwrite.c core/conn.h \
	core/channel.c core/channeldata.c core/channelend.c core/channel.h \
	core/channelauth.c core/channelauth.h \
	core/park.c \
	core/link.c core/linkrecv.c core/linkround.c core/linklost.c \
	core/link.h core/linkparts.h \
	core/relay.c \
	core/kept.c core/kept.h \
	core/group.c core/group.h \
	core/report.c core/report.h \
	core/exchange.c core/exchangeout.c core/exchange.h \
	core/fetchtarget.c core/fetchtarget.h \
	core/fetchconn.c core/fetchconn.h \
	core/fetch.c core/fetchmake.c core/fetchsend.c core/fetchread.c \
	core/fetch.h \
	core/hostworker.c core/hostworker.h \
	core/hostmux.c core/hostmux.h \
	core/host.c core/host.h \
	core/handshake.c core/handshake.h \
	core/negotiate.c core/negotiate.h \
	core/innerhead.c core/innerhead.h \
	core/innerinit.c core/innerinit.h \
	core/service.c core/service.h \
	core/upstream.c core/upstreamhead.c core/upstream.h \
	core/trunk.c core/trunkopen.c core/trunk.h core/trunkparts.h \
	core/rejoin.c core/rejoin.h \
	core/auth.c core/auth.h \
	core/opening.c core/opening.h \
	core/inner.c core/innerearly.c core/innersay.c \
	core/inner.h core/innerparts.h \
	core/openconn.c core/openconn.h \
	core/openchannel.c core/openchannel.h \
	core/httpconn.c core/httpread.c core/httplogin.c core/httprequest.c \
	core/httpconn.h \
	core/accept.c core/accept.h \
	core/stats.c core/stats.h \
	core/control.c core/control.h \
	core/drain.c core/drain.h \
	core/server.c core/server.h

# The configuration and what it loads.
core_libheadgate_a_SOURCES += \
	core/nearest.c core/nearest.h \
	core/option.c core/optioncheck.c core/option.h \
	core/pluginpath.c core/pluginpath.h \
	core/plugin.c core/pluginopen.c core/plugin.h \
	core/mistake.c core/mistake.h \
	core/section.c core/section.h \
	core/inifile.c core/inifile.h \
	core/conffile.c core/conffile.h \
	core/target.c core/target.h \
	core/keys.c core/keys.h \
	core/config.c core/config.h core/configbuild.h \
	core/configcheck.c core/configconnect.c core/configauth.c \
	core/configlisten.c core/configlisten.h core/configplugin.c \
	core/configdump.c \
	core/cli.c core/cli.h

sbin_PROGRAMS += core/headgate
core_headgate_SOURCES = core/main.c
core_headgate_LDADD = core/libheadgate.a $(HEADGATE_LIBS)

# The control tool.
bin_PROGRAMS += core/headgatectl
core_headgatectl_SOURCES = \
	core/headgatectl.c \
	core/passwd.c core/passwd.h core/secretin.c core/secretin.h
core_headgatectl_LDADD = $(CRYPT_LIBS)

EXTRA_DIST += core/LAYERS
