/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions that are taken back and made again: see fanout-host.h. */
#include "fanout-host-in.h"

static void
source_pause(void *arg)
{
	struct sub *sub = arg;

	if (sub->paused || sub->pausing || sub->resuming || sub->releasing)
		host_wrong("%s: cannot be paused", sub->child->name);
	sub->pausing = true;
	sub->pauses++;
}

static void
source_resume(void *arg)
{
	struct sub *sub = arg;

	if (!sub->paused || sub->resuming || sub->releasing)
		host_wrong("%s: cannot be resumed", sub->child->name);
	sub->resuming = true;
	sub->resumes++;
}

static void
source_check(void *arg)
{
	struct sub *sub = arg;

	if (!sub->paused || sub->checking || sub->releasing)
		host_wrong("%s: cannot be checked", sub->child->name);
	sub->checking = true;
	sub->checks++;
}

static void
source_release(void *arg)
{
	struct sub *sub = arg;

	if (sub->releasing)
		host_wrong("%s: is released twice", sub->child->name);
	sub->releasing = true;
}

static const struct hg_source source = {
	.size = sizeof(source),
	.pause = source_pause,
	.resume = source_resume,
	.check = source_check,
	.release = source_release,
};

bool
sub_source(struct sub *sub)
{
	inside.depth++;
	sub->is_source = host.flows->set_source(sub->member, &source, sub);
	inside.depth--;
	if (sub->is_source) {
		sub->next_source = inside.sources;
		inside.sources = sub;
	}
	host_posts();
	return (sub->is_source);
}

void
sub_unlist(struct sub *sub)
{
	struct sub **at;

	for (at = &inside.sources; *at != NULL; at = &(*at)->next_source)
		if (*at == sub) {
			*at = sub->next_source;
			break;
		}
}

bool
sub_part(struct sub *sub)
{
	bool kept;

	inside.depth++;
	kept = host.flows->part(sub->member, 1000, "bye");
	inside.depth--;
	host_posts();
	if (!kept) {
		if (!sub->paused)
			sub_copies(sub);
		sub->resuming = sub->pausing = sub->checking = false;
		sub_leave(sub);
	}
	return (kept);
}

/* Its answer comes behind all that was published before. */
void
sub_answer(struct sub *sub)
{
	if (sub->pausing) {
		sub_copies(sub);
		sub->pausing = false;
		sub->paused = true;
		inside.depth++;
		host.flows->paused(sub->member);
		inside.depth--;
	} else if (sub->resuming) {
		sub->resuming = sub->paused = false;
		sub->next = broker.count;
		inside.depth++;
		host.flows->resumed(sub->member);
		inside.depth--;
	}
	if (sub->checking) {
		sub->checking = false;
		inside.depth++;
		host.flows->checked(sub->member);
		inside.depth--;
	}
	if (sub->releasing)
		sub_leave(sub);
	host_posts();
}

void
broker_answer(void)
{
	struct sub *sub, *next;
	bool more;

	do {
		more = false;
		for (sub = inside.sources; sub != NULL; sub = next) {
			next = sub->next_source;
			if (!sub->pausing && !sub->resuming &&
			    !sub->checking && !sub->releasing)
				continue;
			sub_answer(sub);
			more = true;
			break;
		}
	} while (more);
}

unsigned
broker_subscriptions(void)
{
	const struct sub *sub;
	unsigned count = 0;

	for (sub = inside.sources; sub != NULL; sub = sub->next_source)
		count += !sub->paused;
	return (count);
}
