/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of HTML that matter for finding a place in it: tags with their
 * attributes, comments, and elements whose content is text. As browsers cut
 * them (WHATWG HTML, 13.2.5), which is also for what is malformed.
 */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the page. */
struct html_span {
	const char	*at;
	size_t		 len;
};

enum html_kind {
	HTML_TEXT,
	HTML_COMMENT,	/* a doctype and what is taken for a comment too */
	HTML_START,
	HTML_END,
	HTML_CUT,	/* the page ends within it */
};

struct html_token {
	enum html_kind	 kind;
	struct html_span name;		/* of a tag */
	size_t		 attributes;	/* where those of a tag begin */
	size_t		 end;		/* behind it; of text: one byte */
};

bool	html_is_blank(char);
/* In any case; the second one is lower case. */
bool	html_is(struct html_span, const char *);

/* The token that begins there, which is before the end. */
void	html_token(struct html_span page, size_t at, struct html_token *);
/*
 * The next attribute of a tag, *at being where they begin, then whatever this
 * left. False: there is none; *at is behind the tag's ">", or the page's end
 * when that is missing.
 */
bool	html_attribute(struct html_span page, size_t *at,
	    struct html_span *name, struct html_span *value);
/* Whether what follows a start tag is text, whatever it looks like. */
bool	html_is_raw(struct html_span name);
/* Where the end tag of such an element begins, or the page's end. */
size_t	html_raw_end(struct html_span page, size_t at,
	    struct html_span name);

#endif
