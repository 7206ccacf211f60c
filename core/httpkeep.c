/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a head lives, and requests that are kept as long as a channel: most
 * clients of a service say the same, but for who they are. What they have in
 * common is there once, in a table of the process; the last reference to it is
 * given back under the table's lock only.
 */
#include <sys/random.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "httpmake.h"
#include "str.h"

#define KEPT_MIN	64	/* buckets */
#define KEPT_CHAIN	16	/* heads of a bucket; one more is not shared */

/* Its head is behind it. */
struct kept {
	struct kept	*next;
	uint64_t	 hash;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept **buckets;
static size_t size, count;	/* size: 0 or a power of two */
static uint64_t seed;

static struct hg_head *
kept_head(struct kept *kept)
{
	return ((struct hg_head *)(void *)(kept + 1));
}

struct hg_head *
http_ref(const struct hg_head *look)
{
	struct hg_head *head = (struct hg_head *)(uintptr_t)look;

	atomic_fetch_add_explicit(&head->refs, 1, memory_order_relaxed);
	return (head);
}

/* --- the table ------------------------------------------------------------ */

static void
table_remove(struct kept *kept)
{
	struct kept **at = &buckets[kept->hash & (size - 1)];

	while (*at != kept)
		at = &(*at)->next;
	*at = kept->next;
	if (--count > 0)
		return;
	free(buckets);
	buckets = NULL;
	size = 0;
}

/* Without memory the chains grow longer. */
static void
table_grow(void)
{
	struct kept **grown, *kept;
	size_t i, room = size > 0 ? 2 * size : KEPT_MIN;

	if (seed == 0 && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return;
	if ((grown = calloc(room, sizeof(struct kept *))) == NULL)
		return;
	for (i = 0; i < size; i++)
		while ((kept = buckets[i]) != NULL) {
			buckets[i] = kept->next;
			kept->next = grown[kept->hash & (room - 1)];
			grown[kept->hash & (room - 1)] = kept;
		}
	free(buckets);
	buckets = grown;
	size = room;
}

static void
hash_add(uint64_t *hash, struct http_span span)
{
	size_t i;

	for (i = 0; i < span.len; i++)
		*hash = (*hash ^ (unsigned char)span.at[i]) *
		    UINT64_C(0x100000001b3);
	*hash = (*hash ^ 0x100) * UINT64_C(0x100000001b3);
}

static uint64_t
parts_hash(const struct http_parts *parts)
{
	uint64_t hash = seed;
	size_t i;

	hash_add(&hash, parts->method);
	hash_add(&hash, parts->target);
	for (i = 0; i < parts->count; i++) {
		hash_add(&hash, parts->name[i]);
		hash_add(&hash, parts->value[i]);
	}
	return (hash ^ hash >> 32);
}

static bool
span_is(struct http_span span, const char *text)
{
	return (strlen(text) == span.len &&
	    memcmp(text, span.at, span.len) == 0);
}

static bool
parts_are(const struct http_parts *parts, const struct hg_head *head)
{
	size_t i;

	if (head->count != parts->count || head->is_old != parts->is_old ||
	    !span_is(parts->target, head->target) ||
	    !span_is(parts->method, head->method))
		return (false);
	for (i = 0; i < parts->count; i++)
		if (!span_is(parts->name[i], http_name(head, i)) ||
		    !span_is(parts->value[i], http_value(head, i)))
			return (false);
	return (true);
}

static struct hg_head *
table_add(const struct http_parts *parts, uint64_t hash)
{
	struct kept *kept;
	struct hg_head *head;

	if ((kept = calloc(1, sizeof(*kept) + http_size(parts))) == NULL)
		return (NULL);
	kept->hash = hash;
	kept->next = buckets[hash & (size - 1)];
	buckets[hash & (size - 1)] = kept;
	count++;
	head = kept_head(kept);
	http_write(head, parts);
	head->shared = true;
	return (head);
}

/* NULL: no memory, or a bucket that is too long by chance or by intent. */
static struct hg_head *
table_get(const struct http_parts *parts)
{
	struct kept *kept = NULL;
	struct hg_head *head = NULL;
	uint64_t hash;
	unsigned length = 0;

	pthread_mutex_lock(&lock);
	if (count >= size)
		table_grow();
	hash = parts_hash(parts);
	if (size > 0)
		kept = buckets[hash & (size - 1)];
	for (; kept != NULL; kept = kept->next, length++)
		if (kept->hash == hash && parts_are(parts, kept_head(kept)))
			break;
	if (kept != NULL)
		head = http_ref(kept_head(kept));
	else if (size > 0 && length < KEPT_CHAIN)
		head = table_add(parts, hash);
	pthread_mutex_unlock(&lock);
	return (head);
}

/* --- the end of a head ---------------------------------------------------- */

static void
shared_free(struct hg_head *head)
{
	struct kept *kept = (struct kept *)(void *)head - 1;
	unsigned refs = atomic_load_explicit(&head->refs,
	    memory_order_relaxed);
	bool last;

	while (refs > 1)
		if (atomic_compare_exchange_weak_explicit(&head->refs, &refs,
		    refs - 1, memory_order_release, memory_order_relaxed))
			return;
	pthread_mutex_lock(&lock);
	last = atomic_fetch_sub_explicit(&head->refs, 1,
	    memory_order_acq_rel) == 1;
	if (last)
		table_remove(kept);
	pthread_mutex_unlock(&lock);
	if (last)
		free(kept);
}

void
http_free(struct hg_head *head)
{
	if (head == NULL)
		return;
	if (head->shared) {
		shared_free(head);
		return;
	}
	if (atomic_fetch_sub_explicit(&head->refs, 1,
	    memory_order_acq_rel) != 1)
		return;
	http_free(head->base);
	free(head);
}

/* --- keeping -------------------------------------------------------------- */

static bool
name_is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (str_equal_nocase(name, *list))
			return (true);
	return (false);
}

static bool
is_for_one_hop(const char *name)
{
	static const char *const names[] = { "Connection", "Upgrade",
	    "Keep-Alive", "Sec-WebSocket-Key", "Sec-WebSocket-Version", NULL };

	return (name_is_one_of(name, names));
}

/* Of one client. */
static bool
is_personal(const char *name)
{
	static const char *const names[] = { "Authorization", "Cookie",
	    "Forwarded", "Proxy-Authorization", NULL };

	return (name_is_one_of(name, names));
}

static void
parts_add(struct http_parts *parts, const struct hg_head *head, size_t i)
{
	const char *name = http_name(head, i), *value = http_value(head, i);

	parts->name[parts->count] = (struct http_span){ name, strlen(name) };
	parts->value[parts->count++] =
	    (struct http_span){ value, strlen(value) };
}

static void
split(const struct hg_head *head, const char *without,
    struct http_parts *common, struct http_parts *own)
{
	const char *name;
	size_t i;

