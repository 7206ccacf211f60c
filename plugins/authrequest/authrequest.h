/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authrequest: an HTTP server is asked about each client: 2xx lets it in, 401
 * and 403 are handed back. An ask lives until the server's answer has ended,
 * so that its connection can be used again; its login may be over before.
 */
#ifndef AUTHREQUEST_H
#define AUTHREQUEST_H

#include <headgate/plugin.h>

#include <sys/queue.h>

#define AUTHREQUEST_BODY_MAX	(64 * 1024)	/* of an answer, thrown away */

struct authrequest_options {
	const char		*url;
	const char		*ca;
	struct hg_strings	 send;		/* fields of the client's */
	struct hg_strings	 pass;		/* fields for the server */
	const char		*identity;	/* the field with the name */
	const char		*expires;	/* with seconds; NULL: none */
	int64_t			 timeout;
};

enum authrequest_counter {
	AUTHREQUEST_ACCEPTED,
	AUTHREQUEST_REFUSED,
	AUTHREQUEST_FAILED,
};

/* Belongs to its worker. */
struct authrequest_ask {
	TAILQ_ENTRY(authrequest_ask)	 entry;
	struct authrequest_ask	       **own;	/* the login's data */
	struct hg_login			*login;	/* NULL: it is over */
	const struct authrequest_options *options;
	struct hg_fetch			*fetch;
	size_t				 body;
};

TAILQ_HEAD(authrequest_asks, authrequest_ask);

/* fields.c: NULL, or what is wrong with the name of a field that goes to who
 * is asked, or from there to the server. */
const char *authrequest_check_send(const char *name, char *buffer, size_t);
const char *authrequest_check_pass(const char *name, char *buffer, size_t);
/* What is asked with. NULL: no memory. */
struct hg_fields *authrequest_question(const struct hg_login *,
	    const struct hg_head *request, const struct hg_strings *send);
/* Of the answer: all lines of these. */
struct hg_fields *authrequest_copy(const struct hg_head *,
	    const char *const *names, size_t count);
/* ms of a field that has seconds; 0: it is none. */
uint64_t authrequest_expires(const char *value);

#endif
