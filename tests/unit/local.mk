# CUnit programs, one per file of core/ or more: tests/unit/test-NAME from
# test-NAME.c.
UNIT_TESTS += \
	tests/unit/test-harness \
	tests/unit/test-log \
	tests/unit/test-logblocked \
	tests/unit/test-logquote \
	tests/unit/test-list \
	tests/unit/test-str \
	tests/unit/test-recycle \
	tests/unit/test-buf \
	tests/unit/test-frame \
	tests/unit/test-framelook \
	tests/unit/test-framejoin \
	tests/unit/test-outq \
	tests/unit/test-mask \
	tests/unit/test-utf8 \
	tests/unit/test-http \
	tests/unit/test-httpmake \
	tests/unit/test-httpkeep \
	tests/unit/test-httpbody \
	tests/unit/test-wsext \
	tests/unit/test-wskey \
	tests/unit/test-wsframe \
	tests/unit/test-wsreader \
	tests/unit/test-wsrun \
	tests/unit/test-address \
	tests/unit/test-mailbox \
	tests/unit/test-worker \
	tests/unit/test-bind \
	tests/unit/test-listener \
	tests/unit/test-lookup \
	tests/unit/test-dial \
	tests/unit/test-due \
	tests/unit/test-transport \
	tests/unit/test-shortread \
	tests/unit/test-tls \
	tests/unit/test-tlsproof \
	tests/unit/test-tlsio \
	tests/unit/test-tlsrecord \
	tests/unit/test-option \
	tests/unit/test-inifile \
	tests/unit/test-plugin \
	tests/unit/test-pluginpath \
	tests/unit/test-pluginregistry \
	tests/unit/test-config \
	tests/unit/test-configmistakes \
	tests/unit/test-configoptions \
	tests/unit/test-cli \
	tests/unit/test-chain \
	tests/unit/test-chaintimer \
	tests/unit/test-channel \
	tests/unit/test-channelauth \
	tests/unit/test-channelchild \
	tests/unit/test-conn \
	tests/unit/test-connend \
	tests/unit/test-connkill \
	tests/unit/test-fetch \
	tests/unit/test-fetchsend \
	tests/unit/test-fetchconn \
	tests/unit/test-group \
	tests/unit/test-grouplate \
	tests/unit/test-handshake \
	tests/unit/test-headed \
	tests/unit/test-innerhead \
	tests/unit/test-kept \
	tests/unit/test-link \
	tests/unit/test-linkchild \
	tests/unit/test-linkthreads \
	tests/unit/test-login \
	tests/unit/test-negotiate \
	tests/unit/test-report \
	tests/unit/test-service

EXTRA_DIST += \
	tests/unit/certs.h tests/unit/chains.h tests/unit/configs.h tests/unit/dials.h tests/unit/fetches.h \
	tests/unit/ends.h tests/unit/frames.h tests/unit/groups.h \
	tests/unit/links.h \
	tests/unit/listeners.h tests/unit/model.h tests/unit/modelmux.h \
	tests/unit/modules.h tests/unit/net.h tests/unit/peers.h \
	tests/unit/stderrs.h

TSAN_TESTS += \
	tests/unit/test-log \
	tests/unit/test-recycle \
	tests/unit/test-buf \
	tests/unit/test-frame \
	tests/unit/test-mask \
	tests/unit/test-mailbox \
	tests/unit/test-worker \
	tests/unit/test-lookup \
	tests/unit/test-dial \
	tests/unit/test-listener \
	tests/unit/test-linkthreads \
	tests/unit/test-channelauth \
	tests/unit/test-link \
	tests/unit/test-linkchild \
	tests/unit/test-fetch \
	tests/unit/test-fetchsend \
	tests/unit/test-fetchconn \
	tests/unit/test-group \
	tests/unit/test-grouplate \
	tests/unit/test-conn
