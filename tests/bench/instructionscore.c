/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "bench/daemon.h"
#include "bench/instructions.h"
#include "chain.h"
#include "frame.h"
#include "wsframe.h"

#define FRAMES	64	/* of one read */
#define PLUGINS	8

/* --- frames from a client ------------------------------------------------- */

static unsigned char *
frames_make(size_t size, size_t *len)
{
	struct ws_head head = { .opcode = WS_BINARY, .fin = true,
	    .masked = true, .key = { 1, 2, 3, 4 }, .len = size };
	unsigned char *data, *at;
	int i;

	at = data = malloc(FRAMES * (size + WS_HEAD_MAX));
	if (data == NULL)
		bench_die("out of memory");
	for (i = 0; i < FRAMES; i++) {
		at += ws_head_format(at, &head);
		memset(at, 'x', size);
		at += size;
	}
	*len = (size_t)(at - data);
	return (data);
}

/* One read's bytes. What it unmasks it masks again, and so can be read anew. */
static void __attribute__((noinline))
bench_decode(struct ws_reader *reader, unsigned char *data, size_t len)
{
	struct ws_piece piece;
	size_t pieces = 0;

	while (ws_reader_next(reader, &data, &len, &piece) == WS_PIECE)
		pieces++;
	if (pieces != FRAMES)
		bench_die("%zu pieces, not %d", pieces, FRAMES);
}

static void
decode(size_t size, unsigned count)
{
	struct ws_reader reader = { .frame_max = 1 << 20,
	    .message_max = 1 << 20, .frames_max = 4096, .piece_max = 16384 };
	unsigned char *data;
	size_t len;

	data = frames_make(size, &len);
	for (; count > 0; count--)
		bench_decode(&reader, data, len);
	free(data);
}

void
load_decode(unsigned count)
{
	decode(64, count);
}

void
load_decode_long(unsigned count)
{
	decode(4096, count);
}

/* --- a chain of plugins that look at each frame -------------------------- */

static enum hg_verdict
pass(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	unsigned *seen = state;

	(void)slot;
	*seen += frame != NULL;
	return (HG_PASS);
}

static void
come_out(struct chain *chain, struct hg_frame *frame)
{
	(void)chain;
	frame_unref(frame);
}

static void
fail(struct chain *chain, unsigned code, const char *reason)
{
	(void)chain;
	bench_die("failed with %u: %s", code, reason);
}

static const char *
name(const struct chain *chain)
{
	(void)chain;
	return ("bench");
}

/* A frame up, and a frame down. */
static void __attribute__((noinline))
bench_chain(struct chain *chain, struct hg_frame *frame)
{
	chain_recv(chain, 0, frame_ref(frame));
	chain_send(chain, chain->count, frame_ref(frame));
}

void
load_chain(unsigned count)
{
	static const struct chain_ops ops = {
		.top = come_out, .bottom = come_out, .fail = fail,
		.name = name,
	};
	static struct plugin plugin = {
		.connection = { .state_size = sizeof(unsigned), .recv = pass,
		    .send = pass },
		.has_connection = true,
	};
	struct chain_entry entries[PLUGINS] = { 0 };
	struct chain chain = { .ops = &ops };
	struct hg_frame *frame = frame_copy("x", 1, HG_WHOLE);
	int i;

	for (i = 0; i < PLUGINS; i++)
		entries[i].plugin = &plugin;
	if (frame == NULL || chain_init(&chain, entries, PLUGINS) != 0 ||
	    chain_open(&chain) != 0)
		bench_die("out of memory");
	for (; count > 0; count--)
		bench_chain(&chain, frame);
	frame_unref(frame);
	chain_finish(&chain);
}
