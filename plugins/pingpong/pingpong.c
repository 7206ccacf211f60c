/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x-kaazing-ping-pong: for a client that can send no ping frame and sees none,
 * such as a page in a browser. Text messages that begin with a mark are pings
 * and pongs; an application's own text that begins with the mark has the mark
 * alone, as a message, in front of it.
 */
#include "pingpong.h"

static const unsigned char pong[MARK_MESSAGE] = { 1, 1, 1, 2, 0x0a, 0 };

enum { PINGPONG_PINGS, PINGPONG_ESCAPES };

static const char *const pingpong_counters[] = {
	[PINGPONG_PINGS] = "pings_answered",
	[PINGPONG_ESCAPES] = "escapes",
	NULL,
};

/* --- the pong ------------------------------------------------------------- */

static void
pingpong_pong(struct hg_slot *slot)
{
	struct hg_frame *frame;

	frame = hg->frame_new(pong, sizeof(pong), HG_WHOLE | HG_TEXT);
	if (frame == NULL)
		hg->fail(slot, 1011, "out of memory");
	else
		hg->send_next(slot, frame);
}

/* One answer is enough for any number of pings (RFC 6455, 5.5.3), and none may
 * stand inside another message. */
static void
pingpong_answer(struct hg_slot *slot, struct pingpong *state)
{
	if (!state->pong_due || state->out_open ||
	    hg->conn_full(hg->slot_conn(slot)))
		return;
	state->pong_due = false;
	hg->count(&hg_plugin_entry, PINGPONG_PINGS, 1);
	pingpong_pong(slot);
}

/* A page sees no pong frame, so a sign of life is a pong of ours. */
static enum hg_verdict
pingpong_beat(struct hg_slot *slot, void *own)
{
	struct pingpong *state = own;

	if (state->out_open || hg->conn_full(hg->slot_conn(slot)))
		return (HG_PASS);
	pingpong_pong(slot);
	return (HG_TAKE);
}

/* --- up ------------------------------------------------------------------- */

/* A message that is all mark, and more or nothing behind it. */
static enum hg_verdict
pingpong_marked(struct hg_slot *slot, struct pingpong *state,
    const struct start *start)
{
	const unsigned char *bytes = start->bytes;

	if (start->len == MARK) {
		state->escaped = true;
		return (HG_DROP);
	}
	if (start->len != MARK_MESSAGE || bytes[MARK + 1] != 0 ||
	    (bytes[MARK] != 9 && bytes[MARK] != 10))
		return (hg->fail(slot, 1002, "a mark with nothing known"));
	hg->alive(slot);
	if (bytes[MARK] == 9) {
		state->pong_due = true;
		pingpong_answer(slot, state);
	}
	return (HG_DROP);
}

static enum hg_verdict
pingpong_recv(struct hg_slot *slot, void *own, struct hg_frame *frame)
{
	struct pingpong *state = own;
	struct start *start = &state->in;
	bool marked;

	if (!start_applies(start, frame))
		return (HG_PASS);
	if (start_add(start, frame, MARK_MESSAGE + 1) == START_MORE)
		return (HG_DROP);
	marked = start_is_marked(start);
	start->open = false;
	if (marked && !state->escaped)
		return (pingpong_marked(slot, state, start));
	if (state->escaped && !marked)
		return (hg->fail(slot, 1002, "an escape before other text"));
	state->escaped = false;
	return (start_pass(slot, start, frame, hg->recv_next));
}

/* --- down ----------------------------------------------------------------- */

static int
pingpong_escape(struct hg_slot *slot)
{
	struct hg_frame *frame;

	frame = hg->frame_new(start_mark, MARK, HG_WHOLE | HG_TEXT);
	if (frame == NULL)
		return (-1);
	hg->count(&hg_plugin_entry, PINGPONG_ESCAPES, 1);
	hg->send_next(slot, frame);
	return (0);
}

static enum hg_verdict
pingpong_send_start(struct hg_slot *slot, struct pingpong *state,
    struct hg_frame *frame)
{
	struct start *start = &state->out;

	if (!start_applies(start, frame))
		return (HG_PASS);
	if (start_add(start, frame, MARK) == START_MORE)
		return (HG_DROP);
	start->open = false;
	if (start_is_marked(start) && pingpong_escape(slot) != 0)
		return (hg->fail(slot, 1011, "out of memory"));
	return (start_pass(slot, start, frame, hg->send_next));
}

static enum hg_verdict
pingpong_send(struct hg_slot *slot, void *own, struct hg_frame *frame)
{
	struct pingpong *state = own;
	bool last = (hg->frame_flags(frame) & HG_LAST) != 0;
	enum hg_verdict verdict;

	verdict = pingpong_send_start(slot, state, frame);
	if (verdict == HG_FAIL)
		return (verdict);
	state->out_open = !last;
	/* A message that passes is on its way only when this hook is left. */
	if (last && verdict == HG_PASS && state->pong_due) {
		hg->send_next(slot, hg->frame_ref(frame));
		verdict = HG_DROP;
	}
	if (last)
		pingpong_answer(slot, state);
	return (verdict);
}

static void
pingpong_drain(struct hg_slot *slot, void *own)
{
	pingpong_answer(slot, own);
}

/* --- negotiation ---------------------------------------------------------- */

/* The mark is named by the acceptor; there is one only. */
static int
pingpong_offered(struct hg_negotiation *negotiation,
    const struct hg_params *offered, struct hg_params *answer)
{
	(void)negotiation;
	(void)offered;
	return (hg->param_set(answer, MARK_NAME, NULL));
}

static int
pingpong_check(struct hg_negotiation *negotiation,
    const struct hg_params *answer)
{
	const char *value = hg->param_get(answer, MARK_NAME);

	(void)negotiation;
	return (value != NULL && *value == '\0' ? 0 : -1);
}

static const struct hg_hooks pingpong_connection = {
	.state_size = sizeof(struct pingpong),
	.answer = pingpong_offered,
	.check = pingpong_check,
	.recv = pingpong_recv,
	.send = pingpong_send,
	.drain = pingpong_drain,
	.beat = pingpong_beat,
};

HG_PLUGIN(
	.name = "pingpong",
	.version = HG_VERSION,
	.summary = "pings for clients that cannot see ping frames",
	.extension = "x-kaazing-ping-pong",
	.browser = "pingpong.js",
	.counters = pingpong_counters,
	.connection = &pingpong_connection,
	.place = HG_PLACE_MARKING,
);
