/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a build without libFuzzer: runs the target on each file of its corpus, and
 * on changed copies of it, which are the same at each run. Files that are named
 * as arguments are run as they are. The output is TAP.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX	(1 << 16)
#define CHANGED		100	/* copies of each */

static uint64_t random_state = 88172645463325252ull;

static unsigned
dice(unsigned sides)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((unsigned)(random_state >> 33) % sides);
}

/* In memory of just this size, so that a sanitizer sees a byte too many. */
static void
run(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size > 0 ? size : 1);
	struct fuzz fuzz = { .at = copy, .left = size };

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	fuzz_one(&fuzz);
	free(copy);
}

static size_t
change(unsigned char *data, size_t size)
{
	size_t at = size > 0 ? dice((unsigned)size) : 0, len;

	switch (dice(5)) {
	case 0:
		return (at);
	case 1:
		if (size > 0)
			data[at] ^= (unsigned char)(1 << dice(8));
		return (size);
	case 2:
		if (size > 0)
			data[at] = (unsigned char)dice(256);
		return (size);
	case 3:
		if (size == 0)
			return (0);
		memmove(data + at, data + at + 1, size - at - 1);
		return (size - 1);
	default:
		len = 1 + dice(32);
		if (len > size - at)
			len = size - at;
		if (size + len > INPUT_MAX)
			return (size);
		memmove(data + at + len, data + at, size - at);
		return (size + len);
	}
}

static size_t
read_file(const char *path, unsigned char *data)
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	return (size);
}

static void
run_corpus_file(const char *path)
{
	static unsigned char data[INPUT_MAX], copy[INPUT_MAX];
	size_t size = read_file(path, data), len;
	unsigned i, n;

	run(data, size);
	for (i = 0; i < CHANGED; i++) {
		memcpy(copy, data, size);
		len = size;
		for (n = 1 + dice(4); n > 0; n--)
			len = change(copy, len);
		run(copy, len);
	}
}

static int
is_input(const struct dirent *entry)
{
	return (entry->d_name[0] != '.');
}

static int
run_corpus(const char *name)
{
	const char *top = getenv("top_srcdir");
	struct dirent **entries;
	char path[4096];
	int count, i;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s",
	    top != NULL ? top : ".", name);
	if ((count = scandir(path, &entries, is_input, alphasort)) <= 0) {
		printf("1..1\nnot ok 1 - no corpus %s\n", path);
		return (1);
	}
	printf("1..1\n");
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s/%s",
		    top != NULL ? top : ".", name, entries[i]->d_name);
		run_corpus_file(path);
		free(entries[i]);
	}
	free(entries);
	printf("ok 1 - %d inputs of corpus %s, %d changed ones of each\n",
	    count, name, CHANGED);
	return (0);
}

int
main(int argc, char **argv)
{
	static unsigned char data[INPUT_MAX];
	const char *name = strrchr(argv[0], '/');
	int i;

	if (argc == 1) {
		name = name != NULL ? name + 1 : argv[0];
		if (strncmp(name, "lt-", 3) == 0)
			name += 3;
		return (run_corpus(name + strlen("fuzz-")));
	}
	for (i = 1; i < argc; i++)
		run(data, read_file(argv[i], data));
	return (0);
}
