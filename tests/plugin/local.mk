# Each built module in a fake host: tests/plugin/test-NAME from test-NAME.c.
check_LIBRARIES += tests/plugin/libfake.a
tests_plugin_libfake_a_SOURCES = \
	tests/plugin/fake-auth.c tests/plugin/fake-recycle.c \
	tests/plugin/fake-chain.c tests/plugin/fake-channel.c \
	tests/plugin/fake-frame.c tests/plugin/fake-hg.c \
	tests/plugin/fake-fetch.c \
	tests/plugin/fake-beat.c tests/plugin/fake-http.c \
	tests/plugin/fake-kept.c \
	tests/plugin/fake-login.c \
	tests/plugin/fake-look.c tests/plugin/fake-mux.c \
	tests/plugin/fake-resume.c \
	tests/plugin/fake-negotiate.c tests/plugin/fake-option.c \
	tests/plugin/fake-table.h tests/plugin/fake-test.c \
	tests/plugin/fake-time.c tests/plugin/fake-turn.c \
	tests/plugin/fake-world.c tests/plugin/fake.h \
	tests/plugin/fakehost.c tests/plugin/fakehost.h \
	tests/plugin/channels-host.c tests/plugin/channels-host.h \
	tests/plugin/stomp-session.h \
	tests/plugin/stompclient.c tests/plugin/stompclient.h

PLUGIN_TESTS += \
	tests/plugin/test-echo \
	tests/plugin/test-tap \
	tests/plugin/test-idletimeout \
	tests/plugin/test-page \
	tests/plugin/test-pingpong \
	tests/plugin/test-deflate \
	tests/plugin/test-deflate-once \
	tests/plugin/test-authrequest \
	tests/plugin/test-basic \
	tests/plugin/test-broker \
	tests/plugin/test-broker-ack \
	tests/plugin/test-broker-connect \
	tests/plugin/test-broker-feed \
	tests/plugin/test-broker-form \
	tests/plugin/test-broker-frames \
	tests/plugin/test-broker-queue \
	tests/plugin/test-broker-session \
	tests/plugin/test-broker-threads \
	tests/plugin/test-broker-topic \
	tests/plugin/test-stomp \
	tests/plugin/test-stomp-flows \
	tests/plugin/test-stomp-one \
	tests/plugin/test-stomp-parse \
	tests/plugin/test-stomp-personalise \
	tests/plugin/test-stomp-rejoin \
	tests/plugin/test-stomp-subscribe
TSAN_TESTS += tests/plugin/test-broker-threads tests/plugin/test-basic

# The parser by itself.
tests_plugin_test_stomp_parse_SOURCES = \
	tests/plugin/test-stomp-parse.c \
	plugins/stomp/body.c plugins/stomp/escape.c plugins/stomp/head.c \
	plugins/stomp/header.c plugins/stomp/parse.c plugins/stomp/utf8.c \
	plugins/stomp/write.c
tests_plugin_test_stomp_parse_CPPFLAGS = \
	$(AM_CPPFLAGS) -I$(top_srcdir)/plugins/stomp

# Fan-out has a host of its own, which checks every merge against the protocol.
PLUGIN_TESTS += \
	tests/plugin/test-fanout \
	tests/plugin/test-fanout-align \
	tests/plugin/test-fanout-ends \
	tests/plugin/test-fanout-faults \
	tests/plugin/test-fanout-feed \
	tests/plugin/test-fanout-hold \
	tests/plugin/test-fanout-model \
	tests/plugin/test-fanout-one \
	tests/plugin/test-fanout-onemodel \
	tests/plugin/test-fanout-order \
	tests/plugin/test-fanout-resume \
	tests/plugin/test-fanout-scope \
	tests/plugin/test-fanout-wire

fanout_host = \
	tests/plugin/fanout-host.c tests/plugin/fanout-host.h \
	tests/plugin/fanout-host-in.h tests/plugin/fanout-host-source.c \
	tests/plugin/fanout-host-feed.c \
	tests/plugin/fanout-host-start.c \
	tests/plugin/fanout-host-resume.c \
	tests/plugin/fanout-host-sub.c tests/plugin/fanout-host-table.c
fanout_libs = tests/libharness.a $(CUNIT_LIBS)

tests_plugin_test_fanout_SOURCES = \
	tests/plugin/test-fanout.c $(fanout_host)
