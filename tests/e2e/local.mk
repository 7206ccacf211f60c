# The daemon between real clients and real servers.
E2E_TESTS += \
	tests/e2e/auth.test.mjs \
	tests/e2e/alloc.test.mjs \
	tests/e2e/broker.test.mjs \
	tests/e2e/deflate-browser.test.mjs \
	tests/e2e/deflate.test.mjs \
	tests/e2e/demo.test.mjs \
	tests/e2e/echo.test.mjs \
	tests/e2e/fanout.test.mjs \
	tests/e2e/faults.test.mjs \
	tests/e2e/js-browser.test.mjs \
	tests/e2e/js-channels.test.mjs \
	tests/e2e/js-class.test.mjs \
	tests/e2e/js-daemon.test.mjs \
	tests/e2e/js-handshake.test.mjs \
	tests/e2e/inner.test.mjs \
	tests/e2e/js-package.test.mjs \
	tests/e2e/js-pages.test.mjs \
	tests/e2e/large.test.mjs \
	tests/e2e/leaving.test.mjs \
	tests/e2e/login.test.mjs \
	tests/e2e/one.test.mjs \
	tests/e2e/out-of-tree.test.mjs \
	tests/e2e/page-browser.test.mjs \
	tests/e2e/rabbitmq.test.mjs \
	tests/e2e/resume.test.mjs \
	tests/e2e/slow.test.mjs \
	tests/e2e/stop.test.mjs

# Where messages pass between workers.
TSAN_TESTS += tests/e2e/echo.test.mjs tests/e2e/broker.test.mjs
