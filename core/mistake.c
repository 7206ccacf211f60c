/* SPDX-License-Identifier: Apache-2.0 */
#include "mistake.h"

#include <stdarg.h>
#include <stdlib.h>

#include "str.h"

/* Without memory it is counted all the same: there is a mistake. */
void
mistake_add(struct mistakes *mistakes, const struct place *place,
    const char *title, const char *key, const char *fmt, ...)
{
	struct mistake *mistake;
	struct str text = { 0 };
	va_list ap;

	mistakes->count++;
	if (mistakes->item == NULL)
		mistakes->item = calloc(MISTAKES_MAX, sizeof(*mistake));
	if (mistakes->item == NULL || mistakes->kept == MISTAKES_MAX)
		return;
	str_add(&text, place->file);
	if (place->line > 0)
		str_addf(&text, ":%u", place->line);
	str_add(&text, ":");
	if (title != NULL)
		str_addf(&text, " [%s]", title);
	if (key != NULL)
		str_addf(&text, " %s:", key);
	else if (title != NULL)
		str_add(&text, ":");
	str_add(&text, " ");
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	mistake = &mistakes->item[mistakes->kept];
	mistake->text = str_take(&text);
	if (mistake->text == NULL)
		return;
	mistake->place = *place;
	mistake->number = mistakes->kept++;
}

static int
mistake_compare(const void *a, const void *b)
{
	const struct mistake *x = a, *y = b;

	if (x->place.order != y->place.order)
		return (x->place.order < y->place.order ? -1 : 1);
	if (x->place.line != y->place.line)
		return (x->place.line < y->place.line ? -1 : 1);
	return (x->number < y->number ? -1 : x->number > y->number);
}

void
mistakes_print(struct mistakes *mistakes, FILE *out)
{
	size_t i;

	if (mistakes->kept > 0)
		qsort(mistakes->item, mistakes->kept, sizeof(*mistakes->item),
		    mistake_compare);
	for (i = 0; i < mistakes->kept; i++)
		fprintf(out, "%s\n", mistakes->item[i].text);
	if (mistakes->count > mistakes->kept)
		fprintf(out, "and %zu more\n",
		    mistakes->count - mistakes->kept);
}

void
mistakes_free(struct mistakes *mistakes)
{
	size_t i;

	for (i = 0; i < mistakes->kept; i++)
		free(mistakes->item[i].text);
	free(mistakes->item);
	mistakes->item = NULL;
	mistakes->kept = mistakes->count = 0;
}
