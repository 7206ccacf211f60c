/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker plugin on four real threads, for a race to show (with TSan at
 * best): sessions come, go, get full, acknowledge or not, and at the end every
 * message that a queue took has been seen by somebody.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <headgate/plugin.h>

#include "frame.h"
#include "harness.h"

#define WORKERS		4
#define SESSIONS	4	/* of one worker */
#define ROUNDS		3000
#define MESSAGES	(WORKERS * ROUNDS)

struct post {
	struct post	*next;
	void		(*fn)(void *);
	void		*arg;
};

struct hg_channel {
	bool	 full, open, ended;
	bool	 diligent;	/* acknowledges all */
	/* To be acknowledged in the next round: "1-7". */
	char	 ack[64][48];
	size_t	 acks;
};

struct hg_slot {
	struct hg_channel	 channel;
	void			*state;
};

struct worker {
	pthread_t	 thread;
	pthread_mutex_t	 lock;
	struct post	*first, **last;
	void		*data;
	struct hg_slot	 slot[SESSIONS];
	uint32_t	 seed;
	unsigned	 index;
};

static const struct hg_plugin *plugin;
static void *options;
static struct worker workers[WORKERS];
static _Thread_local struct worker *self;
static atomic_bool seen[MESSAGES + 1];
static atomic_uint sent, busy;

static uint32_t
pick(uint32_t below)
{
	self->seed = self->seed * 1664525 + 1013904223;
	return ((self->seed >> 8) % below);
}

/* --- the host ------------------------------------------------------------- */

static void
host_log(const struct hg_slot *slot, enum hg_log_level level,
    const char *fmt, ...)
{
	(void)slot;
	(void)level;
	(void)fmt;
}

static const char *
host_quote(char *out, size_t size, const void *data, size_t len)
{
	snprintf(out, size, "%.*s", (int)len, (const char *)data);
	return (out);
}

static void
host_count(const struct hg_plugin *of, unsigned index, int64_t by)
{
	(void)of;
	(void)index;
	(void)by;
}

static unsigned
host_worker_count(void)
{
	return (WORKERS);
}

static unsigned
host_worker_index(void)
{
	return (self->index);
}

static int
host_post(unsigned worker, void (*fn)(void *), void *arg)
{
	struct worker *w = &workers[worker];
	struct post *post;

	if ((post = calloc(1, sizeof(*post))) == NULL)
		return (-1);
	post->fn = fn;
	post->arg = arg;
	pthread_mutex_lock(&w->lock);
	*w->last = post;
	w->last = &post->next;
	pthread_mutex_unlock(&w->lock);
	return (0);
}

static uint64_t
host_now(void)
{
	return (1000);
}

static void
host_random(void *out, size_t len)
{
	unsigned char *c = out;

	while (len-- > 0)
		*c++ = (unsigned char)pick(256);
}

static struct hg_channel *
host_slot_channel(const struct hg_slot *slot)
{
	return (&((struct hg_slot *)(uintptr_t)slot)->channel);
}

static const void *
host_options(const struct hg_slot *slot)
{
	(void)slot;
	return (options);
}

static size_t
host_frame_len(const struct hg_frame *frame)
{
	return (frame->len);
}

/* A client that acknowledges four of five messages. */
static void
heard(struct hg_channel *ch, const char *text)
{
	const char *ack, *body;

	if (strncmp(text, "MESSAGE\n", 8) != 0 ||
	    (ack = strstr(text, "\nack:")) == NULL)
		return;
	body = strstr(text, "\n\n") + 2;
	atomic_store(&seen[atoi(body)], true);
	if (ch->acks == 64 || (!ch->diligent && pick(5) == 0))
		return;
	snprintf(ch->ack[ch->acks++], sizeof(ch->ack[0]), "%.*s",
	    (int)strcspn(ack + 5, "\n"), ack + 5);
}

static bool
host_channel_send(struct hg_channel *ch, struct hg_frame *frame)
{
	const unsigned char *bytes;

	if ((bytes = frame_bytes(&frame)) != NULL && !ch->ended)
		heard(ch, (const char *)bytes);
	frame_unref(frame);
	return (!ch->full);
}

