/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of heads, and heads of our own, which parse again: W07, W13, W16. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "http.h"
#include "str.h"

static void
add_many(struct str *out, char c, size_t count)
{
	while (count-- > 0)
		str_add_char(out, c);
}

static void
check_status(struct str *text, enum http_kind kind, int wanted)
{
	struct hg_head *head;
	int status;

	T_REQUIRE(!text->failed);
	status = 0;
	head = http_parse(text->text, text->len, kind, NULL, &status);
	T_EQ(status, wanted);
	T_EQ(head == NULL, wanted != 0);
	http_free(head);
	str_free(text);
	*text = (struct str){ 0 };
}

static void
test_line_limits(void)
{
	struct str text = { 0 };
	int over;

	for (over = 0; over < 2; over++) {
		t_row("request, over %d", over);
		str_add(&text, "GET /");
		add_many(&text, 'a', HTTP_LINE_MAX - 14 + over);
		str_add(&text, " HTTP/1.1\r\n\r\n");
		check_status(&text, HTTP_REQUEST, over ? 414 : 0);
		t_row("status, over %d", over);
		str_add(&text, "HTTP/1.1 200 ");
		add_many(&text, 'a', HTTP_LINE_MAX - 13 + over);
		str_add(&text, "\r\n");
		check_status(&text, HTTP_RESPONSE, over ? 431 : 0);
		t_row("field, over %d", over);
		str_add(&text, "A: ");
		add_many(&text, 'a', HTTP_LINE_MAX - 3 + over);
		str_add(&text, "\r\n");
		check_status(&text, HTTP_FIELDS, over ? 431 : 0);
		t_row("name, over %d", over);
		add_many(&text, 'a', HTTP_LINE_MAX - 2 + over);
		str_add(&text, ": \r\n");
		check_status(&text, HTTP_FIELDS, over ? 431 : 0);
	}
	t_row("as written here it would be too long");
	str_add(&text, "A:");
	add_many(&text, 'a', HTTP_LINE_MAX - 2);
	str_add(&text, "\r\n");
	check_status(&text, HTTP_FIELDS, 431);
	t_row("no end in sight");
	str_add(&text, "GET /");
	add_many(&text, 'a', HTTP_HEAD_MAX * 2);
	check_status(&text, HTTP_REQUEST, 414);
	add_many(&text, 'G', HTTP_HEAD_MAX * 2);
	check_status(&text, HTTP_REQUEST, 414);
	str_add(&text, "GET / HTTP/1.1\r\nA: ");
	add_many(&text, 'a', HTTP_LINE_MAX);
	check_status(&text, HTTP_REQUEST, 431);
}

static void
test_count_limit(void)
{
	struct str text = { 0 };
	int count, i;

	for (count = HTTP_FIELDS_MAX - 1; count < HTTP_FIELDS_MAX + 2;
	    count++) {
		t_row("%d fields", count);
		str_add(&text, "GET / HTTP/1.1\r\n");
		for (i = 0; i < count; i++)
			str_addf(&text, "A%d: b\r\n", i);
		check_status(&text, HTTP_REQUEST,
		    count > HTTP_FIELDS_MAX ? 431 : 0);
	}
}

static void
test_head_limit(void)
{
	struct str text = { 0 };
	int empty, over;

	for (over = 0; over < 4; over++) {
		empty = over & 1;
		t_row("over %d, empty line %d", over / 2, empty);
		str_add(&text, "GET / HTTP/1.1\r\nA: ");
		add_many(&text, 'a', 8180);
		str_add(&text, "\r\nB: ");
		add_many(&text, 'b', HTTP_HEAD_MAX - 8208 + over / 2);
		str_add(&text, empty ? "\r\n\r\n" : "\r\n");
		check_status(&text, HTTP_REQUEST, over > 1 ? 431 : 0);
	}
	t_row("cut where it became too long");
	str_add(&text, "GET / HTTP/1.1\r\n");
	while (text.len < HTTP_HEAD_MAX)
		str_addf(&text, "A: %0800d\r\n", 0);
	text.len = HTTP_HEAD_MAX;
	T_EQ(http_head_len(text.text, text.len), -1);
	check_status(&text, HTTP_REQUEST, 431);
}

