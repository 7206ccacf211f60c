/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URL behind "connect": ws://HOST[:PORT][/PATH], wss://, ws+unix:/SOCKET,
 * tcp://HOST:PORT, tls://HOST:PORT, unix:/SOCKET, trunk:NAME; and those of
 * plugins: http://HOST[:PORT][/PATH], https://, http+unix:/SOCKET.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

/* Fills in what the URL says, without TLS and the trunk. -1: error says what is
 * wrong; the target is to be freed all the same. */
int	target_parse(struct target *, const char *url, char *error,
	    size_t size);
int	target_parse_http(struct target *, const char *url, char *error,
	    size_t size);
void	target_free(struct target *);
/* Whether the URL asks for TLS. */
bool	target_wants_tls(const char *url);
/* Makes its TLS by these files. -1: error says which does not fit, and why. */
int	target_secure(struct target *, const struct connect_settings *,
	    char *error, size_t size);

#endif
