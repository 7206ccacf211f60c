/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is behind a channel, as the service's own "auth" found out, until when,
 * and the check of new credentials that is under way. Owned by the channel.
 */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "list.h"
#include "login.h"

struct identity {
	char		*name;
	struct hg_head	*fields;	/* for the server, or NULL */
	struct hg_head	*credentials;	/* given since the opening, or NULL */
	uint64_t	 expires_at;	/* of the worker's clock; 0: never */
	struct list	 timers;
	void		(*expired)(void *);
	void		*arg;		/* of expired */
	struct hg_login	*check;		/* of new credentials, */
	struct hg_head	*asked;		/* and with what */
	/* What was accepted here and may still be refused further on. */
	bool		 has_next;
	uint64_t	 next_expires_at;
	struct hg_head	*next_fields, *next_credentials;
};

/* NULL: no memory. expired(arg) is called once its time is over. */
struct identity *identity_create(const struct login_result *,
	    void (*expired)(void *), void *arg);
void	identity_free(struct identity *);	/* NULL is fine */
bool	identity_is(const struct identity *, const char *name);
/* The same who, by these credentials: kept until taken or dropped. */
void	identity_set_next(struct identity *, const struct login_result *,
	    const struct hg_head *request);
/* -1: no memory for the timer. */
int	identity_take_next(struct identity *);
void	identity_drop_next(struct identity *);

#endif
