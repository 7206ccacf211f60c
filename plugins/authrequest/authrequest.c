/* SPDX-License-Identifier: Apache-2.0 */
#include "authrequest.h"

#include <stdlib.h>
#include <string.h>

static const char *const authrequest_methods[] = { "request", NULL };

static const char *const authrequest_counters[] = { "accepted", "refused",
	"failed", NULL };

/* --- options -------------------------------------------------------------- */

static const char *
authrequest_check_url(const char *value, char *buffer, size_t size)
{
	return (hg->fetch_check(value, buffer, size));
}

#define OPTION(member, kind, value, from, to, text)			\
	.type = (kind), .standard = (value), .min = (from), .max = (to), \
	.offset = offsetof(struct authrequest_options, member),		\
	.help = (text), .per_service = true

static const struct hg_option authrequest_options[] = {
	{ .key = "auth-url", OPTION(url, HG_STRING, NULL, 0, 0,
	    "who is asked: http://, https:// or http+unix:"),
	    .check = authrequest_check_url },
	{ .key = "auth-ca", OPTION(ca, HG_STRING, NULL, 0, 0,
	    "file of its CA; default: the system's") },
	{ .key = "auth-send", OPTION(send, HG_LIST, NULL, 0, 0,
	    "a field of the client's that it gets too"),
	    .check = authrequest_check_send },
	{ .key = "auth-pass", OPTION(pass, HG_LIST, NULL, 0, 0,
	    "a field of its answer that the server gets"),
	    .check = authrequest_check_pass },
	{ .key = "auth-identity", OPTION(identity, HG_STRING, "X-Remote-User",
	    0, 0, "the field of its answer that says who it is") },
	{ .key = "auth-expires", OPTION(expires, HG_STRING, NULL, 0, 0,
	    "the field of its answer that says for how many seconds") },
	{ .key = "auth-timeout", OPTION(timeout, HG_TIME, "5s", 1,
	    3600 * 1000, "how long it may take to answer") },
	{ .key = NULL },
};

static struct hg_target *
target_of(const struct authrequest_options *options, char *error, size_t size)
{
	return (hg->fetch_target(options->url, options->ca, NULL, NULL, error,
	    size));
}

static const char *
authrequest_check_service(const void *options, unsigned method, char *buffer,
    size_t size)
{
	const struct authrequest_options *own = options;

	(void)method;
	if (own->url == NULL)
		return ("it needs \"auth-url\", who is to be asked");
	if (own->identity == NULL)
		return ("it needs \"auth-identity\", the field with the name");
	return (target_of(own, buffer, size) != NULL ? NULL : buffer);
}

/* --- an ask --------------------------------------------------------------- */

static struct authrequest_asks *
asks(void)
{
	return (hg->worker_data(&hg_plugin_entry));
}

static void
ask_free(struct authrequest_ask *ask)
{
	if (ask->own != NULL)
		*ask->own = NULL;
	TAILQ_REMOVE(asks(), ask, entry);
	free(ask);
}

/* The login's answer; what is still to come is for nobody. */
static void
ask_done(struct authrequest_ask *ask, enum authrequest_counter what,
    int status, const char *identity, uint64_t expires,
    const struct hg_fields *fields)
{
	struct hg_login *login = ask->login;

	hg->count(&hg_plugin_entry, what, 1);
	ask->login = NULL;
	*ask->own = NULL;
	ask->own = NULL;
	hg->login_done(login, status, identity, expires, fields);
}

static void
ask_failed(struct authrequest_ask *ask, const char *why)
{
	hg->log(NULL, HG_LOG_WARN, "authrequest: %s: %s",
	    hg->login_service(ask->login), why);
	ask_done(ask, AUTHREQUEST_FAILED, 503, NULL, 0, NULL);
}

static void
ask_accepted(struct authrequest_ask *ask, const struct hg_head *response)
{
	const struct authrequest_options *options = ask->options;
	const char *identity = hg->head_get(response, options->identity);
	const char *value = NULL;
	struct hg_fields *fields;
	uint64_t expires = 0;

	if (identity == NULL || identity[0] == '\0' ||
	    hg->head_next(response, options->identity, identity) != NULL) {
		ask_failed(ask, "the answer does not say who it is");
		return;
	}
	if (options->expires != NULL)
		value = hg->head_get(response, options->expires);
	if (value != NULL && (expires = authrequest_expires(value)) == 0) {
		ask_failed(ask, "the answer does not say until when");
		return;
	}
	fields = authrequest_copy(response, options->pass.item,
	    options->pass.count);
	if (fields == NULL)
		ask_failed(ask, "out of memory");
	else
		ask_done(ask, AUTHREQUEST_ACCEPTED, 200, identity, expires,
		    fields);
	hg->fields_free(fields);
}

