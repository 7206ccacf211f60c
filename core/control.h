/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: a unix socket, mode 0600. A client sends one line,
 * "[json] TABLE", gets the table, or a line "error: ...", and the end.
 * Served by main's loop; what belongs to workers is asked of them by letter.
 */
#ifndef CORE_CONTROL_H
#define CORE_CONTROL_H

#include <event2/event.h>

#include <stdint.h>

#include "settings.h"

struct control;

/* NULL: it was logged. */
struct control *control_create(struct event_base *, const struct settings *,
    uint64_t started_at);
void	control_destroy(struct control *);	/* removes the path */

#endif
