/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a page a script element goes so that it runs before all others: at
 * the begin of head, or where a browser would begin one. What is before it are
 * comments, the doctype and the tag of html only; in particular no script and
 * no policy of the page's own.
 */
#ifndef PAGE_INJECT_H
#define PAGE_INJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "html.h"

#define INJECT_WINDOW	(64 * 1024)	/* bytes that are searched */
#define INJECT_NONCES	8		/* that are looked at */
#define INJECT_NONCE_MAX 128		/* bytes of one */
#define INJECT_ELEMENT_MAX 1024		/* of what is put in */

/* What became of a page; the names of the plugin's counters go with it. */
enum inject_verdict {
	INJECT_DONE,
	INJECT_PRESENT,		/* it refers to the script by itself */
	INJECT_CHARSET,		/* its bytes are not like ASCII */
	INJECT_POLICY,		/* its policy does not let the script run */
	INJECT_PLACE,		/* none was found in the window */
	INJECT_ENCODING,	/* it is compressed */
	INJECT_PARTIAL,		/* a part of it, or with another status */
	INJECT_ATTACHMENT,	/* it is to be stored */
	INJECT_NO_TRANSFORM,	/* it says that nobody may change it */
	INJECT_VERDICTS,
};

struct inject_view {
	size_t		 place;
	/* Nonces that scripts of the page have. */
	unsigned	 nonces;
	struct html_span nonce[INJECT_NONCES];
};

/*
 * Looks at the begin of a page, at most INJECT_WINDOW of it. script: its path,
 * from "/" on. has_charset: the response's head says which.
 */
enum inject_verdict inject_look(struct html_span page, const char *script,
	    bool has_charset, struct inject_view *);
/* The element, into out; its length. nonce may be of length 0. */
size_t	inject_element(char out[INJECT_ELEMENT_MAX], const char *script,
	    struct html_span nonce);
/* Whether a path can be in the element as it is. */
bool	inject_is_path(const char *script);

#endif
