/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an edge keeps of its client, so that it can say it again when the trunk
 * was lost: CONNECT, and each SUBSCRIBE. And whether it may: a frame that the
 * broker may not have got must not be lost without a word, so a client that
 * awaits a receipt, or has sent something without one, is not kept.
 */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

#define STOMP_FANOUT	"x-kaazing-fanout"

static unsigned
stomp_bucket_of(const struct hg_channel *channel)
{
	uint64_t hash = (uint64_t)(uintptr_t)channel;

	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return ((unsigned)(hash >> 32) % STOMP_BUCKETS);
}

static struct stomp_session *
stomp_session_find(const struct hg_channel *channel)
{
	struct stomp_worker *worker = stomp_worker();
	struct stomp_session *session;

	LIST_FOREACH(session, &worker->sessions[stomp_bucket_of(channel)],
	    by_channel)
		if (session->channel == channel)
			return (session);
	return (NULL);
}

void
stomp_again_start(struct stomp_session *session)
{
	struct stomp_worker *worker = stomp_worker();

	TAILQ_INIT(&session->again.subs);
	STAILQ_INIT(&session->again.held);
	if (session->is_gateway)
		return;
	LIST_INSERT_HEAD(&worker->sessions[stomp_bucket_of(session->channel)],
	    session, by_channel);
	session->is_listed = true;
}

static void
stomp_kept_free(struct stomp_session *session, struct stomp_kept *kept)
{
	if (kept->child != NULL)
		kept->child->kept = NULL;
	TAILQ_REMOVE(&session->again.subs, kept, entry);
	session->again.bytes -= sizeof(*kept) + kept->id_len + kept->frame_len;
	free(kept->frame);
	free(kept);
}

