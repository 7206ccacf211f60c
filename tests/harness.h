/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thin layer over CUnit for programs of one suite each. Checks print the
 * values they compared, and results come out as TAP, one line per case. A
 * failed T_REQUIRE ends its case; all other checks go on. Single-threaded:
 * checks and helpers belong to the thread that runs main().
 *
 *	static void
 *	test_push(void)
 *	{
 *		T_EQ(1 + 1, 2);
 *	}
 *
 *	T_MAIN({ "push", test_push })
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct t_case {
	const char	*name;
	void		(*fn)(void);
};

/* Where a check stands and what it says. */
struct t_at {
	const char	*file;
	unsigned int	 line;
	const char	*text;
};

#define T_AT(text)	((struct t_at){ __FILE__, __LINE__, (text) })

#define T_TRUE(a)	t_true((a) ? true : false, T_AT(#a))
#define T_FALSE(a)	t_true((a) ? false : true, T_AT("!(" #a ")"))
#define T_REQUIRE(a)	t_require((a) ? true : false, T_AT(#a))
#define T_EQ(a, b)							\
	t_eq((intmax_t)(a), (intmax_t)(b), T_AT(#a " == " #b))
#define T_NE(a, b)							\
	t_ne((intmax_t)(a), (intmax_t)(b), T_AT(#a " != " #b))
#define T_PTR_EQ(a, b)	t_ptr_eq((a), (b), T_AT(#a " == " #b))
#define T_NULL(a)	t_ptr_eq((a), NULL, T_AT(#a " == NULL"))
#define T_STR_EQ(a, b)	t_str_eq((a), (b), T_AT(#a " == " #b))
#define T_MEM_EQ(a, alen, b, blen)					\
	t_mem_eq((a), (alen), (b), (blen), T_AT(#a " == " #b))

bool	t_true(bool, struct t_at);
void	t_require(bool, struct t_at);
bool	t_eq(intmax_t, intmax_t, struct t_at);
bool	t_ne(intmax_t, intmax_t, struct t_at);
bool	t_ptr_eq(const void *, const void *, struct t_at);
bool	t_str_eq(const char *, const char *, struct t_at);
bool	t_mem_eq(const void *, size_t, const void *, size_t, struct t_at);

/*
 * For tables: names the row at hand in the message of every following check
 * of this case. NULL takes the name away.
 */
void	t_row(const char *, ...) __attribute__((format(printf, 1, 2)));

/* The number of rows of an array. */
#define T_ROWS(table)	(sizeof(table) / sizeof((table)[0]))

/* The running case is counted as skipped; the caller then returns. */
void	t_skip(const char *reason);

/*
 * A folder of its own for the running program, made at the first call, and
 * removed with all that is in it when the program ends.
 */
const char *t_tmpdir(void);

int	t_main(const char *, const struct t_case *, size_t, int, char **);

#define T_MAIN(...)							\
	static const struct t_case t_cases[] = { __VA_ARGS__ };		\
									\
	int								\
	main(int argc, char **argv)					\
	{								\
		return (t_main(__FILE__, t_cases, T_ROWS(t_cases),	\
		    argc, argv));					\
	}

#endif
