/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of HTTP/1.1 messages (RFC 9112), strictly: start line and fields, each
 * line ended by CRLF. Refused: bare CR or LF, NUL and other controls, obsolete
 * folding, a blank before the colon, empty or non-token names, other versions
 * than HTTP/1.1 (and 1.0 where it is asked for), absolute-form or non-origin targets (a request target must
 * begin with "/"), a Content-Length that is no number or not the only length of
 * the body, and everything over the limits below. The limits hold for the bytes
 * as they came and as they are written here, so that text parses again.
 * A head is constant once made, owns its texts, and may be shared and freed by
 * any threads.
 */
#ifndef CORE_HTTP_H
#define CORE_HTTP_H

#include <headgate/plugin.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX	8192	/* bytes of one line */
#define HTTP_HEAD_MAX	16384	/* bytes of a head, with its empty line */
#define HTTP_FIELDS_MAX	64

enum http_kind {
	HTTP_REQUEST,
	HTTP_RESPONSE,
	HTTP_FIELDS,	/* no start line */
	HTTP_REQUEST_OLD, /* to parse: a request, HTTP/1.0 is fine too */
};

/* Where the texts are, in bytes from the head's begin. */
struct http_field {
	uint16_t	 name;
	uint16_t	 value;		/* without blanks around it */
};

/*
 * Of one piece with its texts. One that is kept (see http_keep) may have but
 * some fields of its own, the first ones; its start line and the others are
 * those of another head, which many may share.
 */
struct hg_head {
	atomic_uint		 refs;
	uint16_t		 status;	/* response, else 0 */
	uint16_t		 count;		/* of all fields */
	uint16_t		 own;		/* those that are in here */
	unsigned char		 kind;		/* enum http_kind */
	bool			 is_old;	/* HTTP/1.0 */
	bool			 shared;	/* it is such another head */
	struct hg_head		*base;		/* or it has such a one */
	const char		*method;	/* request */
	const char		*target;	/* request: path and query */
	const char		*path;		/* request: without the query */
	const char		*query;		/* request; NULL: none */
	const char		*reason;	/* response */
	struct http_field	 fields[];
};

static inline const char *
http_name(const struct hg_head *head, size_t index)
{
	if (index >= head->own) {
		index -= head->own;
		head = head->base;
	}
	return ((const char *)head + head->fields[index].name);
}

static inline const char *
http_value(const struct hg_head *head, size_t index)
{
	if (index >= head->own) {
		index -= head->own;
		head = head->base;
	}
	return ((const char *)head + head->fields[index].value);
}

struct hg_fields {
	size_t		 count;
	struct {
		char	*name;
		char	*value;
	}		 field[HTTP_FIELDS_MAX];
};

/*
 * How many bytes the head at the front has, with its empty line; 0 when it is
 * not complete yet, -1 when it is longer than HTTP_HEAD_MAX. An empty line with
 * a bare LF ends it too: http_parse() then refuses it.
 */
int	http_head_len(const void *, size_t);

/*
 * Parses a head; the empty line may be there or not. NULL when it is malformed
 * or memory is out; *error (a static text) says what is wrong. *status, when
 * asked for, is what a server answers: 400, 414, 431, 505, or 503 without
 * memory. After http_head_len() gave -1, the bytes at hand say which it is.
 */
struct hg_head *http_parse(const void *, size_t, enum http_kind,
    const char **error, int *status);
/*
 * NULL when a text is not allowed, something is too long, or memory is out.
 * fields may be NULL, and so may the reason: the usual one.
 */
struct hg_head *http_request(const char *method, const char *target,
    const struct hg_fields *);
struct hg_head *http_response(int status, const char *reason,
    const struct hg_fields *);
struct hg_head *http_fields(const struct hg_fields *);
/* One reference more to the same head. */
struct hg_head *http_ref(const struct hg_head *);
void		http_free(struct hg_head *);	/* one less; NULL is fine */
/*
 * A request as it is kept for long, instead of that reference: without what was
 * for one hop and its handshake only, and without the field of that name (NULL:
 * none). All but credentials and the client's address is shared with those that
 * say the same. Without memory it is what it was. NULL is fine.
 */
struct hg_head *http_keep(struct hg_head *, const char *without);
/* As CRLF lines, without an empty one and with a NUL behind, until the next
 * call on this thread. */
const char *http_text(const struct hg_head *, size_t *len);

/* The first value of a field, or NULL; and the next after "last". */
const char *http_get(const struct hg_head *, const char *name);
const char *http_next(const struct hg_head *, const char *name,
    const char *last);
size_t	    http_count(const struct hg_head *, const char *name);
/* Whether a list field (all its lines) has this token, in any case. */
bool	    http_has_token(const struct hg_head *, const char *name,
    const char *token);
/* Walks over the elements of a simple comma list (no quoted strings): returns
 * the next element and its length, or NULL; *at begins as the value. */
const char *http_element(const char **at, size_t *len);
const char *http_status_text(int status);	/* "Not Found" */

struct hg_fields *http_fields_new(void);
/* -1: no memory, too many, too long, name no token, a control in the value.
 * Blanks around the value are cut off. */
int	http_fields_add(struct hg_fields *, const char *name,
    const char *value);
void	http_fields_free(struct hg_fields *);

#endif