	common->kind = HTTP_REQUEST;
	own->kind = HTTP_FIELDS;
	common->is_old = own->is_old = head->is_old;
	common->method = (struct http_span){ head->method,
	    strlen(head->method) };
	common->target = (struct http_span){ head->target,
	    strlen(head->target) };
	own->method.len = own->target.len = 0;
	common->reason.len = own->reason.len = 0;
	common->count = own->count = 0;
	for (i = 0; i < head->count; i++) {
		name = http_name(head, i);
		if (is_for_one_hop(name) ||
		    (without != NULL && str_equal_nocase(name, without)))
			continue;
		parts_add(is_personal(name) ? own : common, head, i);
	}
}

/* Takes the reference of the base. */
static struct hg_head *
put_on_top(struct hg_head *base, const struct http_parts *own)
{
	struct hg_head *head;

	if ((head = calloc(1, http_size(own))) == NULL) {
		http_free(base);
		return (NULL);
	}
	http_write(head, own);
	head->kind = HTTP_REQUEST;
	head->base = base;
	head->count += base->count;
	head->method = base->method;
	head->target = base->target;
	head->path = base->path;
	head->query = base->query;
	return (head);
}

struct hg_head *
http_keep(struct hg_head *head, const char *without)
{
	struct http_parts common, own;
	struct hg_head *kept;

	if (head == NULL || head->kind != HTTP_REQUEST || head->shared ||
	    head->base != NULL)
		return (head);
	split(head, without, &common, &own);
	kept = table_get(&common);
	if (kept != NULL && own.count > 0)
		kept = put_on_top(kept, &own);
	if (kept == NULL)
		return (head);
	http_free(head);
	return (kept);
}
