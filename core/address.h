/* SPDX-License-Identifier: Apache-2.0 */
/* Where to listen or to connect: HOST:PORT, [V6]:PORT, *:PORT, unix:/PATH. */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

struct address {
	bool	 is_unix;
	char	*host;		/* without brackets; "*": any; or NULL */
	char	*port;		/* digits */
	char	*path;		/* unix */
};

/* -1 when it is not of that form or memory is out; *error is a static text. */
int	address_parse(struct address *, const char *text, const char **error);
void	address_free(struct address *);
/*
 * The socket address of a numeric host, of "*" or of a path; -1 for a name,
 * which must be resolved first.
 */
int	address_resolve_numeric(const struct address *,
	    struct sockaddr_storage *, socklen_t *);
/* "127.0.0.1:80", "[::1]:80" or "unix" into out, always terminated. */
void	address_format(char *out, size_t size, const struct sockaddr *,
	    socklen_t);

#endif
