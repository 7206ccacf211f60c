/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heart-beats are of one hop: the client's with this headgate, this headgate's
 * with the broker. One timer serves both, and the login before them.
 */
#include "stomp.h"

#include <stdio.h>
#include <string.h>

#define STOMP_NEVER	UINT64_MAX

static int
stomp_beat_number(const char **at, const char *end, uint32_t *number)
{
	const char *from = *at;
	uint64_t value = 0;

	while (*at < end && **at >= '0' && **at <= '9') {
		value = value * 10 + (uint64_t)(*(*at)++ - '0');
		if (value > UINT32_MAX)
			value = UINT32_MAX;
	}
	*number = (uint32_t)value;
	return (*at > from ? 0 : -1);
}

int
stomp_beat_parse(const char *text, size_t len, uint32_t pair[2])
{
	const char *at = text, *end = text + len;

	if (stomp_beat_number(&at, end, &pair[0]) != 0 || at == end ||
	    *at++ != ',' || stomp_beat_number(&at, end, &pair[1]) != 0)
		return (-1);
	return (at == end ? 0 : -1);
}

const char *
stomp_check_beats(const char *value, char *buffer, size_t size)
{
	uint32_t pair[2];
	int i;

	if (stomp_beat_parse(value, strlen(value), pair) != 0)
		return ("must be two numbers of milliseconds, as 10000,10000");
	for (i = 0; i < 2; i++) {
		if (pair[i] == 0 || (pair[i] >= 100 && pair[i] <= 86400000))
			continue;
		snprintf(buffer, size, "%u is neither 0 nor from 100 to "
		    "86400000", pair[i]);
		return (buffer);
	}
	return (NULL);
}

static uint32_t
stomp_beat_interval(uint32_t promised, uint32_t wanted)
{
	if (promised == 0 || wanted == 0)
		return (0);
	return (promised > wanted ? promised : wanted);
}

void
stomp_beat_agree(struct stomp_beat *beat, const uint32_t ours[2],
    const uint32_t theirs[2])
{
	beat->send_ms = stomp_beat_interval(ours[0], theirs[1]);
	beat->expect_ms = stomp_beat_interval(theirs[0], ours[1]);
}

/* Something is sent a quarter early, as time passes on the way. */
static uint64_t
stomp_send_due(const struct stomp_beat *beat)
{
	if (beat->send_ms == 0)
		return (STOMP_NEVER);
	return (beat->sent_at + beat->send_ms - beat->send_ms / 4);
}

static uint64_t
stomp_expect_due(const struct stomp_beat *beat)
{
	if (beat->expect_ms == 0)
		return (STOMP_NEVER);
	return (beat->heard_at + 2 * (uint64_t)beat->expect_ms);
}

static uint64_t
stomp_earlier(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}

static uint64_t
stomp_next_due(const struct stomp_session *session)
{
	const struct stomp_beat *below = &session->below;
	const struct stomp_beat *above = &session->above;

	if (session->state < STOMP_RUNNING)
		return (session->deadline != 0 ? session->deadline :
		    STOMP_NEVER);
	if (session->state != STOMP_RUNNING)
		return (STOMP_NEVER);
	return (stomp_earlier(
	    stomp_earlier(stomp_send_due(below), stomp_expect_due(below)),
	    stomp_earlier(stomp_send_due(above), stomp_expect_due(above))));
}

static struct hg_frame *
stomp_beat_frame(struct stomp_session *session)
{
	struct hg_frame *frame;

	frame = hg->frame_new("\n", 1, HG_WHOLE | HG_TEXT);
	if (frame == NULL)
		stomp_fail(session, 1011, "out of memory");
	return (frame);
}

static void
stomp_beat_send(struct stomp_session *session, uint64_t now)
{
	struct hg_frame *frame;

	if (now >= stomp_send_due(&session->below) &&
	    (frame = stomp_beat_frame(session)) != NULL)
		stomp_send_down(session, frame);
	if (!session->is_failed && now >= stomp_send_due(&session->above) &&
	    (frame = stomp_beat_frame(session)) != NULL)
		stomp_send_up(session, frame);
}

/* A child that is full keeps its parent's broker from being read. */
static void
stomp_check_full(struct stomp_session *session, struct stomp_sub *sub)
{
	if (sub->link != NULL &&
	    hg->channel_is_full(hg->slot_channel(sub->link->slot)))
		session->above.heard_at = hg->now();
	/* So does one that others of its flow are sent on. */
	if (sub->member != NULL && STOMP_HAS(session->flows, is_held) &&
	    session->flows->is_held(sub->member))
		session->above.heard_at = hg->now();
}

/* Nobody is to blame for silence while it is this side that does not read. */
static void
stomp_excuse(struct stomp_session *session, uint64_t now)
{
	if (now >= stomp_expect_due(&session->above)) {
		if (hg->channel_is_full(session->channel))
			session->above.heard_at = now;
		else
			stomp_table_each(session, stomp_check_full);
	}
	if (hg->channel_paused(session->channel))
		session->below.heard_at = now;
}

static void
stomp_beat_check(struct stomp_session *session, uint64_t now)
{
	if (now < stomp_expect_due(&session->above) &&
	    now < stomp_expect_due(&session->below))
		return;
	stomp_excuse(session, now);
	if (now >= stomp_expect_due(&session->above)) {
		stomp_count(STOMP_HEARTBEATS_MISSED, 1);
		session->is_broker_lost = true;
		stomp_fail(session, 1012, "broker heart-beat missed");
	} else if (now >= stomp_expect_due(&session->below)) {
		stomp_count(STOMP_HEARTBEATS_MISSED, 1);
		stomp_fail(session, 1002, "client heart-beat missed");
	}
}

static void
stomp_login_check(struct stomp_session *session, uint64_t now)
{
	if (session->deadline == 0 || now < session->deadline)
		return;
	if (session->state == STOMP_AWAITS_CONNECT)
		stomp_fail(session, 1008, "no CONNECT in time");
	else
		stomp_fail(session, 1012, "the broker does not answer CONNECT");
}

static void
stomp_beat_fire(struct hg_slot *slot, void *state)
{
	struct stomp_session *session = ((struct stomp *)state)->session;
	uint64_t now = hg->now();

	(void)slot;
	session->timer = NULL;
	if (session->state < STOMP_RUNNING)
		stomp_login_check(session, now);
	else if (session->state == STOMP_RUNNING)
		stomp_beat_check(session, now);
	if (!session->is_failed && session->state == STOMP_RUNNING)
		stomp_beat_send(session, now);
	stomp_beat_start(session);
}

/* To be called whenever a moment may have come nearer. */
void
stomp_beat_start(struct stomp_session *session)
{
	uint64_t due, now;

	if (session->orphan != NULL)
		return;
	hg->timer_stop(session->timer);
	session->timer = NULL;
	due = stomp_next_due(session);
	if (session->is_failed || due == STOMP_NEVER)
		return;
	now = hg->now();
	session->timer = hg->timer_start(session->slot,
	    due > now ? due - now : 1, stomp_beat_fire);
	if (session->timer == NULL)
		stomp_fail(session, 1011, "out of memory");
}

void
stomp_heard_all(struct stomp_session *session)
{
	session->above.heard_at = session->below.heard_at = hg->now();
}
