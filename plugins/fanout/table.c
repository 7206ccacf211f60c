/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "table.h"

#define TABLE_START	16

static void
put(struct fanout_node **bucket, size_t size, struct fanout_node *node)
{
	struct fanout_node **at = &bucket[node->hash & (size - 1)];

	node->next = *at;
	*at = node;
}

/* Doubles; stays as it is without memory, unless there is nothing yet. */
static int
grow(struct fanout_table *table)
{
	struct fanout_node **bucket, *node, *next;
	size_t i, size;

	size = table->size == 0 ? TABLE_START : 2 * table->size;
	if ((bucket = calloc(size, sizeof(*bucket))) == NULL)
		return (table->size == 0 ? -1 : 0);
	for (i = 0; i < table->size; i++) {
		for (node = table->bucket[i]; node != NULL; node = next) {
			next = node->next;
			put(bucket, size, node);
		}
	}
	free(table->bucket);
	table->bucket = bucket;
	table->size = size;
	return (0);
}

int
fanout_table_add(struct fanout_table *table, struct fanout_node *node,
    uint64_t hash)
{
	if (table->count >= table->size && grow(table) != 0)
		return (-1);
	node->hash = hash;
	put(table->bucket, table->size, node);
	table->count++;
	return (0);
}

void
fanout_table_remove(struct fanout_table *table, struct fanout_node *node)
{
	struct fanout_node **at;

	at = &table->bucket[node->hash & (table->size - 1)];
	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	table->count--;
}

static struct fanout_node *
same_hash(struct fanout_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return (node);
}

struct fanout_node *
fanout_table_first(const struct fanout_table *table, uint64_t hash)
{
	if (table->size == 0)
		return (NULL);
	return (same_hash(table->bucket[hash & (table->size - 1)], hash));
}

struct fanout_node *
fanout_table_next(const struct fanout_node *node)
{
	return (same_hash(node->next, node->hash));
}

static struct fanout_node *
from_bucket(const struct fanout_table *table, size_t i)
{
	for (; i < table->size; i++)
		if (table->bucket[i] != NULL)
			return (table->bucket[i]);
	return (NULL);
}

struct fanout_node *
fanout_table_each(const struct fanout_table *table)
{
	return (from_bucket(table, 0));
}

struct fanout_node *
fanout_table_each_next(const struct fanout_table *table,
    const struct fanout_node *node)
{
	if (node->next != NULL)
		return (node->next);
	return (from_bucket(table, (node->hash & (table->size - 1)) + 1));
}

void
fanout_table_finish(struct fanout_table *table)
{
	free(table->bucket);
	table->bucket = NULL;
	table->size = table->count = 0;
}

uint64_t
fanout_hash_address(const void *address)
{
	uint64_t hash;

	hash = (uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15;
	return (hash >> 16);
}
