/* SPDX-License-Identifier: Apache-2.0 */
/* Logins: a plugin is asked who a client is, and what it says is kept. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-table.h"

struct hg_login {
	struct fake_plugin	*plugin;
	struct hg_head		*request;
	void			*data;
	struct fake_login_answer answer;
	bool			 beginning, over;
};

struct hg_login *
fake_login(const char *plugin, unsigned method, const char *request)
{
	struct hg_login *login = calloc(1, sizeof(*login));
	const struct hg_auth *auth;
	const char *error;
	unsigned previous;

	if (login == NULL)
		abort();
	fake_work();
	login->plugin = fake_plugin(plugin);
	auth = login->plugin->plugin->auth;
	login->request = http_parse(request, strlen(request), HTTP_REQUEST,
	    &error, NULL);
	if (login->request == NULL)
		fake_abort("bad head: %s", error);
	login->data = calloc(1, auth->data_size + 1);
	login->beginning = true;
	previous = fake_enter(fake.worker);
	auth->begin(login, login->data, login->request, method);
	fake_leave(previous);
	login->beginning = false;
	return (login);
}

const struct fake_login_answer *
fake_login_answer(const struct hg_login *login)
{
	return (login->over ? &login->answer : NULL);
}

void
fake_login_free(struct hg_login *login)
{
	const struct hg_auth *auth = login->plugin->plugin->auth;

	if (!login->over && auth->cancel != NULL)
		auth->cancel(login, login->data);
	http_free(login->request);
	free(login->data);
	free(login);
}

/* --- the table ------------------------------------------------------------ */

static void
live(const struct hg_login *login, const char *fn)
{
	if (login->over)
		fake_abort("%s: the login is over", fn);
}

const void *
fake_hg_login_options(const struct hg_login *login)
{
	live(login, "login_options");
	return (login->plugin->options);
}

const char *
fake_hg_login_service(const struct hg_login *login)
{
	live(login, "login_service");
	return ("service");
}

const char *
fake_hg_login_peer(const struct hg_login *login)
{
	live(login, "login_peer");
	return ("192.0.2.1:4000");
}

int
fake_hg_login_set_target(struct hg_login *login, const char *target)
{
	live(login, "login_set_target");
	snprintf(login->answer.target, sizeof(login->answer.target), "%s",
	    target);
	return (0);
}

void
fake_hg_login_done(struct hg_login *login, int status, const char *identity,
    uint64_t expires, const struct hg_fields *fields)
{
	struct fake_login_answer *answer = &login->answer;
	size_t i, at = 0;

	live(login, "login_done");
	login->over = true;
	answer->status = status;
	answer->expires = expires;
	snprintf(answer->identity, sizeof(answer->identity), "%s",
	    identity != NULL ? identity : "");
	for (i = 0; fields != NULL && i < fields->count; i++)
		at += (size_t)snprintf(answer->fields + at,
		    sizeof(answer->fields) - at, "%s: %s\n",
		    fields->field[i].name, fields->field[i].value);
}

const char *
fake_hg_channel_identity(const struct hg_channel *ch)
{
	fake_live(ch, "channel_identity");
	return (NULL);
}
