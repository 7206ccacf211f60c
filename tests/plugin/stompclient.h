/* SPDX-License-Identifier: Apache-2.0 */
/* A STOMP client's side of a channel in the fake host. */
#ifndef TESTS_STOMPCLIENT_H
#define TESTS_STOMPCLIENT_H

#include "fakehost.h"

struct client {
	struct hg_conn		*conn;
	struct hg_channel	*root;
	char			 session[32];	/* of CONNECTED */
	char			 topic[64];	/* see client_expect */
};

/* A fake host with the broker, in which everybody may log in. */
void	 client_start_broker(void);
/* A channel whose application is the broker; not connected yet. */
void	 client_open(struct client *);
/* CONNECT with that version ("1.0", "1.1", "1.2"); CONNECTED is taken. */
void	 client_connect(struct client *, const char *version);
/* client_open and client_connect. */
void	 client_start(struct client *, const char *version);
/* One frame, without its NUL; "$S" stands for the session's id. */
void	 client_say(struct client *, const char *fmt, ...) HG_PRINTF(2, 3);
/* The next frame as text, its NUL cut off, if need be after the posts of worker
 * 0; NULL: none. "!" when it is no whole
 * message that ends with NUL. */
const char *client_hear(struct client *);
/* The next frame must be this one; "$S" as above, "$T" stands for what its
 * message-id has before the number. */
void	 client_expect(struct client *, struct t_at, const char *fmt, ...)
	    HG_PRINTF(3, 4);
/* The next frame must be an ERROR with this message, and the end follow. */
void	 client_expect_error(struct client *, struct t_at, unsigned code,
	    const char *message);
/* The body of the next frame, a MESSAGE, after all posts; NULL: none. */
const char *client_hear_body(struct client *);
/* An ACK or NACK, in that version's words, of the n-th message of the first
 * subscription, whose id is "s". more: headers. */
void	 client_acknowledge(struct client *, const char *version,
	    const char *command, unsigned n, const char *more);
void	 client_send(struct client *, const char *destination,
	    const char *body);
/* Messages with the bodies 1, 2 and so on. */
void	 client_send_many(struct client *, const char *destination,
	    unsigned count);
/* The connection is lost. */
void	 client_lose(struct client *);

#define SAYS(c, ...)	client_expect((c), T_AT("heard"), __VA_ARGS__)
#define SAYS_NOTHING(c)	T_STR_EQ(client_hear(c), NULL)
#define SAYS_ERROR(c, code, message)					\
	client_expect_error((c), T_AT("error"), (code), (message))

#endif
