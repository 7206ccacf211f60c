/* SPDX-License-Identifier: Apache-2.0 */
/* Children that cross a link, within a worker and between two. */
#include "links.h"

static struct hg_channel *
begin_child(void)
{
	struct hg_channel *child;
	struct hg_head *fields;
	const char *error;

	be(0);
	fields = http_parse("A: b\r\n", 6, HTTP_FIELDS, &error, NULL);
	child = host_table.channel_accept(conns[0]->mux, near, fields, 6);
	http_free(fields);
	T_REQUIRE(child != NULL);
	return (child);
}

/* What comes on it before it is answered finds its way. */
static void
test_child_with(void)
{
	struct hg_channel *child = begin_child();

	recv_at(0, child, "a", HG_WHOLE);
	settle();
	T_STORY(count == 1 ? "create m7FL(a) answer6:101 " :
	    "answer6:101 create m7FL(a) ");
	recv_at(0, child, "b", HG_WHOLE);
	channel_ended(child, 1000, "");
	settle();
	T_STORY("m7FL(b) end7:1000() ");
	be(1);
	channel_ended(channel_first_child(far), 1000, "");
	settle();
	T_STORY("end6:1000() ");
}
BOTH(test_child)

/* Where the far end's child has no id, its end is answered all the same: the
 * creator waits for that. */
static void
test_child_without_id_with(void)
{
	struct hg_channel *child;

	mux_create_result = -1;
	child = begin_child();
	settle();
	story[0] = '\0';
	recv_at(0, child, "a", HG_WHOLE);
	channel_ended(child, 1000, "");
	settle();
	T_STORY("m4FL(a) end6:1000() ");
	T_NULL(channel_first_child(far));
}
BOTH(test_child_without_id)

static int
open_no(struct hg_slot *slot, void *state)
{
	(void)slot;
	(void)state;
	return (-1);
}

static const struct hg_hooks no_hooks = { .open = open_no, .children = true };
static struct plugin no_plugin;

/* A plugin at the far end that wants no children. */
static void
test_child_fails_with(void)
{
	struct chain_entry entry = { .plugin = &no_plugin };

	model_plugin(&no_plugin, "no", NULL, &no_hooks);
	T_EQ(chain_init(&far->chain, &entry, 1), 0);
	begin_child();
	settle();
	/* Refused when it is known in time, else ended at once. */
	if (count == 1)
		T_STORY("create end7:1011(a plugin refused the child) "
		    "end6:1011() answer6:503 ");
	else
		T_STORY("answer6:101 create "
		    "end7:1011(a plugin refused the child) end6:1011() ");
}
BOTH(test_child_fails)

/* One that this end's own plugin does not want is refused, not forgotten. */
static void
test_child_refused_with(void)
{
	struct chain_entry entry = { .plugin = &no_plugin };

	model_plugin(&no_plugin, "no", NULL, &no_hooks);
	T_EQ(chain_init(&near->chain, &entry, 1), 0);
	begin_child();
	settle();
	T_STORY("end6:1011(a plugin refused the child) answer6:503 ");
}
BOTH(test_child_refused)

/* The parent at the far end has gone meanwhile. */
static void
test_child_of_nobody_with(void)
{
	be(1);
	far->wire_ended = true;		/* so that nobody is told of it */
	channel_free(far);
	settle();
	begin_child();
	settle();
	T_STORY(count == 1 ? "end6:1001() answer6:503 " :
	    "answer6:101 end6:1001() ");
}
BOTH(test_child_of_nobody)

/* T09: the far parent's queue is full already when the child comes. */
static void
test_child_of_full_with(void)
{
	struct hg_channel *child;

	mux_create_result = -1;
	be(1);
	channel_set_full(far, true);
	child = begin_child();
	settle();
	T_EQ(child->paused, 1);
	be(1);
	channel_set_full(far, false);
	settle();
	T_EQ(child->paused, 0);
	T_EQ(near->paused, 0);
}
BOTH(test_child_of_full)

T_MAIN(
    { "a child", test_child },
    { "a child without an id", test_child_without_id },
    { "a child that fails at the far end", test_child_fails },
    { "a child that is refused here", test_child_refused },
    { "a child of one that is gone", test_child_of_nobody },
    { "a child of one that is full (T09)", test_child_of_full },
)
