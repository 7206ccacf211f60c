/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "mask.h"

#define MASK_SUPPLY	4096	/* bytes taken from the system at a time */
#define MASK_BLOCK	32	/* bytes that are masked at a time */
#define MASK_LITTLE	(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static _Thread_local unsigned char	mask_supply[MASK_SUPPLY];
static _Thread_local size_t		mask_left;

/*
 * Whole blocks, whose words are all read before any is written: the compiler
 * then knows that in and out may be the same and still uses wide registers.
 */
static size_t
mask_blocks(unsigned char *out, const unsigned char *in, size_t len,
    uint64_t key)
{
	uint64_t a, b, c, d;
	size_t at;

	for (at = 0; len - at >= MASK_BLOCK; at += MASK_BLOCK) {
		memcpy(&a, in + at, sizeof(a));
		memcpy(&b, in + at + 8, sizeof(b));
		memcpy(&c, in + at + 16, sizeof(c));
		memcpy(&d, in + at + 24, sizeof(d));
		a ^= key;
		b ^= key;
		c ^= key;
		d ^= key;
		memcpy(out + at, &a, sizeof(a));
		memcpy(out + at + 8, &b, sizeof(b));
		memcpy(out + at + 16, &c, sizeof(c));
		memcpy(out + at + 24, &d, sizeof(d));
	}
	return (at);
}

/* The key as it lies on these bytes; it repeats every four. */
static uint64_t
mask_turn(const unsigned char key[4], size_t offset)
{
	uint32_t word;
	unsigned bits = 8 * (offset & 3);

	memcpy(&word, key, sizeof(word));
	if (bits > 0)
		word = MASK_LITTLE ? word >> bits | word << (32 - bits) :
		    word << bits | word >> (32 - bits);
	return ((uint64_t)word << 32 | word);
}

void
mask_apply(unsigned char *out, const unsigned char *in, size_t len,
    const unsigned char key[4], size_t offset)
{
	unsigned char turned[sizeof(uint64_t)];
	uint64_t word, wide;
	size_t at, i;

	wide = mask_turn(key, offset);
	at = mask_blocks(out, in, len, wide);
	for (; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, in + at, sizeof(word));
		word ^= wide;
		memcpy(out + at, &word, sizeof(word));
	}
	if (at == len)
		return;
	memcpy(turned, &wide, sizeof(turned));
	for (i = 0; at < len; at++, i++)
		out[at] = in[at] ^ turned[i];
}

/*
 * Without unpredictable bytes no frame may be sent, and the system has them
 * since it started: there is no going on when there are none. OpenSSL's own
 * generator takes a ninth of the time that the kernel's needs.
 */
static void
mask_refill(void)
{
	if (RAND_bytes(mask_supply, sizeof(mask_supply)) != 1) {
		log_write(HG_LOG_ERROR, NULL, "there are no random bytes");
		abort();
	}
	mask_left = sizeof(mask_supply);
}

void
mask_key(unsigned char key[4])
{
	if (mask_left < 4)
		mask_refill();
	mask_left -= 4;
	memcpy(key, mask_supply + mask_left, 4);
}