static void
check_same(const struct hg_head *a, const struct hg_head *b)
{
	char other[HTTP_HEAD_MAX];
	const char *text;
	size_t i, len, other_len;

	T_REQUIRE(a != NULL && b != NULL);
	T_EQ(a->kind, b->kind);
	T_EQ(a->status, b->status);
	T_EQ(a->count, b->count);
	text = http_text(a, &len);
	T_EQ(strlen(text), len);
	memcpy(other, text, len);
	text = http_text(b, &other_len);
	T_MEM_EQ(other, len, text, other_len);
	if (a->kind == HTTP_REQUEST) {
		T_STR_EQ(a->method, b->method);
		T_STR_EQ(a->target, b->target);
		T_STR_EQ(a->path, b->path);
		T_EQ(a->query == NULL, b->query == NULL);
		if (a->query != NULL && b->query != NULL)
			T_STR_EQ(a->query, b->query);
	}
	if (a->kind == HTTP_RESPONSE)
		T_STR_EQ(a->reason, b->reason);
	for (i = 0; i < a->count && i < b->count; i++) {
		T_STR_EQ(http_name(a, i), http_name(b, i));
		T_STR_EQ(http_value(a, i), http_value(b, i));
	}
}

/* What a head's text and its copy say is what the head says. */
static void
check_again(struct hg_head *head)
{
	struct hg_head *again, *copy;
	const char *text;
	size_t len;

	T_REQUIRE(head != NULL);
	text = http_text(head, &len);
	again = http_parse(text, len, head->kind, NULL, NULL);
	check_same(head, again);
	copy = http_ref(head);
	http_free(head);
	check_same(again, copy);
	http_free(again);
	http_free(copy);
}

static void
test_make(void)
{
	struct hg_fields *fields;
	struct hg_head *head;
	size_t len;

	fields = http_fields_new();
	T_REQUIRE(fields != NULL);
	T_EQ(http_fields_add(fields, "Host", " a:80\t"), 0);
	T_EQ(http_fields_add(fields, "Empty", ""), 0);
	T_EQ(http_fields_add(fields, "Name", "\xc3\xa9 \t x"), 0);
	head = http_request("GET", "/x?y", fields);
	T_REQUIRE(head != NULL);
	T_STR_EQ(http_text(head, &len), "GET /x?y HTTP/1.1\r\nHost: a:80\r\n"
	    "Empty: \r\nName: \xc3\xa9 \t x\r\n");
	T_STR_EQ(head->path, "/x");
	T_STR_EQ(head->query, "y");
	check_again(head);
	head = http_request("OPTIONS", "/a-path/that-is/longer?than=most",
	    fields);
	T_REQUIRE(head != NULL);
	T_STR_EQ(head->method, "OPTIONS");
	T_STR_EQ(head->target, "/a-path/that-is/longer?than=most");
	T_STR_EQ(head->path, "/a-path/that-is/longer");
	T_STR_EQ(head->query, "than=most");
	T_STR_EQ(http_get(head, "Host"), "a:80");
	T_STR_EQ(http_get(head, "Name"), "\xc3\xa9 \t x");
	check_again(head);
	head = http_response(426, NULL, fields);
	T_REQUIRE(head != NULL);
	T_STR_EQ(head->reason, "Upgrade Required");
	check_again(head);
	head = http_response(404, " No such room ", NULL);
	T_REQUIRE(head != NULL);
	T_STR_EQ(http_text(head, &len), "HTTP/1.1 404 No such room\r\n");
	check_again(head);
	check_again(http_response(200, "", NULL));
	head = http_fields(fields);
	T_REQUIRE(head != NULL);
	T_STR_EQ(http_text(head, &len), "Host: a:80\r\nEmpty: \r\n"
	    "Name: \xc3\xa9 \t x\r\n");
	check_again(head);
	head = http_fields(NULL);
	T_REQUIRE(head != NULL);
	T_STR_EQ(http_text(head, &len), "");
	check_again(head);
	http_fields_free(fields);
	http_fields_free(NULL);
}

