# The daemon between real clients and real servers.
E2E_TESTS +=
