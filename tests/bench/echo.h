/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to a service that sends back what it gets. */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "bench/load.h"
#include "bench/message.h"

/* What many connections have in common. */
struct echo_kind {
	struct load		*load;
	struct message_ring	 ring;
	uint64_t		 size, depth;
	size_t			 chunk;		/* most bytes of one write */
	bool			 counted;	/* in the load's results */
	uint64_t		 done, bytes;	/* messages and their payload */
};

/* Of one connection, by the client's index. */
struct echo {
	struct echo_kind	*kind;
	uint64_t		 sent, got;	/* messages */
	uint64_t		 at;		/* bytes of the ring's stream */
	uint64_t		*times;		/* of those in flight */
};

/* Allocates what they need; all of these clients are open. */
void	echo_start(struct echo_kind *, struct client *, uint64_t count);
/* For load_open(): quiet until they are started. */
extern const struct client_ops echo_opening;

#endif
