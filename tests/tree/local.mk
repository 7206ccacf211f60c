# What holds for the tree itself.
TREE_TESTS += \
	tests/tree/docs.sh \
	tests/tree/hardening.sh \
	tests/tree/layers.sh \
	tests/tree/sources.sh
EXTRA_DIST += tests/tree/tap.sh
