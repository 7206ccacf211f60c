# Measurements, run by "make bench": tests/bench/NAME from NAME.c. They print
# tables and never fail for being slow.
BENCHES += tests/bench/trunk

tests_bench_trunk_SOURCES = \
	tests/bench/trunk.c \
	tests/bench/daemon.c tests/bench/daemon.h \
	tests/bench/subscriber.c tests/bench/subscriber.h
tests_bench_trunk_LDADD =
