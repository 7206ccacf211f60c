/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links within a worker and between two. The test's thread is each worker in
 * turn, so that what crosses between them is always in the same order; for real
 * threads see test-linkthreads.c.
 */
#include "link.h"
#include "modelmux.h"

static unsigned			 count;		/* of workers */
static struct hg_conn		*conns[2];
static int			 peers[2];
static struct hg_channel	*near, *far;
static struct link		*link_of_both;

static void
be(unsigned side)
{
	worker_become(worker_at(side % count));
}

/* Until nothing is under way any more. */
static void
settle(void)
{
	unsigned i;

	for (i = 0; i < 8 * count; i++) {
		be(i);
		worker_turn(worker_self(), false);
	}
	be(0);
}

static void
start(unsigned workers)
{
	unsigned i;

	t_row("%u workers", workers);
	alarm(NET_LIMIT);
	count = workers;
	T_REQUIRE(workers_create(workers) == 0);
	log_set_level(HG_LOG_ERROR);
	model_service_reset();
	for (i = 0; i < 2; i++) {
		be(i);
		conns[i] = model_mux(&peers[i]);
	}
	be(0);
	near = model_channel(conns[0], 2);
	be(1);
	far = model_channel(conns[1], 4);
	T_REQUIRE((link_of_both = link_new(conns[0]->worker,
	    conns[1]->worker)) != NULL);
	be(0);
	link_attach(link_of_both, 0, near);
	be(1);
	link_attach(link_of_both, 1, far);
	be(0);
	story[0] = '\0';
}

