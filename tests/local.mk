# "make check" speaks TAP with every test: C programs over CUnit, shell
# scripts, and node's test files. To add a test, add it to its list.
#   make check TESTS=tests/wire/echo.test.mjs     one test
#   make check TESTS='$(TSAN_TESTS)'              those for a TSan build
UNIT_TESTS =
PLUGIN_TESTS =
TREE_TESTS =
WIRE_TESTS =
E2E_TESTS =
TSAN_TESTS =
BENCHES =

# Preloaded into daemons by tests/e2e/alloc.test.mjs.
check_LTLIBRARIES += tests/lib/alloccount.la
tests_lib_alloccount_la_SOURCES = \
	tests/lib/alloccount.c \
	tests/lib/alloctrace.c tests/lib/alloctrace.h
tests_lib_alloccount_la_CPPFLAGS = -D_GNU_SOURCE -I$(top_srcdir)/tests
tests_lib_alloccount_la_CFLAGS = $(BASE_CFLAGS) -fvisibility=default
tests_lib_alloccount_la_LDFLAGS = \
	$(BASE_LDFLAGS) -module -avoid-version -shared \
	-rpath $(abs_builddir)/tests/lib
tests_lib_alloccount_la_LIBADD =

# A plugin that answers the requests of tests/wire/http*.test.mjs.
check_LTLIBRARIES += tests/lib/answer.la
tests_lib_answer_la_SOURCES = tests/lib/answer.c
tests_lib_answer_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_lib_answer_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_lib_answer_la_LDFLAGS = \
	$(PLUGIN_LDFLAGS) -rpath $(abs_builddir)/tests/lib
tests_lib_answer_la_LIBADD =

# Shared by all C tests; fragments add their own support files.
check_LIBRARIES += tests/libharness.a
tests_libharness_a_SOURCES = tests/harness.c tests/harness.h

include tests/tree/local.mk
include tests/unit/local.mk
include tests/plugin/local.mk
include tests/wire/local.mk
include tests/e2e/local.mk
include tests/bench/local.mk
include tests/fuzz/local.mk

# What a C test or a benchmark links; its source is its name with .c.
LDADD = \
	tests/plugin/libfake.a tests/libharness.a core/libheadgate.a \
	$(HEADGATE_LIBS) $(CUNIT_LIBS)

if HAVE_CUNIT
check_PROGRAMS += $(UNIT_TESTS) $(PLUGIN_TESTS)
TESTS += $(UNIT_TESTS) $(PLUGIN_TESTS)
endif
check_PROGRAMS += $(FUZZ_TARGETS)
if !FUZZ
TESTS += $(FUZZ_TARGETS)
endif
TESTS += $(TREE_TESTS) $(WIRE_TESTS) $(E2E_TESTS)

EXTRA_PROGRAMS += $(BENCHES) $(BENCH_TOOLS)
CLEANFILES += $(BENCHES) $(BENCH_TOOLS)

# A package of a third party, built by tests/e2e/out-of-tree.test.mjs.
EXTRA_DIST += \
	tests/out-of-tree/configure.ac tests/out-of-tree/Makefile.am \
	tests/out-of-tree/shout.c

# What the tests in JavaScript share.
EXTRA_DIST += \
	tests/lib/alloc.mjs \
	tests/lib/browser.mjs \
	tests/lib/certs.mjs \
	tests/lib/channels.mjs \
	tests/lib/daemon.mjs \
	tests/lib/frame.mjs \
	tests/lib/headgatejs.mjs \
	tests/lib/http.mjs \
	tests/lib/inner.mjs \
	tests/lib/pair.mjs \
	tests/lib/process.mjs \
	tests/lib/rabbitmq.mjs \
	tests/lib/server.mjs \
	tests/lib/stomp.mjs \
	tests/lib/tokens.mjs \
	tests/lib/topic.mjs \
	tests/lib/users.mjs \
	tests/lib/wait.mjs \
	tests/lib/websocket-cases.mjs \
	tests/lib/websocket-server.mjs \
	tests/lib/wsraw.mjs

EXTRA_DIST += \
	tests/package.json tests/package-lock.json \
	tests/run-node.sh tests/flat-tap.mjs \
	tests/resolve.mjs \
	$(TREE_TESTS) $(WIRE_TESTS) $(E2E_TESTS)

TAP_DRIVER = \
	env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .sh .mjs
LOG_DRIVER = $(TAP_DRIVER)
# Nothing waits for ever: a test that hangs is stopped, and has failed.
LOG_COMPILER = timeout -k 5 300
SH_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_COMPILER = $(SHELL)
MJS_LOG_DRIVER = $(TAP_DRIVER)
MJS_LOG_COMPILER = $(SHELL) $(srcdir)/tests/run-node.sh

if SANITIZER
HEADGATE_SANITIZER = yes
else
HEADGATE_SANITIZER = no
endif

AM_TESTS_ENVIRONMENT = \
	top_srcdir=`cd $(srcdir) && pwd`; export top_srcdir; \
	top_builddir=`pwd`; export top_builddir; \
	HEADGATE="$$top_builddir/core/headgate"; export HEADGATE; \
	HEADGATECTL="$$top_builddir/core/headgatectl"; export HEADGATECTL; \
	HEADGATE_PLUGIN_DIR="$$top_builddir/plugins/all"; \
	export HEADGATE_PLUGIN_DIR; \
	HEADGATE_SANITIZER='$(HEADGATE_SANITIZER)'; \
	export HEADGATE_SANITIZER; \
	HEADGATE_FORTIFY='$(FORTIFY_LEVEL)'; export HEADGATE_FORTIFY; \
	NODE='$(NODE)'; export NODE; READELF='$(READELF)'; export READELF; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; \
	UBSAN_OPTIONS="print_stacktrace=1:$$UBSAN_OPTIONS"; \
	export UBSAN_OPTIONS;

# What is measured beside what, and doc/performance of it; see CONTRIBUTING.md.
bench-build: all $(BENCHES) $(BENCH_TOOLS)
bench: bench-build
	@$(AM_TESTS_ENVIRONMENT) \
	: "$${HEADGATE_NODE_MODULES:=$$top_builddir/node_modules}"; \
	export HEADGATE_NODE_MODULES; \
	test -n "$$NODE" || { echo "bench: needs node 20 or newer"; exit 1; }; \
	exec "$$NODE" --import "file://$$top_srcdir/tests/resolve.mjs" \
	    "$$top_srcdir/tests/bench/run.mjs" WORKLOADS='$(WORKLOADS)' \
	    ROUNDS='$(ROUNDS)' SECONDS='$(SECONDS)' OUT='$(OUT)'
.PHONY: bench bench-build

tests-clean:
	rm -rf tests/reports tests/fuzz/work tests/fuzz/found
