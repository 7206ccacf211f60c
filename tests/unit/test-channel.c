/* SPDX-License-Identifier: Apache-2.0 */
/* Channels: data, what comes early, and how they end. */
#include "modelmux.h"

static void
recv_text(struct hg_channel *ch, const char *text, unsigned flags)
{
	channel_recv(ch, text_frame(text, flags));
}

/* A plain WebSocket with its one channel. */
static struct hg_channel *
plain(int *peer, bool is_websocket)
{
	struct hg_conn *conn = model_conn(peer, false, is_websocket, 0);
	struct hg_channel *ch;

	ch = channel_create(conn, NULL, &model_service, NULL);
	T_REQUIRE(ch != NULL);
	T_REQUIRE(conn_open(conn) == 0);
	channel_open(ch, NULL);
	ch->upper = &model_upper;
	turns(1);
	return (ch);
}

static void
test_plain(void)
{
	struct hg_channel *ch;
	struct ws_head head;
	char data[64];
	int peer;

	model_start();
	ch = plain(&peer, true);
	T_PTR_EQ(ch->conn->root, ch);
	T_STR_EQ(channel_name(ch), ch->conn->name);
	peer_frame(peer, FIN | WS_TEXT, "hello", 5, KEY);
	NET_UNTIL(ch->messages_in == 1);
	T_TRUE(channel_send(ch, text_frame("world", HG_WHOLE | HG_TEXT)));
	T_EQ(peer_next(peer, &head, data, sizeof(data)), 5);
	T_MEM_EQ(data, 5, "world", 5);
	peer_frame(peer, FIN | WS_CLOSE, "\x03\xe8", 2, KEY);
	T_EQ(peer_close_code(peer), 1000);
	T_STORY("u0FLT(hello) uend0:1000() detach0 ");
	model_end(peer);
	T_STORY("");
	model_stop();
}

/* T04: bytes that look like labels or control are data, both ways. */
static void
test_data_is_data(void)
{
	static const char *const texts[] = { "\xff\xffxy 0x0001", "\xff\xff",
	    "\xff", "\x01\x02" };
	struct hg_channel *ch;
	struct ws_head head;
	char data[64];
	size_t i, len;
	int peer;

	model_start();
	ch = plain(&peer, true);
	for (i = 0; i < T_ROWS(texts); i++) {
		len = strlen(texts[i]);
		story[0] = '\0';
		peer_frame(peer, FIN | WS_BINARY, texts[i], len, KEY);
		NET_UNTIL(ch->messages_in == i + 1);
		T_MEM_EQ(story + 5, len, texts[i], len);
		channel_send(ch, text_frame(texts[i], HG_WHOLE));
		T_EQ(peer_next(peer, &head, data, sizeof(data)), len);
		T_MEM_EQ(data, len, texts[i], len);
	}
	model_end(peer);
	model_stop();
}

/* W10: the state goes on over frames, and is each channel's own. */
static void
test_utf8(void)
{
	struct hg_channel *a, *b;
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = model_mux(&peer);
	a = model_channel(conn, 2);
	b = model_channel(conn, 4);
	a->upper = b->upper = &model_upper;
	recv_text(a, "\xc3", HG_FIRST | HG_TEXT);
	recv_text(b, "\xff", HG_WHOLE);		/* binary */
	b->chain.rsv = HG_RSV1;		/* an extension changed the bytes */
	recv_text(b, "\xff", HG_WHOLE | HG_TEXT | HG_RSV1);
	recv_text(a, "\xa9", HG_LAST | HG_TEXT);
	T_FALSE(a->wire_ended || b->wire_ended);
	story[0] = '\0';
	recv_text(b, "\xc3", HG_WHOLE | HG_TEXT);
	T_STORY("uend4:1007(text is not UTF-8) end4:1007(text is not UTF-8) ");
	recv_text(b, "x", HG_WHOLE);
	recv_text(a, "ok", HG_WHOLE | HG_TEXT);
	T_STORY("u2FLT(ok) ");
	T_EQ(conn->state, CONN_OPEN);
	model_end(peer);
	model_stop();
}

