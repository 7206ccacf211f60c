/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table of structs with a node in them. The caller compares: first and
 * next give the nodes of one hash, each and each_next all of them.
 */
#ifndef FANOUT_TABLE_H
#define FANOUT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct fanout_node {
	struct fanout_node	*next;
	uint64_t		 hash;
};

struct fanout_table {
	struct fanout_node	**bucket;
	size_t			  size;		/* a power of two, or 0 */
	size_t			  count;
};

/* The struct of TYPE whose MEMBER is the node. */
#define FANOUT_OF(node, type, member)					\
	((type *)(void *)((char *)(node) - offsetof(type, member)))

/* -1 without memory. */
int	fanout_table_add(struct fanout_table *, struct fanout_node *,
    uint64_t hash);
void	fanout_table_remove(struct fanout_table *, struct fanout_node *);
/* NULL: no more. */
struct fanout_node *fanout_table_first(const struct fanout_table *,
    uint64_t hash);
struct fanout_node *fanout_table_next(const struct fanout_node *);
/* All, in no order. The node at hand may be removed once the next is known. */
struct fanout_node *fanout_table_each(const struct fanout_table *);
struct fanout_node *fanout_table_each_next(const struct fanout_table *,
    const struct fanout_node *);
void	fanout_table_finish(struct fanout_table *);

/* For tables by address. */
uint64_t fanout_hash_address(const void *);

#endif
