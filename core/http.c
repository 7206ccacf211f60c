/* SPDX-License-Identifier: Apache-2.0 */
#include "http.h"

#include <string.h>

#include "str.h"

const char *
http_get(const struct hg_head *head, const char *name)
{
	return (http_next(head, name, NULL));
}

const char *
http_next(const struct hg_head *head, const char *name, const char *last)
{
	size_t i;

	i = 0;
	if (last != NULL) {
		while (i < head->count && http_value(head, i) != last)
			i++;
		i++;
	}
	for (; i < head->count; i++)
		if (str_equal_nocase(http_name(head, i), name))
			return (http_value(head, i));
	return (NULL);
}

size_t
http_count(const struct hg_head *head, const char *name)
{
	size_t count, i;

	for (count = i = 0; i < head->count; i++)
		if (str_equal_nocase(http_name(head, i), name))
			count++;
	return (count);
}

const char *
http_element(const char **at, size_t *len)
{
	const char *start, *end;

	start = *at + strspn(*at, " \t,");
	end = start + strcspn(start, ",");
	*at = end;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*len = end - start;
	return (end > start ? start : NULL);
}

bool
http_has_token(const struct hg_head *head, const char *name,
    const char *token)
{
	const char *value, *at, *element;
	size_t len, token_len;

	token_len = strlen(token);
	for (value = http_get(head, name); value != NULL;
	    value = http_next(head, name, value)) {
		at = value;
		while ((element = http_element(&at, &len)) != NULL)
			if (str_equal_nocase_n(element, len, token, token_len))
				return (true);
	}
	return (false);
}

const char *
http_status_text(int status)
{
	static const struct {
		int		 status;
		const char	*text;
	} texts[] = {
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 206, "Partial Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return (texts[i].text);
	return ("Unknown");
}
