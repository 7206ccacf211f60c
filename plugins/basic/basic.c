/* SPDX-License-Identifier: Apache-2.0 */
#include "basic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METHOD_BASIC, METHOD_APPLICATION };

static const char *const basic_methods[] = { "basic", "application-basic",
	NULL };

static const char *const basic_counters[] = { "accepted", "refused", "busy",
	"known", NULL };

static void
basic_count(enum basic_counter counter)
{
	hg->count(&hg_plugin_entry, counter, 1);
}

/* --- options -------------------------------------------------------------- */

static const char *
basic_check_users(const char *value, char *buffer, size_t size)
{
	struct basic_file file = { 0 };
	const char *wrong;

	wrong = basic_file_read(&file, value, buffer, size);
	basic_file_finish(&file);
	return (wrong);
}

static const char *
basic_check_realm(const char *value, char *buffer, size_t size)
{
	const char *c;

	(void)buffer;
	(void)size;
	for (c = value; *c != '\0'; c++)
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			return ("it must be printable ASCII without \" and \\");
	return (NULL);
}

#define OPTION(member, kind, value, from, to, text)			\
	.type = (kind), .offset = offsetof(struct basic_options, member), \
	.standard = (value), .min = (from), .max = (to), .help = (text)

static const struct hg_option basic_options[] = {
	{ .key = "users", OPTION(users, HG_STRING, NULL, 0, 0,
	    "file of users and their hashes, see headgatectl passwd"),
	    .per_service = true, .check = basic_check_users },
	{ .key = "realm", OPTION(realm, HG_STRING, "headgate", 0, 0,
	    "what clients are told that they log in to"),
	    .per_service = true, .check = basic_check_realm },
	{ .key = "queue", OPTION(queue, HG_INT, "100", 1, 100000,
	    "hashes that may wait to be computed") },
	{ .key = "proofs", OPTION(proofs, HG_INT, "10000", 0, 1000000,
	    "passwords that are known again without their hash") },
	{ .key = NULL },
};

/* --- logins --------------------------------------------------------------- */

static const char *
basic_check_service(const void *options, unsigned method, char *buffer,
    size_t size)
{
	const struct basic_options *own = options;

	(void)method;
	(void)buffer;
	(void)size;
	return (own->users == NULL ?
	    "it needs \"users\", the file of those who may log in" : NULL);
}

/* With another scheme a browser shows no dialog of its own. */
static void
basic_refuse(struct hg_login *login, unsigned method)
{
	const struct basic_options *options = hg->login_options(login);
	struct hg_fields *fields = hg->fields_new();
	char challenge[512];

	snprintf(challenge, sizeof(challenge), method == METHOD_APPLICATION ?
	    "Application Basic realm=\"%.400s\"" :
	    "Basic realm=\"%.400s\", charset=\"UTF-8\"",
	    options->realm != NULL ? options->realm : "");
	if (fields != NULL)
		hg->fields_add(fields, "WWW-Authenticate", challenge);
	basic_count(BASIC_REFUSED);
	hg->login_done(login, 401, NULL, 0, fields);
	hg->fields_free(fields);
}

static void
basic_busy(struct hg_login *login)
{
	struct hg_fields *fields = hg->fields_new();

	if (fields != NULL)
		hg->fields_add(fields, "Retry-After", "1");
	basic_count(BASIC_BUSY);
	hg->login_done(login, 503, NULL, 0, fields);
	hg->fields_free(fields);
}

void
basic_answered(void *arg)
{
	struct basic_job *job = arg;

	if (job->login == NULL) {
		basic_job_free(job);
		return;
	}
	if (job->known)
		basic_count(BASIC_KNOWN);
	switch (job->answer) {
	case BASIC_YES:
		basic_count(BASIC_ACCEPTED);
		hg->login_done(job->login, 200, job->given.user, 0, NULL);
		break;
	case BASIC_OVERLOADED:
		basic_busy(job->login);
		break;
	case BASIC_NO:
		basic_refuse(job->login, job->method);
		break;
	}
	basic_job_free(job);
}

static void
basic_begin(struct hg_login *login, void *data, const struct hg_head *request,
    unsigned method)
{
	const struct basic_options *options = hg->login_options(login);
	struct basic_job **own = data, *job;

	if ((job = calloc(1, sizeof(*job))) == NULL) {
		basic_busy(login);
		return;
	}
	if (!basic_given(request, method == METHOD_APPLICATION,
	    &job->given)) {
		basic_job_free(job);
		basic_refuse(login, method);
		return;
	}
	job->login = login;
	job->worker = hg->worker_index();
	job->method = method;
	job->users = options->users;
	if (basic_check(job) != 0) {
		basic_job_free(job);
		basic_busy(login);
		return;
	}
	*own = job;
}

static void
basic_cancel(struct hg_login *login, void *data)
{
	struct basic_job **own = data;

	(void)login;
	if (*own == NULL)
		return;
	(*own)->login = NULL;
	atomic_store(&(*own)->off, true);
}

static const struct hg_auth basic_auth = {
	.size = sizeof(struct hg_auth),
	.methods = basic_methods,
	.data_size = sizeof(struct basic_job *),
	.check = basic_check_service,
	.begin = basic_begin,
	.cancel = basic_cancel,
};

static int
basic_load(const void *options)
{
	return (basic_check_start(options));
}

HG_PLUGIN(
	.name = "basic",
	.version = HG_VERSION,
	.summary = "logs clients in by name and password, from a file",
	.counters = basic_counters,
	.options = basic_options,
	.options_size = sizeof(struct basic_options),
	.load = basic_load,
	.unload = basic_check_stop,
	.auth = &basic_auth,
);
