/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page on its way to a browser, into which the script is put. The begin of it
 * is kept until all of it that is searched is there, or nothing more comes for
 * a while; then everything goes on as it comes.
 */
#ifndef PAGE_FILTER_H
#define PAGE_FILTER_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#include "inject.h"

struct filter {
	const char	*script;	/* its path */
	struct hg_exchange *ex;
	bool		 has_charset;
	bool		 decided;	/* what comes is sent on */
	char		*policies;	/* all of them, or NULL */
	char		*window;
	size_t		 len, size;
};

/*
 * Whether a response may be one for the script, as far as its head tells.
 * INJECT_DONE: yes. INJECT_VERDICTS: it is no page, so nothing is counted.
 */
enum inject_verdict filter_judge(const struct hg_head *response);
/* Whether the type's charset has ASCII's bytes for ASCII; absent counts too. */
bool	filter_type_fits(const char *type, bool *has_charset);

/* script: lives as long as the exchange. -1: no memory. */
int	filter_start(struct filter *, struct hg_exchange *, const char *script,
	    const struct hg_head *response);
/* Takes the frame over. What goes on to the browser now, or NULL: nothing yet.
 * *failed: no memory, nothing more can be sent. */
struct hg_frame *filter_take(struct filter *, struct hg_frame *frame,
	    bool *failed);
/* No more comes for now: what was kept, when the script can be put into it. */
struct hg_frame *filter_pause(struct filter *, bool *failed);
/* There is no more: what was kept, or NULL. */
struct hg_frame *filter_end(struct filter *, bool *failed);
void	filter_free(struct filter *);

#endif
