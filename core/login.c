/* SPDX-License-Identifier: Apache-2.0 */
#include "login.h"

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "log.h"

#define IDENTITY_MAX	512

struct hg_login {
	struct hg_login		**owner;
	const struct service	 *service;
	struct hg_head		 *request;
	const char		 *peer;
	void			(*done)(void *, const struct login_result *);
	void			 *arg;
	struct list		  timers;
	bool			  beginning;	/* the plugin's begin runs */
	bool			  decided;
	int			  status;
	char			 *identity;
	char			 *target;
	uint64_t		  expires;
	struct hg_head		 *head;
	void			 *data;
};

static void
login_free(struct hg_login *login)
{
	*login->owner = NULL;
	list_timers_stop(&login->timers);
	http_free(login->request);
	http_free(login->head);
	free(login->identity);
	free(login->target);
	free(login->data);
	free(login);
}

void
login_cancel(struct hg_login *login)
{
	const struct hg_auth *auth;

	if (login == NULL)
		return;
	auth = &login->service->auth->auth;
	if (auth->cancel != NULL && !login->decided)
		auth->cancel(login, login->data);
	login_free(login);
}

/* The owner may begin another one from within done. */
static void
login_finish(struct hg_login *login)
{
	struct login_result result = {
		.status = login->status,
		.identity = login->identity,
		.expires = login->expires,
		.target = login->target,
		.head = login->head,
	};
	struct hg_login *none, **owner = login->owner;

	*owner = NULL;
	login->owner = &none;
	login->done(login->arg, &result);
	login_free(login);
}

static void
login_refuse(struct hg_login *login, int status,
    const struct hg_fields *fields)
{
	login->status = status;
	login->decided = true;
	login->head = http_response(status, http_status_text(status), fields);
}

static void
login_late(void *data)
{
	struct hg_login *login = data;
	const struct hg_auth *auth = &login->service->auth->auth;

	log_write(HG_LOG_WARN, login->service->name, "auth: no answer");
	if (auth->cancel != NULL)
		auth->cancel(login, login->data);
	login_refuse(login, 503, NULL);
	login_finish(login);
}

static void
login_fail(void (*done)(void *, const struct login_result *), void *arg)
{
	struct login_result result = { .status = 503 };
	struct hg_head *head;

	head = http_response(503, http_status_text(503), NULL);
	result.head = head;
	done(arg, &result);
	http_free(head);
}

void
login_start(struct hg_login **owner, const struct service *service,
    const struct hg_head *request, const char *peer,
    void (*done)(void *, const struct login_result *), void *arg)
{
	const struct hg_auth *auth = &service->auth->auth;
	struct hg_login *login;

	*owner = NULL;
	if ((login = calloc(1, sizeof(*login))) == NULL) {
		login_fail(done, arg);
		return;
	}
	list_init(&login->timers);
	login->owner = owner;
	login->service = service;
	login->request = http_ref(request);
	login->peer = peer;
	login->done = done;
	login->arg = arg;
	login->data = calloc(1, auth->data_size > 0 ? auth->data_size : 1);
	*owner = login;
	if (login->data == NULL || list_timer_start(&login->timers,
	    (uint64_t)service->limits.connect_timeout, login_late, login) ==
	    NULL) {
		login_free(login);
		login_fail(done, arg);
		return;
	}
	login->beginning = true;
	auth->begin(login, login->data, login->request, service->auth_method);
	login->beginning = false;
	if (login->decided)
		login_finish(login);
}

/* Who a client is must fit into logs and fields. */
static bool
login_is_identity(const char *identity)
{
	const unsigned char *c;

	if (identity == NULL || identity[0] == '\0' ||
	    strlen(identity) > IDENTITY_MAX)
		return (false);
	for (c = (const unsigned char *)identity; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f)
			return (false);
	return (true);
}

static int
login_accept(struct hg_login *login, const char *identity, uint64_t expires,
    const struct hg_fields *fields)
{
	if (!login_is_identity(identity) ||
	    (login->identity = strdup(identity)) == NULL)
		return (-1);
	if (fields != NULL && (login->head = http_fields(fields)) == NULL)
		return (-1);
	login->status = 200;
	login->expires = expires;
	login->decided = true;
	return (0);
}

void
login_done(struct hg_login *login, int status, const char *identity,
    uint64_t expires, const struct hg_fields *fields)
{
	if (login->decided)
		return;
	if (status == 200) {
		if (login_accept(login, identity, expires, fields) != 0)
			login_refuse(login, 503, NULL);
	} else {
		if (status < 400 || status > 599)
			status = 503;
		login_refuse(login, status, fields);
	}
	if (!login->beginning)
		login_finish(login);
}

int
login_set_target(struct hg_login *login, const char *target)
{
	char *copy;

	if (target[0] != '/' || (copy = strdup(target)) == NULL)
		return (-1);
	free(login->target);
	login->target = copy;
	return (0);
}

const void *
login_options(const struct hg_login *login)
{
	return (chain_options(login->service, login->service->auth));
}

const char *
login_service(const struct hg_login *login)
{
	return (login->service->name);
}

const char *
login_peer(const struct hg_login *login)
{
	return (login->peer);
}
