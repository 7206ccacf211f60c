/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: what subscribers of a topic have in common. */
#include "stompclient.h"

#include <stdio.h>
#include <string.h>

/* Who has the same id and no ACK gets the very same bytes, if his version does
 * not write them in another way. */
static void
test_same_frame(void)
{
	static const struct {
		const char	*version;
		const char	*more;
		bool		 same;
	} rows[] = {
		{ "1.2", "id:s\n", true }, { "1.2", "id:s\nack:auto\n", true },
		{ "1.2", "id:t\n", false }, { "1.1", "id:s\n", true },
		{ "1.0", "id:s\n", true }, { "1.0", "", false },
		{ "1.2", "id:s\nack:client\n", false },
	};
	struct client all[T_ROWS(rows)], first;
	const struct fake_frame *frame;
	char bytes[200];
	size_t i, len;
	unsigned round;

	client_start_broker();
	client_start(&first, "1.2");
	client_say(&first, "SUBSCRIBE\nid:s\ndestination:/topic/t\n\n");
	for (i = 0; i < T_ROWS(rows); i++) {
		client_start(&all[i], rows[i].version);
		client_say(&all[i], "SUBSCRIBE\n%sdestination:/topic/t\n\n",
		    rows[i].more);
	}
	for (round = 0; round < 2; round++) {
		client_send_many(&first, "/topic/t", 1);
		fake_run_posts();
		T_REQUIRE((frame = fake_wire(first.conn)) != NULL);
		T_REQUIRE((len = frame->len) < sizeof(bytes));
		memcpy(bytes, frame->bytes, len);
		for (i = 0; i < T_ROWS(rows); i++) {
			t_row("row %zu, round %u", i, round);
			T_REQUIRE((frame = fake_wire(all[i].conn)) != NULL);
			T_TRUE((frame->len == len && memcmp(frame->bytes,
			    bytes, len) == 0) == rows[i].same);
			T_NULL(fake_wire(all[i].conn));
		}
	}
	T_EQ(fake_counter("broker", "messages-out"), 2 * (1 + T_ROWS(rows)));
	for (i = 0; i < T_ROWS(rows); i++)
		client_lose(&all[i]);
	client_send_many(&first, "/topic/t", 1);
	T_STR_EQ(client_hear_body(&first), "1");
	client_lose(&first);
	T_EQ(fake_live_frames(), 0);
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_finish();
}

/* Two topics' messages have no id in common, nor one topic's that is new. */
static void
test_message_ids(void)
{
	char topic[3][64];
	struct client c;
	unsigned i, j;

	client_start_broker();
	for (i = 0; i < 3; i++) {
		client_start(&c, "1.2");
		client_say(&c, "SUBSCRIBE\nid:1\ndestination:/topic/%u\n\n",
		    i / 2);
		client_send(&c, i / 2 == 0 ? "/topic/0" : "/topic/1", "x");
		SAYS(&c, "MESSAGE\nsubscription:1\nmessage-id:$T-1\n"
		    "destination:/topic/%u\ncontent-length:1\n\nx", i / 2);
		strcpy(topic[i], c.topic);
		client_lose(&c);
		for (j = 0; j < i; j++)
			T_TRUE(strcmp(topic[i], topic[j]) != 0);
	}
	fake_finish();
}

/* More than are sent in one walk, and one that leaves in the middle of it. */
static void
test_many_together(void)
{
	struct client a, b;
	char body[16];
	unsigned i;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_send_many(&b, "/topic/t", 300);
	client_say(&b, "UNSUBSCRIBE\nid:1\n\n");
	client_send_many(&b, "/topic/t", 1);
	T_EQ(fake_posts(), 1);
	for (i = 1; i <= 300; i++) {
		snprintf(body, sizeof(body), "%u", i);
		T_STR_EQ(client_hear_body(&a), body);
		T_STR_EQ(client_hear_body(&b), body);
	}
	T_STR_EQ(client_hear_body(&a), "1");
	T_NULL(client_hear_body(&b));
	fake_finish();
}

T_MAIN(
	{ "the same frame for all that are alike", test_same_frame },
	{ "message-ids", test_message_ids },
	{ "many together", test_many_together }
)
