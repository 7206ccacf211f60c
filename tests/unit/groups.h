/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of groups: one whose members' peers are on two workers. */
#ifndef TESTS_UNIT_GROUPS_H
#define TESTS_UNIT_GROUPS_H

#include "group.h"
#include "link.h"
#include "modelmux.h"

enum { MEMBERS = 4 };

static struct hg_conn		*conns[2];
static int			 peers[2];
static struct hg_group		*group;
static struct hg_channel	*members[MEMBERS], *fars[MEMBERS];

static inline void
be(unsigned index)
{
	worker_become(worker_at(index));
}

static inline void
settle(void)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		be(i % 2);
		worker_turn(worker_self(), false);
	}
	be(0);
}

/* Members 2, 4, 6, 8 of a mux on worker 0. Where the letter is "0" or "1" the
 * peer is on that worker, and has ten times the id; "u": something else is
 * above. */
static inline void
start(const char *where)
{
	struct link *link;
	unsigned i, at;

	alarm(NET_LIMIT);
	T_REQUIRE(workers_create(2) == 0);
	log_set_level(HG_LOG_ERROR);
	model_service_reset();
	for (i = 0; i < 2; i++) {
		be(i);
		conns[i] = model_mux(&peers[i]);
	}
	be(0);
	group = group_new(conns[0]);
	T_REQUIRE(group != NULL);
	for (i = 0; where[i] != '\0'; i++) {
		be(0);
		members[i] = model_channel(conns[0], 2 * (i + 1));
		T_EQ(group_add(group, members[i]), 0);
		members[i]->upper = &model_upper;
		if (where[i] == 'u')
			continue;
		at = where[i] - '0';
		link = link_new(worker_at(0), worker_at(at));
		link_attach(link, 0, members[i]);
		be(at);
		fars[i] = model_channel(conns[at], 20 * (i + 1));
		link_attach(link, 1, fars[i]);
		link_unref(link);
	}
	be(0);
	story[0] = '\0';
}

static inline void
stop(void)
{
	unsigned i;

	be(0);
	group_free(group);	/* as the mux does when its slot closes */
	for (i = 0; i < 2; i++) {
		be(i);
		conn_kill(conns[i], "the test ends");
	}
	settle();
	T_EQ(conn_count(), 0);
	worker_become(NULL);
	workers_destroy();
	alarm(0);
	close(peers[0]);
	close(peers[1]);
}

static inline void
recv_text(const char *text, unsigned flags)
{
	group_recv(group, text_frame(text, flags));
}

/* The end of this worker's turn, at which all is handed on. */
static inline void
turn(void)
{
	worker_turn(worker_self(), false);
}

/* W11: what a member does to the others, and to the group. */

static enum { REMOVE_ALL, FREE, FAIL_NEXT, FREE_ALL } act;

static inline void
act_send(struct hg_channel *ch, struct hg_frame *frame)
{
	unsigned i;

	say("u%u ", ch->id);
	frame_unref(frame);
	switch (act) {
	case REMOVE_ALL:
		for (i = 0; i < MEMBERS; i++)
			group_remove(group, members[i]);
		break;
	case FREE:
		group_free(group);
		group = NULL;
		break;
	case FAIL_NEXT:
		group_remove(group, members[1]);
		channel_fail(members[1], 1013, "slow");
		group_remove(group, members[2]);
		break;
	case FREE_ALL:
		for (i = 0; i < MEMBERS; i++)
			group_remove(group, members[i]);
		group_free(group);
		group = NULL;
		break;
	}
}

static const struct channel_upper act_upper = {
	.send = act_send,
	.end = up_end,
	.full = up_full,
	.detach = up_detach,
};

#endif
