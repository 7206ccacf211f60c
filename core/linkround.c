/* SPDX-License-Identifier: Apache-2.0 */
/* One frame for many links with one other worker. */
#include <stdlib.h>

#include "frame.h"
#include "link.h"
#include "linkparts.h"

struct link_round {
	struct letter	 letter;
	struct worker	*worker;
	struct hg_frame	*frame;
	size_t		 count;
	struct link	*links[];
};

static void
link_round_open(struct letter *letter)
{
	struct link_round *round = list_entry(letter, struct link_round,
	    letter);
	struct hg_channel *ch;
	struct link *link;
	size_t i;
	int to;

	for (i = 0; i < round->count; i++) {
		link = round->links[i];
		to = link->end[0].worker == round->worker ? 0 : 1;
		if ((ch = link->end[to].channel) != NULL)
			channel_send(ch, frame_ref(round->frame));
		link_unref(link);
	}
	frame_unref(round->frame);
	free(round);
}

struct link_round *
link_round_new(struct worker *worker, size_t max, struct hg_frame *frame)
{
	struct link_round *round;

	round = malloc(sizeof(*round) + max * sizeof(round->links[0]));
	if (round == NULL) {
		frame_unref(frame);
		return (NULL);
	}
	round->letter.open = link_round_open;
	round->worker = worker;
	round->frame = frame;
	round->count = 0;
	return (round);
}

void
link_round_add(struct link_round *round, struct hg_channel *ch)
{
	if (ch->link != NULL)
		round->links[round->count++] = link_ref(ch->link);
}

void
link_round_post(struct link_round *round)
{
	mailbox_post(&round->worker->mailbox, &round->letter);
}
