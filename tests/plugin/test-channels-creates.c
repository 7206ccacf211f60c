/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channels plugin: more creates than may be unanswered. They wait in line,
 * so that a thousand clients that come at once are all served.
 */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

#define MANY	300
#define MOST	256

static struct hg_conn *c;
static struct hg_channel *all[MANY];

static void
setup(void)
{
	unsigned i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", NULL);
	c = ch_trunk(true, "chunk=4096", "chunk=4096");
	for (i = 0; i < MANY; i++) {
		all[i] = fake_create(c, CH_REQUEST, NULL);
		T_REQUIRE(all[i] != NULL);
		fake_set_linked(all[i], true);
	}
}

static void
says_create(unsigned i)
{
	char line[80];

	snprintf(line, sizeof(line), "create 0x%04x", 2 * i + 1);
	CH_SAYS_HEAD(c, line, CH_REQUEST);
}

static void
answer(unsigned i, const char *verb, const char *head)
{
	char line[80];

	snprintf(line, sizeof(line), "%s 0x%04x", verb, 2 * i + 1);
	ch_say_head(c, line, head);
}

/* Each answer, of whatever kind, lets the next go, in order. */
static void
test_in_line(void)
{
	unsigned i;

	setup();
	for (i = 0; i < MOST; i++)
		says_create(i);
	CH_QUIET(c);
	/* What it has to say already waits behind its create. */
	fake_from_peer(all[MOST], "early", 5, HG_WHOLE);
	CH_QUIET(c);
	answer(0, "created", CH_YES);
	says_create(MOST);
	CH_SENDS(c, 2 * MOST + 1, "early", HG_WHOLE);
	CH_QUIET(c);
	answer(1, "refused", CH_NO);
	CH_SAYS(c, "destroy 0x0003 code=1000");
	says_create(MOST + 1);
	ch_say(c, "abort 0x0005 code=1011");
	ch_skip(c);
	for (i = 3; i < MANY; i++)
		answer(i, "created", CH_YES);
	ch_skip(c);
	for (i = 3; i < MANY; i++)
		T_EQ(fake_status(all[i]), 101);
	CH_ALIVE(c);
	fake_finish();
}

/* One that has gone meanwhile is in nobody's way. */
static void
test_gone(void)
{
	unsigned i;

	setup();
	ch_skip(c);
	for (i = MOST; i < MOST + 3; i++)
		fake_peer_end(all[i], 1000, "", true);
	CH_QUIET(c);
	T_TRUE(fake_is_closed(all[MOST]));
	answer(0, "created", CH_YES);
	says_create(MOST + 3);
	CH_QUIET(c);
	CH_ALIVE(c);
	fake_finish();
}

/* Nobody answers what was not asked. */
static void
test_answer_too_soon(void)
{
	setup();
	ch_skip(c);
	answer(MOST, "created", CH_YES);
	CH_FAILED(c, 1002, "answer-without-create");
	fake_finish();
}

/* Children wait too; their parents' data waits with them, and nothing is lost
 * or taken into the parent. */
static void
test_children(void)
{
	struct hg_channel *child;
	unsigned i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", NULL);
	c = ch_trunk(false, "chunk=4096", "chunk=4096");
	for (i = 0; i <= MOST; i++) {
		child = ch_child(ch_root(c));
		T_REQUIRE(child != NULL);
		T_TRUE(fake_hg()->channel_is_carried(child));
	}
	fake_from_peer(child, "child", 5, HG_WHOLE);
	fake_from_peer(ch_root(c), "parent", 6, HG_WHOLE);
	ch_skip(c);
	ch_say(c, "created 0x0004");
	CH_SAYS_HEAD(c, "create 0x0202 parent=0x0000", CH_FLOW_HEAD);
	CH_SENDS(c, 0x0202, "child", HG_WHOLE);
	CH_SENDS(c, 0, "parent", HG_WHOLE);
	CH_QUIET(c);
	fake_finish();
}

T_MAIN({ "in line", test_in_line }, { "gone meanwhile", test_gone },
    { "an answer too soon", test_answer_too_soon },
    { "children", test_children })
