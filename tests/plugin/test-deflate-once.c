/* SPDX-License-Identifier: Apache-2.0 */
/* deflate: what many are sent is packed once, and is right for each. */
#include "fakehost.h"

#include <zlib.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE	"server_no_context_takeover; client_no_context_takeover"
#define CLIENTS	5
#define BIG	((1 << 20) + 1)

static struct hg_conn	 *conns[CLIENTS];
static struct hg_channel *roots[CLIENTS];
static char		  body[BIG];

static void
start(const char *answered)
{
	char slot[128];
	unsigned i;

	fake_start();
	fake_load("deflate", "min-size=0", NULL);
	snprintf(slot, sizeof(slot), "deflate||%s", answered);
	for (i = 0; i < CLIENTS; i++) {
		conns[i] = fake_conn(false, slot, NULL);
		roots[i] = fake_root(conns[i], NULL, NULL);
		fake_set_linked(roots[i], true);
	}
	for (i = 0; i < BIG; i++)
		body[i] = (char)("abcdefgh"[i % 8] + (i / 64) % 3);
}

/* The same bytes for all, behind what is each one's own. */
static void
send_all(size_t own, size_t len)
{
	const struct hg_host *host = fake_hg();
	struct hg_frame *frame, *each;
	char label[2048];
	unsigned i;

	frame = host->frame_new(body, len, HG_WHOLE | HG_TEXT);
	T_REQUIRE(frame != NULL);
	for (i = 0; i < CLIENTS; i++) {
		memset(label, 'A' + (int)i, sizeof(label));
		each = host->frame_ref(frame);
		if (own > 0)
			each = host->frame_prepend(each, label, own);
		host->channel_send(roots[i], each);
	}
	host->frame_unref(frame);
	fake_reap();
}

static size_t
unpack(const struct fake_frame *frame, unsigned char *out, size_t size)
{
	static const unsigned char end[] = { 0, 0, 255, 255 };
	z_stream z = { 0 };

	T_REQUIRE(inflateInit2(&z, -15) == Z_OK);
	z.next_out = out;
	z.avail_out = (uInt)size;
	z.next_in = (unsigned char *)(uintptr_t)frame->bytes;
	z.avail_in = (uInt)frame->len;
	T_EQ(inflate(&z, Z_SYNC_FLUSH), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)end;
	z.avail_in = sizeof(end);
	inflate(&z, Z_SYNC_FLUSH);
	T_EQ(z.avail_in, 0);
	size -= z.avail_out;
	inflateEnd(&z);
	return (size);
}

/* Each got its own, and the body; returns how many frames were packed. */
static unsigned
check_all(size_t own, size_t len)
{
	static unsigned char out[BIG + 4096];
	const struct fake_frame *frame;
	const unsigned char *got;
	unsigned i, packed = 0;
	size_t at, size;

	for (i = 0; i < CLIENTS; i++) {
		frame = fake_wire(conns[i]);
		T_REQUIRE(frame != NULL);
		T_EQ(frame->flags & (HG_WHOLE | HG_TEXT), HG_WHOLE | HG_TEXT);
		got = frame->bytes;
		size = frame->len;
		if ((frame->flags & HG_RSV1) != 0) {
			packed++;
			T_TRUE(frame->len < own + len);
			size = unpack(frame, out, sizeof(out));
			got = out;
		}
		T_EQ(size, own + len);
		for (at = 0; at < own; at++)
			T_EQ(got[at], 'A' + i);
		T_TRUE(memcmp(got + own, body, len) == 0);
		T_NULL(fake_wire(conns[i]));
	}
	return (packed);
}

/* The first of them is packed by itself, the second for all others. */
static void
test_shared(void)
{
	static const size_t owns[] = { 0, 1, 2, 100, 1024 };
	size_t i;

	for (i = 0; i < T_ROWS(owns); i++) {
		t_row("%zu", owns[i]);
		start(NONE);
		send_all(owns[i], 5000);
		T_EQ(check_all(owns[i], 5000), CLIENTS);
		T_EQ(fake_counter("deflate", "messages_packed_once"),
		    CLIENTS - 1);
		T_EQ(fake_counter("deflate", "messages_packed"), CLIENTS);
		fake_finish();
	}
	t_row(NULL);
}

/* What is too long or too short, and whose window goes on, is each one's. */
static void
test_not_shared(void)
{
	static const struct {
		const char	*answered;
		size_t		 own, len;
	} rows[] = {
		{ NONE, 1025, 5000 }, { NONE, 0, 63 }, { NONE, 0, BIG },
		{ "client_no_context_takeover", 0, 5000 },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		start(rows[i].answered);
		send_all(rows[i].own, rows[i].len);
		check_all(rows[i].own, rows[i].len);
		T_EQ(fake_counter("deflate", "messages_packed_once"), 0);
		fake_finish();
	}
	t_row(NULL);
}

/* A message that does not get shorter goes to each as it is. */
static void
test_vain(void)
{
	unsigned i;

	start(NONE);
	srand(1);
	for (i = 0; i < 500; i++)
		body[i] = (char)rand();
	send_all(2, 500);
	T_EQ(check_all(2, 500), 0);
	T_EQ(fake_counter("deflate", "messages_skipped"), CLIENTS);
	fake_finish();
}

/* W12, T05: other bytes in the same memory are never taken for these; and
 * nothing is held for long. */
static void
test_forgotten(void)
{
	unsigned i;
	long live;

	start(NONE);
	live = fake_live_frames();
	for (i = 0; i < 100; i++) {
		memset(body, 'a' + (int)i % 26, 2000);
		send_all(2, 2000);
		T_EQ(check_all(2, 2000), CLIENTS);
	}
	T_TRUE(fake_live_frames() <= live + 16);
	T_TRUE(fake_live_frames() > live);
	fake_advance(1000);
	T_EQ(fake_live_frames(), live);
	T_EQ(fake_timers(), 0);
	fake_finish();
}

T_MAIN({ "for many", test_shared }, { "for each", test_not_shared },
    { "what gets no shorter", test_vain },
    { "W12 T05 forgotten", test_forgotten })
