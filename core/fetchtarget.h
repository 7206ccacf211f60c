/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where requests of plugins go: a URL with its TLS, made once for each that is
 * asked for, constant from then on, kept until the process ends. Any thread.
 */
#ifndef CORE_FETCHTARGET_H
#define CORE_FETCHTARGET_H

#include <headgate/plugin.h>

#include <stddef.h>

#include "list.h"
#include "settings.h"
#include "target.h"

#define FETCHTARGET_MAX	256	/* of the process */

struct hg_target {
	struct list		 node;
	struct target		 target;
	struct connect_settings	 from;	/* url, ca, certificate and its key */
};

/* NULL when it is a URL that requests can go to, else what is wrong with it:
 * what the option of a plugin checks by. */
const char *fetchtarget_check(const char *url, char *buffer, size_t size);
/* ca: NULL for the system's; certificate and key: NULL for none. NULL: error
 * says what does not fit. */
struct hg_target *fetchtarget_get(const char *url, const char *ca,
    const char *certificate, const char *key, char *error, size_t size);
/* The path that the URL has, "/" when it has none. */
const char *fetchtarget_path(const struct hg_target *);
/* HOST or HOST:PORT as in the URL. */
const char *fetchtarget_host(const struct hg_target *);
/* When all workers have ended. */
void	fetchtarget_finish(void);

#endif
