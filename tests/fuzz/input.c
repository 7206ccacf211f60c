/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { .at = data, .left = size };

	fuzz_one(&fuzz);
	return (0);
}

unsigned
fuzz_byte(struct fuzz *fuzz)
{
	if (fuzz->left == 0)
		return (0);
	fuzz->left--;
	return (*fuzz->at++);
}

const unsigned char *
fuzz_bytes(struct fuzz *fuzz, size_t *len)
{
	const unsigned char *at;

	*len = (size_t)fuzz_byte(fuzz) << 8;
	*len |= fuzz_byte(fuzz);
	if (*len > fuzz->left)
		*len = fuzz->left;
	at = fuzz->at;
	fuzz->at += *len;
	fuzz->left -= *len;
	return (at);
}

void
fuzz_keep(const char *plugin)
{
	const char *dir = getenv("HEADGATE_PLUGIN_DIR");
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.so", dir != NULL ? dir : ".",
	    plugin);
	if (dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) == NULL)
		fuzz_fail(__FILE__, __LINE__, dlerror());
}

void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}