static void
host_channel_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	(void)code;
	(void)reason;
	ch->ended = true;
}

static struct hg_timer *
host_timer_start(struct hg_slot *slot, uint64_t ms,
    void (*fn)(struct hg_slot *, void *))
{
	(void)ms;
	(void)fn;
	return ((struct hg_timer *)(void *)slot);
}

static void
host_timer_stop(struct hg_timer *timer)
{
	(void)timer;
}

static void *
host_recycle_get(size_t size)
{
	return (malloc(size));
}

static void
host_recycle_put(void *data, size_t size)
{
	(void)size;
	free(data);
}

static int
host_provide(const char *name, const void *what)
{
	(void)name;
	(void)what;
	return (0);
}

static const struct hg_host host = {
	.size = sizeof(host),
	.log = host_log,
	.quote = host_quote,
	.count = host_count,
	.worker_count = host_worker_count,
	.worker_index = host_worker_index,
	.post = host_post,
	.now = host_now,
	.random = host_random,
	.provide = host_provide,
	.recycle_get = host_recycle_get,
	.recycle_put = host_recycle_put,
	.slot_channel = host_slot_channel,
	.options = host_options,
	.frame_new = frame_copy,
	.frame_ref = frame_ref,
	.frame_unref = frame_unref,
	.frame_len = host_frame_len,
	.frame_bytes = frame_bytes,
	.frame_prepend = frame_prepend,
	.frame_append = frame_append,
	.frame_reflag = frame_flags,
	.channel_send = host_channel_send,
	.channel_end = host_channel_end,
	.timer_start = host_timer_start,
	.timer_stop = host_timer_stop,
};

/* Few unacknowledged ones, so that consumers run into that limit. */
static void
fill_options(void)
{
	static const struct {
		const char	*key;
		int64_t		 value;
	} values[] = {
		{ "headers", 100 }, { "header-max", 8192 },
		{ "head-max", 65536 }, { "body-max", 65536 },
		{ "subscriptions", 100 }, { "unacked", 10 },
		{ "subscriber-queue", 1 << 20 },
		{ "queue-messages", MESSAGES }, { "queue-bytes", 1 << 28 },
		{ "destinations", 100 }, { "store", 1 << 28 },
		{ "login-timeout", 1000 },
	};
	const struct hg_option *option;
	size_t i;
	bool yes;

	T_REQUIRE((options = calloc(1, plugin->options_size)) != NULL);
	yes = true;
	for (option = plugin->options; option->key != NULL; option++) {
		if (strcmp(option->key, "anonymous") == 0)
			memcpy((char *)options + option->offset, &yes,
			    sizeof(yes));
		for (i = 0; i < T_ROWS(values); i++)
			if (strcmp(option->key, values[i].key) == 0)
				memcpy((char *)options + option->offset,
				    &values[i].value, sizeof(int64_t));
	}
}

/* --- the workers ---------------------------------------------------------- */

static unsigned
run_posts(void)
{
	struct post *post, *next;
	unsigned count;

	pthread_mutex_lock(&self->lock);
	post = self->first;
	self->first = NULL;
	self->last = &self->first;
	pthread_mutex_unlock(&self->lock);
	for (count = 0; post != NULL; post = next, count++) {
		next = post->next;
		post->fn(post->arg);
		free(post);
	}
	return (count);
}

static void
say(struct hg_slot *slot, const char *text)
{
	struct hg_frame *frame;

	frame = frame_copy(text, strlen(text) + 1, HG_WHOLE);
	if (plugin->channel->recv(slot, slot->state, frame) != HG_TAKE)
		frame_unref(frame);
}

static void
open_session(struct hg_slot *slot)
{
	memset(&slot->channel, 0, sizeof(slot->channel));
	slot->channel.open = true;
	slot->state = calloc(1, plugin->channel->state_size);
	plugin->channel->open(slot, slot->state);
	say(slot, "CONNECT\naccept-version:1.2\n\n");
	say(slot, "SUBSCRIBE\nid:t\ndestination:/topic/t\n\n");
	say(slot, "SUBSCRIBE\nid:q\ndestination:/queue/q\n"
	    "ack:client-individual\n\n");
}

