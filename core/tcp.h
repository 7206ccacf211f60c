/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TCP sockets are set to. Nothing of it does anything to a unix socket.
 */
#ifndef CORE_TCP_H
#define CORE_TCP_H

/* No waiting for more before a segment is sent. */
void	tcp_set_nodelay(int fd);
/* A peer that has vanished is noticed when nothing is sent, too. */
void	tcp_set_keepalive(int fd);
/* Both, for a socket that listens: what it accepts inherits them. */
void	tcp_tune(int fd);

#endif