/* Bits that nobody negotiated are a mistake of whoever sent them. */
static void
test_reserved_bits(void)
{
	struct hg_channel *ch;
	int peer;

	model_start();
	ch = model_channel(model_mux(&peer), 2);
	ch->upper = &model_upper;
	ch->chain.rsv = HG_RSV1;
	recv_text(ch, "a", HG_WHOLE | HG_RSV1);
	T_STORY("u2FL(a) ");
	recv_text(ch, "a", HG_WHOLE | HG_RSV1 | HG_RSV2);
	T_TRUE(strstr(story, "end2:1002(") != NULL);
	model_end(peer);
	model_stop();
}

static void
test_trunk_root(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = model_mux(&peer);
	conn->is_trunk = true;
	recv_text(conn->root, "x", HG_WHOLE);
	T_EQ(peer_close_code(peer), 1008);
	model_end(peer);
	model_stop();
}

/* --- what comes before it is open ---------------------------------------- */

static struct hg_channel *
unopened(struct hg_conn *conn)
{
	struct hg_channel *ch;

	ch = channel_create(conn, NULL, &model_service, NULL);
	T_REQUIRE(ch != NULL);
	T_REQUIRE(channel_set_carried(ch) == 0);
	channel_set_id(ch, 2);
	ch->upper = &model_upper;
	return (ch);
}

static void
test_early(void)
{
	struct hg_channel *ch;
	int peer;

	model_start();
	ch = unopened(model_mux(&peer));
	recv_text(ch, "a", HG_FIRST);
	T_EQ(ch->paused, 1);
	recv_text(ch, "b", HG_LAST);
	T_EQ(ch->paused, 1);
	T_STORY("");
	channel_open(ch, NULL);
	recv_text(ch, "c", HG_WHOLE);	/* behind those that wait */
	T_STORY("");
	turns(1);
	T_STORY("u2F(a) u2L(b) u2FL(c) resume2 ");
	T_EQ(ch->paused, 0);
	recv_text(ch, "d", HG_WHOLE);
	T_STORY("u2FL(d) ");
	model_end(peer);
	model_stop();
}

/* Its first half may end before anybody answered: in order all the same. */
static void
test_early_end(void)
{
	struct hg_channel *ch;
	int i, peer;

	for (i = 0; i < 3; i++) {
		t_row("%d", i);
		model_start();
		ch = unopened(model_mux(&peer));
		if (i > 0)
			recv_text(ch, "a", HG_WHOLE);
		if (i == 2)	/* while they wait to be passed on */
			channel_open(ch, NULL);
		channel_ended(ch, 1000, "done");
		channel_ended(ch, 1001, "twice");
		if (i < 2) {
			T_STORY("");
			channel_open(ch, NULL);
			turns(1);
		}
		T_STORY(i == 0 ? "uend2:1000(done) " : "u2FL(a) resume2 "
		    "uend2:1000(done) ");
		recv_text(ch, "b", HG_WHOLE);
		turns(1);
		T_STORY("");
		T_TRUE(ch->wire_ended);
		model_end(peer);
		model_stop();
	}
}

static void
test_early_too_much(void)
{
	struct hg_channel *ch;
	int i, peer;

	model_start();
	ch = unopened(model_mux(&peer));
	for (i = 0; i < 100000 && !ch->chain.dead; i++)
		recv_text(ch, "", HG_WHOLE);
	T_TRUE(ch->chain.dead);
	T_TRUE(ch->waits == NULL ||
	    ch->waits->early_bytes <= 3 * CHANNEL_EARLY_MAX);
	T_TRUE(strstr(story, "end2:1008(") != NULL);
	model_end(peer);
	model_stop();
}

/* --- ends ---------------------------------------------------------------- */

