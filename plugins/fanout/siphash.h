/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4 with 128 bits of output. Under a secret key nobody can make two
 * messages that look the same.
 */
#ifndef FANOUT_SIPHASH_H
#define FANOUT_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define FANOUT_SIPKEY	16	/* bytes of a key */

struct fanout_digest {
	uint64_t	word[2];
};

struct fanout_digest fanout_siphash(const unsigned char *key, const void *,
    size_t);

#endif
