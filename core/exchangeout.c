/* SPDX-License-Identifier: Apache-2.0 */
/* An exchange's response: its head, its body's framing, its end. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exchange.h"
#include "frame.h"
#include "log.h"
#include "str.h"

/* What is between two hops is the host's (RFC 9110, 7.6.1). */
static const char *const hop_fields[] = { "Connection", "Keep-Alive",
	"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade" };

static bool
out_fields_are_ours(const struct hg_fields *fields)
{
	size_t i, k;

	for (i = 0; fields != NULL && i < fields->count; i++)
		for (k = 0; k < sizeof(hop_fields) / sizeof(*hop_fields); k++)
			if (str_equal_nocase(fields->field[i].name,
			    hop_fields[k]))
				return (false);
	return (true);
}

/* RFC 9110, 5.6.7, whatever the locale. */
static void
out_date(struct str *out)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL)
		return;
	str_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* How the body will be told from what follows. */
static void
out_frame(struct hg_exchange *ex, const struct hg_head *head)
{
	const char *length = http_get(head, "Content-Length");
	uint64_t bytes;

	ex->bodyless = strcmp(ex->request->method, "HEAD") == 0 ||
	    head->status == 204 || head->status == 304;
	if (length != NULL && str_to_u64(length, strlen(length), INT64_MAX,
	    &bytes))
		ex->left = (int64_t)bytes;
	else if (ex->request->is_old)
		ex->last = true;
	else if (head->status != 204 && head->status != 304)
		ex->chunked = true;
	if (!httpbody_is_complete(&ex->body) && (ex->expects ||
	    (ex->length >= 0 && (uint64_t)ex->length - ex->received >
	    EXCHANGE_UNWANTED)))
		ex->last = true;
}

static void
out_head(struct hg_exchange *ex, const struct hg_head *head, struct str *out)
{
	size_t i;

	str_addf(out, "HTTP/1.1 %d %s\r\n", head->status, head->reason);
	if (http_get(head, "Date") == NULL)
		out_date(out);
	for (i = 0; i < head->count; i++) {
		if (head->status == 204 &&
		    str_equal_nocase(http_name(head, i), "Content-Length"))
			continue;
		str_add(out, http_name(head, i));
		str_add(out, ": ");
		str_add(out, http_value(head, i));
		str_add(out, "\r\n");
	}
	if (ex->chunked)
		str_add(out, "Transfer-Encoding: chunked\r\n");
	if (ex->last)
		str_add(out, "Connection: close\r\n");
	str_add(out, "\r\n");
}

/* -1: no memory, the connection is gone. */
static int
out_write(struct hg_exchange *ex, const char *data, size_t len)
{
	struct hg_frame *frame;

	if ((frame = frame_copy(data, len, 0)) == NULL) {
		conn_kill(ex->conn, "out of memory");
		return (-1);
	}
	conn_write(ex->conn, frame);
	return (0);
}

static bool
out_is_open(const struct hg_exchange *ex)
{
	return (!ex->ended && ex->conn->state == CONN_OPEN);
}

int
exchange_respond(struct hg_exchange *ex, int status,
    const struct hg_fields *fields)
{
	struct hg_head *head;
	struct str out = { 0 };
	int result = -1;

	if (!out_is_open(ex) || ex->responded || status < 200 ||
	    !out_fields_are_ours(fields) ||
	    (head = http_response(status, NULL, fields)) == NULL)
		return (-1);
	ex->responded = true;
	out_frame(ex, head);
	out_head(ex, head, &out);
	if (out.failed)
		conn_kill(ex->conn, "out of memory");
	else
		result = out_write(ex, out.text, out.len);
	log_write(HG_LOG_DEBUG, ex->conn->name, "%s: answered with %d",
	    ex->service->name, status);
	str_free(&out);
	http_free(head);
	return (result);
}

