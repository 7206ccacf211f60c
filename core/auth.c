/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include "channelauth.h"
#include "log.h"

bool
auth_is_needed(const struct service *service)
{
	return (service->auth != NULL);
}

void
auth_start(struct hg_login **owner, struct hg_channel *ch,
    void (*done)(void *, const struct login_result *))
{
	login_start(owner, ch->service, ch->request, conn_peer(ch->conn), done,
	    ch);
}

/* The request as if the client had sent it so. */
static int
auth_set_target(struct hg_channel *ch, const char *target)
{
	const struct hg_head *request = ch->request;
	struct hg_fields *fields;
	struct hg_head *changed = NULL;
	unsigned i;

	if ((fields = http_fields_new()) == NULL)
		return (-1);
	for (i = 0; i < request->count; i++)
		if (http_fields_add(fields, http_name(request, i),
		    http_value(request, i)) != 0)
			break;
	if (i == request->count)
		changed = http_request(request->method, target, fields);
	http_fields_free(fields);
	if (changed == NULL)
		return (-1);
	http_free(ch->request);
	ch->request = changed;
	return (0);
}

int
auth_accept(struct hg_channel *ch, const struct login_result *result)
{
	if (result->target != NULL && auth_set_target(ch, result->target) != 0)
		return (-1);
	ch->identity = identity_create(result, channelauth_expired, ch);
	if (ch->identity == NULL)
		return (-1);
	log_write(HG_LOG_DEBUG, channel_name(ch), "logged in by %s",
	    ch->service->auth_name);
	return (0);
}
