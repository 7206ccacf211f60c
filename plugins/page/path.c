/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request's target to a name below root. One way to write a path is
 * enough: what is decoded stays decoded, and what a file system or a browser
 * could read as another path is not there at all.
 */
#include <string.h>

#include "page.h"

static int
path_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* The byte at *at, decoded; -1: a malformed escape. *escaped: it was one. */
static int
path_byte(const char **at, bool *escaped)
{
	int high, low;

	*escaped = **at == '%';
	if (!*escaped)
		return ((unsigned char)*(*at)++);
	high = path_digit((*at)[1]);
	low = high < 0 ? -1 : path_digit((*at)[2]);
	if (low < 0)
		return (-1);
	*at += 3;
	return (high << 4 | low);
}

static int
path_decode(const char *at, char *out, size_t size)
{
	bool escaped;
	size_t len;
	int byte;

	for (len = 0; *at != '\0' && *at != '?'; len++) {
		if ((byte = path_byte(&at, &escaped)) < 0)
			return (400);
		if (byte < ' ' || byte == 0x7f || byte == '\\' ||
		    (escaped && byte == '/') || len + 1 >= size)
			return (404);
		out[len] = (char)byte;
	}
	out[len] = '\0';
	return (0);
}

/* Whether every segment names something; the last may be empty. */
static bool
path_is_plain(const char *path, bool dotfiles)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (path[0] == '.' && (!dotfiles || len == 1 ||
		    (len == 2 && path[1] == '.')) &&
		    (len != 11 || memcmp(path, ".well-known", len) != 0))
			return (false);
		if (len == 0 && path[0] == '/')
			return (false);
		if (path[len] == '\0')
			return (len <= 255);
		if (len > 255)
			return (false);
	}
}

int
page_path(const char *target, const char *service, bool dotfiles, char *out,
    size_t size, bool *folder)
{
	size_t skip = 1, len = strlen(service);
	int status;

	/* The host found the service by its path as it is written. */
	if (len > 1 && service[len - 1] == '*' &&
	    strncmp(target, service, len - 1) == 0)
		skip = len - 1;
	if ((status = path_decode(target + skip, out, size)) != 0)
		return (status);
	if (!path_is_plain(out, dotfiles))
		return (404);
	len = strlen(out);
	*folder = len == 0 || out[len - 1] == '/';
	return (0);
}
