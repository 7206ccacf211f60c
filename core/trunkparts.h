/* SPDX-License-Identifier: Apache-2.0 */
/* What a trunk is inside: for trunk.c and trunkopen.c only. */
#ifndef CORE_TRUNKPARTS_H
#define CORE_TRUNKPARTS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "conn.h"
#include "dial.h"
#include "negotiate.h"
#include "settings.h"
#include "worker.h"
#include "wsext.h"
#include "wskey.h"

struct trunk;

#define TRUNK_RETIRED	4

/* One of the trunk's connections; all but "up" belong to its worker. */
struct trunk_conn {
	struct trunk		*trunk;
	struct worker		*worker;
	struct hg_conn		*conn;		/* from dialled to gone, or
						 * retired */
	/* The gateway drains them: they live on for their clients. */
	struct hg_conn		*retired[TRUNK_RETIRED];
	struct dial		*dial;
	struct event		*retry;
	struct wsext_list	 offered;
	unsigned		 failures;	/* in a row */
	bool			 stopping;
	bool			 reported;	/* its failure is in the log */
	atomic_bool		 up;
	char			 key[WSKEY_LEN + 1];
};

struct trunk {
	struct trunk_settings	*settings;
	unsigned		 count;
	struct trunk_conn	 conns[];
};

/* Where extensions of the trunk, or of a channel in it, are negotiated. */
void	trunk_place(const struct trunk_settings *, struct negotiate_place *,
    bool in_mux);

#endif
