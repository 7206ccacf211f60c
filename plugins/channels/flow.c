/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of a merged set need: which flow, and leaving. */
#include <string.h>
#include <strings.h>

#include "merge.h"

/* The value of a parameter within one extension's text. */
static const char *
param_of(const char *text, const char *end, const char *name, size_t *len)
{
	const char *at;
	size_t name_len = strlen(name);

	for (at = text; at < end; at++) {
		at += strspn(at, "; \t");
		if ((size_t)(end - at) > name_len &&
		    strncasecmp(at, name, name_len) == 0 &&
		    at[name_len] == '=') {
			at += name_len + 1;
			*len = strcspn(at, ";, \t");
			return (at);
		}
		at += strcspn(at, ";,");
	}
	return (NULL);
}

/* The fan-out extension's text in a channel's request; its end by *end. */
static const char *
fanout_of(const struct chan *c, const char **end)
{
	const struct hg_head *head;
	const char *value, *at;
	size_t len = sizeof(CHANNELS_FANOUT) - 1;

	if (c->channel == NULL ||
	    (head = hg->channel_request(c->channel)) == NULL)
		return (NULL);
	value = hg->head_get(head, "Sec-WebSocket-Extensions");
	for (; value != NULL; value = hg->head_next(head,
	    "Sec-WebSocket-Extensions", value))
		for (at = value; *at != '\0'; at = *end) {
			at += strspn(at, ", \t");
			*end = at + strcspn(at, ",");
			if (strncasecmp(at, CHANNELS_FANOUT, len) == 0 &&
			    strchr("; \t,", at[len]) != NULL)
				return (at + len);
		}
	return (NULL);
}

bool
channels_same_flow(const struct chan *a, const struct chan *b)
{
	static const char *const names[] = { "flow", "epoch" };
	const char *text[2], *end[2], *value[2];
	size_t len[2], i;

	text[0] = fanout_of(a, &end[0]);
	text[1] = fanout_of(b, &end[1]);
	if (text[0] == NULL || text[1] == NULL)
		return (false);
	for (i = 0; i < 2; i++) {
		value[0] = param_of(text[0], end[0], names[i], &len[0]);
		value[1] = param_of(text[1], end[1], names[i], &len[1]);
		if (value[0] == NULL || value[1] == NULL ||
		    len[0] != len[1] || memcmp(value[0], value[1], len[0]) != 0)
			return (false);
	}
	return (true);
}

/* What a carrier's group is good for is over with its last member. */
static void
group_over(struct chan *carrier)
{
	if (carrier->set->group == NULL || !TAILQ_EMPTY(&carrier->set->members))
		return;
	channels_group_leave(carrier);
	hg->group_free(carrier->set->group);
	carrier->set->group = NULL;
}

void
channels_leave_set(struct chan *c)
{
	struct chan *carrier = c->set->carrier;

	if (carrier == NULL)
		return;
	channels_group_leave(c);
	TAILQ_REMOVE(&carrier->set->members, c, set->fellow);
	if (c->copying)
		TAILQ_REMOVE(&carrier->set->copies, c, set->copied);
	c->copying = false;
	c->set->carrier = NULL;
	c->begged = false;
	group_over(carrier);
}

void
channels_merge_forget(struct chan *c)
{
	struct chan *member;

	channels_sure(c);
	while ((member = TAILQ_FIRST(&c->set->unsures)) != NULL)
		channels_sure(member);
	channels_leave_set(c);
	while ((member = TAILQ_FIRST(&c->set->members)) != NULL)
		channels_leave_set(member);
}
