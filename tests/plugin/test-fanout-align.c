/* SPDX-License-Identifier: Apache-2.0 */
/* The pure part of fanout: digests, ring, history, skip, the proof. */
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdio.h>
#include <string.h>

#include "align.h"
#include "harness.h"

static const unsigned char key[FANOUT_SIPKEY] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
};

/* Published with the reference implementation: input 00 01 02 ... */
static void
test_vectors(void)
{
	static const struct {
		size_t		 len;
		unsigned char	 digest[16];
	} vectors[] = {
		{ 0, { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
		    0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93 } },
		{ 1, { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44,
		    0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45 } },
		{ 2, { 0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7,
		    0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff, 0xe4 } },
	};
	unsigned char in[8] = { 0, 1, 2, 3, 4, 5, 6, 7 }, out[16];
	struct fanout_digest digest;
	size_t i, k;

	for (i = 0; i < T_ROWS(vectors); i++) {
		digest = fanout_siphash(key, in, vectors[i].len);
		for (k = 0; k < 16; k++)
			out[k] = (unsigned char)
			    (digest.word[k / 8] >> (8 * (k % 8)));
		T_MEM_EQ(out, 16, vectors[i].digest, 16);
	}
}

static bool
openssl_siphash(const unsigned char *data, size_t len, unsigned char *out)
{
	size_t size = 16, got;
	OSSL_PARAM params[2];
	EVP_MAC_CTX *ctx;
	EVP_MAC *mac;
	bool ok;

	params[0] = OSSL_PARAM_construct_size_t("size", &size);
	params[1] = OSSL_PARAM_construct_end();
	if ((mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL)) == NULL)
		return (false);
	ctx = EVP_MAC_CTX_new(mac);
	ok = EVP_MAC_init(ctx, key, sizeof(key), params) == 1 &&
	    EVP_MAC_update(ctx, data, len) == 1 &&
	    EVP_MAC_final(ctx, out, &got, size) == 1;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return (ok);
}

/* Another implementation, for each length of a tail. */
static void
test_other_implementation(void)
{
	unsigned char data[300], want[16], got[16];
	struct fanout_digest digest;
	size_t i, k, len;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + 3);
	if (!openssl_siphash(data, 0, want)) {
		t_skip("this OpenSSL has no SipHash");
		return;
	}
	for (len = 0; len <= sizeof(data); len++) {
		t_row("length %zu", len);
		T_TRUE(openssl_siphash(data, len, want));
		digest = fanout_siphash(key, data, len);
		for (k = 0; k < 16; k++)
			got[k] = (unsigned char)
			    (digest.word[k / 8] >> (8 * (k % 8)));
		T_MEM_EQ(got, 16, want, 16);
	}
}

static struct fanout_digest
digest_of(unsigned c)
{
	struct fanout_digest digest = { { c, ~(uint64_t)c } };

	return (digest);
}

static void
test_ring(void)
{
	struct fanout_ring ring;
	uint64_t seq;
	unsigned i;

	T_REQUIRE(fanout_ring_init(&ring, 100) == 0);
	T_EQ(fanout_ring_count(&ring), 0);
	for (i = 1; i <= 1000; i++) {
		T_EQ(fanout_ring_will_evict(&ring), i > 100);
		fanout_ring_push(&ring, digest_of(i));
		T_EQ(ring.head, i);
		T_EQ(fanout_ring_count(&ring), i < 100 ? i : 100);
		for (seq = ring.first; seq <= ring.head; seq++)
			if (fanout_ring_at(&ring, seq).word[0] != seq)
				T_EQ(fanout_ring_at(&ring, seq).word[0], seq);
	}
	T_EQ(ring.size, 100);
	fanout_ring_clear(&ring);
	T_EQ(fanout_ring_count(&ring), 0);
	fanout_ring_push(&ring, digest_of(7));
	T_EQ(ring.head, 1001);
	T_EQ(fanout_ring_at(&ring, 1001).word[0], 7);
	fanout_ring_finish(&ring);
}

/* The numbers near the end of 32 bits and far beyond. */
static void
test_ring_wraps(void)
{
	static const uint64_t starts[] = { UINT32_MAX - 10,
		(uint64_t)1 << 63 };
	struct fanout_ring ring;
	size_t i, k;

	for (i = 0; i < T_ROWS(starts); i++) {
		T_REQUIRE(fanout_ring_init(&ring, 16) == 0);
		ring.head = starts[i];
		fanout_ring_clear(&ring);
		for (k = 0; k < 50; k++)
			fanout_ring_push(&ring, digest_of((unsigned)k));
		T_EQ(fanout_ring_count(&ring), 16);
		T_EQ(ring.head, starts[i] + 50);
		T_EQ(fanout_ring_at(&ring, ring.head).word[0], 49);
		T_EQ(fanout_ring_at(&ring, ring.first).word[0], 34);
		fanout_ring_finish(&ring);
	}
}

