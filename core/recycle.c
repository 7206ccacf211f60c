/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes are multiples of 64 up to 1024, then 1.5 and 2 times the one before, 64
 * bytes more each, as a round number of bytes mostly has a head in front.
 *
 * A thread has two stacks of each size: it works on one, and exchanges the
 * other with the depot, so that on the edge of a batch not every call goes
 * there. In the depot all batches of one size have the same number of cells.
 *
 * The first word of a free cell is the next one of its stack; the second one,
 * of a batch's first, the next batch.
 *
 * With the address sanitizer each cell is malloc's, so that a late use is
 * found.
 */
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "recycle.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define CELL_NONE	true
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define CELL_NONE	true
#endif
#ifndef CELL_NONE
#define CELL_NONE	false
#endif

#define CELL_STEP	64
#define CELL_SMALL	1024	/* up to here in steps */
#define CELL_STEPS	(CELL_SMALL / CELL_STEP)
#define CELL_SHIFT	10	/* 1 << this is CELL_SMALL */
#define CELL_SHIFT_MAX	18	/* of the largest */
#define CELL_MAX	((1 << CELL_SHIFT_MAX) + CELL_STEP)
#define CELL_CLASSES	(CELL_STEPS + 2 * (CELL_SHIFT_MAX - CELL_SHIFT + 1))
#define CELL_BATCH	4096	/* bytes of a batch, at most */

struct cell {
	struct cell	*next;
	struct cell	*next_batch;
};

struct stack {
	struct cell	*first;
	unsigned	 count;
};

static __thread struct stack working[CELL_CLASSES], spare[CELL_CLASSES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cell *depot[CELL_CLASSES];
static size_t depot_bytes;

/* For a size of 1 to CELL_MAX. */
static unsigned
cell_class(size_t size)
{
	unsigned shift, more;

	if (size <= CELL_SMALL)
		return ((unsigned)((size - 1) / CELL_STEP));
	more = (unsigned)(size - CELL_STEP);
	shift = CHAR_BIT * sizeof(more) - (unsigned)__builtin_clz(more - 1);
	return (CELL_STEPS + 2 * (shift - CELL_SHIFT) +
	    (more > 3u << (shift - 2)));
}

static size_t
cell_size(unsigned class)
{
	unsigned shift;

	if (class < CELL_STEPS)
		return ((class + 1) * CELL_STEP);
	shift = CELL_SHIFT + (class - CELL_STEPS) / 2;
	if ((class - CELL_STEPS) % 2 != 0)
		return (((size_t)1 << shift) + CELL_STEP);
	return (((size_t)3 << (shift - 2)) + CELL_STEP);
}

static unsigned
cell_batch(unsigned class)
{
	size_t size = cell_size(class);

	return (size < CELL_BATCH ? (unsigned)(CELL_BATCH / size) : 1);
}

size_t
recycle_size(size_t size)
{
	if (size == 0 || size > CELL_MAX || CELL_NONE)
		return (size);
	return (cell_size(cell_class(size)));
}

static struct cell *
stack_pop(struct stack *stack)
{
	struct cell *cell = stack->first;

	stack->first = cell->next;
	stack->count--;
	return (cell);
}

static void
stack_push(struct stack *stack, struct cell *cell)
{
	cell->next = stack->first;
	stack->first = cell;
	stack->count++;
}

static void
stack_free(struct stack *stack)
{
	while (stack->count > 0)
		free(stack_pop(stack));
}

/* Empties a stack that is one batch. */
static void
depot_give(unsigned class, struct stack *stack)
{
	size_t bytes = stack->count * cell_size(class);
	bool fits;

	pthread_mutex_lock(&lock);
	fits = depot_bytes + bytes <= RECYCLE_DEPOT;
	if (fits) {
		stack->first->next_batch = depot[class];
		depot[class] = stack->first;
		depot_bytes += bytes;
	}
	pthread_mutex_unlock(&lock);
	if (fits)
		*stack = (struct stack){ 0 };
	else
		stack_free(stack);
}

static void
depot_take(unsigned class, struct stack *stack)
{
	pthread_mutex_lock(&lock);
	if ((stack->first = depot[class]) != NULL) {
		depot[class] = stack->first->next_batch;
		stack->count = cell_batch(class);
		depot_bytes -= stack->count * cell_size(class);
	}
	pthread_mutex_unlock(&lock);
}

static void
cell_swap(unsigned class)
{
	struct stack stack = working[class];

	working[class] = spare[class];
	spare[class] = stack;
}

void *
recycle_get(size_t size)
{
	unsigned class;

	if (size == 0 || size > CELL_MAX || CELL_NONE)
		return (malloc(size));
	class = cell_class(size);
	if (working[class].count == 0) {
		cell_swap(class);
		if (working[class].count == 0)
			depot_take(class, &working[class]);
		if (working[class].count == 0)
			return (malloc(cell_size(class)));
	}
	return (stack_pop(&working[class]));
}

void
recycle_put(void *data, size_t size)
{
	unsigned class;

	if (data == NULL)
		return;
	if (size == 0 || size > CELL_MAX || CELL_NONE) {
		free(data);
		return;
	}
	class = cell_class(size);
	if (working[class].count == cell_batch(class)) {
		cell_swap(class);
		if (working[class].count == cell_batch(class))
			depot_give(class, &working[class]);
	}
	stack_push(&working[class], data);
}

void
recycle_thread_finish(void)
{
	unsigned class;

	for (class = 0; class < CELL_CLASSES; class++) {
		if (working[class].count == cell_batch(class))
			depot_give(class, &working[class]);
		if (spare[class].count == cell_batch(class))
			depot_give(class, &spare[class]);
		stack_free(&working[class]);
		stack_free(&spare[class]);
	}
}

size_t
recycle_depot(void)
{
	size_t bytes;

	pthread_mutex_lock(&lock);
	bytes = depot_bytes;
	pthread_mutex_unlock(&lock);
	return (bytes);
}
