/* SPDX-License-Identifier: Apache-2.0 */
/* Who is responsible for a control message that has come. */
#include "merge.h"

static enum hg_verdict
got_error(struct mux *mux, const struct control *m)
{
	char out[4 * CONTROL_REASON + 1];
	const struct control_text *raw = &m->text[CONTROL_REASON_TEXT];

	hg->log(mux->slot, HG_LOG_WARN, "the peer says error: %s",
	    hg->quote(out, sizeof(out), raw->at, raw->len < CONTROL_REASON ?
	    raw->len : CONTROL_REASON));
	return (HG_DROP);
}

bool
channels_is_flood(const struct chan *c)
{
	return (c->out->queued - c->out->longest > (size_t)c->mux->options->queue_max);
}

static enum hg_verdict
got_for_channel(struct chan *c, const struct control *m)
{
	switch (m->verb) {
	case CONTROL_ABORT:
	case CONTROL_DESTROY:
		return (channels_got_end(c, m));
	case CONTROL_AUTH:
		return (channels_got_auth(c, m));
	case CONTROL_AUTHED:
		return (channels_got_authed(c, m));
	case CONTROL_CREATED:
		return (channels_got_created(c, m));
	case CONTROL_DENIED:
		return (channels_got_denied(c, m));
	case CONTROL_MERGE:
		return (channels_got_merge(c, m));
	case CONTROL_MERGED:
		return (channels_got_merged(c));
	case CONTROL_MIGRATE:
		return (channels_got_migrate(c, m));
	case CONTROL_MIGRATED:
		return (channels_got_migrated(c, m));
	case CONTROL_REFUSED:
		return (channels_got_refused(c, m));
	case CONTROL_PLACE:
		return (channels_got_place(c, m));
	case CONTROL_RESUME:
		return (channels_got_resume(c, m));
	case CONTROL_RESUMED:
	case CONTROL_GAP:
		return (channels_got_resumed(c, m));
	case CONTROL_UNMERGE:
		return (channels_got_unmerge(c, m));
	case CONTROL_UNMERGED:
		return (channels_got_unmerged(c));
	case CONTROL_ASK_UNMERGE:
		return (channels_got_beg(c));
	default:
		/* Nothing else names a channel. */
		return (channels_wrong(c->mux, c, "answer-without-question"));
	}
}

static bool
may_name_root(enum control_verb verb)
{
	return (verb == CONTROL_AUTH || verb == CONTROL_RESUME);
}

/* For an id that is not alive (any more). */
static enum hg_verdict
got_for_none(struct mux *mux, const struct control *m)
{
	struct chan *lost;

	lost = table_get(&mux->table, m->id);
	if (lost != NULL)
		return (HG_DROP);
	if ((m->verb == CONTROL_DESTROY || m->verb == CONTROL_ABORT ||
	    m->verb == CONTROL_ASK_UNMERGE) &&
	    table_was_alive(&mux->table, m->id))
		return (HG_DROP);
	return (channels_wrong(mux, NULL, "unknown-id"));
}

enum hg_verdict
channels_got_control(struct mux *mux, const char *text, size_t len)
{
	struct control m;
	struct chan *c;
	const char *error;

	channels_count(COUNT_CONTROL_RECEIVED, 1);
	if ((error = control_parse(&m, text, len)) != NULL) {
		hg->log(mux->slot, HG_LOG_INFO, "control message: %s", error);
		return (channels_wrong(mux, NULL, "control-syntax"));
	}
	switch (m.verb) {
	case CONTROL_OTHER:
		return (HG_DROP);
	case CONTROL_CREATE:
		return (channels_got_create(mux, &m));
	case CONTROL_CREDIT:
		return (channels_got_credit(mux, &m));
	case CONTROL_DRAIN:
		return (channels_got_drain(mux, &m));
	case CONTROL_ERROR:
		return (got_error(mux, &m));
	default:
		break;
	}
	if (m.id == CHANNELS_CONTROL ||
	    (m.id == CHANNELS_ROOT && !may_name_root(m.verb)))
		return (channels_wrong(mux, NULL, "reserved-id"));
	if ((c = channels_find(mux, m.id)) == NULL)
		return (got_for_none(mux, &m));
	return (got_for_channel(c, &m));
}
