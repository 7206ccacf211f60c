/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that the origin answers. Both bodies stream; who cannot take more
 * stops the other one.
 */
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
proxy_is_head(const struct proxy *proxy)
{
	return (page_is_head(hg->http_request(proxy->ex)));
}

/* --- the answer ----------------------------------------------------------- */

/* It cannot be had, or not to its end. */
static void
proxy_fail(struct proxy *proxy, int status, const char *why)
{
	char reason[200];

	snprintf(reason, sizeof(reason), "%s", why);
	hg->fetch_cancel(proxy->fetch);
	proxy->fetch = NULL;
	pause_end(proxy);
	hg->count(&hg_plugin_entry, PAGE_ORIGIN_FAILED, 1);
	hg->log(NULL, HG_LOG_WARN, "page: %s: %s", proxy->options->origin,
	    reason);
	if (proxy->responded)
		hg->http_abort(proxy->ex, reason);
	else if (page_answer(proxy->ex, status, NULL) != 0)
		hg->http_abort(proxy->ex, reason);
	proxy->responded = true;
}

/* Whether the script is put into it; for HEAD, would be into that of GET. */
static int
proxy_judge(struct proxy *proxy, const struct hg_head *response, bool *changed)
{
	const struct page_options *options = proxy->options;
	enum inject_verdict verdict;

	*changed = false;
	if (!options->inject || !page_has_script(options))
		return (0);
	verdict = filter_judge(response);
	*changed = verdict == INJECT_DONE;
	if (proxy_is_head(proxy))
		return (0);
	if (verdict != INJECT_DONE) {
		page_count_verdict(verdict);
		return (0);
	}
	proxy->filtering = true;
	return (filter_start(&proxy->filter, proxy->ex, options->script,
	    response));
}

static void
proxy_response(void *arg, const struct hg_head *response)
{
	struct proxy *proxy = arg;
	struct hg_fields *fields;
	bool changed;
	int result = -1;

	if (proxy_judge(proxy, response, &changed) == 0 &&
	    (fields = proxy_response_fields(response, proxy->options->origin,
	    changed)) != NULL) {
		result = hg->http_respond(proxy->ex,
		    hg->head_status(response), fields);
		hg->fields_free(fields);
	}
	if (result == 0) {
		proxy->responded = true;
		hg->count(&hg_plugin_entry, PAGE_PROXIED, 1);
	} else
		proxy_fail(proxy, 502, "its head cannot be passed on");
}

static void
proxy_send(struct proxy *proxy, struct hg_frame *frame)
{
	if (frame == NULL || hg->http_send(proxy->ex, frame) ||
	    proxy->held_origin || proxy->fetch == NULL)
		return;
	proxy->held_origin = true;
	hg->fetch_hold(proxy->fetch, true);
}

static void
proxy_body(void *arg, struct hg_frame *frame)
{
	struct proxy *proxy = arg;
	bool failed = false;

	frame = hg->frame_ref(frame);
	if (proxy->filtering)
		frame = filter_take(&proxy->filter, frame, &failed);
	if (proxy->filtering && !proxy->filter.decided)
		pause_wait(proxy);
	else
		pause_end(proxy);
	if (failed)
		proxy_fail(proxy, 502, "out of memory");
	else
		proxy_send(proxy, frame);
}

void
proxy_pause(struct proxy *proxy)
{
	struct hg_frame *frame;
	bool failed = false;

	pause_end(proxy);
	frame = filter_pause(&proxy->filter, &failed);
	if (failed)
		proxy_fail(proxy, 502, "out of memory");
	else
		proxy_send(proxy, frame);
}

static void
proxy_done(struct proxy *proxy)
{
	bool failed = false;

	if (proxy->filtering)
		proxy_send(proxy, filter_end(&proxy->filter, &failed));
	if (failed)
		proxy_fail(proxy, 502, "out of memory");
	else
		hg->http_end(proxy->ex);
}

static void
proxy_ended(void *arg, enum hg_fetch_end end, const char *reason)
{
	struct proxy *proxy = arg;

	proxy->fetch = NULL;
	pause_end(proxy);
	if (proxy->held_client) {
		proxy->held_client = false;
		hg->http_hold(proxy->ex, false);
	}
	if (end == HG_FETCH_DONE)
		proxy_done(proxy);
	else
		proxy_fail(proxy, end == HG_FETCH_TIMEOUT ? 504 : 502, reason);
}

/* --- the request ---------------------------------------------------------- */

static void
proxy_drained(void *arg)
{
	struct proxy *proxy = arg;

	if (!proxy->held_client)
		return;
	proxy->held_client = false;
	hg->http_hold(proxy->ex, false);
}

static const struct hg_fetch_ops proxy_ops = {
	.size = sizeof(struct hg_fetch_ops),
	.response = proxy_response,
	.body = proxy_body,
	.drain = proxy_drained,
	.ended = proxy_ended,
};

