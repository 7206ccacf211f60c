/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of an HTTP/1.1 message, as its bytes come: by length, chunked, or up
 * to the end of the connection (RFC 9112, 6 and 7). Strict where two parsers
 * could read two things: chunk sizes are hexadecimal digits only, lines end
 * with CRLF, a chunk's extension is printable and short, and what extensions
 * and trailer fields may add up to is bounded. Trailer fields are thrown away.
 */
#ifndef CORE_HTTPBODY_H
#define CORE_HTTPBODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

#define HTTPBODY_LINE_MAX	256	/* of a chunk's size and extension */
#define HTTPBODY_EXTRA_MAX	16384	/* extensions and trailer, in all */

enum httpbody_kind {
	HTTPBODY_NONE,
	HTTPBODY_LENGTH,
	HTTPBODY_CHUNKED,
	HTTPBODY_REST,		/* all that comes */
};

/* Where the next byte belongs. */
enum httpbody_place {
	HTTPBODY_AT_DATA,
	HTTPBODY_AT_SIZE,
	HTTPBODY_AT_EXTENSION,
	HTTPBODY_AT_SIZE_LF,
	HTTPBODY_AT_DATA_CR,
	HTTPBODY_AT_DATA_LF,
	HTTPBODY_AT_TRAILER,	/* begin of a line */
	HTTPBODY_AT_TRAILER_NAME,
	HTTPBODY_AT_TRAILER_VALUE,
	HTTPBODY_AT_TRAILER_LF,
	HTTPBODY_AT_LAST_LF,
	HTTPBODY_AT_END,
};

struct httpbody {
	enum httpbody_kind	 kind;
	enum httpbody_place	 place;
	uint64_t		 left;	/* of the length, or of the chunk */
	unsigned		 digits;
	unsigned		 line;	/* bytes of the line at hand */
	unsigned		 extra;	/* see HTTPBODY_EXTRA_MAX */
	const char		*error;	/* static text */
};

enum httpbody_result {
	HTTPBODY_NEED,		/* all bytes were taken */
	HTTPBODY_DATA,		/* some of them are the body's */
	HTTPBODY_END,		/* it is complete; what is left follows it */
	HTTPBODY_ERROR,
};

/*
 * How the body of a request is framed, from its head. 0, or the status that
 * refuses it: 400, or 501 for a coding that is not known.
 */
int	httpbody_of_request(struct httpbody *, const struct hg_head *,
    const char **why);
void	httpbody_init(struct httpbody *, enum httpbody_kind, uint64_t length);
bool	httpbody_is_complete(const struct httpbody *);
/*
 * Takes bytes off the front; with DATA, *data and *data_len are the body's.
 * Call it again after DATA.
 */
enum httpbody_result httpbody_next(struct httpbody *,
    const unsigned char **at, size_t *len, const unsigned char **data,
    size_t *data_len);

#endif
