/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heart-beats. A timer runs twice in each interval: outward it sends a line
 * when half an interval passed in silence; inward two intervals of silence end
 * the session, unless it is us who do not read.
 */
#include <string.h>

#include "broker.h"

static void
beat_out(struct hg_slot *slot, void *state)
{
	struct broker_session *s = state;

	if (s->ended)
		return;
	if (!s->full && hg->now() - s->sent_at >= (s->beat_out + 1) / 2)
		broker_write(s, hg->frame_new("\n", 1, HG_WHOLE | HG_TEXT));
	if (!s->ended &&
	    hg->timer_start(slot, (s->beat_out + 1) / 2, beat_out) == NULL)
		broker_error(s, 1011, "out of memory", NULL);
}

static void
beat_in(struct hg_slot *slot, void *state)
{
	struct broker_session *s = state;

	if (s->ended)
		return;
	if (s->full)
		s->received_at = hg->now();
	if (hg->now() - s->received_at >= 2 * s->beat_in)
		broker_error(s, 1002, "no heart-beat came", NULL);
	else if (hg->timer_start(slot, (s->beat_in + 1) / 2, beat_in) == NULL)
		broker_error(s, 1011, "out of memory", NULL);
}

/* What both want: 0 when one of them cannot, else the slower one's interval. */
static uint64_t
agreed(uint64_t theirs, uint64_t ours)
{
	if (theirs == 0 || ours == 0)
		return (0);
	return (theirs > ours ? theirs : ours);
}

bool
broker_heartbeat(struct broker_session *s, const char *value)
{
	const char *comma;
	uint64_t can, want, ours;

	if ((comma = strchr(value, ',')) == NULL ||
	    !broker_number(value, (size_t)(comma - value), 86400000, &can) ||
	    !broker_number(comma + 1, strlen(comma + 1), 86400000, &want))
		return (false);
	ours = (uint64_t)s->options->heartbeat;
	s->beat_in = agreed(can, ours);
	s->beat_out = agreed(want, ours);
	s->sent_at = s->received_at = hg->now();
	if (s->beat_in > 0)
		beat_in(s->slot, s);
	if (s->beat_out > 0 && !s->ended)
		beat_out(s->slot, s);
	return (true);
}
