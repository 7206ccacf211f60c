/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it one of ours? First what its head says, of which nothing is believed but
 * that it may not differ from the configuration; then the signature; only then
 * its claims.
 */
#include <jansson.h>
#include <jwt.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "token.h"

#define MOMENT_MAX	INT64_C(253402300799)	/* the end of the year 9999 */

static const char *const names[] = {
	[TOKEN_HS256] = "HS256",
	[TOKEN_RS256] = "RS256",
	[TOKEN_ES256] = "ES256",
};

static const jwt_alg_t algorithms[] = {
	[TOKEN_HS256] = JWT_ALG_HS256,
	[TOKEN_RS256] = JWT_ALG_RS256,
	[TOKEN_ES256] = JWT_ALG_ES256,
};

/* NULL, or what is wrong with the head; *kid is for free(). */
static const char *
look_at_head(const char *token, const struct token_options *options,
    char **kid)
{
	const char *wrong = NULL, *value, *alg;
	jwt_t *jwt = NULL;
	char *crit;

	*kid = NULL;
	/* Without a key it says what stands there, and "none" by itself. */
	if (jwt_decode(&jwt, token, NULL, 0) != 0 || jwt == NULL)
		return ("it is malformed");
	crit = jwt_get_headers_json(jwt, "crit");
	value = jwt_get_header(jwt, "kid");
	alg = jwt_get_header(jwt, "alg");
	if (alg == NULL || strcmp(alg, names[options->algorithm]) != 0)
		wrong = "its algorithm is another one";
	else if (crit != NULL)
		wrong = "it has critical extensions";
	else if (value != NULL && (*kid = strdup(value)) == NULL)
		wrong = "out of memory";
	free(crit);
	jwt_free(jwt);
	return (wrong);
}

/* The token by one of the keys, or NULL. */
static jwt_t *
check_signature(const char *token, const struct token_options *options,
    const char *kid)
{
	const struct token_key *key;
	jwt_t *jwt;
	size_t i;

	for (i = 0; i < options->keys.count; i++) {
		key = token_key_find(options->keys.item[i], kid,
		    (enum token_algorithm)options->algorithm);
		jwt = NULL;
		if (key == NULL || jwt_decode(&jwt, token,
		    (const unsigned char *)key->text, (int)key->len) != 0)
			continue;
		if (jwt_get_alg(jwt) == algorithms[options->algorithm])
			return (jwt);
		jwt_free(jwt);
	}
	return (NULL);
}

/* --- claims --------------------------------------------------------------- */

static bool
is_text(const json_t *value, const char *text)
{
	return (json_is_string(value) &&
	    json_string_length(value) == strlen(text) &&
	    strcmp(json_string_value(value), text) == 0);
}

/* It goes into logs and fields. */
static bool
is_name(const char *name)
{
	const unsigned char *c = (const unsigned char *)name;

	for (; c != NULL && *c >= ' ' && *c != 0x7f; c++)
		;
	return (name != NULL && name[0] != '\0' && *c == '\0');
}

/* RFC 7519, 4.1.3: who does not find itself there must refuse it. */
static bool
is_for(const json_t *aud, const char *audience)
{
	size_t i;

	if (aud == NULL || audience == NULL)
		return (aud == NULL && audience == NULL);
	if (!json_is_array(aud))
		return (is_text(aud, audience));
	for (i = 0; i < json_array_size(aud); i++)
		if (is_text(json_array_get(aud, i), audience))
			return (true);
	return (false);
}

/* Milliseconds of a moment. -1: it is none. */
static int64_t
moment(const json_t *value)
{
	double seconds;

	if (!json_is_number(value))
		return (-1);
	seconds = json_number_value(value);
	if (!(seconds >= 0 && seconds <= (double)MOMENT_MAX))
		return (-1);
	return ((int64_t)(seconds * 1000));
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static enum token_verdict
check_time(const json_t *all, const struct token_options *options,
    struct token_claims *claims)
{
	const json_t *exp = json_object_get(all, "exp");
	const json_t *nbf = json_object_get(all, "nbf");
	int64_t now = now_ms(), end = moment(exp), begin = moment(nbf);

	claims->wrong = "exp or nbf is no moment";
	if ((exp != NULL && end < 0) || (nbf != NULL && begin < 0))
		return (TOKEN_BAD);
	claims->wrong = "it has no end (exp)";
	if (exp == NULL && !options->endless)
		return (TOKEN_BAD);
	claims->wrong = "it is not valid yet (nbf)";
	if (nbf != NULL && begin > now + options->skew)
		return (TOKEN_BAD);
	claims->wrong = "it has expired";
	if (exp == NULL)
		return (TOKEN_FINE);
	if (end + options->skew <= now)
		return (TOKEN_OLD);
	claims->expires = (uint64_t)(end + options->skew - now);
	return (TOKEN_FINE);
}

static enum token_verdict
check_claims(const json_t *all, const struct token_options *options,
    struct token_claims *claims)
{
	const json_t *who = json_object_get(all, options->identity);
	const char *name = json_string_value(who);

	claims->wrong = "it is for others (aud)";
	if (!is_for(json_object_get(all, "aud"), options->audience))
		return (TOKEN_BAD);
	claims->wrong = "it is of another issuer (iss)";
	if (options->issuer != NULL &&
	    !is_text(json_object_get(all, "iss"), options->issuer))
		return (TOKEN_BAD);
	claims->wrong = "it does not say who it is";
	if (!is_name(name) || json_string_length(who) != strlen(name) ||
	    strlen(name) >= sizeof(claims->identity))
		return (TOKEN_BAD);
	strcpy(claims->identity, name);
	return (check_time(all, options, claims));
}

enum token_verdict
token_verify(const char *token, const struct token_options *options,
    struct token_claims *claims)
{
	enum token_verdict verdict = TOKEN_BAD;
	json_t *all;
	jwt_t *jwt;
	char *kid, *text;

	claims->wrong = look_at_head(token, options, &kid);
	if (claims->wrong != NULL) {
		free(kid);
		return (TOKEN_BAD);
	}
	jwt = check_signature(token, options, kid);
	free(kid);
	claims->wrong = "no key of ours has signed it";
	if (jwt == NULL)
		return (TOKEN_BAD);
	text = jwt_get_grants_json(jwt, NULL);
	jwt_free(jwt);
	claims->wrong = "its claims are no object";
	all = text != NULL ? json_loads(text, 0, NULL) :
	    NULL;
	free(text);
	if (json_is_object(all))
		verdict = check_claims(all, options, claims);
	json_decref(all);
	return (verdict);
}
