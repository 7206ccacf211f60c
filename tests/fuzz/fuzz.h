/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz targets. A target is one file fuzz-NAME.c with fuzz_one(); its inputs
 * are the files of corpus/NAME. With --enable-fuzz (clang) libFuzzer drives it;
 * in any other build replay.c does: each input of the corpus, and some changed
 * ones of each. Whatever is wrong aborts.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left of an input, taken from the front. */
struct fuzz {
	const unsigned char	*at;
	size_t			 left;
};

/* The target: one input. */
void	fuzz_one(struct fuzz *);

unsigned fuzz_byte(struct fuzz *);		/* 0 behind the end */
/* Behind a length in two bytes: that many bytes, or those that are left. */
const unsigned char *fuzz_bytes(struct fuzz *, size_t *len);
/* Before a plugin is loaded: it stays in memory when it is unloaded, where
 * libFuzzer goes on counting what it runs. */
void	fuzz_keep(const char *plugin);
/* Says where, and aborts. */
void	fuzz_fail(const char *file, int line, const char *what)
	    __attribute__((noreturn));

#define FUZZ_IS(a)							\
	((a) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #a))

#endif
