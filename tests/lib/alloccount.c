/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the calls of malloc, calloc, realloc and their like, for a test of
 * what a steady load allocates: tests/e2e/alloc.test.mjs. Preloaded
 * (LD_PRELOAD); the counters are in a file that the test reads meanwhile.
 *
 *	HEADGATE_ALLOC_FILE	the file: two numbers of 8 bytes, in the
 *				machine's order: calls by OpenSSL for itself,
 *				and all other ones
 *	HEADGATE_ALLOC_TRACE	also who calls: at the end of the process the
 *				file's name with ".trace" has each place, with
 *				the number of its calls since the byte at 16 in
 *				the file became 1
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloctrace.h"

#ifdef __GLIBC__

/* The C library's own, behind what is replaced here. */
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);
void	*__libc_memalign(size_t, size_t);

struct counters {
	atomic_uint_least64_t	 openssl, other;
	atomic_uchar		 tracing;
};

struct range {
	uintptr_t	 from, to;
};

static struct counters nowhere, *counters = &nowhere;
static struct range openssl[4];
static unsigned openssl_count;
static bool traces;

static int
note_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	const ElfW(Phdr) *part;
	struct range *range;
	int i;

	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "libssl") == NULL &&
	    strstr(info->dlpi_name, "libcrypto") == NULL)
		return (0);
	for (i = 0; i < info->dlpi_phnum; i++) {
		part = &info->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0 ||
		    openssl_count == 4)
			continue;
		range = &openssl[openssl_count++];
		range->from = info->dlpi_addr + part->p_vaddr;
		range->to = range->from + part->p_memsz;
	}
	return (0);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("HEADGATE_ALLOC_FILE");
	void *place;
	int fd;

	if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		return;
	place = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	if (place == MAP_FAILED)
		return;
	dl_iterate_phdr(note_library, NULL);
	traces = getenv("HEADGATE_ALLOC_TRACE") != NULL;
	if (traces)
		trace_begin(path);
	counters = place;
}

static bool
is_openssl(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	unsigned i;

	for (i = 0; i < openssl_count; i++)
		if (at >= openssl[i].from && at < openssl[i].to)
			return (true);
	return (false);
}

static void
count(const void *caller)
{
	atomic_fetch_add_explicit(is_openssl(caller) ? &counters->openssl :
	    &counters->other, 1, memory_order_relaxed);
	if (traces && atomic_load_explicit(&counters->tracing,
	    memory_order_relaxed) != 0)
		trace_add();
}

void *
malloc(size_t size)
{
	count(__builtin_return_address(0));
	return (__libc_malloc(size));
}

void *
calloc(size_t items, size_t size)
{
	count(__builtin_return_address(0));
	return (__libc_calloc(items, size));
}

void *
realloc(void *data, size_t size)
{
	count(__builtin_return_address(0));
	return (__libc_realloc(data, size));
}

void *
reallocarray(void *data, size_t items, size_t size)
{
	size_t bytes;

	count(__builtin_return_address(0));
	if (__builtin_mul_overflow(items, size, &bytes)) {
		errno = ENOMEM;
		return (NULL);
	}
	return (__libc_realloc(data, bytes));
}

void *
memalign(size_t alignment, size_t size)
{
	count(__builtin_return_address(0));
	return (__libc_memalign(alignment, size));
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	count(__builtin_return_address(0));
	return (__libc_memalign(alignment, size));
}

int
posix_memalign(void **data, size_t alignment, size_t size)
{
	count(__builtin_return_address(0));
	*data = __libc_memalign(alignment, size);
	return (*data == NULL ? ENOMEM : 0);
}

#endif
