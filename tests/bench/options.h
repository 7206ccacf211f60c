/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a program of the benchmarks: each is --name=value. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

enum option_kind {
	OPTION_TEXT,		/* const char * */
	OPTION_COUNT,		/* uint64_t */
	OPTION_REAL,		/* double */
	OPTION_SWITCH		/* bool: 0 or 1 */
};

struct option_row {
	const char		*name;
	enum option_kind	 kind;
	void			*value;
};

/* The last row has no name. What is no option or no value ends the program. */
void	options_read(const struct option_row *, int argc, char **argv);

#endif
