/* SPDX-License-Identifier: Apache-2.0 */
/* Two of the channels plugin on one wire, in every short schedule. T08. */
#include "channels-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum step {
	A_DATA,
	A_END,
	A_ABORT,
	B_DATA,
	B_END,
	B_ABORT,
	TO_B,
	TO_A,
	STEPS
};

enum beginning {
	OPEN,
	YES,
	NO,
	BEGINNINGS
};

static struct hg_channel *near, *far;
static bool near_ended, far_ended;
static int near_sent, far_sent, near_got, far_got;

static void
answer_if_there(enum beginning how)
{
	struct hg_channel *ch;

	if (far != NULL || (ch = fake_accepted(ch_b)) == NULL)
		return;
	far = ch;
	fake_set_linked(far, true);
	fake_answer_channel(far, how == NO ? CH_NO : CH_YES, NULL);
}

static void
data(struct hg_channel *ch, int *count)
{
	char text[2];

	text[0] = (char)('0' + (*count)++);
	fake_from_peer(ch, text, 1, HG_WHOLE);
}

static void
take(struct hg_channel *ch, int *got)
{
	const struct fake_frame *frame;

	while (ch != NULL && (frame = fake_top(ch)) != NULL) {
		if (frame->bytes[0] != '0' + *got)
			T_EQ(frame->bytes[0], '0' + *got);
		(*got)++;
	}
}

static void
end(struct hg_channel *ch, bool *ended, bool now)
{
	if (ch == NULL || fake_is_closed(ch))
		return;
	*ended = true;
	fake_peer_end(ch, 1000, "", now);
}

static bool
is_open(const struct hg_channel *ch, bool ended)
{
	return (ch != NULL && !ended && !fake_is_closed(ch));
}

static void
one_step(enum step step, enum beginning how)
{
	switch (step) {
	case A_DATA:
		if (is_open(near, near_ended))
			data(near, &near_sent);
		break;
	case B_DATA:
		if (how != NO && is_open(far, far_ended))
			data(far, &far_sent);
		break;
	case A_END:
	case A_ABORT:
		if (!near_ended || step == A_ABORT)
			end(near, &near_ended, step == A_ABORT);
		break;
	case B_END:
	case B_ABORT:
		if (how != NO && (!far_ended || step == B_ABORT))
			end(far, &far_ended, step == B_ABORT);
		break;
	case TO_B:
		ch_step(ch_a, ch_b);
		answer_if_there(how);
		break;
	case TO_A:
		ch_step(ch_b, ch_a);
		break;
	default:
		break;
	}
}

/* The steps, then all that is still on the way, then what is left is ended. */
static void
schedule(const enum step *steps, int count, enum beginning how)
{
	bool aborted;
	int i;

	near_ended = far_ended = aborted = false;
	near_sent = far_sent = near_got = far_got = 0;
	far = NULL;
	near = fake_create(ch_a, CH_REQUEST, NULL);
	T_REQUIRE(near != NULL);
	fake_set_linked(near, true);
	if (how == OPEN) {
		ch_step(ch_a, ch_b);
		answer_if_there(how);
		ch_step(ch_b, ch_a);
	}
	for (i = 0; i < count; i++) {
		aborted |= steps[i] == A_ABORT || steps[i] == B_ABORT;
		one_step(steps[i], how);
		take(near, &near_got);
		take(far, &far_got);
	}
	do {
		answer_if_there(how);
		take(near, &near_got);
		take(far, &far_got);
	} while (ch_step(ch_a, ch_b) || ch_step(ch_b, ch_a));
	if (how == NO)
		T_EQ(far_got, 0);
	else if (!aborted) {
		T_EQ(far_got, near_sent);
		T_EQ(near_got, far_sent);
	}
	end(near, &near_ended, false);
	if (how != NO)
		end(far, &far_ended, false);
	ch_exchange(ch_a, ch_b);
	T_TRUE(fake_is_closed(near));
	T_TRUE(far == NULL || fake_is_closed(far));
	T_EQ(fake_channels(ch_a), 1);
	T_EQ(fake_channels(ch_b), 1);
	T_REQUIRE(fake_wire_ended(ch_a) == NULL);
	T_REQUIRE(fake_wire_ended(ch_b) == NULL);
}

static void
all_schedules(bool chunk)
{
	enum step steps[5];
	int n, i, rest, how, all;

	for (all = 1, i = 0; i < 5; i++)
		all *= STEPS;
	ch_pair(chunk);
	for (how = 0; how < BEGINNINGS; how++)
		for (n = 0; n < all; n++) {
			for (i = 0, rest = n; i < 5; i++, rest /= STEPS)
				steps[i] = (enum step)(rest % STEPS);
			t_row("%d: %d %d %d %d %d", how, steps[0], steps[1],
			    steps[2], steps[3], steps[4]);
			schedule(steps, 5, (enum beginning)how);
			if (n % 64 == 63) {
				T_EQ(fake_live_frames(), 0);
				fake_finish();
				ch_pair(chunk);
			}
		}
	fake_finish();
}

static void
test_schedules(void)
{
	all_schedules(false);
}

static void
test_schedules_chunk(void)
{
	all_schedules(true);
}

T_MAIN({ "T08 schedules", test_schedules },
    { "T08 schedules in chunk mode", test_schedules_chunk })