/* W16: nothing that would be another line or head can leave. */
static void
test_make_refused(void)
{
	static const struct {
		const char	*name, *value;
	} rows[] = {
		{ "", "a" }, { "A b", "c" }, { "A:", "b" }, { "A\r\nB", "c" },
		{ "A\n", "b" }, { " A", "b" }, { "A", "b\r\nC: d" },
		{ "A", "b\n" }, { "A", "\r" }, { "A", "b\x01" },
		{ "A", "\x7f" }, { "A\xc3\xa9", "b" },
	};
	static const char *const targets[] = {
		"", "*", "a", "http://a/", "/ b", "/\r\nA: b", "/#", "/\x80",
	};
	static const char *const methods[] = { "", "G T", "GET\r\n", "G:" };
	struct hg_fields *fields;
	struct str text = { 0 };
	size_t i;

	fields = http_fields_new();
	T_REQUIRE(fields != NULL);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("field %zu", i);
		T_EQ(http_fields_add(fields, rows[i].name, rows[i].value), -1);
		T_EQ(fields->count, 0);
	}
	for (i = 0; i < T_ROWS(targets); i++) {
		t_row("target %zu", i);
		T_NULL(http_request("GET", targets[i], NULL));
	}
	for (i = 0; i < T_ROWS(methods); i++) {
		t_row("method %zu", i);
		T_NULL(http_request(methods[i], "/", NULL));
	}
	t_row(NULL);
	T_NULL(http_response(99, NULL, NULL));
	T_NULL(http_response(-1, NULL, NULL));
	T_NULL(http_response(600, NULL, NULL));
	T_NULL(http_response(200, "a\r\nB: c", NULL));
	T_NULL(http_response(200, "a\x1b", NULL));
	add_many(&text, 'a', HTTP_LINE_MAX);
	T_NULL(http_response(200, text.text, NULL));
	T_NULL(http_request(text.text, "/", NULL));
	T_EQ(http_fields_add(fields, "A", text.text), -1);
	T_EQ(http_fields_add(fields, text.text, "a"), -1);
	T_EQ(http_fields_add(fields, "A", text.text + 3), 0);
	T_EQ(http_fields_add(fields, "B", text.text + 3), 0);
	T_NULL(http_fields(fields));
	http_fields_free(fields);
	str_free(&text);
	fields = http_fields_new();
	T_REQUIRE(fields != NULL);
	for (i = 0; i < HTTP_FIELDS_MAX; i++)
		T_EQ(http_fields_add(fields, "A", "b"), 0);
	T_EQ(http_fields_add(fields, "A", "b"), -1);
	check_again(http_response(101, NULL, fields));
	http_fields_free(fields);
}

static unsigned
dice(unsigned sides)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((unsigned)(state >> 33) % sides);
}

static void
random_text(char *out, size_t max)
{
	static const char likely[] = "aB-:, \t\"%0?/";
	size_t i, len;

	len = dice((unsigned)max);
	for (i = 0; i < len; i++)
		out[i] = dice(30) == 0 ? (char)(1 + dice(255)) :
		    likely[dice(sizeof(likely) - 1)];
	out[len] = '\0';
}

/* Everything that can be made parses again to the same. */
static void
test_random_responses(void)
{
	struct hg_fields *fields;
	struct hg_head *head;
	char name[8], value[40], reason[24];
	int i, j, made;

	for (made = i = 0; i < 20000; i++) {
		fields = http_fields_new();
		T_REQUIRE(fields != NULL);
		for (j = dice(6); j > 0; j--) {
			random_text(name, sizeof(name));
			random_text(value, sizeof(value));
			http_fields_add(fields, name, value);
		}
		random_text(reason, sizeof(reason));
		head = http_response(90 + dice(520), reason, fields);
		http_fields_free(fields);
		if (head == NULL)
			continue;
		made++;
		check_again(head);
	}
	T_TRUE(made > 5000);
}

/* And whatever a changed request is read as says the same when written. */
static void
test_random_requests(void)
{
	static const char good[] = "GET /chat?x=1 HTTP/1.1\r\nHost: a\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	static const char bytes[] = "\r\n\t :/?,\0\x7f\x80" "A1";
	char text[sizeof(good)];
	struct hg_head *head;
	int i, j, kind, made;

	for (made = i = 0; i < 50000; i++) {
		memcpy(text, good, sizeof(good));
		for (j = dice(4); j >= 0; j--)
			text[dice(sizeof(good) - 1)] =
			    bytes[dice(sizeof(bytes) - 1)];
		kind = dice(20) == 0 ? HTTP_FIELDS : HTTP_REQUEST;
		head = http_parse(text, sizeof(good) - 1 - dice(2) * dice(9),
		    kind, NULL, NULL);
		if (head == NULL)
			continue;
		made++;
		check_again(head);
	}
	T_TRUE(made > 1000);
}

T_MAIN(
	{ "length of lines (W13)", test_line_limits },
	{ "number of fields (W13)", test_count_limit },
	{ "length of heads (W13)", test_head_limit },
	{ "made heads", test_make },
	{ "refused to make (W16)", test_make_refused },
	{ "random responses", test_random_responses },
	{ "random requests", test_random_requests })
