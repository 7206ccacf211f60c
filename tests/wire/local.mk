# The daemon, byte by byte, over loopback.
WIRE_TESTS +=
