/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "worker.h"

#define LONGEST	(30 * 24 * 3600 * UINT64_C(1000))	/* ms; of one timer */

static int identity_arm(struct identity *);

static void
identity_due(void *data)
{
	struct identity *identity = data;

	if (worker_self()->now < identity->expires_at) {
		if (identity_arm(identity) == 0)
			return;
	}
	identity->expired(identity->arg);
}

static int
identity_arm(struct identity *identity)
{
	uint64_t now = worker_self()->now, ms;

	list_timers_stop(&identity->timers);
	if (identity->expires_at == 0)
		return (0);
	ms = identity->expires_at > now ? identity->expires_at - now : 0;
	return (list_timer_start(&identity->timers,
	    ms < LONGEST ? ms : LONGEST, identity_due, identity) != NULL ?
	    0 : -1);
}

static uint64_t
identity_end(uint64_t expires)
{
	uint64_t now = worker_self()->now;

	if (expires == 0)
		return (0);
	return (expires > UINT64_MAX - now ? UINT64_MAX : now + expires);
}

struct identity *
identity_create(const struct login_result *result, void (*expired)(void *),
    void *arg)
{
	struct identity *identity;

	if ((identity = calloc(1, sizeof(*identity))) == NULL)
		return (NULL);
	list_init(&identity->timers);
	identity->expired = expired;
	identity->arg = arg;
	identity->name = strdup(result->identity);
	if (result->head != NULL)
		identity->fields = http_ref(result->head);
	identity->expires_at = identity_end(result->expires);
	if (identity->name == NULL || identity_arm(identity) != 0) {
		identity_free(identity);
		return (NULL);
	}
	return (identity);
}

void
identity_free(struct identity *identity)
{
	if (identity == NULL)
		return;
	login_cancel(identity->check);
	http_free(identity->asked);
	list_timers_stop(&identity->timers);
	identity_drop_next(identity);
	http_free(identity->fields);
	http_free(identity->credentials);
	free(identity->name);
	free(identity);
}

bool
identity_is(const struct identity *identity, const char *name)
{
	return (strcmp(identity->name, name) == 0);
}

void
identity_set_next(struct identity *identity, const struct login_result *result,
    const struct hg_head *request)
{
	identity_drop_next(identity);
	identity->has_next = true;
	identity->next_expires_at = identity_end(result->expires);
	identity->next_credentials = http_ref(request);
	if (result->head != NULL)
		identity->next_fields = http_ref(result->head);
}

int
identity_take_next(struct identity *identity)
{
	http_free(identity->fields);
	http_free(identity->credentials);
	identity->fields = identity->next_fields;
	identity->credentials = identity->next_credentials;
	identity->expires_at = identity->next_expires_at;
	identity->next_fields = identity->next_credentials = NULL;
	identity->has_next = false;
	return (identity_arm(identity));
}

void
identity_drop_next(struct identity *identity)
{
	http_free(identity->next_fields);
	http_free(identity->next_credentials);
	identity->next_fields = identity->next_credentials = NULL;
	identity->has_next = false;
}
