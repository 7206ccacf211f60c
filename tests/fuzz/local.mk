# Fuzz targets: tests/fuzz/fuzz-NAME from fuzz-NAME.c, its inputs corpus/NAME.
# "make check" runs the inputs and changed ones; see CONTRIBUTING.md for
# "make fuzz".
FUZZ_TARGETS = \
	tests/fuzz/fuzz-body \
	tests/fuzz/fuzz-broker tests/fuzz/fuzz-config tests/fuzz/fuzz-control \
	tests/fuzz/fuzz-deflate tests/fuzz/fuzz-extension \
	tests/fuzz/fuzz-frame tests/fuzz/fuzz-head tests/fuzz/fuzz-inject \
	tests/fuzz/fuzz-page \
	tests/fuzz/fuzz-pair \
	tests/fuzz/fuzz-pingpong tests/fuzz/fuzz-stomp

check_LIBRARIES += tests/fuzz/libfuzz.a
tests_fuzz_libfuzz_a_SOURCES = \
	tests/fuzz/checks.c tests/fuzz/input.c tests/fuzz/fuzz.h \
	tests/fuzz/wires.h
EXTRA_tests_fuzz_libfuzz_a_SOURCES = tests/fuzz/replay.c
if FUZZ
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/replay.$(OBJEXT)
endif
tests_fuzz_libfuzz_a_LIBADD = $(FUZZ_MAIN)
tests_fuzz_libfuzz_a_DEPENDENCIES = $(FUZZ_MAIN)

# checks.c stands before the harness, whose checks want a test case.
fuzz_libs = \
	$(FUZZ_MAIN) tests/fuzz/checks.$(OBJEXT) tests/fuzz/libfuzz.a \
	tests/plugin/libfake.a core/libheadgate.a $(HEADGATE_LIBS)
tests_fuzz_fuzz_body_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_body_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_broker_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_broker_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_config_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_control_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_control_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_deflate_LDADD = $(fuzz_libs) $(ZLIB_LIBS)
tests_fuzz_fuzz_deflate_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_extension_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_extension_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_frame_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_frame_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_head_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_head_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_inject_SOURCES = \
	tests/fuzz/fuzz-inject.c \
	plugins/page/csp.c plugins/page/html.c plugins/page/inject.c
tests_fuzz_fuzz_inject_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins/page
tests_fuzz_fuzz_inject_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_inject_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_page_SOURCES = tests/fuzz/fuzz-page.c plugins/page/path.c
tests_fuzz_fuzz_page_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/plugins/page
tests_fuzz_fuzz_page_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_page_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_pair_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_pair_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_pingpong_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_pingpong_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_stomp_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_stomp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# TIME: seconds for each target. What is found is left in tests/fuzz/found.
TIME = 60
fuzz: all $(FUZZ_TARGETS)
	@$(AM_TESTS_ENVIRONMENT) \
	for target in $(FUZZ_TARGETS); do \
		$(SHELL) $(srcdir)/tests/fuzz/run.sh "$$target" $(TIME) || \
		    exit 1; \
	done
.PHONY: fuzz

EXTRA_DIST += tests/fuzz/run.sh tests/fuzz/corpus tests/fuzz/dict