/* The end of the chunk before is written with the next. */
static struct hg_frame *
out_chunk(struct hg_exchange *ex, struct hg_frame *frame)
{
	char line[32];
	int len;

	len = snprintf(line, sizeof(line), "%s%zx\r\n",
	    ex->chunks ? "\r\n" : "", frame->len);
	ex->chunks = true;
	return (frame_prepend(frame, line, (size_t)len));
}

bool
exchange_send(struct hg_exchange *ex, struct hg_frame *frame)
{
	if (frame == NULL || !out_is_open(ex) || !ex->responded ||
	    ex->bodyless || frame->len == 0) {
		frame_unref(frame);
		return (out_is_open(ex));
	}
	if (ex->left >= 0 && frame->len > (uint64_t)ex->left) {
		frame_unref(frame);
		exchange_abort(ex, "a body longer than its Content-Length");
		return (false);
	}
	if (ex->left >= 0)
		ex->left -= (int64_t)frame->len;
	if (ex->chunked && (frame = out_chunk(ex, frame)) == NULL) {
		conn_kill(ex->conn, "out of memory");
		return (false);
	}
	conn_write(ex->conn, frame);
	ex->full = ex->conn->full;
	return (!ex->full);
}

void
exchange_end(struct hg_exchange *ex)
{
	static const char end[] = "\r\n0\r\n\r\n";
	size_t skip = ex->chunks ? 0 : 2;

	if (!out_is_open(ex))
		return;
	if (!ex->responded) {
		exchange_refuse(ex, 500, "there is no response");
		return;
	}
	if (!ex->bodyless && ex->left > 0) {
		exchange_abort(ex, "a body shorter than its Content-Length");
		return;
	}
	if (ex->chunked && !ex->bodyless &&
	    out_write(ex, end + skip, sizeof(end) - 1 - skip) != 0)
		return;
	ex->ended = true;
	ex->changed(ex);
}

/* Old clients take a FIN for the end of the body. */
void
exchange_abort(struct hg_exchange *ex, const char *why)
{
	if (!out_is_open(ex))
		return;
	log_write(HG_LOG_INFO, ex->conn->name, "%s: response cut: %s",
	    ex->service->name, why);
	if (!ex->responded) {
		exchange_refuse(ex, 502, "no answer could be had");
		return;
	}
	ex->ended = true;
	transport_set_abort(&ex->conn->transport);
	conn_kill(ex->conn, why);
}

/* with: fields that it is to have, or NULL. */
static struct hg_fields *
out_refusal(const struct hg_head *with, size_t len)
{
	struct hg_fields *fields;
	char length[32];
	unsigned i;

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	for (i = 0; with != NULL && i < with->count; i++)
		http_fields_add(fields, http_name(with, i),
		    http_value(with, i));
	snprintf(length, sizeof(length), "%zu", len);
	http_fields_add(fields, "Content-Type", "text/plain; charset=utf-8");
	http_fields_add(fields, "Content-Length", length);
	return (fields);
}

static void
out_refuse(struct hg_exchange *ex, int status, const struct hg_head *with,
    const char *why)
{
	struct hg_fields *fields;
	char text[128];
	int len;

	if (!out_is_open(ex))
		return;
	log_write(HG_LOG_INFO, ex->conn->name, "%s: refused with %d: %s",
	    ex->service->name, status, why);
	if (ex->responded) {
		conn_kill(ex->conn, why);
		return;
	}
	len = snprintf(text, sizeof(text), "%s\n", why);
	ex->last = true;
	fields = out_refusal(with, (size_t)len);
	if (fields == NULL || exchange_respond(ex, status, fields) != 0)
		conn_kill(ex->conn, "out of memory");
	else
		exchange_send(ex, frame_copy(text, (size_t)len, 0));
	http_fields_free(fields);
	exchange_end(ex);
}

void
exchange_refuse(struct hg_exchange *ex, int status, const char *why)
{
	out_refuse(ex, status, NULL, why);
}

void
exchange_refuse_as(struct hg_exchange *ex, const struct hg_head *head,
    const char *why)
{
	if (head == NULL)
		out_refuse(ex, 503, NULL, "out of memory");
	else
		out_refuse(ex, head->status, head, why);
}