void
stomp_again_finish(struct stomp_session *session)
{
	struct stomp_again *keep = &session->again;
	struct stomp_kept *kept;
	struct stomp_held *held;

	stomp_rejoin_over(session);
	while ((kept = TAILQ_FIRST(&keep->subs)) != NULL)
		stomp_kept_free(session, kept);
	while ((held = STAILQ_FIRST(&keep->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&keep->held, entry);
		hg->frame_unref(held->frame);
		free(held);
	}
	/* The passcode. */
	if (keep->connect != NULL)
		explicit_bzero(keep->connect, keep->connect_len);
	free(keep->connect);
	if (session->is_listed)
		LIST_REMOVE(session, by_channel);
}

/* NULL: no memory, or too much. */
static char *
stomp_again_bytes(struct stomp_session *session, const struct hg_frame *frame)
{
	size_t len = hg->frame_len(frame);
	char *bytes;

	session->again.bytes += len;
	if (session->again.bytes > STOMP_KEPT_MAX ||
	    (bytes = malloc(len + 1)) == NULL) {
		session->again.bytes -= len;
		session->again.is_hopeless = true;
		return (NULL);
	}
	hg->frame_peek(frame, 0, bytes, len);
	return (bytes);
}

static struct stomp_kept *
stomp_kept_find(const struct stomp_session *session, struct stomp_text id)
{
	struct stomp_kept *kept;

	TAILQ_FOREACH(kept, &session->again.subs, entry)
		if (kept->id_len == id.len &&
		    memcmp(kept->id, id.at, id.len) == 0)
			return (kept);
	return (NULL);
}

/* Its frame is written once more, as the client has had its receipt. */
static void
stomp_again_subscribe(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_kept *kept;
	struct hg_frame *frame;
	struct stomp_text id, ack;

	if (!stomp_get(work, STOMP_ID, &id) ||
	    stomp_kept_find(session, id) != NULL ||
	    (stomp_get(work, STOMP_ACK_MODE, &ack) && !stomp_is(ack, "auto")) ||
	    (kept = calloc(1, sizeof(*kept) + id.len)) == NULL) {
		session->again.is_hopeless = true;
		return;
	}
	memcpy(kept->id, id.at, id.len);
	kept->id_len = id.len;
	session->again.bytes += sizeof(*kept) + id.len;
	TAILQ_INSERT_TAIL(&session->again.subs, kept, entry);
	stomp_remove(work, STOMP_RECEIPT_WANTED);
	frame = stomp_write(work, session->version,
	    session->options->content_length == 0);
	if (frame == NULL) {
		session->again.is_hopeless = true;
		return;
	}
	if ((kept->frame = stomp_again_bytes(session, frame)) != NULL)
		kept->frame_len = hg->frame_len(frame);
	hg->frame_unref(frame);
}

static void
stomp_again_connect(struct stomp_session *session, const struct hg_frame *frame)
{
	session->again.connect = stomp_again_bytes(session, frame);
	if (session->again.connect != NULL)
		session->again.connect_len = hg->frame_len(frame);
}

void
stomp_again_frame(struct stomp_session *session, struct stomp_work *work,
    struct hg_frame *look)
{
	struct stomp_kept *kept;
	struct stomp_text id, receipt;
	bool has_receipt;

	if (session->is_gateway || session->again.is_hopeless)
		return;
	/* A receipt for this one proves those before it. */
	has_receipt = stomp_get(work, STOMP_RECEIPT_WANTED, &receipt);
	session->again.awaited += has_receipt;
	session->again.is_unproven &= !has_receipt;
	switch (work->head.command) {
	case STOMP_CONNECT:
	case STOMP_STOMP:
		session->again.awaited = 0;
		stomp_again_connect(session, look);
		break;
	case STOMP_SUBSCRIBE:
		/* Its child says that it was accepted. */
		stomp_again_subscribe(session, work);
		break;
	case STOMP_UNSUBSCRIBE:
		if (stomp_get(work, STOMP_ID, &id) &&
		    (kept = stomp_kept_find(session, id)) != NULL)
			stomp_kept_free(session, kept);
		break;
	case STOMP_BEGIN:
		session->again.is_hopeless = true;
		break;
	default:
		session->again.is_unproven |= !has_receipt;
		break;
	}
}

void
stomp_again_receipt(struct stomp_session *session)
{
	if (session->again.awaited > 0)
		session->again.awaited--;
}

/* --- children -------------------------------------------------------------- */

/* A parameter's value, of exactly so many hexadecimal digits. */
static bool
stomp_hex_param(const char *text, const char *name, char *out, size_t len)
{
	const char *at = strstr(text, name);

	if (at == NULL ||
	    strspn(at + strlen(name), "0123456789abcdef") != len)
		return (false);
	memcpy(out, at + strlen(name), len);
	out[len] = '\0';
	return (true);
}

/* Which flow its child is of; it is only compared, and said back. */
static void
stomp_child_flow(const struct hg_head *request, char *flow, char *epoch)
{
	const char *value;

	flow[0] = epoch[0] = '\0';
	value = hg->head_get(request, "Sec-WebSocket-Extensions");
	if (value == NULL || strncmp(value, STOMP_FANOUT,
	    strlen(STOMP_FANOUT)) != 0 ||
	    !stomp_hex_param(value, "flow=", flow, 32) ||
	    !stomp_hex_param(value, "epoch=", epoch, 8))
		flow[0] = epoch[0] = '\0';
}

void
stomp_again_child(struct stomp_child *child, struct stomp_text id,
    const struct hg_head *request)
{
	struct hg_channel *parent;
	struct stomp_session *session;
	struct stomp_kept *kept;
	char flow[33], epoch[9];

	parent = hg->channel_parent(hg->slot_channel(child->slot));
	if (parent == NULL || (session = stomp_session_find(parent)) == NULL ||
	    (kept = stomp_kept_find(session, id)) == NULL ||
	    kept->child != NULL)
		return;
	stomp_child_flow(request, flow, epoch);
	child->kept = kept;
	child->kept_by = session;
	kept->child = child;
	if (kept->is_awaited) {
		child->is_other = strcmp(flow, kept->flow) != 0 ||
		    strcmp(epoch, kept->epoch) != 0;
		stomp_rejoin_child(child);
		return;
	}
	strcpy(kept->flow, flow);
	strcpy(kept->epoch, epoch);
	kept->has_flow = flow[0] != '\0';
}

void
stomp_again_child_gone(struct stomp_child *child)
{
	if (child->kept != NULL)
		child->kept->child = NULL;
	child->kept = NULL;
}
