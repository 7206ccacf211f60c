/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are kept: what they still say, and what they share. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "http.h"

#define MANY	2000
#define THREADS	4

static struct hg_head *
parse(const char *text)
{
	struct hg_head *head;

	head = http_parse(text, strlen(text), HTTP_REQUEST, NULL, NULL);
	T_REQUIRE(head != NULL);
	return (head);
}

#define COMMON	"GET /a?b HTTP/1.1\r\nHost: h\r\n"
#define HOP	"Upgrade: websocket\r\nConnection: Upgrade\r\n"		\
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: k\r\n"

static void
test_shared(void)
{
	struct hg_head *one, *two, *other;

	one = http_keep(parse(COMMON HOP "Origin: o\r\n"), NULL);
	two = http_keep(parse(COMMON "Origin: o\r\n"), NULL);
	other = http_keep(parse(COMMON "Origin: p\r\n"), NULL);
	T_TRUE(one == two);
	T_TRUE(one != other);
	T_EQ(one->count, 2);
	T_FALSE(one->is_old);
	T_STR_EQ(one->target, "/a?b");
	T_STR_EQ(one->path, "/a");
	T_STR_EQ(one->query, "b");
	T_STR_EQ(one->method, "GET");
	T_STR_EQ(http_get(one, "host"), "h");
	T_STR_EQ(http_get(one, "Origin"), "o");
	T_TRUE(http_get(one, "Sec-WebSocket-Key") == NULL);
	T_TRUE(http_keep(one, NULL) == one);
	http_free(one);
	T_STR_EQ(http_get(two, "Origin"), "o");
	http_free(two);
	T_STR_EQ(http_get(other, "Origin"), "p");
	http_free(other);
}

/* All that it says is kept, and two that say otherwise are two. */
static void
test_old(void)
{
	static const char text[] = "GET /o HTTP/1.0\r\nCookie: a\r\n";
	struct hg_head *old, *new;

	old = http_parse(text, strlen(text), HTTP_REQUEST_OLD, NULL, NULL);
	T_REQUIRE(old != NULL);
	old = http_keep(old, NULL);
	new = http_keep(parse("GET /o HTTP/1.1\r\nCookie: a\r\n"), NULL);
	T_TRUE(old->is_old);
	T_FALSE(new->is_old);
	T_TRUE(old->base != new->base);
	http_free(old);
	http_free(new);
}

/* What is of one client is not mixed up, and the rest is there once. */
static void
test_personal(void)
{
	struct hg_head *one, *two;
	const char *value;
	size_t len;

	one = http_keep(parse(COMMON "Cookie: a\r\nX: 1\r\nX: 2\r\n"
	    "Cookie: b\r\nAuthorization: c\r\n" HOP), NULL);
	two = http_keep(parse(COMMON "X: 1\r\nX: 2\r\nCookie: d\r\n"), NULL);
	T_TRUE(one != two);
	T_REQUIRE(one->base != NULL && one->base == two->base);
	T_EQ(one->count, 6);
	value = http_get(one, "Cookie");
	T_STR_EQ(value, "a");
	T_STR_EQ(http_next(one, "Cookie", value), "b");
	value = http_get(one, "X");
	T_STR_EQ(value, "1");
	value = http_next(one, "X", value);
	T_STR_EQ(value, "2");
	T_TRUE(http_next(one, "X", value) == NULL);
	T_EQ(http_count(one, "Cookie"), 2);
	http_free(one);
	T_STR_EQ(http_text(two, &len), "GET /a?b HTTP/1.1\r\nCookie: d\r\n"
	    "Host: h\r\nX: 1\r\nX: 2\r\n");
	T_EQ(len, strlen(http_text(two, &len)));
	http_free(two);
}

static void
test_without(void)
{
	struct hg_head *one, *two;

	one = http_keep(parse(COMMON "Forwarded: for=a\r\n"), "forwarded");
	two = http_keep(parse(COMMON "Forwarded: for=b\r\n"), "Forwarded");
	T_TRUE(one == two);
	T_TRUE(http_get(one, "Forwarded") == NULL);
	http_free(one);
	http_free(two);
	T_TRUE(http_keep(NULL, NULL) == NULL);
}

static void
test_many(void)
{
	static struct hg_head *kept[MANY];
	char text[64];
	unsigned i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text),
			    "GET /%u HTTP/1.1\r\nHost: h\r\n", i % (MANY / 2));
			kept[i] = http_keep(parse(text), NULL);
		}
		for (i = 0; i < MANY; i++) {
			snprintf(text, sizeof(text), "/%u", i % (MANY / 2));
			T_STR_EQ(kept[i]->path, text);
			T_TRUE(kept[i] == kept[i % (MANY / 2)]);
		}
		for (i = 0; i < MANY; i++)
			http_free(kept[(i * 7 + 3) % MANY]);
	}
}

static void *
churn(void *arg)
{
	struct hg_head *head;
	unsigned i;

	for (i = 0; i < MANY; i++) {
		head = http_keep(http_request("GET", i % 3 == 0 ? "/x" : "/y",
		    NULL), NULL);
		if (head != NULL && strlen(head->path) != 2)
			return (NULL);
		http_free(head);
	}
	return (arg);
}

/* The last reference goes as another thread looks. */
static void
test_threads(void)
{
	pthread_t threads[THREADS];
	void *result;
	char wanted;
	unsigned i;

	for (i = 0; i < THREADS; i++)
		T_REQUIRE(pthread_create(&threads[i], NULL, churn,
		    &wanted) == 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		T_TRUE(result == &wanted);
	}
}

T_MAIN(
	{ "shared", test_shared },
	{ "of HTTP/1.0", test_old },
	{ "what is of one client", test_personal },
	{ "without a field", test_without },
	{ "many", test_many },
	{ "threads", test_threads })
