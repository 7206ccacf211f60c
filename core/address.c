/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "str.h"

#define ADDRESS_NAME_MAX	253	/* RFC 1035: a name as text */

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* The last label of a name, as the resolver would take it for a number. */
static bool
is_number(const char *label)
{
	if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return (true);
	return (is_digit(label[0]) &&
	    label[strspn(label, "0123456789")] == '\0');
}

/*
 * A name, or an IPv4 address of four numbers. What ends in a number is never a
 * name: "127.1" or "0x7f.1" would be an address to the resolver.
 */
static bool
host_is_valid(const char *host)
{
	struct in_addr v4;
	const char *last;
	size_t len;

	len = strspn(host, "0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._");
	if (len == 0 || len > ADDRESS_NAME_MAX || host[len] != '\0')
		return (false);
	if (inet_pton(AF_INET, host, &v4) == 1)
		return (true);
	if (host[0] == '.' || host[0] == '-' || strstr(host, "..") != NULL)
		return (false);
	last = strrchr(host, '.');
	last = last != NULL ? last + 1 : host;
	return (!is_number(last));
}

/* fe80::1%eth0 names the interface too. */
static int
parse_v6(const char *host, struct sockaddr_in6 *sin6)
{
	char text[INET6_ADDRSTRLEN];
	const char *scope;
	size_t len;

	scope = strchr(host, '%');
	len = scope != NULL ? (size_t)(scope - host) : strlen(host);
	if (len >= sizeof(text))
		return (-1);
	memcpy(text, host, len);
	text[len] = '\0';
	memset(sin6, 0, sizeof(*sin6));
	sin6->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, text, &sin6->sin6_addr) != 1)
		return (-1);
	if (scope == NULL)
		return (0);
	sin6->sin6_scope_id = if_nametoindex(scope + 1);
	return (sin6->sin6_scope_id != 0 ? 0 : -1);
}

static int
parse_unix(struct address *address, const char *path, const char **error)
{
	struct sockaddr_un sun;

	*error = NULL;
	if (path[0] != '/')
		*error = "the path must begin with /";
	else if (strlen(path) >= sizeof(sun.sun_path))
		*error = "the path is too long for a socket";
	if (*error != NULL)
		return (-1);
	address->is_unix = true;
	address->path = str_dup(path, strlen(path));
	if (address->path != NULL)
		return (0);
	*error = "out of memory";
	return (-1);
}

/* NULL, or what is wrong with the host between its ends. */
static const char *
check_host(const char *host, bool bracketed)
{
	struct sockaddr_in6 sin6;

	if (host[0] == '\0')
		return ("there is no host");
	if (bracketed)
		return (parse_v6(host, &sin6) == 0 ? NULL :
		    "no IPv6 address between [ and ]");
	if (strchr(host, ':') != NULL)
		return ("an IPv6 address must stand in [ and ]");
	if (strcmp(host, "*") == 0 || host_is_valid(host))
		return (NULL);
	return ("no such form of a host");
}

static const char *
check_port(const char *port)
{
	uint64_t number;

	if (str_to_u64(port, strlen(port), 65535, &number))
		return (NULL);
	return ("the port must be a number up to 65535");
}

static int
parse_inet(struct address *address, const char *text, const char **error)
{
	const char *host, *colon;
	size_t len;
	bool bracketed;

	bracketed = text[0] == '[';
	colon = strrchr(text, ':');
	if (colon == NULL || (bracketed && colon[-1] != ']')) {
		*error = "there is no port (HOST:PORT or unix:/PATH)";
		return (-1);
	}
	host = bracketed ? text + 1 : text;
	len = (size_t)(colon - host) - (bracketed ? 1 : 0);
	address->host = str_dup(host, len);
	address->port = str_dup(colon + 1, strlen(colon + 1));
	if (address->host == NULL || address->port == NULL) {
		*error = "out of memory";
		return (-1);
	}
	*error = check_host(address->host, bracketed);
	if (*error == NULL)
		*error = check_port(address->port);
	return (*error == NULL ? 0 : -1);
}

int
address_parse(struct address *address, const char *text, const char **error)
{
	int result;

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0)
		result = parse_unix(address, text + 5, error);
	else
		result = parse_inet(address, text, error);
	if (result == -1)
		address_free(address);
	return (result);
}

void
address_free(struct address *address)
{
	free(address->host);
	free(address->port);
	free(address->path);
	memset(address, 0, sizeof(*address));
}

static int
resolve_unix(const char *path, struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)(void *)ss;
	size_t path_len;

	path_len = strlen(path);
	if (path_len >= sizeof(sun->sun_path))
		return (-1);
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path, path_len + 1);
	*len = sizeof(*sun);
	return (0);
}

int
address_resolve_numeric(const struct address *address,
    struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)(void *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)(void *)ss;
	uint64_t port;

	memset(ss, 0, sizeof(*ss));
	if (address->is_unix)
		return (resolve_unix(address->path, ss, len));
	if (!str_to_u64(address->port, strlen(address->port), 65535, &port))
		return (-1);
	if (inet_pton(AF_INET, address->host, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons((uint16_t)port);
		*len = sizeof(*sin);
		return (0);
	}
	if (strcmp(address->host, "*") == 0)
		sin6->sin6_family = AF_INET6;
	else if (parse_v6(address->host, sin6) == -1)
		return (-1);
	sin6->sin6_port = htons((uint16_t)port);
	*len = sizeof(*sin6);
	return (0);
}

static void
format_v4(char *out, size_t size, const struct in_addr *addr, in_port_t port)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, addr, text, sizeof(text));
	snprintf(out, size, "%s:%u", text, ntohs(port));
}

/* An IPv4 client of a socket for both is shown as what it is. */
static void
format_v6(char *out, size_t size, const struct sockaddr_in6 *sin6)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;

	if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		memcpy(&v4, &sin6->sin6_addr.s6_addr[12], sizeof(v4));
		format_v4(out, size, &v4, sin6->sin6_port);
		return;
	}
	inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof(text));
	if (sin6->sin6_scope_id != 0)
		snprintf(out, size, "[%s%%%u]:%u", text, sin6->sin6_scope_id,
		    ntohs(sin6->sin6_port));
	else
		snprintf(out, size, "[%s]:%u", text, ntohs(sin6->sin6_port));
}

void
address_format(char *out, size_t size, const struct sockaddr *sa,
    socklen_t len)
{
	const struct sockaddr_in *sin;

	if (sa->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		sin = (const void *)sa;
		format_v4(out, size, &sin->sin_addr, sin->sin_port);
	} else if (sa->sa_family == AF_INET6 &&
	    len >= sizeof(struct sockaddr_in6))
		format_v6(out, size, (const void *)sa);
	else
		snprintf(out, size, "%s",
		    sa->sa_family == AF_UNIX ? "unix" : "?");
}
