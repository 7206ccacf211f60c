/* SPDX-License-Identifier: Apache-2.0 */
/* What a listener's new connections become. */
#ifndef CORE_ACCEPT_H
#define CORE_ACCEPT_H

#include <sys/socket.h>

#include "settings.h"
#include "worker.h"

/* For listener_start: arg is the struct listen_settings. */
void	accept_connection(struct worker *, int fd, const struct sockaddr *,
    socklen_t, void *arg);
/* On each worker: those that are still on their way to it are not wanted. */
void	accept_worker_stop(void);

#endif