tests_plugin_test_fanout_LDADD = $(fanout_libs)
tests_plugin_test_fanout_ends_SOURCES = \
	tests/plugin/test-fanout-ends.c $(fanout_host)
tests_plugin_test_fanout_ends_LDADD = $(fanout_libs)
tests_plugin_test_fanout_faults_SOURCES = \
	tests/plugin/test-fanout-faults.c $(fanout_host)
tests_plugin_test_fanout_faults_LDADD = $(fanout_libs)
tests_plugin_test_fanout_feed_SOURCES = \
	tests/plugin/test-fanout-feed.c $(fanout_host)
tests_plugin_test_fanout_feed_LDADD = $(fanout_libs)
tests_plugin_test_fanout_hold_SOURCES = \
	tests/plugin/test-fanout-hold.c $(fanout_host)
tests_plugin_test_fanout_hold_LDADD = $(fanout_libs)
tests_plugin_test_fanout_model_SOURCES = \
	tests/plugin/test-fanout-model.c $(fanout_host)
tests_plugin_test_fanout_model_LDADD = $(fanout_libs)
tests_plugin_test_fanout_one_SOURCES = \
	tests/plugin/test-fanout-one.c $(fanout_host)
tests_plugin_test_fanout_one_LDADD = $(fanout_libs)
tests_plugin_test_fanout_onemodel_SOURCES = \
	tests/plugin/test-fanout-onemodel.c $(fanout_host)
tests_plugin_test_fanout_onemodel_LDADD = $(fanout_libs)
tests_plugin_test_fanout_order_SOURCES = \
	tests/plugin/test-fanout-order.c $(fanout_host)
tests_plugin_test_fanout_order_LDADD = $(fanout_libs)
tests_plugin_test_fanout_resume_SOURCES = \
	tests/plugin/test-fanout-resume.c $(fanout_host)
tests_plugin_test_fanout_resume_LDADD = $(fanout_libs)
tests_plugin_test_fanout_scope_SOURCES = \
	tests/plugin/test-fanout-scope.c $(fanout_host)
tests_plugin_test_fanout_scope_LDADD = $(fanout_libs)
tests_plugin_test_fanout_align_SOURCES = \
	tests/plugin/test-fanout-align.c \
	plugins/fanout/align.c plugins/fanout/ring.c plugins/fanout/siphash.c
tests_plugin_test_fanout_align_CPPFLAGS = \
	$(AM_CPPFLAGS) -I$(top_srcdir)/plugins/fanout
tests_plugin_test_fanout_align_LDADD = $(fanout_libs) $(OPENSSL_LIBS)

PLUGIN_TESTS += \
	tests/plugin/test-channels \
	tests/plugin/test-channels-abort \
	tests/plugin/test-channels-auth \
	tests/plugin/test-channels-control \
	tests/plugin/test-channels-creates \
	tests/plugin/test-channels-credit \
	tests/plugin/test-channels-drain \
	tests/plugin/test-channels-flood \
	tests/plugin/test-channels-flow \
	tests/plugin/test-channels-label \
	tests/plugin/test-channels-life \
	tests/plugin/test-channels-merge \
	tests/plugin/test-channels-merged \
	tests/plugin/test-channels-migrate \
	tests/plugin/test-channels-model \
	tests/plugin/test-channels-pieces \
	tests/plugin/test-channels-queue \
	tests/plugin/test-channels-resume \
	tests/plugin/test-channels-rules

# The grammar of control messages by itself.
tests_plugin_test_channels_control_SOURCES = \
	tests/plugin/test-channels-control.c \
	plugins/channels/control.c plugins/channels/control-text.c \
	plugins/channels/control.h
tests_plugin_test_deflate_once_LDADD = $(LDADD) $(ZLIB_LIBS)

# Where a script goes in a page, and whether it may, by themselves.
PLUGIN_TESTS += \
	tests/plugin/test-page-csp \
	tests/plugin/test-page-inject \
	tests/plugin/test-page-proxy

tests_plugin_test_page_csp_SOURCES = \
	tests/plugin/test-page-csp.c \
	plugins/page/csp.c plugins/page/csp.h \
	plugins/page/html.c plugins/page/html.h
tests_plugin_test_page_inject_SOURCES = \
	tests/plugin/test-page-inject.c \
	plugins/page/html.c plugins/page/inject.c plugins/page/inject.h
