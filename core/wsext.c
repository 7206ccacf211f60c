/* SPDX-License-Identifier: Apache-2.0 */
#include "wsext.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "str.h"

#define FIELD	"Sec-WebSocket-Extensions"

/* --- one extension -------------------------------------------------------- */

static struct hg_params *
params_new(const char *name, size_t len)
{
	struct hg_params *params;

	if (!str_is_token(name, len))
		return (NULL);
	params = calloc(1, sizeof(*params));
	if (params == NULL)
		return (NULL);
	params->name = str_dup(name, len);
	if (params->name == NULL) {
		free(params);
		return (NULL);
	}
	return (params);
}

struct hg_params *
wsext_params_new(const char *name)
{
	return (params_new(name, strlen(name)));
}

struct hg_params *
wsext_params_copy(const struct hg_params *from)
{
	struct hg_params *params;
	size_t i;

	params = wsext_params_new(from->name);
	if (params == NULL)
		return (NULL);
	for (i = 0; i < from->count; i++) {
		if (wsext_set(params, from->param[i].name,
		    from->param[i].value) == -1) {
			wsext_params_free(params);
			return (NULL);
		}
	}
	return (params);
}

void
wsext_params_free(struct hg_params *params)
{
	size_t i;

	if (params == NULL)
		return;
	for (i = 0; i < params->count; i++) {
		free(params->param[i].name);
		free(params->param[i].value);
	}
	free(params->name);
	free(params);
}

static struct wsext_param *
param_find(const struct hg_params *params, const char *name, size_t len)
{
	const struct wsext_param *param;
	size_t i;

	for (i = 0; i < params->count; i++) {
		param = &params->param[i];
		if (str_equal_nocase_n(param->name, strlen(param->name),
		    name, len))
			return ((struct wsext_param *)param);
	}
	return (NULL);
}

/* Takes the value over, also on failure; NULL is none. */
static int
param_add(struct hg_params *params, const char *name, size_t len, char *value)
{
	struct wsext_param *param;

	if (params->count < WSEXT_PARAMS && str_is_token(name, len)) {
		param = &params->param[params->count];
		param->name = str_dup(name, len);
		param->value = value;
		if (param->name != NULL) {
			params->count++;
			return (0);
		}
	}
	free(value);
	return (-1);
}

const char *
wsext_at(const struct hg_params *params, size_t index)
{
	return (index < params->count ? params->param[index].name : NULL);
}

const char *
wsext_get(const struct hg_params *params, const char *name)
{
	const struct wsext_param *param;

	param = param_find(params, name, strlen(name));
	if (param == NULL)
		return (NULL);
	return (param->value != NULL ? param->value : "");
}

static bool
is_printable(char c)
{
	return (c >= ' ' && c <= '~');
}

int
wsext_set(struct hg_params *params, const char *name, const char *value)
{
	struct wsext_param *param;
	const char *c;
	char *own;

	own = NULL;
	if (value != NULL && *value != '\0') {
		for (c = value; *c != '\0'; c++)
			if (!is_printable(*c))
				return (-1);
		own = str_dup(value, strlen(value));
		if (own == NULL)
			return (-1);
	}
	param = param_find(params, name, strlen(name));
	if (param == NULL)
		return (param_add(params, name, strlen(name), own));
	free(param->value);
	param->value = own;
	return (0);
}

/* --- parsing -------------------------------------------------------------- */

