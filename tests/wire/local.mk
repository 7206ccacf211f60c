# The daemon, byte by byte, over loopback.
WIRE_TESTS += \
	tests/wire/channels-auth.test.mjs \
	tests/wire/channels-chunk.test.mjs \
	tests/wire/channels-credit.test.mjs \
	tests/wire/channels-rootless.test.mjs \
	tests/wire/channels-wrong.test.mjs \
	tests/wire/channels.test.mjs \
	tests/wire/close.test.mjs \
	tests/wire/deflate.test.mjs \
	tests/wire/early.test.mjs \
	tests/wire/frames.test.mjs \
	tests/wire/handshake.test.mjs \
	tests/wire/head.test.mjs \
	tests/wire/inner-channels.test.mjs \
	tests/wire/inner-init.test.mjs \
	tests/wire/inner-legacy.test.mjs \
	tests/wire/inner.test.mjs \
	tests/wire/messages.test.mjs \
	tests/wire/http.test.mjs \
	tests/wire/http-body.test.mjs \
	tests/wire/http-life.test.mjs \
	tests/wire/idletimeout.test.mjs \
	tests/wire/negotiation.test.mjs \
	tests/wire/origin.test.mjs \
	tests/wire/page.test.mjs \
	tests/wire/page-proxy.test.mjs \
	tests/wire/pingpong.test.mjs \
	tests/wire/relay.test.mjs \
	tests/wire/stomp-broker.test.mjs \
	tests/wire/stomp-channels.test.mjs \
	tests/wire/stomp-client.test.mjs \
	tests/wire/stop.test.mjs \
	tests/wire/stream.test.mjs \
	tests/wire/tls.test.mjs \
	tests/wire/trunk-in.test.mjs \
	tests/wire/trunk-out.test.mjs \
	tests/wire/upstream.test.mjs
