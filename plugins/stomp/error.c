/* SPDX-License-Identifier: Apache-2.0 */
/* The ERROR frames that are ours. */
#include "stomp.h"

#include <stdio.h>
#include <string.h>

#define STOMP_REASON_MAX	160

void
stomp_send_error(struct stomp_session *session, const char *message)
{
	char escaped[2 * STOMP_REASON_MAX], text[3 * STOMP_REASON_MAX];
	struct hg_frame *frame;
	const char *versions = "";
	size_t n;
	int len;

	if (session->state == STOMP_LEAVING || session->state == STOMP_OVER)
		return;
	n = strnlen(message, STOMP_REASON_MAX - 1);
	n = stomp_escape(escaped, message, n,
	    stomp_escapes(session->version, STOMP_ERROR));
	if (session->state != STOMP_RUNNING)
		versions = "version:1.0,1.1,1.2\n";
	len = snprintf(text, sizeof(text), "ERROR\n%smessage:%.*s\n\n",
	    versions, (int)n, escaped);
	frame = hg->frame_new(text, (size_t)len + 1, HG_WHOLE | HG_TEXT);
	if (frame != NULL)
		stomp_send_down(session, frame);
}

/*
 * Members leave first: nothing of a flow may come behind the ERROR. When it is
 * the client's fault, a flow may go on with what the broker sends.
 */
void
stomp_fail(struct stomp_session *session, unsigned code, const char *fmt, ...)
{
	struct hg_slot *slot = session->slot;
	char reason[STOMP_REASON_MAX];
	va_list ap;

	if (session->is_failed)
		return;
	session->is_failed = true;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	stomp_count(STOMP_ERRORS, 1);
	if (session->is_broker_lost || session->orphan != NULL)
		stomp_leave_all(session, code, reason);
	else
		stomp_keep_all(session, code, reason);
	stomp_send_error(session, reason);
	session->state = STOMP_OVER;
	if (session->orphan != NULL)
		return;
	if (session->keeps > 0 && stomp_orphan(session) != 0)
		stomp_leave_all(session, code, reason);
	hg->fail(slot, code, "%s", reason);
}
