/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow's key: whatever can change the bytes of a subscription's messages.
 * Compared as bytes, never understood: another spelling is another flow.
 */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

struct stomp_key {
	unsigned char	*at;
	size_t		 len;
};

/* Lengths in front, so that no two lists of words look alike. */
static void
stomp_key_add(struct stomp_key *key, const void *data, size_t len)
{
	uint32_t n = (uint32_t)len;

	memcpy(key->at + key->len, &n, sizeof(n));
	key->len += sizeof(n);
	memcpy(key->at + key->len, data, len);
	key->len += len;
}

static bool
stomp_is_key(const struct stomp_header *header)
{
	switch (header->known) {
	case STOMP_ACK_MODE:		/* auto, or there is no key */
	case STOMP_ID:
	case STOMP_RECEIPT_WANTED:
		return (false);
	default:
		return (true);
	}
}

static int
stomp_header_cmp(const struct stomp_work *work, const struct stomp_header *a,
    const struct stomp_header *b)
{
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int cmp;

	cmp = memcmp(work->text + a->name, work->text + b->name, n);
	if (cmp != 0)
		return (cmp);
	return ((a->name_len > b->name_len) - (a->name_len < b->name_len));
}

/* By name; copies of one name stay in their order, as the first counts. */
static unsigned
stomp_sorted_headers(const struct stomp_work *work,
    const struct stomp_header **sorted)
{
	const struct stomp_header *header;
	unsigned i, at, count = 0;

	for (i = 0; i < work->head.count; i++) {
		header = &work->head.header[i];
		if (!stomp_is_key(header))
			continue;
		for (at = count++; at > 0; at--) {
			if (stomp_header_cmp(work, sorted[at - 1], header) <=
			    0)
				break;
			sorted[at] = sorted[at - 1];
		}
		sorted[at] = header;
	}
	return (count);
}

int
stomp_keep_key(struct stomp_session *session, struct stomp_sub *sub,
    const struct stomp_work *work)
{
	const struct stomp_header *sorted[STOMP_HEADERS_MAX + 4];
	unsigned char version = (unsigned char)session->version;
	struct stomp_text destination;
	struct stomp_key key;
	unsigned i, count;

	stomp_get(work, STOMP_DESTINATION, &destination);
	count = stomp_sorted_headers(work, sorted);
	key.len = 0;
	key.at = malloc(work->text_len + session->host_len +
	    (2 * count + 2) * sizeof(uint32_t) + sizeof(version));
	if (key.at == NULL)
		return (-1);
	stomp_key_add(&key, &version, sizeof(version));
	stomp_key_add(&key, session->host != NULL ? session->host : "",
	    session->host_len);
	for (i = 0; i < count; i++) {
		stomp_key_add(&key, work->text + sorted[i]->name,
		    sorted[i]->name_len);
		stomp_key_add(&key, work->text + sorted[i]->value,
		    sorted[i]->value_len);
	}
	sub->key = (char *)key.at;
	sub->key_len = key.len;
	sub->destination = stomp_copy(destination.at, destination.len);
	return (sub->destination != NULL ? 0 : -1);
}
