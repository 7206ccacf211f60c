/* SPDX-License-Identifier: Apache-2.0 */
#include "siphash.h"

struct sip {
	uint64_t	a, b, c, d;
};

static uint64_t
sip_load(const unsigned char *bytes, size_t len)
{
	uint64_t word;
	size_t i;

	word = 0;
	for (i = 0; i < len; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return (word);
}

static uint64_t
sip_rotate(uint64_t word, unsigned bits)
{
	return (word << bits | word >> (64 - bits));
}

static void
sip_rounds(struct sip *s, unsigned rounds)
{
	while (rounds-- > 0) {
		s->a += s->b;
		s->c += s->d;
		s->b = sip_rotate(s->b, 13) ^ s->a;
		s->d = sip_rotate(s->d, 16) ^ s->c;
		s->a = sip_rotate(s->a, 32);
		s->c += s->b;
		s->a += s->d;
		s->b = sip_rotate(s->b, 17) ^ s->c;
		s->d = sip_rotate(s->d, 21) ^ s->a;
		s->c = sip_rotate(s->c, 32);
	}
}

static void
sip_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	sip_rounds(s, 2);
	s->a ^= word;
}

struct fanout_digest
fanout_siphash(const unsigned char *key, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	struct fanout_digest digest;
	struct sip s;
	uint64_t low, high;
	size_t i;

	low = sip_load(key, 8);
	high = sip_load(key + 8, 8);
	s.a = low ^ 0x736f6d6570736575;
	s.b = high ^ 0x646f72616e646f6d ^ 0xee;
	s.c = low ^ 0x6c7967656e657261;
	s.d = high ^ 0x7465646279746573;
	for (i = 0; i + 8 <= len; i += 8)
		sip_word(&s, sip_load(bytes + i, 8));
	sip_word(&s, (uint64_t)len << 56 |
	    (len > i ? sip_load(bytes + i, len - i) : 0));
	s.c ^= 0xee;
	sip_rounds(&s, 4);
	digest.word[0] = s.a ^ s.b ^ s.c ^ s.d;
	s.b ^= 0xdd;
	sip_rounds(&s, 4);
	digest.word[1] = s.a ^ s.b ^ s.c ^ s.d;
	return (digest);
}
