/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table for headgatectl: rows of named texts and numbers. Filled by one
 * thread at a time; rows of several workers are joined by report_join.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

struct report_field {
	char	*name;		/* NULL: a new row begins */
	char	*value;
	bool	 is_number;
};

struct hg_report {
	struct report_field	*fields;
	size_t			 count;
	size_t			 size;
	bool			 failed;	/* memory ran out */
};

void	report_row(struct hg_report *);
void	report_text(struct hg_report *, const char *name, const char *value);
void	report_number(struct hg_report *, const char *name, uint64_t value);
/* Moves the rows of the second behind those of the first. */
void	report_join(struct hg_report *, struct hg_report *);
void	report_free(struct hg_report *);

/* As aligned columns, the names above; or as a JSON array of objects. */
void	report_print_text(struct str *, const struct hg_report *);
void	report_print_json(struct str *, const struct hg_report *);

#endif
