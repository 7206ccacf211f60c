/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	return (inject_is_path(value) ? NULL :
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

static const char *
page_check_origin(const char *value, char *buffer, size_t size)
{
	return (hg->fetch_check(value, buffer, size));
}

/* Said at the start instead of at the first request. */
static const char *
page_check_ca(const char *value, char *buffer, size_t size)
{
	if (access(value, R_OK) == 0)
		return (NULL);
	snprintf(buffer, size, "%s: %s", value, strerror(errno));
	return (buffer);
}

static const char *
page_check_host(const char *value, char *buffer, size_t size)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";

	(void)buffer;
	(void)size;
	return (value[strspn(value, fine)] == '\0' ? NULL :
	    "it is client, or HOST or HOST:PORT");
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
	{
		.key = "inject", .type = HG_BOOL, .per_service = true,
		.offset = offsetof(struct page_options, inject),
		.standard = "no",
		.help = "whether pages get an element for the library",
	},
	{
		.key = "proxy", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, origin),
		.check = page_check_origin,
		.help = "URL of the server that answers what is not in root",
	},
	{
		.key = "proxy-ca", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, origin_ca),
		.check = page_check_ca,
		.help = "file of certificates that the origin's is checked by",
	},
	{
		.key = "proxy-host", .type = HG_STRING, .per_service = true,
		.offset = offsetof(struct page_options, origin_host),
		.check = page_check_host,
		.help = "the Host that the origin is asked for, or client",
	},
	{
		.key = "x-forwarded", .type = HG_BOOL, .per_service = true,
		.offset = offsetof(struct page_options, x_forwarded),
		.standard = "no",
		.help = "whether the origin gets X-Forwarded-For and others",
	},
	{
		.key = "trust-forwarded", .type = HG_BOOL, .per_service = true,
		.offset = offsetof(struct page_options, trust_forwarded),
		.standard = "no",
		.help = "whether clients may say on whose behalf they ask",
	},
	{
		.key = "strip", .type = HG_LIST, .per_service = true,
		.offset = offsetof(struct page_options, strip),
		.help = "a field of requests that the origin does not get",
	},
	{
		.key = "proxy-connect-timeout", .type = HG_TIME,
		.offset = offsetof(struct page_options, connect_timeout),
		.standard = "10s", .min = 1, .max = 3600000,
		.per_service = true,
		.help = "time for a connection to the origin",
	},
	{
		.key = "proxy-timeout", .type = HG_TIME, .per_service = true,
		.offset = offsetof(struct page_options, response_timeout),
		.standard = "1m", .min = 1, .max = 86400000,
		.help = "time for its answer to begin, and to go on",
	},
	{ .key = NULL },
};

static const char *const page_counters[] = {
	[PAGE_FILES] = "files",
	[PAGE_UNCHANGED] = "unchanged",
	[PAGE_MISSING] = "missing",
	[PAGE_SCRIPTS] = "scripts",
	[PAGE_PROXIED] = "proxied",
	[PAGE_ORIGIN_FAILED] = "origin-failed",
	[PAGE_INJECTED + INJECT_DONE] = "injected",
	[PAGE_INJECTED + INJECT_PRESENT] = "not-injected-present",
	[PAGE_INJECTED + INJECT_CHARSET] = "not-injected-charset",
	[PAGE_INJECTED + INJECT_POLICY] = "not-injected-policy",
	[PAGE_INJECTED + INJECT_PLACE] = "not-injected-place",
	[PAGE_INJECTED + INJECT_ENCODING] = "not-injected-encoding",
	[PAGE_INJECTED + INJECT_PARTIAL] = "not-injected-partial",
	[PAGE_INJECTED + INJECT_ATTACHMENT] = "not-injected-attachment",
	[PAGE_INJECTED + INJECT_NO_TRANSFORM] = "not-injected-no-transform",
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

bool
page_has_script(const struct page_options *options)
{
	return (options->script != NULL && strcmp(options->script, "off") != 0);
}

/* What is no page is not counted. */
void
page_count_verdict(enum inject_verdict verdict)
{
	if (verdict != INJECT_VERDICTS)
		hg->count(&hg_plugin_entry, PAGE_INJECTED + (unsigned)verdict,
		    1);
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
	case 502:
		return ("The server behind this one cannot be asked.\n");
	case 504:
		return ("The server behind this one does not answer.\n");
	case 508:
		return ("The request goes in a circle.\n");
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

	if (!page_has_script(options))
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
	bool reads = strcmp(hg->head_method(request), "GET") == 0 ||
	    page_is_head(request);

	if (!script && options->origin != NULL &&
	    (options->root == NULL || !reads))
		return (page_proxy_begin(ex, state, options, request));
	if (!script && options->root == NULL)
		return (page_answer(ex, 404, NULL));
	if (!reads)
		return (page_refuse_method(ex));
	if (script)
		return (page_script_begin(ex, options, request));
	return (page_file_begin(ex, state, options, request));
}

static void
page_body(struct hg_exchange *ex, void *state, struct hg_frame *frame)
{
	struct page *page = state;

	(void)ex;
	if (page->proxy != NULL)
		page_proxy_body(page->proxy, frame);
}

static void
page_drain(struct hg_exchange *ex, void *state)
{
	struct page *page = state;

	if (page->proxy != NULL)
		page_proxy_drain(page->proxy);
	else
		page_file_drain(ex, page);
}

static void
page_close(struct hg_exchange *ex, void *state)
{
	(void)ex;
	page_proxy_close(state);
	page_file_close(state);
}

static const char *
page_check(const void *values, char *buffer, size_t size)
{
	const struct page_options *options = values;

	if (options->inject && !page_has_script(options))
		return ("there is nothing to inject with script = off");
	return (page_proxy_check(options, buffer, size));
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
	.body = page_body,
	.drain = page_drain,
	.close = page_close,
	.check = page_check,
};

HG_PLUGIN(
	.name = "page",
	.version = HG_VERSION,
	.summary = "serves files, an origin's pages, the library for browsers",
	.counters = page_counters,
	.options = page_options,
	.options_size = sizeof(struct page_options),
	.worker_size = sizeof(struct page_worker),
	.unload = page_unload,
	.http = &page_http,
);
