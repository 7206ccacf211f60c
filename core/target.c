/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

struct scheme {
	const char	*prefix;
	enum target_kind kind;
	bool		 tls;
	bool		 is_unix;
	const char	*port;		/* NULL: must be written */
};

static const struct scheme schemes[] = {
	{ "ws://", TARGET_WEBSOCKET, false, false, "80" },
	{ "wss://", TARGET_WEBSOCKET, true, false, "443" },
	{ "ws+unix:", TARGET_WEBSOCKET, false, true, NULL },
	{ "tcp://", TARGET_STREAM, false, false, NULL },
	{ "tls://", TARGET_STREAM, true, false, NULL },
	{ "unix:", TARGET_STREAM, false, true, NULL },
	{ "trunk:", TARGET_TRUNK, false, false, NULL },
	{ "http://", TARGET_HTTP, false, false, "80" },
	{ "https://", TARGET_HTTP, true, false, "443" },
	{ "http+unix:", TARGET_HTTP, false, true, NULL },
};

static const struct scheme *
scheme_find(const char *url)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(url, schemes[i].prefix,
		    strlen(schemes[i].prefix)) == 0)
			return (&schemes[i]);
	return (NULL);
}

/* Whether it is of HTTP, and so has a host and a path. */
static bool
scheme_has_path(const struct scheme *scheme)
{
	return (scheme->kind == TARGET_WEBSOCKET ||
	    scheme->kind == TARGET_HTTP);
}

bool
target_wants_tls(const char *url)
{
	const struct scheme *scheme;

	scheme = scheme_find(url);
	return (scheme != NULL && scheme->tls);
}

/* Printable ASCII without what a request target cannot have. */
static const char *
path_problem(const char *path)
{
	const char *c;

	for (c = path; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '#')
			return ("the path has a character that no request "
			    "can have");
	return (NULL);
}

/* authority: HOST or HOST:PORT, without the path. */
static const char *
authority_parse(struct target *target, const struct scheme *scheme,
    const char *authority)
{
	struct str text = { 0 };
	const char *colon, *problem;
	char *full;
	bool has_port;

	colon = strrchr(authority, ':');
	has_port = colon != NULL && strchr(colon, ']') == NULL;
	if (strchr(authority, '@') != NULL)
		return ("no user can stand in it");
	if (!has_port && scheme->port == NULL)
		return ("the port is missing");
	str_addf(&text, "%s%s%s", authority, has_port ? "" : ":",
	    has_port ? "" : scheme->port);
	full = str_take(&text);
	if (full == NULL)
		return ("out of memory");
	problem = NULL;
	if (address_parse(&target->address, full, &problem) == 0) {
		if (target->address.is_unix || target->address.host == NULL ||
		    strcmp(target->address.host, "*") == 0)
			problem = "it names no host";
		else if (strcmp(target->address.port, "0") == 0)
			problem = "port 0 cannot be connected to";
	} else if (problem == NULL)
		problem = "out of memory";
	free(full);
	return (problem);
}

/* What stands behind "ws://" and the like. */
static const char *
remote_parse(struct target *target, const struct scheme *scheme,
    const char *rest)
{
	const char *problem;
	char *authority;
	size_t len;

	len = strcspn(rest, "/?#");
	if (rest[len] != '\0' && !scheme_has_path(scheme))
		return ("nothing can stand behind the port");
	if (rest[len] != '\0' && rest[len] != '/')
		return ("the path must begin with /");
	authority = str_dup(rest, len);
	if (authority == NULL)
		return ("out of memory");
	problem = authority_parse(target, scheme, authority);
	if (problem == NULL && rest[len] == '/') {
		problem = path_problem(rest + len);
		target->path = str_dup(rest + len, strlen(rest + len));
		if (target->path == NULL)
			problem = "out of memory";
	}
	if (!scheme_has_path(scheme))
		free(authority);
	else
		target->host = authority;
	return (problem);
}

static const char *
unix_parse(struct target *target, const struct scheme *scheme,
    const char *path)
{
	const char *problem;
	struct str text = { 0 };
	char *full;

	str_addf(&text, "unix:%s", path);
	full = str_take(&text);
	if (full == NULL)
		return ("out of memory");
	problem = NULL;
	if (address_parse(&target->address, full, &problem) == -1 &&
	    problem == NULL)
		problem = "out of memory";
	free(full);
	if (problem != NULL || !scheme_has_path(scheme))
		return (problem);
	target->host = str_dup("localhost", strlen("localhost"));
	return (target->host != NULL ? NULL : "out of memory");
}

static int
target_fill(struct target *target, const struct scheme *scheme,
    const char *url, char *error, size_t size)
{
	const char *problem, *rest;

	rest = url + strlen(scheme->prefix);
	target->kind = scheme->kind;
	target->text = str_dup(url, strlen(url));
	if (target->text == NULL)
		problem = "out of memory";
	else if (scheme->is_unix)
		problem = unix_parse(target, scheme, rest);
	else if (scheme->kind != TARGET_TRUNK)
		problem = remote_parse(target, scheme, rest);
	else {
		target->trunk_name = str_dup(rest, strlen(rest));
		problem = target->trunk_name == NULL ? "out of memory" :
		    rest[0] == '\0' ? "the name of the trunk is missing" :
		    NULL;
	}
	if (problem == NULL)
		return (0);
	snprintf(error, size, "\"%s\": %s", url, problem);
	return (-1);
}

int
target_parse(struct target *target, const char *url, char *error, size_t size)
{
	const struct scheme *scheme;

	scheme = scheme_find(url);
	if (scheme != NULL && scheme->kind != TARGET_HTTP)
		return (target_fill(target, scheme, url, error, size));
	snprintf(error, size, "\"%s\" begins with none of ws://, "
	    "wss://, ws+unix:/, tcp://, tls://, unix:/, trunk:", url);
	return (-1);
}

int
target_parse_http(struct target *target, const char *url, char *error,
    size_t size)
{
	const struct scheme *scheme;

	scheme = scheme_find(url);
	if (scheme != NULL && scheme->kind == TARGET_HTTP)
		return (target_fill(target, scheme, url, error, size));
	snprintf(error, size, "\"%s\" begins with none of http://, "
	    "https://, http+unix:/", url);
	return (-1);
}

int
target_secure(struct target *target, const struct connect_settings *connect,
    char *error, size_t size)
{
	target->tls = tls_client(target->address.host, connect->ca,
	    connect->certificate, connect->certificate_key, error, size);
	if (target->tls == NULL)
		return (-1);
	/* A broker behind tls:// may refuse whoever speaks of HTTP. */
	if (target->kind != TARGET_STREAM &&
	    tls_offer_http(target->tls) != 0) {
		snprintf(error, size, "out of memory");
		return (-1);
	}
	return (0);
}

void
target_free(struct target *target)
{
	address_free(&target->address);
	tls_free(target->tls);
	free(target->text);
	free(target->host);
	free(target->path);
	free(target->authorization);
	free(target->trunk_name);
	memset(target, 0, sizeof(*target));
}