static void
ask_refused(struct authrequest_ask *ask, const struct hg_head *response,
    int status)
{
	static const char *const names[] = { "WWW-Authenticate",
	    "Retry-After" };
	struct hg_fields *fields = authrequest_copy(response, names, 2);

	ask_done(ask, AUTHREQUEST_REFUSED, status, NULL, 0, fields);
	hg->fields_free(fields);
}

static void
ask_response(void *arg, const struct hg_head *response)
{
	struct authrequest_ask *ask = arg;
	int status = hg->head_status(response);

	if (ask->login == NULL)
		return;
	if (status >= 200 && status < 300)
		ask_accepted(ask, response);
	else if (status == 401 || status == 403 || status == 429)
		ask_refused(ask, response, status);
	else
		ask_failed(ask, "its answer is neither 2xx nor 401 nor 403");
}

static void
ask_body(void *arg, struct hg_frame *frame)
{
	struct authrequest_ask *ask = arg;

	ask->body += hg->frame_len(frame);
	if (ask->body <= AUTHREQUEST_BODY_MAX)
		return;
	hg->fetch_cancel(ask->fetch);
	ask_free(ask);
}

static void
ask_ended(void *arg, enum hg_fetch_end end, const char *reason)
{
	struct authrequest_ask *ask = arg;

	(void)end;
	if (ask->login != NULL)
		ask_failed(ask, reason);
	ask_free(ask);
}

static const struct hg_fetch_ops ask_ops = {
	.size = sizeof(struct hg_fetch_ops),
	.response = ask_response,
	.body = ask_body,
	.ended = ask_ended,
};

static struct hg_fetch *
ask_start(struct authrequest_ask *ask, const struct hg_head *request)
{
	const struct authrequest_options *options = ask->options;
	struct hg_request question = { .size = sizeof(question) };
	struct hg_fields *fields;
	struct hg_target *target;
	struct hg_fetch *fetch = NULL;
	char error[256];

	fields = authrequest_question(ask->login, request, &options->send);
	target = target_of(options, error, sizeof(error));
	question.method = "GET";
	question.fields = fields;
	question.connect_ms = (uint64_t)options->timeout;
	question.response_ms = (uint64_t)options->timeout;
	question.idle_ms = (uint64_t)options->timeout;
	if (fields != NULL && target != NULL)
		fetch = hg->fetch_start(target, &question, &ask_ops, ask);
	hg->fields_free(fields);
	return (fetch);
}

/* Two would be two answers to who it is: what asks takes both, what is behind
 * here the first. */
static bool
is_given_twice(const struct hg_head *request)
{
	const char *value = hg->head_get(request, "Authorization");

	return (value != NULL &&
	    hg->head_next(request, "Authorization", value) != NULL);
}

/* --- hooks ---------------------------------------------------------------- */

static void
authrequest_begin(struct hg_login *login, void *data,
    const struct hg_head *request, unsigned method)
{
	struct authrequest_ask **own = data, *ask;

	(void)method;
	if (is_given_twice(request)) {
		hg->login_done(login, 403, NULL, 0, NULL);
		return;
	}
	if ((ask = calloc(1, sizeof(*ask))) == NULL) {
		hg->login_done(login, 503, NULL, 0, NULL);
		return;
	}
	*own = ask;
	ask->own = own;
	ask->login = login;
	ask->options = hg->login_options(login);
	TAILQ_INSERT_TAIL(asks(), ask, entry);
	if ((ask->fetch = ask_start(ask, request)) != NULL)
		return;
	ask_failed(ask, "it cannot be asked now");
	ask_free(ask);
}

static void
authrequest_cancel(struct hg_login *login, void *data)
{
	struct authrequest_ask **own = data;

	(void)login;
	if (*own == NULL)
		return;
	hg->fetch_cancel((*own)->fetch);
	ask_free(*own);
}

static int
authrequest_worker_start(void *data)
{
	struct authrequest_asks *all = data;

	TAILQ_INIT(all);
	return (0);
}

static void
authrequest_worker_stop(void *data)
{
	struct authrequest_asks *all = data;
	struct authrequest_ask *ask;

	while ((ask = TAILQ_FIRST(all)) != NULL) {
		hg->fetch_cancel(ask->fetch);
		ask_free(ask);
	}
}

static const struct hg_auth authrequest_auth = {
	.size = sizeof(struct hg_auth),
	.methods = authrequest_methods,
	.data_size = sizeof(struct authrequest_ask *),
	.check = authrequest_check_service,
	.begin = authrequest_begin,
	.cancel = authrequest_cancel,
};

HG_PLUGIN(
	.name = "authrequest",
	.version = HG_VERSION,
	.summary = "asks an HTTP server whether a client may come in",
	.counters = authrequest_counters,
	.options = authrequest_options,
	.options_size = sizeof(struct authrequest_options),
	.worker_size = sizeof(struct authrequest_asks),
	.worker_start = authrequest_worker_start,
	.worker_stop = authrequest_worker_stop,
	.auth = &authrequest_auth,
);
