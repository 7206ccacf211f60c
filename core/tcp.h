/* SPDX-License-Identifier: Apache-2.0 */
/* What every TCP socket is set to; accepted ones inherit it. */
#ifndef CORE_TCP_H
#define CORE_TCP_H

/* Does nothing to a unix socket. */
void	tcp_tune(int fd);

#endif