static void
test_ends_of_carried(void)
{
	static const struct {
		const char *acts;
		const char *story;
	} rows[] = {
		{ "wt", "uend2:1000() end2:1001() " },
		{ "tw", "end2:1001() uend2:1000() " },
		{ "wwtt", "uend2:1000() end2:1001() " },
		{ "f", "uend2:1008(bad) end2:1008(bad) " },
		{ "wf", "uend2:1000() end2:1008(bad) " },
		{ "tf", "end2:1001() uend2:1008(bad) " },
		{ "fwtf", "uend2:1008(bad) end2:1008(bad) " },
	};
	struct hg_channel *ch;
	const char *act;
	size_t i;
	int peer;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].acts);
		model_start();
		ch = model_channel(model_mux(&peer), 2);
		ch->upper = &model_upper;
		for (act = rows[i].acts; *act != '\0'; act++) {
			if (*act == 'w')
				channel_ended(ch, 1000, "");
			else if (*act == 't')
				channel_end(ch, 1001, NULL);
			else
				channel_fail(ch, 1008, "bad");
		}
		T_STORY(rows[i].story);
		turns(1);	/* nothing is freed before the mux says so */
		T_TRUE(ch->wire_ended);
		recv_text(ch, "x", HG_WHOLE);
		channel_send(ch, text_frame("y", HG_WHOLE));
		T_STORY("");
		channel_free(ch);
		channel_free(ch);
		channel_end(ch, 1000, "");
		turns(1);
		T_STORY("detach2 ");
		model_end(peer);
		model_stop();
	}
}

/* W11: told of the connection's end; gone with it; the mux first. */
static void
test_conn_ends(void)
{
	struct hg_conn *conn;
	struct hg_channel *ch, *child;
	int peer;

	model_start();
	conn = model_mux(&peer);
	ch = model_channel(conn, 2);
	ch->upper = &model_upper;
	child = channel_new_child(ch, NULL);
	T_TRUE(channel_is_carried(child));
	child->upper = &model_upper;
	mux_channels[0] = ch;
	mux_channels[1] = child;
	mux_channels_seen = 2;
	conn_kill(conn, "test");
	T_STORY("create uend2:1006(test) uend7:1006(test) ");
	channel_end(ch, 1000, "");	/* no hook of the dead connection */
	channel_pause(ch, true);
	channel_pause(ch, false);
	channel_send(child, text_frame("x", HG_WHOLE));
	turns(1);
	T_STORY("detach7 detach2 muxclose ");
	model_end(peer);
	model_stop();
}

static unsigned	 ending_calls;

static void
end_again(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	(void)state;
	ending_calls++;
	if (direction == HG_SEND) {
		channel_send(chain_channel(slot->chain),
		    text_frame("last", HG_WHOLE));
		channel_end(chain_channel(slot->chain), *code, "again");
	}
	*code = 4000;
}

/* W11: what ends it once more from within, and what it still sends. */
static void
test_ending_hook(void)
{
	static const struct hg_hooks hooks = { .ending = end_again };
	struct chain_entry entry = { 0 };
	struct hg_channel *ch;
	struct plugin plugin;
	int peer;

	model_start();
	ending_calls = 0;
	model_plugin(&plugin, "again", NULL, &hooks);
	entry.plugin = &plugin;
	ch = model_channel(model_mux(&peer), 2);
	T_EQ(channel_set_chain(ch, &entry, 1), 0);
	ch->upper = &model_upper;
	channel_end(ch, 1000, "");
	T_STORY("m2FL(last) end2:4000() ");
	channel_ended(ch, 1000, "");
	T_STORY("uend2:4000() ");
	T_EQ(ending_calls, 2);
	model_end(peer);
	model_stop();
}

/* Nothing above: a plugin is the application, and its end is the channel's. */
static void
test_no_upper(void)
{
	struct hg_channel *ch;
	int peer;

	model_start();
	ch = model_channel(model_mux(&peer), 2);
	channel_hold(ch, true);
	T_EQ(ch->paused, 1);
	channel_hold(ch, true);
	channel_hold(ch, false);
	T_EQ(ch->paused, 1);
	channel_hold(ch, false);
	T_EQ(ch->paused, 0);
	T_STORY("resume2 ");
	channel_ended(ch, 1000, "bye");
	T_STORY("end2:1000(bye) ");
	model_end(peer);
	model_stop();
}

static void
say_drain(struct hg_slot *slot, void *state)
{
	(void)slot;
	(void)state;
	say("drain ");
}

/* An application is told to stop by whoever holds its channel, as a child that
 * is full does; and once, not from within, that there is room. */