static void
test_history(void)
{
	struct fanout_history history = { NULL, 0, 0 };
	unsigned i;

	fanout_history_init(&history, 4);
	T_EQ(fanout_history_kept(&history), 0);
	for (i = 1; i <= 10; i++)
		fanout_history_push(&history, digest_of(i));
	T_EQ(history.count, 10);
	T_EQ(fanout_history_kept(&history), 4);
	T_EQ(fanout_history_at(&history, 0).word[0], 10);
	T_EQ(fanout_history_at(&history, 3).word[0], 7);
	fanout_history_init(&history, 2);
	T_EQ(history.count, 0);
	fanout_history_finish(&history);
	fanout_history_push(&history, digest_of(1));
	T_EQ(fanout_history_kept(&history), 0);
}

static void
ring_text(struct fanout_ring *ring, size_t max, const char *text)
{
	T_REQUIRE(fanout_ring_init(ring, max) == 0);
	for (; *text != '\0'; text++)
		fanout_ring_push(ring, digest_of((unsigned char)*text));
}

static void
history_text(struct fanout_history *history, size_t size, const char *text)
{
	memset(history, 0, sizeof(*history));
	fanout_history_init(history, size);
	for (; *text != '\0'; text++)
		fanout_history_push(history, digest_of((unsigned char)*text));
}

/* The ring's newest are twice among the member's. */
static void
test_align_twice(void)
{
	static const struct fanout_proof proof = {
		.verify = 4, .margin = 4, .window = 6, .base = 8
	};
	struct fanout_place_in_ring found;
	struct fanout_history history;
	struct fanout_ring ring;

	ring_text(&ring, 64, "abcdefghijkl");
	history_text(&history, 11, "ijkl");
	T_EQ(fanout_align(&ring, &history, &proof, &found), FANOUT_ALIGNED);
	fanout_history_finish(&history);
	history_text(&history, 11, "ijklijkl");
	T_EQ(fanout_align(&ring, &history, &proof, &found), FANOUT_UNPROVEN);
	fanout_history_finish(&history);
	fanout_ring_finish(&ring);
}

/*
 * A letter is a message. verify is 4, margin 4, window 3; base: what the ring
 * had when the member's history began.
 */
static void
test_align(void)
{
	static const struct {
		const char	*name, *ring, *own;
		uint64_t	 base, floor;
		enum fanout_aligned want;
		uint64_t	 seq;
		size_t		 ahead;
	} rows[] = {
		{ "in step", "abcdefgh", "efgh", 4, 0, FANOUT_ALIGNED, 8, 0 },
		{ "from the start", "abcdefgh", "abcdefgh", 0, 0,
		    FANOUT_ALIGNED, 8, 0 },
		{ "behind", "abcdefgh", "abcdef", 0, 0, FANOUT_ALIGNED, 6, 0 },
		{ "ahead", "abcdefgh", "abcdefghij", 0, 0, FANOUT_ALIGNED,
		    8, 2 },
		{ "ahead beyond the window", "abcdefgh", "abcdefghijkl", 0, 0,
		    FANOUT_ELSEWHERE, 0, 0 },
		{ "too few copies", "abcdefgh", "fgh", 5, 0,
		    FANOUT_ELSEWHERE, 0, 0 },
		{ "the ring is too short", "abcdefg", "abcdefg", 0, 0,
		    FANOUT_ELSEWHERE, 0, 0 },
		{ "other messages", "abcdefgh", "ijkl", 4, 0,
		    FANOUT_ELSEWHERE, 0, 0 },
		{ "one differs", "abcdefgh", "exgh", 4, 0, FANOUT_ELSEWHERE,
		    0, 0 },
		{ "all are equal", "aaaaaaaaaa", "aaaaaaaa", 2, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "equal and behind", "aaaaaaaaaaaaaaab", "aaaa", 12, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "two in turn", "ababababab", "ababab", 4, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "a period of the gram", "abcdabcdabcd", "abcdabcd", 4, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "at two places", "abcdxyabcdzwvu", "abcd", 8, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "bordered", "pqrstuabcamnop", "abca", 6, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "half is once only", "xyxyxyxyxyxyab", "xyab", 10, 0,
		    FANOUT_ALIGNED, 14, 0 },
		{ "less than half is once only", "xyzxyzxyzxyzxyza", "xyza", 12,
		    0, FANOUT_UNPROVEN, 0, 0 },
		/* The ring is one period; the member is a period ahead. */
		{ "a period longer than the ring", "abcdefgh",
		    "abcdefghabcdefgh", 0, 0, FANOUT_UNPROVEN, 0, 0 },
		{ "a period behind", "abcdefghijkl", "ijkl", 0, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "far, and the ring knows enough",
		    "ABCDEFGHIJKLMNOPabcdefgh", "efgh", 12, 0,
		    FANOUT_ALIGNED, 24, 0 },
		{ "one too far", "ABCDEFGHIJKLMNOPabcdefgh", "efgh", 11, 0,
		    FANOUT_UNPROVEN, 0, 0 },
		{ "before what it has got", "abcdefgh", "abcdef", 0, 7,
		    FANOUT_UNPROVEN, 0, 0 },
	};
	static const struct fanout_proof standard = {
		.verify = 4, .margin = 4, .window = 3
	};
	struct fanout_place_in_ring found;
	struct fanout_history history;
	struct fanout_proof proof;
	struct fanout_ring ring;
	enum fanout_aligned got;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].name);
		proof = standard;
		proof.base = rows[i].base;
		proof.floor = rows[i].floor;
		ring_text(&ring, 64, rows[i].ring);
		history_text(&history, 4 + 3 + 1, rows[i].own);
		got = fanout_align(&ring, &history, &proof, &found);
		T_EQ(got, rows[i].want);
		if (got == FANOUT_ALIGNED && rows[i].want == got) {
			T_EQ(found.seq, rows[i].seq);
			T_EQ(found.ahead, rows[i].ahead);
		}
		fanout_ring_finish(&ring);
		fanout_history_finish(&history);
	}
}

