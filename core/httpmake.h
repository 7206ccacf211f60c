/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How heads are made, from bytes that came as from texts of our own: both are
 * checked here by the same rules.
 */
#ifndef CORE_HTTPMAKE_H
#define CORE_HTTPMAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

#define HTTP_VERSION		"HTTP/1.1"
#define HTTP_VERSION_OLD	"HTTP/1.0"
#define HTTP_VERSION_LEN	(sizeof(HTTP_VERSION) - 1)

struct http_span {
	const char	*at;
	size_t		 len;
};

/* What a head is made of, in bytes of somebody else. */
struct http_parts {
	enum http_kind		 kind;
	bool			 may_be_old, is_old;
	struct http_span	 method, target, reason;
	int			 status;
	size_t			 count;
	struct http_span	 name[HTTP_FIELDS_MAX];
	struct http_span	 value[HTTP_FIELDS_MAX];
};

struct http_fault {
	int		 status;	/* what a server answers */
	const char	*text;
};

/* Fills in the fault and returns -1. */
int	http_refuse(struct http_fault *, int status, const char *text);
/* Without the blanks around it. */
struct http_span http_trim(struct http_span);
/* Whether the bytes may stand in a field's value or a reason. */
bool	http_is_text(struct http_span);
/* Bytes of the head that the parts make; writes it there, zeroed before. */
size_t	http_size(const struct http_parts *);
void	http_write(struct hg_head *, const struct http_parts *);
/* NULL when a part is not allowed, or memory is out. */
struct hg_head *http_make(const struct http_parts *, struct http_fault *);

#endif
