/* SPDX-License-Identifier: Apache-2.0 */
/* Control messages on their way out. */
#include <string.h>

#include "merge.h"

static size_t
put_label(const struct mux *mux, unsigned char *out)
{
	out[0] = out[1] = 0xff;
	out[2] = CHANNELS_LAST;
	return (mux->chunk != 0 ? 3 : 2);
}

/* head: its lines with their CRLFs, or NULL. */
void
channels_emit(struct mux *mux, struct control_line *line, const char *head,
    size_t head_len)
{
	unsigned char bytes[sizeof(line->text) + 8];
	struct hg_frame *frame;
	size_t len;

	if (mux->failed)
		return;
	control_end(line);
	len = put_label(mux, bytes);
	memcpy(bytes + len, line->text, line->len);
	len += line->len;
	if (head_len == 0) {
		memcpy(bytes + len, "\r\n", 2);
		len += 2;
	}
	frame = hg->frame_new(bytes, len, HG_WHOLE);
	if (frame != NULL && head_len != 0)
		frame = hg->frame_append(frame, head, head_len);
	if (frame != NULL && head_len != 0)
		frame = hg->frame_append(frame, "\r\n", 2);
	if (frame == NULL) {
		channels_no_memory(mux);
		return;
	}
	channels_count(COUNT_CONTROL_SENT, 1);
	hg->send_next(mux->slot, frame);
}

/* Codes that never stand on the wire become others. */
static unsigned
wire_code(unsigned code)
{
	if (code == 0 || code == 1005)
		return (1000);
	return (control_code_ok(code) ? code : 1011);
}

static void
put_end(struct control_line *line, const struct chan *c,
    enum control_verb verb, unsigned code, const char *reason)
{
	control_begin(line, verb);
	control_put_id(line, c->id);
	control_put_number(line, CONTROL_CODE, wire_code(code));
	if (reason != NULL && reason[0] != '\0')
		control_put_text(line, CONTROL_REASON_TEXT, reason);
}

/* The last word, at once. */
void
channels_emit_end(struct chan *c, enum control_verb verb, unsigned code,
    const char *reason)
{
	struct control_line line;

	if (c->sent_end)
		return;
	put_end(&line, c, verb, code, reason);
	channels_emit(c->mux, &line, NULL, 0);
	channels_sent_end(c);
}

bool
channels_barrier_ready(const struct barrier *b)
{
	const struct chan *c = b->chan, *child;

	switch (b->verb) {
	case CONTROL_CREATE:
		return (channels_may_say_create(b->chan));
	case CONTROL_MIGRATE:
	case CONTROL_MERGE:
	case CONTROL_UNMERGE:
		return (!c->asking);
	case CONTROL_ABORT:
	case CONTROL_DESTROY:
		/* The children that can go first do; and nobody's place in
		 * a set may be open, as a denied member needs the log. */
		TAILQ_FOREACH(child, &c->children, set->sibling)
			if ((child->mine || child->recv_end) &&
			    !child->sent_end)
				return (false);
		return (TAILQ_EMPTY(&c->set->unsures) && c->set->logger == NULL);
	default:
		return (true);
	}
}

static void
put_barrier(struct control_line *line, const struct barrier *b)
{
	const struct chan *c = b->chan;

	if (b->verb == CONTROL_DESTROY || b->verb == CONTROL_ABORT)
		put_end(line, c, b->verb, b->code, b->text);
	else {
		control_begin(line, b->verb);
		control_put_id(line, c->id);
	}
	switch (b->verb) {
	case CONTROL_CREATE:
		if (b->other != NULL)
			control_put_param_id(line, CONTROL_PARENT,
			    b->other->id);
		break;
	case CONTROL_MIGRATE:
	case CONTROL_MIGRATED:
		control_put_param_id(line, CONTROL_TO,
		    b->verb == CONTROL_MIGRATE ? b->to : c->peer_id);
		control_put_number(line, CONTROL_AT, c->sent_messages);
		break;
	case CONTROL_MERGE:
		control_put_param_id(line, CONTROL_WITH, b->other->id);
		control_put_number(line, CONTROL_AT, c->sent_messages);
		break;
	case CONTROL_DENIED:
		control_put_text(line, CONTROL_WHAT,
		    control_verb_name((enum control_verb)b->code));
		control_put_text(line, CONTROL_REASON_TEXT, b->text);
		break;
	case CONTROL_GAP:
	case CONTROL_RESUME:
		channels_put_resume(line, b);
		break;
	default:
		break;
	}
	if (b->has_seq)
		control_put_number(line, CONTROL_SEQ, b->seq);
	if (b->verb == CONTROL_DESTROY && b->other != NULL)
		control_put_param_id(line, CONTROL_CARRIER, b->other->id);
}

static bool
has_head(enum control_verb verb)
{
	return (verb == CONTROL_CREATE || verb == CONTROL_CREATED ||
	    verb == CONTROL_REFUSED || verb == CONTROL_AUTH ||
	    verb == CONTROL_AUTHED);
}

/* What sending it means for its channel. */
static void
was_sent(struct chan *c, enum control_verb verb, unsigned to)
{
	switch (verb) {
	case CONTROL_CREATE:
		channels_said_create(c);
		break;
	case CONTROL_AUTH:
		c->auth_sent = true;
		break;
	case CONTROL_AUTHED:
		c->auth_asked = c->auth_decided = false;
		break;
	case CONTROL_REFUSED:
	case CONTROL_ABORT:
	case CONTROL_DESTROY:
		channels_sent_end(c);
		break;
	case CONTROL_MIGRATE:
		channels_migrate_sent(c, to);
		/* FALLTHROUGH */
	case CONTROL_MERGE:
	case CONTROL_UNMERGE:
		/* A last word has answered it already. */
		c->asking = !c->recv_end;
		c->asking_verb = (unsigned char)verb;
		if (c->recv_end)
			channels_sure(c);
		break;
	case CONTROL_MIGRATED:
		channels_migrated_sent(c);
		/* FALLTHROUGH */
	case CONTROL_MERGED:
	case CONTROL_UNMERGED:
	case CONTROL_DENIED:
		c->asked = false;
		break;
	default:
		break;
	}
}

/* All its items are at the front. It is freed. */
void
channels_barrier_emit(struct barrier *b)
{
	struct control_line line;
	struct chan *c = b->chan;
	enum control_verb verb = b->verb;
	unsigned to = b->to, code = b->code;

	if (verb == CONTROL_DESTROY && c->id == CHANNELS_ROOT) {
		/* The connection's first channel ends with the connection. */
		c->mux->failed = true;
		hg->fail(c->mux->slot, wire_code(code), "%s",
		    b->text != NULL ? b->text : "");
		channels_barrier_free(b);
		return;
	}
	put_barrier(&line, b);
	if (has_head(verb))
		channels_emit(c->mux, &line, b->text, b->text_len);
	else
		channels_emit(c->mux, &line, NULL, 0);
	channels_barrier_free(b);
	was_sent(c, verb, to);
	if (verb == CONTROL_CREATE)
		channels_text_id_is_free(c->mux);
}
