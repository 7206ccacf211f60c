# "make bench": the runner, and the peers' parts.
EXTRA_DIST += \
	tests/bench/bars.mjs tests/bench/counters.mjs tests/bench/echoes.mjs \
	tests/bench/haproxy.mjs tests/bench/headgate.mjs \
	tests/bench/lines.mjs tests/bench/machine.mjs tests/bench/nginx.mjs \
	tests/bench/page.mjs tests/bench/ports.mjs tests/bench/report.mjs \
	tests/bench/rounds.mjs tests/bench/run.mjs tests/bench/scope.mjs \
	tests/bench/space.mjs tests/bench/stats.mjs tests/bench/stomp.mjs \
	tests/bench/svg.mjs tests/bench/table.mjs tests/bench/tools.mjs \
	tests/bench/workloads.mjs tests/bench/workloads tests/bench/peers
# What it makes of the figures is tested.
WIRE_TESTS += tests/bench/figures.test.mjs

# Measurements, run by "make bench": tests/bench/NAME from NAME.c. They print
# tables and never fail for being slow.
BENCHES += tests/bench/trunk

tests_bench_trunk_SOURCES = \
	tests/bench/trunk.c \
	tests/bench/die.c tests/bench/die.h \
	tests/bench/daemon.c tests/bench/daemon.h \
	tests/bench/subscriber.c tests/bench/subscriber.h
tests_bench_trunk_LDADD =

# What the measurements are made with.
BENCH_TOOLS = tests/bench/load tests/bench/limit tests/bench/link
BENCH_LDADD = core/libheadgate.a $(HEADGATE_LIBS)
BENCH_NET = \
	tests/bench/die.c tests/bench/die.h \
	tests/bench/clock.h \
	tests/bench/options.c tests/bench/options.h \
	tests/bench/loop.c tests/bench/loop.h \
	tests/bench/sock.c tests/bench/sock.h \
	tests/bench/wire.c tests/bench/wire.h \
	tests/bench/wsio.c tests/bench/wsio.h

# The load generator: see load.c for its modes.
tests_bench_load_SOURCES = \
	tests/bench/load.c tests/bench/load.h \
	tests/bench/load-open.c tests/bench/load-measure.c \
	tests/bench/load-echo.c tests/bench/echo.c tests/bench/echo.h \
	tests/bench/load-connect.c tests/bench/load-idle.c \
	tests/bench/load-fanout.c tests/bench/load-fanout.h \
	tests/bench/load-publish.c \
	tests/bench/stomp.c tests/bench/stomp.h \
	tests/bench/numbered.c tests/bench/numbered.h \
	tests/bench/sequence.c tests/bench/sequence.h \
	tests/bench/client.c tests/bench/client.h \
	tests/bench/message.c tests/bench/message.h \
	tests/bench/histogram.c tests/bench/histogram.h \
	tests/bench/proc.c tests/bench/proc.h \
	$(BENCH_NET)
tests_bench_load_LDADD = $(BENCH_LDADD)

# The bare servers that others are compared with.
tests_bench_limit_SOURCES = \
	tests/bench/limit.c tests/bench/limit.h \
	tests/bench/limit-conn.c \
	tests/bench/limit-echo.c tests/bench/limit-fanout.c \
	$(BENCH_NET)
tests_bench_limit_LDADD = $(BENCH_LDADD)

# A slow link.
tests_bench_link_SOURCES = \
	tests/bench/link.c tests/bench/link.h \
	tests/bench/link-lane.c tests/bench/link-flow.c \
	tests/bench/die.c tests/bench/die.h \
	tests/bench/clock.h \
	tests/bench/options.c tests/bench/options.h \
	tests/bench/loop.c tests/bench/loop.h \
	tests/bench/sock.c tests/bench/sock.h
tests_bench_link_LDADD =

# What they count with is tested like all else.
UNIT_TESTS += tests/unit/test-bench
tests_unit_test_bench_SOURCES = \
	tests/unit/test-bench.c \
	tests/bench/die.c tests/bench/die.h \
	tests/bench/histogram.c tests/bench/histogram.h \
	tests/bench/numbered.c tests/bench/numbered.h \
	tests/bench/sequence.c tests/bench/sequence.h \
	tests/bench/wsio.c tests/bench/wsio.h

# Instructions for each operation, by valgrind.
EXTRA_PROGRAMS += tests/bench/instructions
CLEANFILES += tests/bench/instructions
EXTRA_DIST += tests/bench/instructions.sh
tests_bench_instructions_SOURCES = \
	tests/bench/instructions.c tests/bench/instructions.h \
	tests/bench/instructionscore.c tests/bench/instructionsdaemon.c \
	tests/bench/inside.c tests/bench/inside.h \
	tests/bench/die.c tests/bench/die.h \
	tests/bench/daemon.c tests/bench/daemon.h
tests_bench_instructions_LDADD = core/libheadgate.a $(HEADGATE_LIBS)

bench-instructions: all tests/bench/instructions
	@$(SHELL) $(srcdir)/tests/bench/instructions.sh
.PHONY: bench-instructions

# Memory of idle channels.
EXTRA_DIST += tests/bench/alloc-channels.mjs
