/* SPDX-License-Identifier: Apache-2.0 */
/* A server's connection that outlives the channel it was made for. */
#include <stdlib.h>
#include <unistd.h>

#include "http.h"
#include "kept.h"
#include "link.h"
#include "modelmux.h"

static struct hg_conn		*mux_conn, *server;
static struct hg_channel	*near, *far;
static int			 client, peer;
static const struct hg_hooks	no_hooks;
static struct hg_slot		*slot;		/* of near */

static void
kept_got(void *arg, struct hg_frame *frame)
{
	T_PTR_EQ(arg, slot);
	say_frame("k", frame);
}

static void
kept_lost(void *arg)
{
	T_PTR_EQ(arg, slot);
	say("lost ");
}

static const struct hg_kept_ops ops = { kept_got, kept_lost };

/* A channel of a mux, and a server by a plain stream. */
static void
start(void)
{
	struct link *link;

	model_start();
	mux_conn = model_mux(&client);
	near = model_channel(mux_conn, 2);
	server = model_conn(&peer, true, false, 0);
	far = channel_create(server, NULL, &model_service, NULL);
	T_REQUIRE(near != NULL && far != NULL);
	T_REQUIRE(conn_open(server) == 0);
	T_REQUIRE((link = link_new(worker_self(), worker_self())) != NULL);
	link_attach(link, 0, near);
	link_attach(link, 1, far);
	link_unref(link);
	channel_open(far, http_response(101, NULL, NULL));
	slot = calloc(1, sizeof(*slot));
	T_REQUIRE(slot != NULL);
	slot->chain = &near->chain;
	slot->hooks = &no_hooks;
	list_init(&slot->timers);
	near->chain.slots = slot;
	near->chain.count = 1;
	turns(1);
	story[0] = '\0';
}

static void
stop(void)
{
	conn_kill(mux_conn, "the test ends");
	turns(2);
	close(client);
	close(peer);
	model_stop();
}

static void
from_server(const char *text)
{
	T_EQ(write(peer, text, strlen(text)), (ssize_t)strlen(text));
	turns(2);
}

/* The channel goes, the server goes on, and hears nothing of it. */
static void
test_kept(void)
{
	struct hg_kept *kept;
	char text[16] = "";

	start();
	from_server("a");
	T_STORY("m2FL(a) ");
	T_REQUIRE((kept = kept_new(slot, &ops, slot)) != NULL);
	T_PTR_EQ(link_peer(near), NULL);
	channel_ended(near, 1006, "vanished");
	turns(2);
	T_STORY("end2:1006(vanished) ");
	from_server("b");
	T_STORY("kFL(b) ");
	kept_send(kept, text_frame("c", HG_WHOLE));
	turns(2);
	T_EQ(read(peer, text, sizeof(text)), 1);
	T_STR_EQ(text, "c");
	kept_send(kept, text_frame("d", HG_WHOLE));
	kept_end(kept, 1000, "");
	turns(2);
	T_EQ(read(peer, text, sizeof(text)), 1);
	T_EQ(read(peer, text, sizeof(text)), 0);
	from_server("late");
	T_STORY("");
	close(peer);
	peer = -1;
	turns(3);
	T_EQ(conn_count(), 1);
	stop();
}

/* The server ends, or its connection breaks: told once. */
static void
test_lost(void)
{
	unsigned how;

	for (how = 0; how < 2; how++) {
		t_row("way %u", how);
		start();
		T_REQUIRE(kept_new(slot, &ops, slot) != NULL);
		if (how == 0) {
			close(peer);
			peer = -1;
		} else
			conn_kill(server, "cut");
		turns(3);
		T_STORY("lost ");
		T_EQ(conn_count(), 1);
		stop();
		T_STORY("muxclose ");
	}
	t_row(NULL);
}

/* What held the server up is let go with the channel. */
static void
test_held(void)
{
	struct hg_kept *kept;

	start();
	channel_hold(near, true);
	T_EQ(server->paused, 1);
	T_REQUIRE((kept = kept_new(slot, &ops, slot)) != NULL);
	T_EQ(server->paused, 0);
	channel_hold(near, false);
	T_EQ(server->paused, 0);
	from_server("a");
	T_STORY("kFL(a) ");
	kept_end(kept, 1000, "");
	close(peer);
	peer = -1;
	turns(3);
	stop();
}

static void
test_cannot(void)
{
	start();
	near->chain.count = 2;		/* not the uppermost */
	T_TRUE(kept_new(slot, &ops, slot) == NULL);
	near->chain.count = 1;
	slot->chain = &mux_conn->chain;	/* a connection's slot */
	T_TRUE(kept_new(slot, &ops, slot) == NULL);
	slot->chain = &near->chain;
	channel_end(far, 1000, "");	/* it is going */
	T_TRUE(kept_new(slot, &ops, slot) == NULL);
	conn_kill(server, "over");
	T_TRUE(kept_new(slot, &ops, slot) == NULL);
	turns(2);
	T_TRUE(kept_new(slot, &ops, slot) == NULL);
	stop();
}

T_MAIN(
    { "kept", test_kept },
    { "lost", test_lost },
    { "held", test_held },
    { "cannot", test_cannot },
)
