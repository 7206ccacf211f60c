/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "mailbox.h"

#define THREADS	4
#define LETTERS	5000

struct note {
	struct letter	 letter;
	struct mailbox	*box;		/* what open_and_post posts to */
	struct note	*then;
	unsigned	 thread;
	unsigned	 number;
};

static unsigned	seen[THREADS];		/* the next number of each thread */
static unsigned	disorder;
static unsigned	opened;

static void
open_note(struct letter *letter)
{
	struct note *note = list_entry(letter, struct note, letter);

	if (note->number != seen[note->thread])
		disorder++;
	seen[note->thread] = note->number + 1;
	opened++;
	free(note);
}

static struct note *
new_note(unsigned thread, unsigned number)
{
	struct note *note;

	if ((note = calloc(1, sizeof(*note))) == NULL)
		abort();
	note->letter.open = open_note;
	note->thread = thread;
	note->number = number;
	return (note);
}

static void
reset(void)
{
	unsigned i;

	for (i = 0; i < THREADS; i++)
		seen[i] = 0;
	disorder = opened = 0;
}

static bool
is_readable(const struct mailbox *box, int wait)
{
	struct pollfd pfd = { .fd = box->fd, .events = POLLIN };

	return (poll(&pfd, 1, wait) == 1);
}

struct poster {
	pthread_t	 thread;
	struct mailbox	*box;
	unsigned	 index;
};

static void *
post_many(void *arg)
{
	struct poster *poster = arg;
	unsigned i;

	for (i = 0; i < LETTERS; i++)
		mailbox_post(poster->box,
		    &new_note(poster->index, i)->letter);
	return (NULL);
}

static void
test_order_from_threads(void)
{
	struct poster posters[THREADS];
	struct mailbox box;
	unsigned i;

	reset();
	alarm(60);
	T_REQUIRE(mailbox_init(&box) == 0);
	for (i = 0; i < THREADS; i++) {
		posters[i].box = &box;
		posters[i].index = i;
		T_REQUIRE(pthread_create(&posters[i].thread, NULL, post_many,
		    &posters[i]) == 0);
	}
	/* Without a lost wake-up, waiting for the descriptor is enough. */
	while (opened < THREADS * LETTERS) {
		T_TRUE(is_readable(&box, -1));
		mailbox_open(&box);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
	T_EQ(disorder, 0);
	T_EQ(opened, THREADS * LETTERS);
	mailbox_finish(&box);
	T_EQ(opened, THREADS * LETTERS);
	alarm(0);
}

static void
test_one_wake_up_for_many(void)
{
	struct mailbox box;
	uint64_t count;
	unsigned i;

	reset();
	T_REQUIRE(mailbox_init(&box) == 0);
	T_FALSE(is_readable(&box, 0));
	for (i = 0; i < 3; i++)
		mailbox_post(&box, &new_note(0, i)->letter);
	T_EQ(read(box.fd, &count, sizeof(count)), sizeof(count));
	T_EQ(count, 1);
	mailbox_open(&box);
	T_EQ(opened, 3);
	T_FALSE(is_readable(&box, 0));
	mailbox_post(&box, &new_note(0, 3)->letter);
	T_TRUE(is_readable(&box, 0));
	mailbox_open(&box);
	T_EQ(opened, 4);
	mailbox_open(&box);
	T_EQ(opened, 4);
	mailbox_finish(&box);
}

static void
open_and_post(struct letter *letter)
{
	struct note *note = list_entry(letter, struct note, letter);

	opened++;
	mailbox_post(note->box, &note->then->letter);
	free(note);
}

static struct note *
new_chain(struct mailbox *box)
{
	struct note *note;

	note = new_note(0, 0);
	note->letter.open = open_and_post;
	note->box = box;
	note->then = new_note(0, 0);
	return (note);
}

static void
test_posted_by_a_letter(void)
{
	struct mailbox box;

	reset();
	T_REQUIRE(mailbox_init(&box) == 0);
	mailbox_post(&box, &new_chain(&box)->letter);
	mailbox_open(&box);
	T_EQ(opened, 1);
	T_TRUE(is_readable(&box, 0));
	mailbox_open(&box);
	T_EQ(opened, 2);
	mailbox_finish(&box);
}

static void
test_finish_opens_the_rest(void)
{
	struct mailbox box;

	reset();
	T_REQUIRE(mailbox_init(&box) == 0);
	mailbox_post(&box, &new_note(0, 0)->letter);
	mailbox_post(&box, &new_chain(&box)->letter);
	mailbox_finish(&box);
	T_EQ(opened, 3);
}

T_MAIN({ "order from four threads", test_order_from_threads },
    { "one wake-up for many letters", test_one_wake_up_for_many },
    { "a letter posted by a letter waits", test_posted_by_a_letter },
    { "finish opens what is left", test_finish_opens_the_rest })