static void
test_tail(void)
{
	static const struct {
		const char	*ring, *own;
		bool		 want;
	} rows[] = {
		{ "abcd", "d", true },
		{ "abcd", "bcd", true },
		{ "abcd", "xabcd", true },	/* no more than verify */
		{ "d", "abcd", true },		/* no more than the ring */
		{ "abcd", "c", false },
		{ "abcd", "abxd", false },
		{ "abcd", "", false },
		{ "", "abcd", false },
	};
	struct fanout_history history;
	struct fanout_ring ring;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("\"%s\" and \"%s\"", rows[i].ring, rows[i].own);
		ring_text(&ring, 64, rows[i].ring);
		history_text(&history, 8, rows[i].own);
		T_EQ(fanout_align_tail(&ring, &history, 4), rows[i].want);
		fanout_ring_finish(&ring);
		fanout_history_finish(&history);
	}
}

/* Of the ring's messages behind the cursor; copies: what comes then; want: "."
 * for each that is to be delivered, "-" for each that is not. */
static void
test_skip(void)
{
	static const struct {
		const char	*name, *ring;
		uint64_t	 cursor, marks, seq;
		const char	*copies, *want;
	} rows[] = {
		{ "nothing", "abcd", 4, 0, 4, "abcd", "...." },
		{ "in order", "abcdef", 2, 0, 5, "cdefg", "---.." },
		{ "not beyond seq", "abcdef", 0, 0, 2, "abc", "--." },
		{ "marked ones came", "abcdef", 0, 6, 4, "adbc", "--.." },
		{ "another in between", "abcdef", 0, 0, 3, "axbc", "-.--" },
		{ "out of order", "abcdef", 0, 0, 4, "bacd", "----" },
		{ "equal ones are counted", "aaab", 0, 0, 3, "aaaa", "---." },
		{ "lost ones are given up", "abcdefgh", 0, 0, 8, "hxa", "-.." },
		{ "and all, after some", "ab", 0, 0, 2, "xxxa", "...." },
	};
	struct fanout_skip skip;
	struct fanout_ring ring;
	const char *copy;
	bool got;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].name);
		memset(&skip, 0, sizeof(skip));
		ring_text(&ring, 64, rows[i].ring);
		T_EQ(fanout_skip_init(&skip, &ring, rows[i].cursor,
		    rows[i].marks, rows[i].seq), 0);
		for (copy = rows[i].copies; *copy != '\0'; copy++) {
			got = fanout_skip_take(&skip,
			    digest_of((unsigned char)*copy), 2);
			T_EQ(got, rows[i].want[copy - rows[i].copies] == '-');
		}
		fanout_skip_finish(&skip);
		fanout_ring_finish(&ring);
	}
}

T_MAIN(
	{ "SipHash: the reference's vectors", test_vectors },
	{ "SipHash: as OpenSSL's", test_other_implementation },
	{ "ring", test_ring },
	{ "ring: numbers", test_ring_wraps },
	{ "history", test_history },
	{ "align", test_align },
	{ "align: twice", test_align_twice },
	{ "tail", test_tail },
	{ "skip", test_skip },
)