static void
blanks_skip(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

/* The token at hand and the blanks behind it; 0 when there is none. */
static size_t
token_take(const char **at)
{
	const char *start;
	size_t len;

	start = *at;
	while (str_is_token(*at, 1))
		(*at)++;
	len = *at - start;
	blanks_skip(at);
	return (len);
}

/*
 * The text of a quoted string, or NULL. RFC 6455, 9.1, wants a token in it;
 * whether more is good is left to whom the parameter belongs to. It may not be
 * empty, as that would look like no value.
 */
static char *
quoted_take(const char **at)
{
	struct str text = { 0 };
	const char *c;

	for (c = *at + 1; *c != '"'; c++) {
		if (*c == '\\')
			c++;
		if (!is_printable(*c)) {
			str_free(&text);
			return (NULL);
		}
		str_add_char(&text, *c);
	}
	*at = c + 1;
	blanks_skip(at);
	if (text.len == 0)
		return (NULL);
	return (str_take(&text));
}

static char *
value_take(const char **at)
{
	const char *start;
	size_t len;

	if (**at == '"')
		return (quoted_take(at));
	start = *at;
	len = token_take(at);
	return (len > 0 ? str_dup(start, len) : NULL);
}

/* A second parameter of the same name has no good meaning: refused. */
static int
param_parse(const char **at, struct hg_params *params)
{
	const char *name;
	char *value;
	size_t len;

	name = *at;
	len = token_take(at);
	if (len == 0 || param_find(params, name, len) != NULL)
		return (-1);
	value = NULL;
	if (**at == '=') {
		(*at)++;
		blanks_skip(at);
		value = value_take(at);
		if (value == NULL)
			return (-1);
	}
	return (param_add(params, name, len, value));
}

static struct hg_params *
extension_parse(const char **at)
{
	struct hg_params *params;
	const char *name;
	size_t len;

	name = *at;
	len = token_take(at);
	params = params_new(name, len);
	if (params == NULL)
		return (NULL);
	while (**at == ';') {
		(*at)++;
		blanks_skip(at);
		if (param_parse(at, params) == -1) {
			wsext_params_free(params);
			return (NULL);
		}
	}
	return (params);
}

int
wsext_parse_text(struct wsext_list *list, const char *text)
{
	struct hg_params *params;
	const char *at;

	for (at = text + strspn(text, ", \t"); *at != '\0';
	    at += strspn(at, ", \t")) {
		params = extension_parse(&at);
		if (params == NULL || wsext_push(list, params) == -1 ||
		    (*at != ',' && *at != '\0')) {
			wsext_free(list);
			return (-1);
		}
	}
	return (0);
}

int
wsext_parse(struct wsext_list *list, const struct hg_head *head)
{
	const char *value;

	for (value = http_get(head, FIELD); value != NULL;
	    value = http_next(head, FIELD, value))
		if (wsext_parse_text(list, value) == -1)
			return (-1);
	return (0);
}

/* --- lists ---------------------------------------------------------------- */

void
wsext_free(struct wsext_list *list)
{
	while (list->count > 0)
		wsext_params_free(list->ext[--list->count]);
}

int
wsext_push(struct wsext_list *list, struct hg_params *params)
{
	if (list->count == WSEXT_MAX) {
		wsext_params_free(params);
		return (-1);
	}
	list->ext[list->count++] = params;
	return (0);
}

struct hg_params *
wsext_find(const struct wsext_list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (str_equal_nocase(list->ext[i]->name, name))
			return (list->ext[i]);
	return (NULL);
}

static void
value_format(struct str *out, const char *value)
{
	if (str_is_token(value, strlen(value))) {
		str_add(out, value);
		return;
	}
	str_add_char(out, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			str_add_char(out, '\\');
		str_add_char(out, *value);
	}
	str_add_char(out, '"');
}

void
wsext_format(struct str *out, const struct wsext_list *list)
{
	const struct hg_params *params;
	size_t i, j;

	for (i = 0; i < list->count; i++) {
		params = list->ext[i];
		str_add(out, i > 0 ? ", " : "");
		str_add(out, params->name);
		for (j = 0; j < params->count; j++) {
			str_add(out, "; ");
			str_add(out, params->param[j].name);
			if (params->param[j].value == NULL)
				continue;
			str_add_char(out, '=');
			value_format(out, params->param[j].value);
		}
	}
}
