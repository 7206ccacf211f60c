/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const token_methods[] = { "token", NULL };

static const char *const token_counters[] = { "accepted", "absent", "invalid",
	"expired", NULL };

static const char *const token_algorithms[] = { "HS256", "RS256", "ES256",
	NULL };

/* --- options -------------------------------------------------------------- */

static const char *
token_check_text(const char *value, char *buffer, size_t size)
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
	.type = (kind), .offset = offsetof(struct token_options, member), \
	.standard = (value), .min = (from), .max = (to), .help = (text), \
	.per_service = true

static const struct hg_option token_options[] = {
	{ .key = "algorithm", OPTION(algorithm, HG_CHOICE, "RS256", 0, 0,
	    "how tokens are signed"), .choices = token_algorithms },
	{ .key = "key", OPTION(keys, HG_LIST, NULL, 0, 0,
	    "[KID] FILE of a key"), .check = token_key_check },
	{ .key = "source", OPTION(sources, HG_LIST, "header", 0, 0,
	    "where a token is: header, cookie NAME or query NAME"),
	    .check = token_source_check },
	{ .key = "audience", OPTION(audience, HG_STRING, NULL, 0, 0,
	    "who a token must be for (aud)") },
	{ .key = "issuer", OPTION(issuer, HG_STRING, NULL, 0, 0,
	    "who must have issued it (iss)") },
	{ .key = "identity", OPTION(identity, HG_STRING, "sub", 0, 0,
	    "the claim that says who a client is") },
	{ .key = "skew", OPTION(skew, HG_TIME, "60s", 0, 3600 * 1000,
	    "by how much the issuer's clock may differ") },
	{ .key = "endless", OPTION(endless, HG_BOOL, "no", 0, 0,
	    "tokens without an end (exp) are fine") },
	{ .key = "realm", OPTION(realm, HG_STRING, "headgate", 0, 0,
	    "what clients are told that they log in to"),
	    .check = token_check_text },
	{ .key = NULL },
};

static const char *
token_check_service(const void *options, unsigned method, char *buffer,
    size_t size)
{
	const struct token_options *own = options;
	const char *wrong = NULL;
	size_t i;

	(void)method;
	if (own->keys.count == 0)
		return ("it needs \"key\", the file of a key");
	if (own->keys.count > TOKEN_KEYS_MAX)
		return ("more than 16 keys");
	if (own->sources.count == 0)
		return ("it needs \"source\", where a token is");
	for (i = 0; i < own->keys.count && wrong == NULL; i++)
		wrong = token_key_load(own->keys.item[i],
		    (enum token_algorithm)own->algorithm, buffer, size);
	return (wrong);
}

/* --- logins --------------------------------------------------------------- */

static void
token_count(enum token_counter counter)
{
	hg->count(&hg_plugin_entry, counter, 1);
}

/* RFC 6750, 3. */
static void
token_refuse(struct hg_login *login, enum token_counter why)
{
	static const char *const texts[] = {
		[TOKEN_ABSENT] = "",
		[TOKEN_INVALID] = ", error=\"invalid_token\"",
		[TOKEN_EXPIRED] = ", error=\"invalid_token\", "
		    "error_description=\"it has expired\"",
	};
	const struct token_options *options = hg->login_options(login);
	struct hg_fields *fields = hg->fields_new();
	char challenge[600];

	snprintf(challenge, sizeof(challenge), "Bearer realm=\"%.400s\"%s",
	    options->realm != NULL ? options->realm : "", texts[why]);
	if (fields != NULL)
		hg->fields_add(fields, "WWW-Authenticate", challenge);
	token_count(why);
	hg->login_done(login, 401, NULL, 0, fields);
	hg->fields_free(fields);
}

static void
token_accept(struct hg_login *login, const struct hg_head *request,
    const struct token_claims *claims, const char *query)
{
	char *target = NULL;

	if (query != NULL) {
		target = token_strip_query(hg->head_target(request), query);
		if (target == NULL ||
		    hg->login_set_target(login, target) != 0) {
			free(target);
			hg->login_done(login, 503, NULL, 0, NULL);
			return;
		}
	}
	free(target);
	token_count(TOKEN_ACCEPTED);
	hg->login_done(login, 200, claims->identity, claims->expires, NULL);
}

static void
token_begin(struct hg_login *login, void *data, const struct hg_head *request,
    unsigned method)
{
	const struct token_options *options = hg->login_options(login);
	struct token_claims claims = { 0 };
	const char *query = NULL;
	char token[TOKEN_MAX + 1];
	enum token_verdict verdict = TOKEN_BAD;

	(void)data;
	(void)method;
	claims.wrong = "malformed, or more than one";
	switch (token_find(request, &options->sources, token, sizeof(token),
	    &query)) {
	case TOKEN_NONE:
		token_refuse(login, TOKEN_ABSENT);
		return;
	case TOKEN_WRONG:
		break;
	case TOKEN_ONE:
		verdict = token_verify(token, options, &claims);
		break;
	}
	explicit_bzero(token, sizeof(token));
	if (verdict == TOKEN_FINE) {
		token_accept(login, request, &claims, query);
		return;
	}
	hg->log(NULL, HG_LOG_INFO, "token: %s: refused: %s",
	    hg->login_service(login), claims.wrong);
	token_refuse(login, verdict == TOKEN_OLD ? TOKEN_EXPIRED :
	    TOKEN_INVALID);
}

static const struct hg_auth token_auth = {
	.size = sizeof(struct hg_auth),
	.methods = token_methods,
	.check = token_check_service,
	.begin = token_begin,
};

HG_PLUGIN(
	.name = "token",
	.version = HG_VERSION,
	.summary = "logs clients in by a JSON Web Token",
	.counters = token_counters,
	.options = token_options,
	.options_size = sizeof(struct token_options),
	.auth = &token_auth,
);