static void
test_no_upper_full(void)
{
	static const struct hg_hooks hooks = { .drain = say_drain };
	struct chain_entry entry = { 0 };
	struct plugin plugin;
	struct hg_channel *ch;
	int peer;

	model_start();
	model_plugin(&plugin, "application", NULL, &hooks);
	entry.plugin = &plugin;
	ch = model_channel(model_mux(&peer), 2);
	T_EQ(channel_set_chain(ch, &entry, 1), 0);
	T_TRUE(channel_send(ch, text_frame("a", HG_WHOLE)));
	channel_hold(ch, true);
	T_FALSE(channel_send(ch, text_frame("b", HG_WHOLE)));
	channel_hold(ch, true);
	channel_hold(ch, false);
	T_TRUE(channel_is_full(ch));
	channel_hold(ch, false);
	T_STORY("m2FL(a) m2FL(b) resume2 ");
	turns(1);
	T_STORY("drain ");
	/* It is held again before it could be told. */
	channel_hold(ch, true);
	channel_hold(ch, false);
	channel_hold(ch, true);
	turns(1);
	T_STORY("resume2 ");
	channel_hold(ch, false);
	channel_free(ch);
	turns(2);
	T_STORY("resume2 ");
	model_end(peer);
	model_stop();
}

/* T09: what is queued for one that is too slow is thrown away; an error that
 * has the same code, on one that is not, comes behind its text. */
static void
test_too_slow(void)
{
	static const struct {
		unsigned	 code;
		bool		 is_full;
		const char	*story;
	} rows[] = {
		{ 1013, true, "abort2:1013(slow) " },
		{ 1013, false, "end2:1013(slow) " },
		{ 1000, true, "end2:1000(slow) " },
	};
	struct hg_channel *ch;
	size_t i;
	int peer;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		model_start();
		ch = model_channel(model_mux(&peer), 2);
		channel_set_full(ch, rows[i].is_full);
		channel_end(ch, rows[i].code, "slow");
		T_STORY(rows[i].story);
		model_end(peer);
		model_stop();
	}
	t_row(NULL);
}

/* --- what a mux begins --------------------------------------------------- */

static struct hg_channel *accepted;

static void
accept_channel(struct hg_channel *ch)
{
	say("accept%u ", ch->id);
	accepted = ch;
	ch->upper = &model_upper;
	channel_open(ch, NULL);
}

static void
test_accept(void)
{
	struct hg_conn *conn;
	struct hg_channel *ch;
	struct hg_head *request;
	int i, peer;

	for (i = 0; i < 4; i++) {
		t_row("%d", i);
		model_start();
		accepted = NULL;
		host_set_accept(accept_channel);
		conn = model_mux(&peer);
		request = http_request("GET", "/x", NULL);
		ch = host_table.channel_accept(conn->mux, NULL, request, 2);
		http_free(request);
		T_REQUIRE(ch != NULL);
		T_STR_EQ(ch->request->path, "/x");
		if (i == 1)
			recv_text(ch, "a", HG_WHOLE);
		else if (i == 2)
			channel_fail(ch, 1008, "bad");
		else if (i == 3)
			channel_free(ch);
		turns(2);
		T_STORY(i == 0 ? "accept2 " :
		    i == 1 ? "accept2 u2FL(a) resume2 " :
		    i == 2 ? "end2:1008(bad) " : "");
		model_end(peer);
		model_stop();
	}
}

T_MAIN(
    { "one channel", test_plain },
    { "bytes like labels are data (T04)", test_data_is_data },
    { "UTF-8 of each channel (W10)", test_utf8 },
    { "reserved bits", test_reserved_bits },
    { "data on a trunk's channel 0", test_trunk_root },
    { "data before it is open", test_early },
    { "an end before it is open", test_early_end },
    { "too much before it is open", test_early_too_much },
    { "the ends of a carried one", test_ends_of_carried },
    { "the connection ends (W11)", test_conn_ends },
    { "an end within an end (W11)", test_ending_hook },
    { "nothing above it", test_no_upper },
    { "back-pressure for an application (T09)", test_no_upper_full },
    { "one that is too slow (T09)", test_too_slow },
    { "a peer begins one", test_accept },
)
