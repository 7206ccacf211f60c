/* SPDX-License-Identifier: Apache-2.0 */
/* The broker and its subscribers: see fanout-host.h. */
#include "fanout-host-in.h"

#include <stdlib.h>
#include <string.h>

void
publish(uint32_t content)
{
	if (broker.count == inside.broker_size) {
		inside.broker_size = inside.broker_size == 0 ? 1024 :
		    2 * inside.broker_size;
		broker.content = realloc(broker.content,
		    inside.broker_size * sizeof(*broker.content));
		if (broker.content == NULL)
			host_wrong("no memory");
	}
	broker.content[broker.count++] = content;
}

struct sub *
sub_join_on(struct hg_channel *parent, const char *destination,
    const char *key, const char *credential)
{
	struct hg_fields *fields;
	struct hg_member *member;
	struct sub *sub;

	fields = host_alloc(sizeof(*fields));
	inside.depth++;
	member = (parent->resumes ? host.flows->rejoin : host.flows->join)(
	    parent, destination, key, strlen(key), credential,
	    credential != NULL ? strlen(credential) : 0, fields);
	inside.depth--;
	free(fields);
	if (member == NULL)
		return (NULL);
	sub = host_alloc(sizeof(*sub));
	sub->member = member;
	sub->parent = parent;
	sub->child = host.flows->channel(member);
	sub->child->sub = sub;
	sub_from(sub, broker.count);
	host_posts();
	return (sub);
}

struct sub *
sub_join(struct hg_conn *conn, const char *destination, const char *credential)
{
	return (sub_join_on(host_parent(conn), destination, "key", credential));
}

void
sub_from(struct sub *sub, size_t from)
{
	sub->next = sub->from = sub->child->from = from;
}

void
sub_unchecked(struct sub *sub)
{
	sub->child->unchecked = true;
}

void
sub_copy_of(struct sub *sub, uint32_t content)
{
	struct hg_frame *frame;

	frame = host_frame(&content, sizeof(content), HG_WHOLE);
	inside.depth++;
	host.flows->copy(sub->member, frame);
	inside.depth--;
	host_posts();
}

void
sub_copy(struct sub *sub)
{
	if (sub->next >= broker.count)
		host_wrong("no message is left for a copy");
	sub_copy_of(sub, broker.content[sub->next++]);
}

void
sub_copies(struct sub *sub)
{
	while (sub->next < broker.count)
		sub_copy(sub);
}

void
sub_leave(struct sub *sub)
{
	inside.depth++;
	host.flows->leave(sub->member, 1000, "bye");
	inside.depth--;
	sub->member = NULL;
	sub_unlist(sub);
	host_posts();
	if (inside.depth == 0)
		host_turn();
}

uint32_t
sub_got(const struct sub *sub, size_t i)
{
	if (i >= sub->child->received)
		host_wrong("%s: got %u messages only", sub->child->name,
		    sub->child->received);
	return (sub->child->got[i]);
}

int
host_holds(const struct hg_channel *ch)
{
	return (ch->holds);
}

unsigned
host_sends(const struct hg_channel *ch)
{
	return (ch->sends);
}

unsigned
host_received(const struct hg_channel *ch)
{
	return (ch->received);
}

unsigned
host_riders(const struct hg_channel *ch)
{
	return (ch->riders);
}

bool
host_is_closed(const struct hg_channel *ch)
{
	return (ch->closed);
}

unsigned
host_end_code(const struct hg_channel *ch)
{
	return (ch->code);
}

bool
host_is_riding(const struct hg_channel *ch)
{
	return (ch->carrier != NULL);
}

struct hg_conn *
host_conn_of_child(const struct hg_channel *ch)
{
	return (ch->conn);
}
