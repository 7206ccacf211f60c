/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/instructions.h"

#include <stdlib.h>
#include <string.h>

#include "bench/daemon.h"

static const struct {
	const char	*name;
	void		(*load)(unsigned count);
} loads[] = {
	{ "decode", load_decode },
	{ "decode-long", load_decode_long },
	{ "chain", load_chain },
	{ "echo", load_echo },
	{ "proxy", load_proxy },
	{ "broker", load_broker },
	{ "trunk", load_trunk },
};

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strcmp(argv[1], loads[i].name) == 0) {
			loads[i].load((unsigned)atoi(argv[2]));
			return (0);
		}
	bench_die("usage: instructions LOAD COUNT");
}