/* The URL's path, if it has one, in front of what was asked for. */
static int
proxy_target(const struct hg_target *to, const char *asked, char *out,
    size_t size)
{
	const char *base = hg->fetch_path(to);
	size_t len = strcspn(base, "?");
	int result;

	while (len > 0 && base[len - 1] == '/')
		len--;
	result = snprintf(out, size, "%.*s%s", (int)len, base, asked);
	return (result > 0 && (size_t)result < size ? 0 : -1);
}

static const char *
proxy_host(const struct page_options *options, const struct hg_head *request)
{
	if (options->origin_host == NULL)
		return (NULL);
	if (strcmp(options->origin_host, "client") == 0)
		return (hg->head_get(request, "Host"));
	return (options->origin_host);
}

/* 0, or the status that is answered: there is no room for what is added, or too
 * much is asked already. */
static int
proxy_start(struct proxy *proxy, struct hg_target *to,
    const struct hg_head *request)
{
	struct hg_request asked = { .size = sizeof(asked) };
	struct hg_fields *fields;
	char target[2 * PAGE_PATH_MAX];

	if (proxy_target(to, hg->head_target(request), target,
	    sizeof(target)) != 0)
		return (414);
	if ((fields = proxy_request_fields(proxy->ex, proxy->options)) == NULL)
		return (431);
	asked.method = hg->head_method(request);
	asked.target = target;
	asked.host = proxy_host(proxy->options, request);
	asked.fields = fields;
	asked.length = hg->http_length(proxy->ex);
	asked.connect_ms = (uint64_t)proxy->options->connect_timeout;
	asked.response_ms = (uint64_t)proxy->options->response_timeout;
	asked.idle_ms = (uint64_t)proxy->options->response_timeout;
	proxy->fetch = hg->fetch_start(to, &asked, &proxy_ops, proxy);
	hg->fields_free(fields);
	return (proxy->fetch != NULL ? 0 : 502);
}

int
page_proxy_begin(struct hg_exchange *ex, struct page *page,
    const struct page_options *options, const struct hg_head *request)
{
	struct hg_target *to;
	char error[256];
	int status;

	if (strcmp(hg->head_method(request), "TRACE") == 0 ||
	    strcmp(hg->head_method(request), "CONNECT") == 0)
		return (page_answer(ex, 405, NULL));
	if (proxy_is_loop(request))
		return (page_answer(ex, 508, NULL));
	to = hg->fetch_target(options->origin, options->origin_ca, NULL, NULL,
	    error, sizeof(error));
	if (to == NULL) {
		hg->log(NULL, HG_LOG_WARN, "page: proxy: %s", error);
		return (page_answer(ex, 502, NULL));
	}
	if ((page->proxy = calloc(1, sizeof(*page->proxy))) == NULL)
		return (-1);
	page->proxy->ex = ex;
	page->proxy->options = options;
	if ((status = proxy_start(page->proxy, to, request)) == 0)
		return (0);
	hg->count(&hg_plugin_entry, PAGE_ORIGIN_FAILED, 1);
	hg->log(NULL, HG_LOG_INFO, "page: %s: not asked, answered with %d",
	    options->origin, status);
	return (page_answer(ex, status, NULL));
}

void
page_proxy_body(struct proxy *proxy, struct hg_frame *frame)
{
	bool last = (hg->frame_flags(frame) & HG_LAST) != 0;

	if (proxy->fetch == NULL)
		return;
	if (hg->frame_len(frame) > 0 && !hg->fetch_send(proxy->fetch,
	    hg->frame_ref(frame)) && !proxy->held_client && !last) {
		proxy->held_client = true;
		hg->http_hold(proxy->ex, true);
	}
	if (last)
		hg->fetch_send_end(proxy->fetch);
}

void
page_proxy_drain(struct proxy *proxy)
{
	if (!proxy->held_origin || proxy->fetch == NULL)
		return;
	proxy->held_origin = false;
	hg->fetch_hold(proxy->fetch, false);
}

void
page_proxy_close(struct page *page)
{
	if (page->proxy == NULL)
		return;
	hg->fetch_cancel(page->proxy->fetch);
	pause_end(page->proxy);
	filter_free(&page->proxy->filter);
	free(page->proxy);
	page->proxy = NULL;
}

/* The target is made at the start, so that its files are read before anything
 * runs. */
const char *
page_proxy_check(const struct page_options *options, char *buffer, size_t size)
{
	if (options->origin == NULL)
		return (options->origin_ca == NULL ? NULL :
		    "proxy-ca means nothing without proxy");
	return (hg->fetch_target(options->origin, options->origin_ca, NULL,
	    NULL, buffer, size) != NULL ? NULL : buffer);
}
