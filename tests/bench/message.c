/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/message.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "bench/die.h"
#include "bench/wsio.h"
#include "mask.h"

#define RING_BYTES	(256 * 1024)
#define RING_FRAMES	256

static void
make_one(unsigned char *frame, unsigned opcode, size_t head_len, size_t size)
{
	unsigned char key[4];
	size_t i;

	mask_key(key);
	wsio_head(frame, opcode, true, size, key);
	frame += head_len;
	if (opcode != WSIO_TEXT) {
		for (i = 0; i < size; i += RING_BYTES)
			RAND_bytes(frame + i, (int)(size - i < RING_BYTES ?
			    size - i : RING_BYTES));
		return;		/* random as masked, so random */
	}
	for (i = 0; i < size; i++)
		frame[i] = (unsigned char)('a' + i % 26) ^ key[i & 3];
}

void
message_ring_make(struct message_ring *r, unsigned opcode, size_t size)
{
	static const unsigned char key[4];
	unsigned char head[WSIO_HEAD];
	uint64_t i;

	r->head_len = wsio_head(head, opcode, true, size, key);
	r->frame_len = r->head_len + size;
	r->count = RING_BYTES / r->frame_len;
	if (r->count > RING_FRAMES)
		r->count = RING_FRAMES;
	if (r->count == 0)
		r->count = 1;
	r->bytes = r->count * r->frame_len;
	if ((r->frames = malloc(r->bytes)) == NULL)
		bench_die("no memory for messages of %zu bytes", size);
	for (i = 0; i < r->count; i++)
		make_one(r->frames + i * r->frame_len, opcode, r->head_len,
		    size);
}

const unsigned char *
message_run(const struct message_ring *r, uint64_t from, uint64_t to,
    size_t *len)
{
	uint64_t at = from % r->bytes;

	*len = to - from < r->bytes - at ? to - from : r->bytes - at;
	return (r->frames + at);
}

bool
message_equals(const struct message_ring *r, uint64_t number, uint64_t offset,
    const unsigned char *data, size_t len)
{
	const unsigned char *frame, *key;
	unsigned char other = 0;
	size_t i;

	frame = r->frames + number % r->count * r->frame_len + r->head_len;
	key = frame - 4;
	for (i = 0; i < len; i++)
		other |= data[i] ^ frame[offset + i] ^ key[(offset + i) & 3];
	return (other == 0);
}
