/* SPDX-License-Identifier: Apache-2.0 */
/* A server of this process, with one feed: see fanout-host.h. */
#include "fanout-host-in.h"

#include <stdlib.h>
#include <string.h>

#define NAME	"sub-1"

struct hg_feed {
	void	(*fn)(void *, struct hg_frame *);
	void	*arg;
};

static struct sub *feeding;

static void
check_name(struct hg_channel *ch, const void *name, size_t len)
{
	alive(ch);
	if (feeding == NULL || feeding->parent != ch ||
	    len != strlen(NAME) || memcmp(name, NAME, len) != 0)
		host_wrong("%s: there is no such subscription", ch->name);
}

static struct hg_feed *
feed_open(struct hg_channel *ch, const void *name, size_t len,
    void (*fn)(void *, struct hg_frame *), void *arg)
{
	check_name(ch, name, len);
	if (inside.feed != NULL)
		host_wrong("a second feed");
	inside.feed = host_alloc(sizeof(*inside.feed));
	inside.feed->fn = fn;
	inside.feed->arg = arg;
	return (inside.feed);
}

static void
feed_close(struct hg_feed *feed)
{
	if (feed != inside.feed)
		host_wrong("closes another feed");
	free(feed);
	inside.feed = NULL;
}

static struct hg_silent *
feed_silence(struct hg_feed *feed, struct hg_channel *ch, const void *name,
    size_t len, void (*ended)(void *), void *arg)
{
	check_name(ch, name, len);
	if (feed != inside.feed)
		host_wrong("of another feed");
	if (inside.refuses)
		return (NULL);
	feeding->silent.ended = ended;
	feeding->silent.arg = arg;
	return (&feeding->silent);
}

static void
feed_forget(struct hg_silent *silent)
{
	if (silent->ended == NULL)
		host_wrong("forgets twice");
	silent->ended = NULL;
}

static const struct hg_feeds feeds = {
	.size = sizeof(feeds),
	.open = feed_open,
	.close = feed_close,
	.silence = feed_silence,
	.forget = feed_forget,
};

void
host_feeds(bool refuses)
{
	inside.feeds = &feeds;
	inside.refuses = refuses;
}

bool
host_has_feed(void)
{
	return (inside.feed != NULL);
}

bool
sub_feed(struct sub *sub)
{
	bool yes;

	feeding = sub;
	inside.depth++;
	yes = host.flows->feed(sub->member, NAME, strlen(NAME));
	inside.depth--;
	feeding = NULL;
	host_posts();
	return (yes);
}

static void
feed_send(struct hg_frame *frame)
{
	if (inside.feed == NULL)
		host_wrong("there is no feed");
	inside.depth++;
	inside.feed->fn(inside.feed->arg, frame);
	inside.depth--;
	host_posts();
	host_turn();
}

void
feed_message(uint32_t content)
{
	publish(content);
	feed_send(host_frame(&content, sizeof(content), HG_WHOLE));
}

void
feed_lost(void)
{
	feed_send(NULL);
}

void
sub_ended(struct sub *sub)
{
	void (*ended)(void *) = sub->silent.ended;

	sub->silent.ended = NULL;
	inside.depth++;
	ended(sub->silent.arg);
	inside.depth--;
	host_posts();
}
