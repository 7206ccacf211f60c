/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STOMP clients over WebSocket, as lean as they can be: they count what comes.
 * Everything that fails ends the program with a message.
 */
#ifndef BENCH_SUBSCRIBER_H
#define BENCH_SUBSCRIBER_H

#include <stddef.h>
#include <stdint.h>

struct subscriber {
	int	 fd;
	uint64_t frames;		/* MESSAGE frames so far */
	uint64_t others;		/* all other frames of STOMP */
	size_t	 skip;			/* bytes of the payload at hand */
	unsigned char partial[64];	/* of a frame's beginning */
	size_t	 partial_len;
};

/* Connects, logs in. Blocking. */
void	subscriber_open(struct subscriber *, int port, const char *path);
/* Sends one text message. */
void	subscriber_send(struct subscriber *, const char *, size_t);
/* Waits for the next frame that is no MESSAGE. */
void	subscriber_await(struct subscriber *);
/* Reads all of them until each has "frames" MESSAGEs, or that many seconds
 * have passed without any; returns how many there are in all. */
uint64_t subscribers_read(struct subscriber *, size_t count, uint64_t frames,
	    int seconds);
void	subscriber_close(struct subscriber *);

#endif
