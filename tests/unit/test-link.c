/* SPDX-License-Identifier: Apache-2.0 */
/* Links within a worker and between two; for real threads see
 * test-linkthreads.c. */
#include "links.h"

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

/* --- answers ------------------------------------------------------------- */

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

/* --- between workers ----------------------------------------------------- */

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
    { "answers", test_answers },
    { "the near end leaves early", test_when_left },
    { "the window between workers (T09)", test_window },
)
