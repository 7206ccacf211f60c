/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/alloctrace.h"

#define DEPTH	12	/* frames of a stack */
#define SKIP	2	/* of them in here */
#define STACKS	512	/* further ones are left out */

struct stack {
	void		*at[DEPTH];
	int		 depth;
	unsigned long	 count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct stack stacks[STACKS];
static char name[256];
static __thread bool inside;

/* The first call loads a library, and so allocates. */
void
trace_begin(const char *path)
{
	void *at[1];

	inside = true;
	backtrace(at, 1);
	inside = false;
	snprintf(name, sizeof(name), "%s.trace", path);
}

void
trace_add(void)
{
	struct stack new = { .count = 0 };
	int i;

	if (inside)
		return;
	inside = true;
	new.depth = backtrace(new.at, DEPTH);
	pthread_mutex_lock(&lock);
	for (i = 0; i < STACKS && stacks[i].depth != 0; i++)
		if (memcmp(stacks[i].at, new.at, sizeof(new.at)) == 0)
			break;
	if (i < STACKS) {
		if (stacks[i].depth == 0)
			stacks[i] = new;
		stacks[i].count++;
	}
	pthread_mutex_unlock(&lock);
	inside = false;
}

/* As addr2line wants it: the object's name, and the offset in it. */
static void
print(FILE *file, const void *at)
{
	Dl_info info;

	if (dladdr(at, &info) == 0) {
		fprintf(file, "\t%p\n", at);
		return;
	}
	fprintf(file, "\t%s 0x%lx %s\n", info.dli_fname,
	    (unsigned long)((const char *)at - (const char *)info.dli_fbase),
	    info.dli_sname != NULL ? info.dli_sname : "?");
}

__attribute__((destructor)) static void
write_all(void)
{
	FILE *file;
	int i, j;

	inside = true;
	if (name[0] == '\0' || (file = fopen(name, "w")) == NULL)
		return;
	for (i = 0; i < STACKS && stacks[i].depth != 0; i++) {
		fprintf(file, "%lu\n", stacks[i].count);
		for (j = SKIP; j < stacks[i].depth; j++)
			print(file, stacks[i].at[j]);
	}
	fclose(file);
}
