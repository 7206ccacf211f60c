/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of a listener: bound, not yet listening. In main only. */
#ifndef CORE_BIND_H
#define CORE_BIND_H

#include <sys/types.h>

#include "address.h"

/*
 * One non-blocking socket per worker into fds: on TCP all have the same port,
 * which is written back into the socket address when it was the kernel's
 * choice; on a unix path all are the same socket, of mode 0660. -1 and errno:
 * none is left open.
 */
int	bind_all(const struct address *, struct sockaddr_storage *,
	    socklen_t *, int *fds, unsigned count);

/* Who made a path, so that nobody else's is removed. */
struct bind_path {
	char	*path;
	dev_t	 dev;
	ino_t	 ino;
};

int	bind_path_init(struct bind_path *, const char *path);
void	bind_path_remove(struct bind_path *);	/* and frees */

#endif
