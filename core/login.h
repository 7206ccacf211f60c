/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login: a request whose credentials the plugin of the service's "auth"
 * checks, at once or later. It has a deadline, and its owner may call it off.
 * Belongs to one worker.
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <headgate/plugin.h>

#include "http.h"
#include "settings.h"

/* What is known in the end; all of it lives as long as the call. */
struct login_result {
	int		 status;	/* 200: yes */
	const char	*identity;	/* yes: who it is */
	uint64_t	 expires;	/* yes: ms from now on; 0: never */
	const char	*target;	/* yes: of the request from here on; NULL:
					 * as it is */
	const struct hg_head *head;	/* yes: fields for the server, or NULL;
					 * no: the refusal */
};

/*
 * Asks the service's plugin. *owner is set before anything else happens, and
 * NULL again when done is called, which may be from within. peer: the address
 * of the client, which must live as long.
 */
void	login_start(struct hg_login **owner, const struct service *,
	    const struct hg_head *request, const char *peer,
	    void (*done)(void *arg, const struct login_result *), void *arg);
/* done is not called any more. NULL is fine. */
void	login_cancel(struct hg_login *);

/* For the host's table: see <headgate/plugin.h>. */
const void *login_options(const struct hg_login *);
const char *login_service(const struct hg_login *);
const char *login_peer(const struct hg_login *);
int	login_set_target(struct hg_login *, const char *target);
void	login_done(struct hg_login *, int status, const char *identity,
	    uint64_t expires, const struct hg_fields *);

#endif
