/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of destinations. One is there as long as somebody subscribes, a
 * message waits in it, or one is on its way to another worker.
 */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

const char *
broker_destination_check(const char *name)
{
	const char *c;

	if (strncmp(name, "/topic/", 7) != 0 &&
	    strncmp(name, "/queue/", 7) != 0)
		return ("a destination must begin with /topic/ or /queue/");
	if (name[7] == '\0')
		return ("a destination without a name");
	if (strlen(name) > BROKER_NAME)
		return ("the destination is too long");
	for (c = name; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return ("a control character in the destination");
		if (*c == '*' || *c == '#' || *c == '>')
			return ("wildcards are not supported");
	}
	return (NULL);
}

static struct broker_node *
bucket_of(const char *name)
{
	return (&broker.bucket[broker_hash(broker.key, name, strlen(name)) %
	    BROKER_BUCKETS]);
}

struct broker_destination *
broker_destination_find(const char *name)
{
	struct broker_destination *destination;
	struct broker_node *bucket, *node;

	bucket = bucket_of(name);
	for (node = bucket->next; node != bucket; node = node->next) {
		destination = BROKER_OF(node, struct broker_destination, node);
		if (strcmp(destination->name, name) == 0)
			return (destination);
	}
	return (NULL);
}

static void
init_local(struct broker_destination *destination, struct broker_local *local)
{
	local->destination = destination;
	broker_list_init(&local->forms);
	broker_list_init(&local->feeds);
	broker_list_init(&local->ready);
	broker_list_init(&local->own.node);
	broker_list_init(&local->own.bucket);
	broker_list_init(&local->own.members);
}

static struct broker_destination *
create(const char *name)
{
	struct broker_destination *destination;
	unsigned i, workers;
	size_t size;
	char *copy;

	workers = hg->worker_count();
	size = sizeof(*destination) + workers * sizeof(struct broker_local);
	destination = calloc(1, size + strlen(name) + 1);
	if (destination == NULL)
		return (NULL);
	copy = (char *)destination + size;
	strcpy(copy, name);
	destination->name = copy;
	destination->is_queue = strncmp(name, "/queue/", 7) == 0;
	broker_list_init(&destination->items);
	broker_list_init(&destination->consumers);
	destination->serial = ++broker.serial;
	for (i = 0; i < workers; i++)
		init_local(destination, &destination->local[i]);
	broker_list_push(bucket_of(name), &destination->node);
	broker.destinations++;
	return (destination);
}

struct broker_destination *
broker_destination_get(const char *name, size_t max)
{
	struct broker_destination *destination;

	destination = broker_destination_find(name);
	if (destination == NULL && broker.destinations < max)
		destination = create(name);
	if (destination != NULL)
		destination->refs++;
	return (destination);
}

void
broker_destination_unref(struct broker_destination *destination)
{
	if (--destination->refs > 0)
		return;
	broker_list_remove(&destination->node);
	broker.destinations--;
	free(destination);
}

static void
report_one(const struct broker_destination *destination,
    struct hg_report *report)
{
	hg->report_row(report);
	hg->report_text(report, "destination", destination->name);
	hg->report_number(report, "subscribers", destination->subscribers);
	hg->report_number(report, "messages", destination->item_count);
	hg->report_number(report, "bytes", destination->item_bytes);
}

/* The table is common to the workers, so the first one tells. */
void
broker_report(const char *what, struct hg_report *report)
{
	struct broker_node *node;
	size_t i;

	if (strcmp(what, "broker") != 0 || hg->worker_index() != 0)
		return;
	pthread_mutex_lock(&broker.lock);
	for (i = 0; i < BROKER_BUCKETS; i++)
		for (node = broker.bucket[i].next; node != &broker.bucket[i];
		    node = node->next)
			report_one(BROKER_OF(node, struct broker_destination,
			    node), report);
	pthread_mutex_unlock(&broker.lock);
}

/* At the end, when only what waits in queues is left. */
void
broker_destinations_free(void)
{
	struct broker_destination *destination;
	struct broker_node *bucket;
	struct broker_item *item;
	size_t i;

	for (i = 0; i < BROKER_BUCKETS; i++) {
		bucket = &broker.bucket[i];
		while (!broker_list_empty(bucket)) {
			destination = BROKER_OF(bucket->next,
			    struct broker_destination, node);
			while (!broker_list_empty(&destination->items)) {
				item = BROKER_OF(destination->items.next,
				    struct broker_item, node);
				broker_item_free(item);
			}
			destination->refs = 1;
			broker_destination_unref(destination);
		}
	}
}