static void
close_session(struct hg_slot *slot)
{
	plugin->channel->close(slot, slot->state);
	free(slot->state);
	slot->channel.open = false;
}

static void
acknowledge(struct hg_slot *slot)
{
	char text[96];

	while (slot->channel.acks > 0) {
		snprintf(text, sizeof(text), "%s\nid:%s\n\n",
		    !slot->channel.diligent && pick(10) == 0 ? "NACK" : "ACK",
		    slot->channel.ack[--slot->channel.acks]);
		say(slot, text);
	}
}

static void
round_of(struct hg_slot *slot)
{
	char text[64];

	if (!slot->channel.open || slot->channel.ended) {
		if (slot->channel.open)
			close_session(slot);
		open_session(slot);
	}
	snprintf(text, sizeof(text), "SEND\ndestination:/queue/q\n\n%u",
	    atomic_fetch_add(&sent, 1) + 1);
	say(slot, text);
	say(slot, "SEND\ndestination:/topic/t\n\nx");
	acknowledge(slot);
	if (pick(10) == 0) {
		slot->channel.full = !slot->channel.full;
		if (!slot->channel.full)
			plugin->channel->drain(slot, slot->state);
	}
	if (pick(20) == 0) {
		say(slot, "UNSUBSCRIBE\nid:t\n\n");
		say(slot, "SUBSCRIBE\nid:t\ndestination:/topic/t\n\n");
	}
	if (pick(20) == 0)
		close_session(slot);
}

static void *
work(void *arg)
{
	unsigned i;

	self = arg;
	for (i = 0; i < ROUNDS; i++) {
		round_of(&self->slot[pick(SESSIONS)]);
		run_posts();
	}
	for (i = 0; i < SESSIONS; i++)
		if (self->slot[i].channel.open)
			close_session(&self->slot[i]);
	/* Posts of others may still come. */
	atomic_fetch_sub(&busy, 1);
	while (atomic_load(&busy) > 0)
		run_posts();
	run_posts();
	return (NULL);
}

static void
load(void)
{
	char path[1024];
	void *module;

	T_REQUIRE(getenv("HEADGATE_PLUGIN_DIR") != NULL);
	snprintf(path, sizeof(path), "%s/broker.so",
	    getenv("HEADGATE_PLUGIN_DIR"));
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	T_REQUIRE(module != NULL);
	plugin = dlsym(module, "hg_plugin_entry");
	T_REQUIRE(plugin != NULL);
	*plugin->host = &host;
	fill_options();
}

static void
start_workers(void)
{
	unsigned i;

	for (i = 0; i < WORKERS; i++) {
		self = &workers[i];
		self->index = i;
		self->seed = i + 1;
		self->last = &self->first;
		pthread_mutex_init(&self->lock, NULL);
		self->data = calloc(1, plugin->worker_size);
		if (i == 0)
			T_EQ(plugin->load(options), 0);
		T_EQ(plugin->worker_start(self->data), 0);
	}
}

/* One more session takes what is left. */
static void
take_the_rest(void)
{
	struct hg_slot *slot = &workers[0].slot[0];
	unsigned i;

	self = &workers[0];
	open_session(slot);
	slot->channel.diligent = true;
	for (i = 0; i < 2 * MESSAGES && run_posts() > 0; i++)
		acknowledge(slot);
	close_session(slot);
	while (run_posts() > 0)
		;
}

static void
test_threads(void)
{
	unsigned i, lost;

	load();
	start_workers();
	atomic_store(&busy, WORKERS);
	for (i = 0; i < WORKERS; i++)
		T_REQUIRE(pthread_create(&workers[i].thread, NULL, work,
		    &workers[i]) == 0);
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	take_the_rest();
	T_EQ(atomic_load(&sent), MESSAGES);
	lost = 0;
	for (i = 1; i <= MESSAGES; i++)
		lost += atomic_load(&seen[i]) ? 0 : 1;
	T_EQ(lost, 0);
	plugin->unload();
	for (i = 0; i < WORKERS; i++) {
		T_TRUE(workers[i].first == NULL);
		free(workers[i].data);
	}
	free(options);
}

T_MAIN({ "threads", test_threads })
