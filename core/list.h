/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubly linked lists through a member of the listed struct. A list is a node
 * of its own; a node that is in no list points to itself, so that removing it
 * twice does no harm.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list	*prev;
	struct list	*next;
};

/* The struct of TYPE whose MEMBER is the node. */
#define list_entry(node, type, member)					\
	((type *)(void *)((char *)(node) - offsetof(type, member)))

/* The node at hand may be removed from within the loop. */
#define list_each(node, save, list)					\
	for ((node) = (list)->next, (save) = (node)->next;		\
	    (node) != (list); (node) = (save), (save) = (node)->next)

static inline void
list_init(struct list *list)
{
	list->prev = list->next = list;
}

static inline bool
list_empty(const struct list *list)
{
	return (list->next == list);
}

/* For a node: whether it is in a list. */
static inline bool
list_linked(const struct list *node)
{
	return (node->next != node);
}

static inline void
list_insert(struct list *prev, struct list *node)
{
	node->prev = prev;
	node->next = prev->next;
	prev->next->prev = node;
	prev->next = node;
}

static inline void
list_push(struct list *list, struct list *node)
{
	list_insert(list->prev, node);
}

static inline void
list_push_front(struct list *list, struct list *node)
{
	list_insert(list, node);
}

static inline void
list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Moves all nodes of the second list to the end of the first. */
static inline void
list_splice(struct list *list, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = list->prev;
	from->prev->next = list;
	list->prev->next = from->next;
	list->prev = from->prev;
	list_init(from);
}

#endif
