/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "list.h"

struct item {
	int		number;
	struct list	node;
};

static struct item	items[8];
static struct list	list;

static void
start(void)
{
	size_t i;

	list_init(&list);
	for (i = 0; i < T_ROWS(items); i++) {
		items[i].number = (int)i;
		list_init(&items[i].node);
	}
}

/* The numbers in the list as one decimal number, both ways. */
static int
numbers(struct list *of)
{
	struct list *node, *save;
	int forth, back, scale;

	forth = back = 0;
	list_each(node, save, of)
		forth = forth * 10 + list_entry(node, struct item,
		    node)->number;
	scale = 1;
	for (node = of->prev; node != of; node = node->prev) {
		back += scale * list_entry(node, struct item, node)->number;
		scale *= 10;
	}
	T_EQ(back, forth);
	return (forth);
}

static void
test_empty(void)
{
	start();
	T_TRUE(list_empty(&list));
	T_FALSE(list_linked(&items[1].node));
	T_EQ(numbers(&list), 0);
}

static void
test_push(void)
{
	start();
	list_push(&list, &items[2].node);
	T_FALSE(list_empty(&list));
	T_TRUE(list_linked(&items[2].node));
	list_push(&list, &items[3].node);
	list_push_front(&list, &items[1].node);
	T_EQ(numbers(&list), 123);
	list_insert(&items[2].node, &items[7].node);
	T_EQ(numbers(&list), 1273);
	list_insert(&items[3].node, &items[4].node);
	T_EQ(numbers(&list), 12734);
}

static void
test_remove(void)
{
	int i;

	start();
	for (i = 1; i <= 5; i++)
		list_push(&list, &items[i].node);
	list_remove(&items[3].node);
	T_FALSE(list_linked(&items[3].node));
	T_EQ(numbers(&list), 1245);
	list_remove(&items[3].node);
	T_EQ(numbers(&list), 1245);
	list_remove(&items[1].node);
	list_remove(&items[5].node);
	T_EQ(numbers(&list), 24);
	list_remove(&items[2].node);
	list_remove(&items[4].node);
	T_TRUE(list_empty(&list));
	list_push(&list, &items[3].node);
	T_EQ(numbers(&list), 3);
}

static void
test_remove_in_loop(void)
{
	struct list *node, *save;
	int i, seen;

	start();
	for (i = 1; i <= 6; i++)
		list_push(&list, &items[i].node);
	seen = 0;
	list_each(node, save, &list) {
		seen++;
		if (list_entry(node, struct item, node)->number % 2 == 0)
			list_remove(node);
	}
	T_EQ(seen, 6);
	T_EQ(numbers(&list), 135);
	list_each(node, save, &list)
		list_remove(node);
	T_TRUE(list_empty(&list));
}

static void
test_splice(void)
{
	static const struct {
		int first, second, sum;
	} rows[] = { { 0, 0, 0 }, { 0, 2, 12 }, { 2, 0, 12 }, { 1, 1, 12 },
		{ 2, 3, 12345 }, { 3, 2, 12345 } };
	struct list from;
	size_t row;
	int i, number;

	for (row = 0; row < T_ROWS(rows); row++) {
		t_row("%d and %d", rows[row].first, rows[row].second);
		start();
		list_init(&from);
		number = 1;
		for (i = 0; i < rows[row].first; i++)
			list_push(&list, &items[number++].node);
		for (i = 0; i < rows[row].second; i++)
			list_push(&from, &items[number++].node);
		list_splice(&list, &from);
		T_EQ(numbers(&list), rows[row].sum);
		T_TRUE(list_empty(&from));
		T_EQ(numbers(&from), 0);
	}
}

T_MAIN(
    { "empty", test_empty },
    { "push and insert", test_push },
    { "remove, also twice", test_remove },
    { "remove within the loop", test_remove_in_loop },
    { "splice", test_splice })
