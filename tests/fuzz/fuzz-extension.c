/* SPDX-License-Identifier: Apache-2.0 */
/* W13: lists of extensions. What is accepted is written as it was meant. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "str.h"
#include "wsext.h"

static bool
params_are_equal(const struct hg_params *a, const struct hg_params *b)
{
	size_t i;

	if (a->count != b->count || strcmp(a->name, b->name) != 0)
		return (false);
	for (i = 0; i < a->count; i++) {
		if (strcmp(a->param[i].name, b->param[i].name) != 0 ||
		    (a->param[i].value == NULL) != (b->param[i].value == NULL))
			return (false);
		if (a->param[i].value != NULL &&
		    strcmp(a->param[i].value, b->param[i].value) != 0)
			return (false);
	}
	return (true);
}

void
fuzz_one(struct fuzz *fuzz)
{
	struct wsext_list one = { 0 }, two = { 0 };
	struct str text = { 0 };
	char *copy;
	size_t i;

	if ((copy = malloc(fuzz->left + 1)) == NULL)
		abort();
	memcpy(copy, fuzz->at, fuzz->left);
	copy[fuzz->left] = '\0';
	if (wsext_parse_text(&one, copy) == 0 && one.count > 0) {
		FUZZ_IS(one.count <= WSEXT_MAX);
		wsext_format(&text, &one);
		FUZZ_IS(!text.failed);
		FUZZ_IS(wsext_parse_text(&two, text.text) == 0);
		FUZZ_IS(one.count == two.count);
		for (i = 0; i < one.count; i++)
			FUZZ_IS(params_are_equal(one.ext[i], two.ext[i]));
	}
	wsext_free(&one);
	wsext_free(&two);
	str_free(&text);
	free(copy);
}
