/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon inside of the benchmark: the real one, with one worker whose turns
 * the benchmark makes, so that nothing depends on time or on another thread.
 * Its listeners are unix sockets. Everything that fails ends the program.
 */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include <stddef.h>
#include <stdint.h>

/* config: the text of headgate.ini; "control" is not set. */
void	inside_start(const char *config);
void	inside_stop(void);
/* One turn, without waiting. */
void	inside_turn(void);

/* The value of a plugin's counter; -1: there is none of that name. */
int64_t	inside_counter(const char *plugin, const char *counter);

/* Sockets that do not block. connect: to that path. */
int	inside_connect(const char *path);
void	inside_send(int fd, const void *, size_t);
/* What has come, at most size bytes; turns are made until there is some. */
size_t	inside_await(int fd, void *, size_t size);
/* The same without waiting; 0: nothing. */
size_t	inside_recv(int fd, void *, size_t size);

#endif
