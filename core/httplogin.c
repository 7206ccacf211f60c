/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: between a request of HTTP and the plugin that answers it. */
#include <string.h>

#include "auth.h"
#include "httpconn.h"
#include "str.h"

/* What the plugin does not get of the request: credentials that are not to be
 * handed on, and what the login says itself (threats W16). */
static bool
login_hides(const struct hg_exchange *ex, const struct hg_head *with,
    const char *name)
{
	if (!ex->service->forward_credentials &&
	    (str_equal_nocase(name, "Authorization") ||
	    str_equal_nocase(name, "Cookie")))
		return (true);
	return (with != NULL && http_get(with, name) != NULL);
}

static int
login_add(const struct hg_exchange *ex, const struct hg_head *from,
    const struct hg_head *with, struct hg_fields *fields)
{
	const char *name;
	unsigned i;

	for (i = 0; i < from->count; i++) {
		name = http_name(from, i);
		if (from != with && login_hides(ex, with, name))
			continue;
		if (http_fields_add(fields, name, http_value(from, i)) != 0)
			return (-1);
	}
	return (0);
}

/* The request as the plugin is to see it. -1: no memory, or too long. */
static int
login_change(struct hg_exchange *ex, const char *target,
    const struct hg_head *with)
{
	struct hg_head *changed = NULL;
	struct hg_fields *fields;

	if (target == NULL && with == NULL && ex->service->forward_credentials)
		return (0);
	if ((fields = http_fields_new()) == NULL)
		return (-1);
	if (login_add(ex, ex->request, with, fields) == 0 && (with == NULL ||
	    login_add(ex, with, with, fields) == 0))
		changed = http_request(ex->request->method,
		    target != NULL ? target : ex->request->target, fields);
	http_fields_free(fields);
	if (changed == NULL)
		return (-1);
	changed->is_old = ex->request->is_old;
	http_free(ex->request);
	ex->request = changed;
	return (0);
}

static void
login_answered(void *arg, const struct login_result *result)
{
	struct hg_exchange *ex = arg;

	if (ex->ended || ex->conn->state != CONN_OPEN)
		return;
	if (result->status != 200)
		exchange_refuse_as(ex, result->head, "who are you?");
	else if (login_change(ex, result->target, result->head) != 0)
		exchange_refuse(ex, 503, "out of memory");
	else
		httpconn_call(ex);
}

void
httpconn_login(struct hg_exchange *ex)
{
	if (auth_is_needed(ex->service))
		login_start(&ex->login, ex->service, ex->request,
		    conn_peer(ex->conn), login_answered, ex);
	else if (login_change(ex, NULL, NULL) != 0)
		exchange_refuse(ex, 503, "out of memory");
	else
		httpconn_call(ex);
}
