/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap[i]->place is i + 1; nobody is due before the parent at (i - 1) / 2. The
 * timer never fires after the first is due, but may fire before.
 */
#include <stdlib.h>

#include "due.h"

static void
dues_put(struct dues *dues, unsigned i, struct due *due)
{
	dues->heap[i] = due;
	due->place = i + 1;
}

static void
dues_up(struct dues *dues, unsigned i, struct due *due)
{
	unsigned parent;

	for (; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (dues->heap[parent]->at <= due->at)
			break;
		dues_put(dues, i, dues->heap[parent]);
	}
	dues_put(dues, i, due);
}

static void
dues_down(struct dues *dues, unsigned i, struct due *due)
{
	unsigned child;

	for (; (child = 2 * i + 1) < dues->count; i = child) {
		if (child + 1 < dues->count &&
		    dues->heap[child + 1]->at < dues->heap[child]->at)
			child++;
		if (dues->heap[child]->at >= due->at)
			break;
		dues_put(dues, i, dues->heap[child]);
	}
	dues_put(dues, i, due);
}

/* From its place to where it belongs. */
static void
dues_move(struct dues *dues, unsigned i, struct due *due)
{
	if (i > 0 && dues->heap[(i - 1) / 2]->at > due->at)
		dues_up(dues, i, due);
	else
		dues_down(dues, i, due);
}

static void
dues_arm(struct dues *dues)
{
	struct timeval tv;
	uint64_t now, ms;

	if (dues->count == 0 || (dues->armed != 0 &&
	    dues->armed <= dues->heap[0]->at))
		return;
	now = dues->clock();
	ms = dues->heap[0]->at > now ? dues->heap[0]->at - now : 0;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000 + 500);
	event_add(dues->timer, &tv);
	dues->armed = dues->heap[0]->at;
}

/* Whoever sets itself again to what is over is called by the next timer. */
static void
dues_fire(evutil_socket_t fd, short what, void *arg)
{
	struct dues *dues = arg;
	struct due *due;
	uint64_t now = dues->clock();
	unsigned most = dues->count;

	(void)fd;
	(void)what;
	dues->armed = UINT64_MAX;	/* who is set meanwhile does not arm */
	while (most-- > 0 && dues->count > 0 && dues->heap[0]->at <= now) {
		due = dues->heap[0];
		due_clear(dues, due);
		due->fn(due);
	}
	dues->armed = 0;
	dues_arm(dues);
}

int
dues_init(struct dues *dues, struct event_base *base, uint64_t (*clock)(void))
{
	*dues = (struct dues){ .clock = clock };
	dues->timer = event_new(base, -1, 0, dues_fire, dues);
	return (dues->timer != NULL ? 0 : -1);
}

void
dues_finish(struct dues *dues)
{
	if (dues->timer != NULL)
		event_free(dues->timer);
	free(dues->heap);
}

int
due_init(struct dues *dues, struct due *due, void (*fn)(struct due *))
{
	struct due **heap;
	unsigned room = dues->room > 0 ? 2 * dues->room : 64;

	if (dues->members == dues->room) {
		heap = reallocarray(dues->heap, room, sizeof(struct due *));
		if (heap == NULL)
			return (-1);
		dues->heap = heap;
		dues->room = room;
	}
	dues->members++;
	*due = (struct due){ .fn = fn };
	return (0);
}

void
due_finish(struct dues *dues, struct due *due)
{
	due_clear(dues, due);
	dues->members--;
}

void
due_set(struct dues *dues, struct due *due, uint64_t at)
{
	due->at = at;
	if (due->place == 0) {
		dues->count++;
		dues_up(dues, dues->count - 1, due);
	} else
		dues_move(dues, due->place - 1, due);
	dues_arm(dues);
}

void
due_clear(struct dues *dues, struct due *due)
{
	struct due *last;
	unsigned i;

	if (due->place == 0)
		return;
	i = due->place - 1;
	due->place = 0;
	last = dues->heap[--dues->count];
	if (last != due)
		dues_move(dues, i, last);
}
