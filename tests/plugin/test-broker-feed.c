/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: feeds, and the subscriptions that they silence. Covers
 * B06. */
#include "stompclient.h"

#include <stdio.h>
#include <string.h>

#define FED	"MESSAGE\ndestination:/topic/t\ncontent-length:1\n\n"

static const struct hg_feeds *feeds;
static struct hg_feed *feed;
static unsigned ended, lost;
static bool closes;
static char heard[4096];

/* Bodies, one behind the other; what is before them must be this. */
static void
hear(void *arg, struct hg_frame *frame)
{
	char text[256];
	size_t len;

	T_TRUE(arg == heard);
	if (frame == NULL) {
		lost++;
		return;
	}
	len = fake_hg()->frame_peek(frame, 0, text, sizeof(text) - 1);
	T_EQ(len, strlen(FED) + 2);
	T_EQ(memcmp(text, FED, strlen(FED)), 0);
	T_EQ(text[len - 1], '\0');
	strncat(heard, text + strlen(FED), sizeof(heard) - strlen(heard) - 1);
	fake_hg()->frame_unref(frame);
	if (closes)
		feeds->close(feed);
}

static void
hear_end(void *arg)
{
	++*(unsigned *)arg;
}

static void
start(void)
{
	client_start_broker();
	feeds = fake_find(HG_FEEDS);
	T_REQUIRE(feeds != NULL);
	heard[0] = '\0';
	ended = 0;
	closes = false;
}

static void
subscribe(struct client *c, const char *version, const char *id)
{
	client_start(c, version);
	client_say(c, "SUBSCRIBE\nid:%s\ndestination:/topic/t\n\n", id);
}

static struct hg_silent *
silence(struct client *c, const char *id)
{
	return (feeds->silence(feed, c->root, id, strlen(id), hear_end,
	    &ended));
}

static void
begin(struct client *c, const char *id)
{
	feed = feeds->open(c->root, id, strlen(id), hear, heard);
	T_REQUIRE(feed != NULL);
	T_REQUIRE(silence(c, id) != NULL);
}

/* What is sent from then on, once; who is not silent has its own. */
static void
test_feed(void)
{
	struct client a, b, c;

	start();
	subscribe(&a, "1.2", "1");
	subscribe(&b, "1.2", "x y");
	subscribe(&c, "1.2", "3");
	client_say(&c, "SEND\ndestination:/topic/t\n\n1");
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&b), "1");
	begin(&a, "1");
	T_TRUE(silence(&b, "x y") != NULL);
	client_say(&c, "SEND\ndestination:/topic/t\n\n2");
	client_say(&c, "SEND\ndestination:/topic/t\nreceipt:r\n\n3");
	T_STR_EQ(client_hear_body(&c), "1");
	T_STR_EQ(client_hear_body(&c), "2");
	T_STR_EQ(client_hear_body(&c), "3");
	SAYS(&c, "RECEIPT\nreceipt-id:r\n\n");
	SAYS_NOTHING(&a);
	SAYS_NOTHING(&b);
	T_STR_EQ(heard, "23");
	feeds->close(feed);
	client_say(&c, "SEND\ndestination:/topic/t\n\n4");
	T_STR_EQ(heard, "23");
	SAYS_NOTHING(&a);
	fake_finish();
}

/* One that waits to be sent was before the SUBSCRIBE, or is the feed's. */
static void
test_since(void)
{
	struct client a, b;

	start();
	subscribe(&a, "1.2", "1");
	begin(&a, "1");
	client_say(&a, "SEND\ndestination:/topic/t\n\n1");
	client_start(&b, "1.2");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	T_STR_EQ(heard, "1");
	T_TRUE(silence(&b, "1") != NULL);
	client_say(&a, "SEND\ndestination:/topic/t\n\n2");
	SAYS_NOTHING(&b);
	T_STR_EQ(heard, "12");
	feeds->close(feed);
	fake_finish();
}

/* It is still one of the session's. What was before its end is the feed's. */
static void
test_end(void)
{
	struct hg_silent *silent;
	struct client a, b, c, d;

	start();
	subscribe(&a, "1.2", "1");
	subscribe(&b, "1.2", "1");
	subscribe(&c, "1.2", "1");
	subscribe(&d, "1.2", "1");
	begin(&a, "1");
	T_TRUE(silence(&b, "1") != NULL);
	T_TRUE(silence(&c, "1") != NULL);
	silent = silence(&d, "1");
	T_TRUE(silent != NULL);
	client_say(&a, "SEND\ndestination:/topic/t\n\n1");
	client_say(&a, "UNSUBSCRIBE\nid:1\nreceipt:u\n\n");
	T_STR_EQ(heard, "1");
	T_EQ(ended, 1);
	SAYS(&a, "RECEIPT\nreceipt-id:u\n\n");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	SAYS_ERROR(&b, 1002, "subscribed already");
	T_EQ(ended, 2);
	client_lose(&c);
	T_EQ(ended, 3);
	feeds->forget(silent);
	client_say(&d, "UNSUBSCRIBE\nid:1\n\n");
	T_EQ(ended, 3);
	T_STR_EQ(fake_report("broker", "broker"),
	    "destination=/topic/t subscribers=0 messages=0 bytes=0\n");
	feeds->close(feed);
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_finish();
}

static void
test_refused(void)
{
	struct client a, other, ack, queue, full;

	start();
	subscribe(&a, "1.2", "1");
	begin(&a, "1");
	T_TRUE(silence(&a, "1") == NULL);
	T_TRUE(silence(&a, "2") == NULL);
	subscribe(&other, "1.1", "1");
	T_TRUE(silence(&other, "1") == NULL);
	client_start(&ack, "1.2");
	client_say(&ack, "SUBSCRIBE\nid:1\nack:client\n"
	    "destination:/topic/t\n\n");
	T_TRUE(silence(&ack, "1") == NULL);
	client_say(&ack, "SUBSCRIBE\nid:2\ndestination:/topic/other\n\n");
	T_TRUE(silence(&ack, "2") == NULL);
	client_start(&queue, "1.2");
	client_say(&queue, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	T_TRUE(silence(&queue, "1") == NULL);
	T_TRUE(feeds->open(queue.root, "1", 1, hear, heard) == NULL);
	/* Messages wait for it, so the feed is ahead. */
	subscribe(&full, "1.2", "1");
	fake_set_full(full.root, true);
	client_say(&a, "SEND\ndestination:/topic/t\nreceipt:1\n\n1");
	client_say(&a, "SEND\ndestination:/topic/t\nreceipt:2\n\n2");
	T_TRUE(silence(&full, "1") == NULL);
	fake_set_full(full.root, false);
	T_STR_EQ(client_hear_body(&full), "1");
	T_STR_EQ(client_hear_body(&full), "2");
	T_TRUE(silence(&full, "1") != NULL);
	client_lose(&full);
	T_TRUE(silence(&full, "1") == NULL);
	feeds->close(feed);
	fake_finish();
}

/* It is closed while it is told something. */
static void
test_close_within(void)
{
	struct client a;

	start();
	subscribe(&a, "1.2", "1");
	begin(&a, "1");
	closes = true;
	client_say(&a, "SEND\ndestination:/topic/t\n\n1");
	client_say(&a, "SEND\ndestination:/topic/t\n\n2");
	SAYS_NOTHING(&a);
	T_STR_EQ(heard, "1");
	fake_finish();
}

T_MAIN(
	{ "feed", test_feed },
	{ "since when", test_since },
	{ "end", test_end },
	{ "refused", test_refused },
	{ "closed within", test_close_within },
)
