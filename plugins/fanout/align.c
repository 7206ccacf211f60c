/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof. A member's newest digests, "verify" of them in a row (the gram),
 * are looked for in the ring. Finding them is not enough, since messages
 * repeat themselves: a wrong place would lose messages or deliver them twice.
 * So the gram must
 *
 *  - be unbordered: no beginning of it is also its end, else it would fit
 *    itself when shifted, as in a row of equal messages;
 *  - have at least half of its digests once only in the ring, which makes the
 *    place the only one there;
 *  - not imply that the member was far from the flow when its history began.
 *    A sequence that repeats itself with a period longer than the ring knows
 *    could be taken for one period earlier or later. The ring shows that there
 *    is no period up to its length less the gram, so a place is believed when
 *    it implies a distance of less than half of that.
 */
#include "align.h"

#define ONCE_MAX	32	/* digests of a gram that are counted */

/* Digest number i of a gram that ends at seq, counted from its end. */
static struct fanout_digest
gram_at(const struct fanout_ring *ring, uint64_t seq, size_t i)
{
	return (fanout_ring_at(ring, seq - i));
}

/* The failure function of Knuth, Morris and Pratt: the longest border. */
static bool
gram_is_bordered(const struct fanout_ring *ring, uint64_t seq, size_t len)
{
	uint16_t border[FANOUT_VERIFY_MAX];
	size_t i, k;

	border[0] = 0;
	k = 0;
	for (i = 1; i < len; i++) {
		while (k > 0 && !fanout_same(gram_at(ring, seq, i),
		    gram_at(ring, seq, k)))
			k = border[k - 1];
		if (fanout_same(gram_at(ring, seq, i), gram_at(ring, seq, k)))
			k++;
		border[i] = (uint16_t)k;
	}
	return (k != 0);
}

static bool
is_once(const struct fanout_ring *ring, struct fanout_digest digest)
{
	uint64_t seq;
	unsigned times;

	times = 0;
	for (seq = ring->first; seq <= ring->head && times < 2; seq++)
		if (fanout_same(fanout_ring_at(ring, seq), digest))
			times++;
	return (times == 1);
}

/* Half of them, or all. Of a long gram the newest are enough, and looking is
 * dear. */
static bool
enough_are_once(const struct fanout_ring *ring, uint64_t seq, size_t len,
    bool all)
{
	size_t i, once, left, enough;

	once = 0;
	if (len > ONCE_MAX)
		len = ONCE_MAX;
	enough = all ? len : (len + 1) / 2;
	for (i = 0; i < len; i++) {
		if (is_once(ring, gram_at(ring, seq, i)))
			once++;
		left = len - i - 1;
		if (once >= enough)
			return (true);
		if (once + left < enough)
			return (false);
	}
	return (false);
}

/* Whether the ring knows enough for a place that is so far from the expected
 * one: the first copy of the history right behind base. */
static bool
is_near(const struct fanout_ring *ring, const struct fanout_history *history,
    const struct fanout_proof *proof, const struct fanout_place_in_ring *found)
{
	uint64_t expected, far;

	expected = proof->base + history->count - found->ahead;
	far = expected > found->seq ? expected - found->seq :
	    found->seq - expected;
	return (far < fanout_ring_count(ring) &&
	    fanout_ring_count(ring) >= 2 * far + proof->verify + proof->margin);
}

static bool
is_proven(const struct fanout_ring *ring, const struct fanout_history *history,
    const struct fanout_proof *proof, const struct fanout_place_in_ring *found)
{
	return (found->seq >= proof->floor &&
	    is_near(ring, history, proof, found) &&
	    !gram_is_bordered(ring, found->seq, proof->verify) &&
	    enough_are_once(ring, found->seq, proof->verify,
	    proof->strict));
}

/* Whether the copies from "back" on backwards are the gram that ends at seq. */
static bool
is_gram(const struct fanout_ring *ring, uint64_t seq,
    const struct fanout_history *history, size_t back, size_t len)
{
	size_t i;

	if (seq < ring->first + len - 1 ||
	    fanout_history_kept(history) < back + len)
		return (false);
	for (i = 0; i < len; i++)
		if (!fanout_same(gram_at(ring, seq, i),
		    fanout_history_at(history, back + i)))
			return (false);
	return (true);
}

/* The ring's newest gram among the member's copies. */
static unsigned
find_ahead(const struct fanout_ring *ring, const struct fanout_history *history,
    const struct fanout_proof *proof, struct fanout_place_in_ring *found)
{
	unsigned times;
	size_t back;

	times = 0;
	for (back = 0; back <= proof->window; back++) {
		if (!is_gram(ring, ring->head, history, back, proof->verify))
			continue;
		found->seq = ring->head;
		found->ahead = back;
		times++;
	}
	return (times);
}

/* The member's newest gram in the ring, before its head. */
static unsigned
find_behind(const struct fanout_ring *ring,
    const struct fanout_history *history, const struct fanout_proof *proof,
    struct fanout_place_in_ring *found)
{
	unsigned times;
	uint64_t seq;

	times = 0;
	for (seq = ring->head - 1; seq >= ring->first + proof->verify - 1;
	    seq--) {
		if (!is_gram(ring, seq, history, 0, proof->verify))
			continue;
		found->seq = seq;
		found->ahead = 0;
		if (++times > 1)
			break;
	}
	return (times);
}

enum fanout_aligned
fanout_align(const struct fanout_ring *ring,
    const struct fanout_history *history, const struct fanout_proof *proof,
    struct fanout_place_in_ring *found)
{
	unsigned times;

	if (fanout_history_kept(history) < proof->verify ||
	    fanout_ring_count(ring) < proof->verify + proof->margin)
		return (FANOUT_ELSEWHERE);
	times = find_ahead(ring, history, proof, found);
	if (times == 0)
		times = find_behind(ring, history, proof, found);
	if (times == 0)
		return (FANOUT_ELSEWHERE);
	if (times > 1 || !is_proven(ring, history, proof, found))
		return (FANOUT_UNPROVEN);
	return (FANOUT_ALIGNED);
}

bool
fanout_align_tail(const struct fanout_ring *ring,
    const struct fanout_history *history, size_t verify)
{
	size_t len;

	len = fanout_history_kept(history);
	if (len > verify)
		len = verify;
	if (len > fanout_ring_count(ring))
		len = fanout_ring_count(ring);
	return (len > 0 && is_gram(ring, ring->head, history, 0, len));
}
