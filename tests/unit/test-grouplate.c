/* SPDX-License-Identifier: Apache-2.0 */
/* What comes for a group waits until the end of the turn. */
#include "groups.h"

/* What may not overtake, or would miss or get too much, comes behind. */
static void
test_behind(void)
{
	struct hg_channel *other;
	unsigned i;

	start("uu");
	other = model_channel(conns[0], 10);
	other->upper = &model_upper;
	for (i = 0; i < 5; i++) {
		t_row("%u", i);
		recv_text("a", HG_WHOLE);
		recv_text("b", HG_WHOLE);
		T_STORY("");
		switch (i) {
		case 0:
			channel_recv(other, text_frame("c", HG_WHOLE));
			T_STORY("u2FL(a) u2FL(b) u4FL(a) u4FL(b) u10FL(c) ");
			break;
		case 1:
			group_remove(group, members[1]);
			T_STORY("u2FL(a) u2FL(b) u4FL(a) u4FL(b) ");
			break;
		case 2:
			T_EQ(group_add(group, members[1]), 0);
			T_STORY("u2FL(a) u2FL(b) ");
			break;
		case 3:
			channel_ended(members[0], 1000, "");
			T_STORY("u2FL(a) u2FL(b) u4FL(a) u4FL(b) "
			    "uend2:1000() ");
			break;
		case 4:
			conn_kill(conns[0], "lost");
			T_TRUE(strncmp(story, "u4FL(a) u4FL(b) ", 16) == 0);
			break;
		}
	}
	t_row(NULL);
	stop();
}

/* More than wait, to both workers, in order. */
static void
test_many(void)
{
	char text[8], all[2][STORY_MAX] = { "", "" };
	unsigned i;

	start("0011");
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%u", i);
		recv_text(text, HG_WHOLE);
		T_TRUE(list_empty(&conns[0]->groups) == (i % 16 == 15));
	}
	settle();
	/* By member, whatever came between. */
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "(%u) ", i);
		strcat(all[0], text);
	}
	for (i = 1; i <= 4; i++) {
		const char *at = story;
		char who[16];

		all[1][0] = '\0';
		snprintf(who, sizeof(who), "m%u0FL", 2 * i);
		while ((at = strstr(at, who)) != NULL) {
			at += strlen(who);
			strncat(all[1], at, strcspn(at, " ") + 1);
		}
		t_row("member %u", i);
		T_STR_EQ(all[1], all[0]);
	}
	t_row(NULL);
	story[0] = '\0';
	T_EQ(conns[0]->rounds, 0);
	stop();
}

/* The group goes with what waits in it, by what its members do then. */
static void
test_freed_by_add(void)
{
	start("uu");
	group_remove(group, members[1]);
	members[0]->upper = &act_upper;
	act = FREE;
	recv_text("a", HG_WHOLE);
	T_EQ(group_add(group, members[1]), -1);
	T_STORY("u2 ");
	T_NULL(members[1]->more->group);
	stop();
}

T_MAIN(
	{ "what comes behind", test_behind },
	{ "many in one turn", test_many },
	{ "freed by its member (W11)", test_freed_by_add }
)
