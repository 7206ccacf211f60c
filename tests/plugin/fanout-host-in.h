/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the host share. */
#ifndef TESTS_FANOUT_HOST_IN_H
#define TESTS_FANOUT_HOST_IN_H

#include "fanout-host.h"

#define HOST_FIELDS	8

struct hg_conn {
	struct hg_conn		*next;
	bool			 mux, fanout, dropped, lost;
	const char		*service, *subprotocol, *identity;
};

struct hg_slot {
	struct hg_channel	*channel;
	void			*state;
	bool			 open;
};

struct hg_fields {
	size_t			 count;
	char			 name[HOST_FIELDS][64];
	char			 value[HOST_FIELDS][256];
};

struct hg_channel {
	struct hg_channel	*next;
	struct hg_conn		*conn;
	struct hg_channel	*parent;
	struct hg_slot		 slot;
	struct hg_fields	 fields;
	struct sub		*sub;
	char			 name[16];
	bool			 carried, created, ended, handed, closed, full;
	bool			 unchecked, parked, resumes, awaited;
	bool			 placed;	/* the wire knows the place */
	uint64_t		 place;
	int64_t			 lost_at;	/* its place then */
	unsigned		 code;
	int			 holds;
	struct hg_channel	*carrier;	/* that it is merged with */
	unsigned		 riders;
	bool			 flow_known;	/* a carrier counts the flow */
	uint64_t		 flow;
	unsigned		 sends, received;
	size_t			 from;
	uint32_t		*got;
	size_t			 got_size;
};

struct hg_frame {
	unsigned		 refs, flags;
	size_t			 len;
	unsigned char		 bytes[];
};

struct hg_timer {
	uint64_t		 due;
	void			(*fn)(void *);
};

struct hg_report {
	size_t			 len;
};

struct host_inside {
	void			*module, *worker;
	struct {
		const char	*service;
		void		*values;
	}			 options[4];
	struct hg_timer		*timer;
	struct hg_conn		*conns;
	struct hg_channel	*first, **last;
	unsigned		 channels, denied, depth;
	size_t			 broker_size;
	uint64_t		 seed;
	void			(*on_send)(struct hg_channel *);
	void			(*posted)(void *);
	void			*posted_arg;
	struct sub		*sources;
	const struct hg_feeds	*feeds;		/* the server is above */
	struct hg_feed		*feed;
	bool			 refuses;	/* to silence any */
};

extern struct host_inside inside;
extern const struct hg_host host_table;

void	host_wrong(const char *, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
void   *host_alloc(size_t);
void	alive(const struct hg_channel *);
struct hg_frame *host_frame(const void *, size_t, unsigned flags);
void	host_unref(struct hg_frame *);
struct hg_channel *channel_new(struct hg_conn *, struct hg_channel *parent);
void	channel_end(struct hg_channel *, unsigned code);
bool	channel_send(struct hg_channel *, struct hg_frame *frame);
void	sub_unlist(struct sub *);
void	set_leave(struct hg_channel *);
int	set_merge(struct hg_channel *, struct hg_channel *, uint64_t);
int	set_unmerge(struct hg_channel *, uint64_t);
int	set_handover(struct hg_channel *, struct hg_channel *, uint64_t);
int	set_place(struct hg_channel *, bool, uint64_t);

#endif
