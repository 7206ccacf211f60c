/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *
page_check_root(const char *value, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	return (value[0] == '/' ? NULL : "a folder begins with /");
}

static const char *
page_check_script(const char *value, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	if (strcmp(value, "off") == 0)
		return (NULL);
	return (value[0] == '/' && strpbrk(value, " ?#%") == NULL ? NULL :
	    "it is off, or a path of requests without escapes");
}

static const char *
page_check_index(const char *value, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	return (strchr(value, '/') == NULL && value[0] != '.' ? NULL :
	    "it is a file's name");
}

static const char *
page_check_field(const char *value, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	for (; *value != '\0'; value++)
		if (*value < ' ' || *value > '~')
			return ("only printable ASCII can be in a field");
	return (NULL);
}

static const struct hg_option page_options[] = {
	{
		.key = "root", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, root),
		.check = page_check_root,
		.help = "the folder of files that are served",
	},
	{
		.key = "index", .type = HG_LIST, .per_service = true,
		.offset = offsetof(struct page_options, index),
		.standard = "index.html", .check = page_check_index,
		.help = "names of the file that is served for its folder",
	},
	{
		.key = "type", .type = HG_LIST, .per_service = true,
		.offset = offsetof(struct page_options, types),
		.check = page_type_check,
		.help = "EXTENSION TYPE: a media type of one's own",
	},
	{
		.key = "cache-control", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, cache_control),
		.check = page_check_field,
		.help = "the field Cache-Control of files",
	},
	{
		.key = "dotfiles", .type = HG_BOOL, .per_service = true,
		.offset = offsetof(struct page_options, dotfiles),
		.standard = "no",
		.help = "whether files and folders with . in front are served",
	},
	{
		.key = "script", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, script),
		.standard = "/.headgate/headgate.js",
		.check = page_check_script,
		.help = "the path of the library for browsers, or off",
	},
	{
		.key = "script-dir", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, script_dir),
		.check = page_check_root,
		.help = "the folder of the library's files",
	},
	{ .key = NULL },
};

static const char *const page_counters[] = {
	[PAGE_FILES] = "files",
	[PAGE_UNCHANGED] = "unchanged",
	[PAGE_MISSING] = "missing",
	[PAGE_SCRIPTS] = "scripts",
	NULL,
};

int
page_add(struct hg_fields *fields, const char *name, const char *fmt, ...)
{
	char value[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(value))
		return (-1);
	return (hg->fields_add(fields, name, value));
}

bool
page_is_head(const struct hg_head *request)
{
	return (strcmp(hg->head_method(request), "HEAD") == 0);
}

static const char *
page_text(int status)
{
	switch (status) {
	case 301:
		return ("It is a folder.\n");
	case 400:
		return ("The path is malformed.\n");
	case 404:
		return ("There is no such file.\n");
	case 405:
		return ("Only GET and HEAD are answered here.\n");
	case 412:
		return ("A condition does not hold.\n");
	case 416:
		return ("That range is not there.\n");
	default:
		return ("This cannot be answered.\n");
	}
}

/* fields may be NULL, and are the caller's. */
int
page_answer(struct hg_exchange *ex, int status, struct hg_fields *fields)
{
	const char *text = page_text(status);
	struct hg_fields *own = NULL;
	int result = -1;

	if (fields == NULL && (fields = own = hg->fields_new()) == NULL)
		return (-1);
	if (status == 404)
		hg->count(&hg_plugin_entry, PAGE_MISSING, 1);
	if (page_add(fields, "Content-Type",
	    "text/plain; charset=utf-8") == 0 &&
	    page_add(fields, "Content-Length", "%zu", strlen(text)) == 0 &&
	    hg->http_respond(ex, status, fields) == 0) {
		if (!page_is_head(hg->http_request(ex)))
			hg->http_send(ex, hg->frame_new(text, strlen(text),
			    0));
		hg->http_end(ex);
		result = 0;
	}
	hg->fields_free(own);
	return (result);
}

static int
page_refuse_method(struct hg_exchange *ex)
{
	struct hg_fields *fields;
	int result = -1;

	if ((fields = hg->fields_new()) == NULL)
		return (-1);
	if (page_add(fields, "Allow", "GET, HEAD") == 0)
		result = page_answer(ex, 405, fields);
	hg->fields_free(fields);
	return (result);
}

static bool
page_is_script(const struct page_options *options, const char *target)
{
	size_t len;

	if (options->script == NULL || strcmp(options->script, "off") == 0)
		return (false);
	len = strlen(options->script);
	return (strncmp(target, options->script, len) == 0 &&
	    (target[len] == '\0' || target[len] == '?'));
}

static int
page_begin(struct hg_exchange *ex, void *state, const struct hg_head *request)
{
	const struct page_options *options = hg->http_options(ex);
	bool script = page_is_script(options, hg->head_target(request));

	if (!script && options->root == NULL)
		return (page_answer(ex, 404, NULL));
	if (strcmp(hg->head_method(request), "GET") != 0 &&
	    !page_is_head(request))
		return (page_refuse_method(ex));
	if (script)
		return (page_script_begin(ex, options, request));
	return (page_file_begin(ex, state, options, request));
}

static void
page_drain(struct hg_exchange *ex, void *state)
{
	page_file_drain(ex, state);
}

static void
page_close(struct hg_exchange *ex, void *state)
{
	(void)ex;
	page_file_close(state);
}

static void
page_unload(void)
{
	page_script_unload();
}

static const struct hg_http page_http = {
	.size = sizeof(struct hg_http),
	.state_size = sizeof(struct page),
	.begin = page_begin,
	.drain = page_drain,
	.close = page_close,
};

HG_PLUGIN(
	.name = "page",
	.version = HG_VERSION,
	.summary = "serves files to browsers, and the library for them",
	.counters = page_counters,
	.options = page_options,
	.options_size = sizeof(struct page_options),
	.unload = page_unload,
	.http = &page_http,
);
