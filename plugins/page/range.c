/* SPDX-License-Identifier: Apache-2.0 */
/* One range of bytes. */
#include <string.h>
#include <strings.h>

#include "page.h"

/* Digits at *at; false: none, or too many. */
static bool
range_number(const char **at, uint64_t *number)
{
	const char *start = *at;

	for (*number = 0; **at >= '0' && **at <= '9'; (*at)++) {
		if (*at - start >= 18)
			return (false);
		*number = *number * 10 + (uint64_t)(**at - '0');
	}
	return (*at > start);
}

/* "-N": the last N bytes. */
static int
range_suffix(const char *at, uint64_t size, struct page_range *range)
{
	uint64_t last;

	if (!range_number(&at, &last) || *at != '\0')
		return (200);
	if (last == 0 || size == 0)
		return (416);
	range->len = last < size ? last : size;
	range->from = size - range->len;
	return (206);
}

static int
range_parse(const char *at, uint64_t size, struct page_range *range)
{
	uint64_t first, last = UINT64_MAX;

	if (*at == '-')
		return (range_suffix(at + 1, size, range));
	if (!range_number(&at, &first) || *at++ != '-')
		return (200);
	if (*at != '\0' && (!range_number(&at, &last) || *at != '\0' ||
	    last < first))
		return (200);
	if (first >= size)
		return (416);
	if (last >= size)
		last = size - 1;
	range->from = first;
	range->len = last - first + 1;
	return (206);
}

/* Whether a client's part is of what is there now: exactly, or not at all. */
static bool
range_still_fits(const struct hg_head *request,
    const struct page_entity *entity)
{
	const char *value = hg->head_get(request, "If-Range");
	time_t when;

	if (value == NULL)
		return (true);
	if (value[0] == '"')
		return (strcmp(value, entity->etag) == 0);
	return (entity->etag[0] == '"' && entity->modified != 0 &&
	    page_date_parse(value, &when) == 0 && when == entity->modified);
}

int
page_range(const struct hg_head *request, const struct page_entity *entity,
    struct page_range *range)
{
	const char *value = hg->head_get(request, "Range");

	range->from = 0;
	range->len = entity->size;
	if (value == NULL || hg->head_next(request, "Range", value) != NULL ||
	    strncasecmp(value, "bytes=", 6) != 0 ||
	    strcmp(hg->head_method(request), "GET") != 0 ||
	    !range_still_fits(request, entity))
		return (200);
	return (range_parse(value + 6, entity->size, range));
}
