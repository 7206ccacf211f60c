/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the origin, and how its answer is passed on. */
#ifndef PAGE_PROXY_H
#define PAGE_PROXY_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "filter.h"
#include "page.h"

/* One request at the origin; gone with its exchange. */
struct proxy {
	struct proxy			*next, **at;	/* of those that wait,
							 * see pause.c */
	uint64_t			 last;		/* when bytes came */
	struct hg_exchange		*ex;
	const struct page_options	*options;
	struct hg_fetch			*fetch;		/* NULL: it has ended */
	struct filter			 filter;
	bool				 filtering;
	bool				 responded;
	bool				 held_client;	/* its body */
	bool				 held_origin;
};

/* proxy.c. What is kept of a page goes on, if it can. */
void	proxy_pause(struct proxy *);

/* pause.c. A page has to wait for more of it; it waits no more. */
void	pause_wait(struct proxy *);
void	pause_end(struct proxy *);

/*
 * proxyhead.c. Fields that one hop tells another, those that Connection names,
 * and those by which somebody could pass for somebody else, are left out. NULL:
 * no memory, or too many.
 */
struct hg_fields *proxy_request_fields(struct hg_exchange *,
	    const struct page_options *);
/* origin: its URL. changed: the body will be another one. */
struct hg_fields *proxy_response_fields(const struct hg_head *,
	    const char *origin, bool changed);
/* The request has been through too many of us. */
bool	proxy_is_loop(const struct hg_head *request);

#endif
