/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sec-WebSocket-Extensions (RFC 6455, 9.1), quoted strings included. Names are
 * compared in any case.
 */
#ifndef CORE_WSEXT_H
#define CORE_WSEXT_H

#include <headgate/plugin.h>

#include <stddef.h>

#include "http.h"
#include "str.h"

#define WSEXT_MAX	16	/* extensions in one head */
#define WSEXT_PARAMS	16	/* parameters of one extension */

struct wsext_param {
	char	*name;
	char	*value;		/* NULL: none; else unquoted */
};

/* One extension: its name and parameters. */
struct hg_params {
	char			*name;
	size_t			 count;
	struct wsext_param	 param[WSEXT_PARAMS];
};

struct wsext_list {
	size_t			 count;
	struct hg_params	*ext[WSEXT_MAX];
};

/*
 * Adds the extensions of all field lines of the head to the list. -1 when the
 * text is malformed, has a parameter twice in one extension, or is over the
 * limits; the list is then empty.
 */
int	wsext_parse(struct wsext_list *, const struct hg_head *);
int	wsext_parse_text(struct wsext_list *, const char *);
void	wsext_free(struct wsext_list *);
/* Takes it over; -1 when the list is full (it is freed then). */
int	wsext_push(struct wsext_list *, struct hg_params *);
struct hg_params *wsext_find(const struct wsext_list *, const char *name);
/* As the field's value; a value that is no token is quoted. */
void	wsext_format(struct str *, const struct wsext_list *);

struct hg_params *wsext_params_new(const char *name);
struct hg_params *wsext_params_copy(const struct hg_params *);
void	wsext_params_free(struct hg_params *);
/* NULL: not there; "": there, without a value. */
const char *wsext_get(const struct hg_params *, const char *name);
/* The name of one of them, in their order; NULL: there are not that many. */
const char *wsext_at(const struct hg_params *, size_t index);
/* -1: no memory, too many, a name that is no token, or a value that is not
 * printable ASCII. An empty value is none. Replaces one that was there. */
int	wsext_set(struct hg_params *, const char *name, const char *value);

#endif
