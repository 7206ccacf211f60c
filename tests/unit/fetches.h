/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of requests: what a plugin would note, and an origin that does what
 * the test says, in the same thread.
 */
#ifndef TESTS_UNIT_FETCHES_H
#define TESTS_UNIT_FETCHES_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>

#include "fetch.h"
#include "frame.h"
#include "net.h"

struct origin {
	struct hg_target	*target;
	unsigned		 port;
	int			 listening;
	int			 fd;		/* the last accepted, or -1 */
	unsigned		 accepted;
	char			 got[65536];	/* terminated */
	size_t			 got_len;
	bool			 ended;
};

struct asked {
	struct hg_fetch		*fetch;		/* NULL: it has ended */
	int			 status;
	unsigned		 responses, pieces, drains, ends;
	char			*body;
	size_t			 body_len;
	enum hg_fetch_end	 end;
	char			 reason[160];
	/* What a callback does. */
	bool			 cancel_at_response, cancel_at_body;
	bool			 hold_at_response;
};

static inline void
asked_response(void *arg, const struct hg_head *head)
{
	struct asked *asked = arg;

	T_EQ(asked->responses, 0);
	asked->responses++;
	asked->status = head->status;
	if (asked->hold_at_response)
		fetch_hold(asked->fetch, true);
	if (asked->cancel_at_response)
		fetch_cancel(asked->fetch);
}

static inline void
asked_body(void *arg, struct hg_frame *frame)
{
	struct asked *asked = arg;

	T_EQ(asked->responses, 1);
	T_EQ(asked->ends, 0);
	asked->pieces++;
	asked->body = realloc(asked->body, asked->body_len + frame->len);
	T_REQUIRE(asked->body != NULL);
	asked->body_len += frame_peek(frame, 0,
	    asked->body + asked->body_len, frame->len);
	if (asked->cancel_at_body)
		fetch_cancel(asked->fetch);
}

static inline void
asked_drain(void *arg)
{
	struct asked *asked = arg;

	asked->drains++;
}

static inline void
asked_ended(void *arg, enum hg_fetch_end end, const char *reason)
{
	struct asked *asked = arg;

	T_EQ(asked->ends, 0);
	asked->ends++;
	asked->end = end;
	asked->fetch = NULL;
	snprintf(asked->reason, sizeof(asked->reason), "%s", reason);
}

static const struct hg_fetch_ops asked_ops = {
	.size = sizeof(struct hg_fetch_ops),
	.response = asked_response,
	.body = asked_body,
	.drain = asked_drain,
	.ended = asked_ended,
};

static inline void
asked_free(struct asked *asked)
{
	free(asked->body);
	memset(asked, 0, sizeof(*asked));
}

static inline struct hg_fetch *
ask_with(struct asked *asked, struct origin *origin,
    const struct hg_request *request)
{
	asked->fetch = fetch_start(origin->target, request, &asked_ops, asked);
	return (asked->fetch);
}

static inline struct hg_fetch *
ask(struct asked *asked, struct origin *origin, const char *method,
    int64_t length)
{
	struct hg_request request = { .size = sizeof(request) };

	request.method = method;
	request.length = length;
	T_REQUIRE(ask_with(asked, origin, &request) != NULL);
	return (asked->fetch);
}

/* --- the origin ----------------------------------------------------------- */

static inline void
origin_start_as(struct origin *origin, const char *scheme, const char *ca)
{
	char url[64], error[256];

	memset(origin, 0, sizeof(*origin));
	origin->fd = -1;
	origin->listening = net_listen(64, &origin->port);
	net_nonblock(origin->listening);
	snprintf(url, sizeof(url), "%s://127.0.0.1:%u", scheme, origin->port);
	origin->target = fetchtarget_get(url, ca, NULL, NULL, error,
	    sizeof(error));
	T_REQUIRE(origin->target != NULL);
}

static inline void
origin_start(struct origin *origin)
{
	origin_start_as(origin, "http", NULL);
}

static inline void
origin_close(struct origin *origin)
{
	if (origin->fd != -1)
		close(origin->fd);
	origin->fd = -1;
}

static inline void
origin_forget(struct origin *origin)
{
	origin->got_len = 0;
	origin->got[0] = '\0';
}

static inline void
origin_stop(struct origin *origin)
{
	origin_close(origin);
	close(origin->listening);
}

/* What it says is there at once, whatever was acknowledged. */
static inline void
origin_accept(struct origin *origin)
{
	int fd, yes = 1;

	if ((fd = accept(origin->listening, NULL, NULL)) == -1)
		return;
	net_nonblock(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	origin_close(origin);
	origin->fd = fd;
	origin->accepted++;
	origin->ended = false;
	origin_forget(origin);
}

static inline void
origin_read(struct origin *origin)
{
	ssize_t n;

	if (origin->fd == -1 || origin->got_len + 1 >= sizeof(origin->got))
		return;
	n = read(origin->fd, origin->got + origin->got_len,
	    sizeof(origin->got) - 1 - origin->got_len);
	if (n == 0 || (n == -1 && errno != EAGAIN))
		origin->ended = true;
	if (n > 0)
		origin->got_len += (size_t)n;
	origin->got[origin->got_len] = '\0';
}

/* One turn of each side; sleeps when neither has something to do. */
static inline void
origin_turn(struct origin *origin)
{
	struct pollfd fds[2] = {
		{ .fd = origin->listening, .events = POLLIN },
		{ .fd = origin->ended ? -1 : origin->fd, .events = POLLIN },
	};

	worker_turn(worker_self(), false);
	poll(fds, 2, 1);
	origin_accept(origin);
	origin_read(origin);
}

#define ORIGIN_UNTIL(origin, condition)					\
	while (!(condition))						\
		origin_turn(origin)

/* Until a request's head, or all of this text, has come. */
static inline void
origin_wait(struct origin *origin, const char *text)
{
	ORIGIN_UNTIL(origin, strstr(origin->got, text) != NULL);
}

static inline void
origin_say_bytes(struct origin *origin, const char *data, size_t len,
    size_t run)
{
	size_t now;
	ssize_t n;

	while (len > 0) {
		now = run > 0 && run < len ? run : len;
		n = send(origin->fd, data, now, MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN)
			return;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		if (len > 0)
			worker_turn(worker_self(), false);
	}
}

static inline void
origin_say(struct origin *origin, const char *text)
{
	origin_say_bytes(origin, text, strlen(text), 0);
}

static inline void
fetches_start(void)
{
	net_start();
}

static inline void
fetches_stop(void)
{
	fetch_worker_stop();
	T_EQ(fetch_count(), 0);
	T_EQ(fetchconn_idle(), 0);
	worker_turn(worker_self(), false);
	net_stop();
	fetchtarget_finish();
}

#endif