static void
stop(void)
{
	unsigned i;

	link_unref(link_of_both);
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

/* For one worker, then for two. */
#define BOTH(fn)							\
static void								\
fn(void)								\
{									\
	unsigned i;							\
									\
	for (i = 1; i <= 2; i++) {					\
		start(i);						\
		fn##_with();						\
		stop();							\
	}								\
}

static void
recv_at(unsigned side, struct hg_channel *ch, const char *text,
    unsigned flags)
{
	be(side);
	channel_recv(ch, text_frame(text, flags));
}

static void
test_frames_with(void)
{
	recv_at(0, near, "a", HG_FIRST | HG_TEXT);
	recv_at(0, near, "b", HG_LAST | HG_TEXT);
	settle();
	T_STORY("m4FT(a) m4LT(b) ");
	recv_at(1, far, "c", HG_WHOLE);
	settle();
	T_STORY("m2FL(c) ");
	T_PTR_EQ(link_peer(near), count == 1 ? far : NULL);
	T_PTR_EQ(link_peer_worker(near), worker_at(count - 1));
}
BOTH(test_frames)

/* The end comes behind the data, once for each way, whoever begins. */
static void
test_ends_with(void)
{
	recv_at(0, near, "a", HG_WHOLE);
	channel_ended(near, 1000, "bye");
	settle();
	T_STORY("m4FL(a) end4:1000(bye) ");
	recv_at(1, far, "b", HG_WHOLE);
	channel_ended(far, 4001, "");
	settle();
	T_STORY("m2FL(b) end2:4001() ");
}
BOTH(test_ends)

static void
test_fails_with(void)
{
	be(1);
	channel_fail(far, 1008, "bad");
	settle();
	T_STORY(count == 1 ? "end2:1008(bad) end4:1008(bad) " :
	    "end4:1008(bad) end2:1008(bad) ");
	recv_at(0, near, "lost", HG_WHOLE);
	settle();
	T_STORY("");
}
BOTH(test_fails)

/* A side that goes without a word: the other hears it, and reads on. */
static void
test_vanishes_with(void)
{
	be(0);
	channel_hold(near, true);
	settle();
	T_EQ(far->paused, 1);
	be(0);
	channel_free(near);
	settle();
	T_EQ(far->paused, 0);
	T_STORY("end4:1011() resume4 ");
	recv_at(1, far, "lost", HG_WHOLE);
	channel_ended(far, 1000, "");
	channel_hold(far, true);
	settle();
	T_STORY("");
	T_FALSE(link_has_near(link_of_both));
}
BOTH(test_vanishes)

static void
test_conn_vanishes_with(void)
{
	be(0);
	conn_kill(conns[0], "cut");
	settle();
	T_STORY(count == 1 ? "end4:1006(cut) muxclose " :
	    "muxclose end4:1006(cut) ");
	be(1);
	channel_ended(far, 1000, "");
	settle();
	T_STORY("");
	conns[0] = conns[1];		/* for stop() */
}
BOTH(test_conn_vanishes)

static void
test_holds_with(void)
{
	be(1);
	channel_set_full(far, true);
	channel_hold(far, true);
	settle();
	T_EQ(near->paused, 1);
	be(1);
	channel_set_full(far, false);
	settle();
	T_EQ(near->paused, 1);
	be(1);
	channel_hold(far, false);
	settle();
	T_EQ(near->paused, 0);
	T_STORY("resume2 ");
}
BOTH(test_holds)

/* --- children ------------------------------------------------------------------ */

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
	channel_ended(list_entry(far->children.next, struct hg_channel,
	    sibling), 1000, "");
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
	T_TRUE(list_empty(&far->children));
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
	T_STORY(count == 1 ? "end6:1011() answer6:503 " :
	    "answer6:101 end6:1011() ");
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

/* --- answers ----------------------------------------------------------------- */

static void
answered(struct hg_channel *ch, struct hg_head *response)
{
	say("answered:%d ", response->status);
	ch->session = NULL;
	http_free(response);
}

static const struct channel_session session = { .answered = answered };

static void
test_answers_with(void)
{
	near->opened = false;
	near->session = &session;
	be(1);
	link_answer(link_of_both, http_response(404, NULL, NULL));
	link_answer(link_of_both, http_response(101, NULL, NULL));
	settle();
	T_STORY("answered:404 ");
	near->session = &session;
	be(1);
	channel_ended(far, 1000, "");	/* instead of an answer */
	settle();
	T_STORY("answered:502 ");
	be(0);
	channel_free(near);
	settle();
	be(1);
	link_answer(link_of_both, http_response(101, NULL, NULL));
	settle();
}
BOTH(test_answers)

static void
left(void *arg)
{
	(void)arg;
	say("left ");
}

/* Who wants to be the far end hears, once, that nobody waits for it. */
static void
test_when_left(void)
{
	struct hg_channel *ch;
	struct link *link;
	int i;

	for (i = 0; i < 4; i++) {
		start(1);
		t_row("%d", i);
		link = link_new(worker_self(), worker_self());
		ch = model_channel(conns[0], 8);
		link_when_left(link, left, NULL);
		link_attach(link, 0, ch);
		T_TRUE(link_has_near(link));
		if (i == 0)
			channel_ended(ch, 1000, "");
		else if (i == 1)
			channel_free(ch);
		else if (i == 2)
			channel_fail(ch, 1008, "bad");
		else
			link_when_left(link, NULL, NULL);
		turns(1);
		T_EQ(link_has_near(link), i == 3);
		if (i != 1)
			channel_free(ch);
		turns(1);
		T_STORY(i < 2 ? "left " : i == 2 ? "left end8:1008(bad) " :
		    "");
		T_FALSE(link_has_near(link));
		link_unref(link);
		stop();
	}
}

/* --- between workers ---------------------------------------------------------- */

/* T09: nobody sees the other worker's queue, so what is under way is counted;
 * empty messages, too. */
static void
test_window(void)
{
	static char data[4096];
	unsigned i, sent, len;

	for (i = 0; i < 2; i++) {
		start(2);
		t_row("%u", i);
		len = i == 0 ? sizeof(data) : 0;
		be(0);
		for (sent = 0; near->paused == 0; sent++)
			channel_recv(near, frame_copy(data, len, HG_WHOLE));
		T_TRUE(sent <= LINK_WINDOW / 128);
		T_TRUE(sent * (len + 512) >= LINK_WINDOW);
		channel_recv(near, frame_copy(data, len, HG_WHOLE));
		T_EQ(near->paused, 1);
		settle();
		T_EQ(near->paused, 0);
		T_EQ(far->messages_out, sent + 1);
		be(0);
		for (sent = 0; near->paused == 0; sent++)
			channel_recv(near, frame_copy(data, len, HG_WHOLE));
		be(1);
		channel_free(far);	/* it goes while they are under way */
		settle();
		T_EQ(near->paused, 0);
		stop();
	}
}

T_MAIN(
    { "frames", test_frames },
    { "ends", test_ends },
    { "a failure", test_fails },
    { "one side vanishes (W11)", test_vanishes },
    { "one connection vanishes (W11)", test_conn_vanishes },
    { "holds", test_holds },
    { "a child", test_child },
    { "a child without an id", test_child_without_id },
    { "a child that fails at the far end", test_child_fails },
    { "a child that is refused here", test_child_refused },
    { "a child of one that is gone", test_child_of_nobody },
    { "a child of one that is full (T09)", test_child_of_full },
    { "answers", test_answers },
    { "the near end leaves early", test_when_left },
    { "the window between workers (T09)", test_window },
)
