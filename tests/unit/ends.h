/* SPDX-License-Identifier: Apache-2.0 */
/* An owner of a transport, for tests: it collects, echoes, and remembers. */
#ifndef TESTS_UNIT_ENDS_H
#define TESTS_UNIT_ENDS_H

#include "net.h"
#include "outq.h"
#include "transport.h"

enum end_finish {
	END_KEEP,
	END_FINISH_READY,	/* finishes itself in that callback */
	END_FINISH_READABLE,
	END_FINISH_WRITABLE,
};

struct end {
	struct transport	 transport;
	struct outq		 queue;
	unsigned char		*got;
	size_t			 got_len;
	size_t			 got_size;
	size_t			 read_size;	/* of one read; 0: 4096 */
	bool			 echo;
	bool			 paused;	/* does not read */
	enum end_finish		 finish;
	unsigned		 ready;
	unsigned		 readable;
	unsigned		 writable;
	unsigned		 ended;
	unsigned		 failed;
	bool			 empty;		/* the last write said 0 */
	unsigned		 spins;		/* AGAIN although pending */
};

/* Callbacks must not come from within a call. */
static unsigned end_inside;

static inline void
end_flush(struct end *end)
{
	int result;

	end_inside++;
	result = transport_write(&end->transport, &end->queue);
	end_inside--;
	end->empty = result == 0;
	if (result == TRANSPORT_ERROR)
		end->failed++;
}

static inline void
end_send(struct end *end, const void *data, size_t len)
{
	T_REQUIRE(outq_push(&end->queue, NULL, 0,
	    frame_copy(data, len, HG_WHOLE)) == 0);
}

static inline void
end_keep(struct end *end, const unsigned char *data, size_t len)
{
	if (end->got_len + len > end->got_size) {
		end->got_size = 2 * (end->got_len + len);
		end->got = realloc(end->got, end->got_size);
		if (end->got == NULL)
			abort();
	}
	memcpy(end->got + end->got_len, data, len);
	end->got_len += len;
	if (end->echo)
		end_send(end, data, len);
}

/* As the rule of edges wants it: until nothing is left. */
static inline void
end_read(struct end *end)
{
	unsigned char data[65536];
	ssize_t n;

	do {
		end_inside++;
		n = transport_read(&end->transport, data,
		    end->read_size != 0 ? end->read_size : 4096);
		end_inside--;
		if (n > 0)
			end_keep(end, data, (size_t)n);
	} while (n > 0 && end->transport.fd != -1);
	if (n == 0)
		end->ended++;
	if (n == TRANSPORT_ERROR)
		end->failed++;
	if (n == TRANSPORT_AGAIN && transport_pending(&end->transport))
		end->spins++;
	if (end->echo && end->transport.ready && !end->failed)
		end_flush(end);
}

static inline void
end_on_ready(void *arg)
{
	struct end *end = arg;

	T_EQ(end_inside, 0);
	T_EQ(end->ready + end->readable + end->writable, 0);
	end->ready++;
	if (end->finish == END_FINISH_READY)
		transport_finish(&end->transport);
}

static inline void
end_on_readable(void *arg)
{
	struct end *end = arg;

	T_EQ(end_inside, 0);
	T_TRUE(end->transport.fd != -1);
	end->readable++;
	if (end->finish == END_FINISH_READABLE)
		transport_finish(&end->transport);
	else if (!end->paused)
		end_read(end);
}

static inline void
end_on_writable(void *arg)
{
	struct end *end = arg;

	T_EQ(end_inside, 0);
	T_TRUE(end->transport.fd != -1);
	end->writable++;
	if (end->finish == END_FINISH_WRITABLE)
		transport_finish(&end->transport);
	else
		end_flush(end);
}

static const struct transport_ops end_ops = {
	.ready = end_on_ready,
	.readable = end_on_readable,
	.writable = end_on_writable,
};

static inline void
end_init(struct end *end, int fd, const struct tls *tls)
{
	memset(end, 0, sizeof(*end));
	outq_init(&end->queue);
	net_nonblock(fd);
	T_REQUIRE(transport_init(&end->transport, worker_self(), fd, tls,
	    &end_ops, end) == 0);
}

static inline void
end_finish(struct end *end)
{
	transport_finish(&end->transport);
	outq_finish(&end->queue);
	free(end->got);
	end->got = NULL;
	T_EQ(end->spins, 0);
}

/* Bytes that differ from place to place. */
static inline unsigned char *
end_pattern(size_t len)
{
	unsigned char *data;
	uint32_t state;
	size_t i;

	if ((data = malloc(len)) == NULL)
		abort();
	state = 1;
	for (i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (unsigned char)(state >> 24);
	}
	return (data);
}

/* The same bytes again and again in frames of odd sizes. */
static inline void
end_send_pattern(struct end *end, const unsigned char *data, size_t len)
{
	size_t from, part;

	for (from = 0, part = 1; from < len; from += part) {
		part = part * 3 % 40009 + 1;
		if (part > len - from)
			part = len - from;
		end_send(end, data + from, part);
	}
}

#endif
