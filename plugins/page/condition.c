/* SPDX-License-Identifier: Apache-2.0 */
/* What a client knows already (RFC 9110, 13.2.2, in its order). */
#include <string.h>

#include "page.h"

/* Without "W/", which the weak comparison does not look at. */
static const char *
condition_opaque(const char *tag)
{
	return (strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag);
}

static bool
condition_same(const char *tag, size_t len, const char *etag, bool strong)
{
	const char *opaque = condition_opaque(etag);

	if (len > 2 && memcmp(tag, "W/", 2) == 0) {
		if (strong)
			return (false);
		tag += 2;
		len -= 2;
	}
	if (strong && opaque != etag)
		return (false);
	return (strlen(opaque) == len && memcmp(tag, opaque, len) == 0);
}

/* Bytes of the tag at the front, with its quotes; 0: there is none. */
static size_t
condition_tag_len(const char *at)
{
	const char *opaque = condition_opaque(at), *end;

	if (*opaque != '"' || (end = strchr(opaque + 1, '"')) == NULL)
		return (0);
	return ((size_t)(end + 1 - at));
}

/* A list of tags, or "*"; in all lines of the field. */
static bool
condition_lists(const struct hg_head *request, const char *name,
    const char *etag, bool strong)
{
	const char *at, *value;
	size_t len;

	for (value = hg->head_get(request, name); value != NULL;
	    value = hg->head_next(request, name, value)) {
		if (strcmp(value, "*") == 0)
			return (true);
		for (at = value;; at += len) {
			at += strspn(at, " \t,");
			if ((len = condition_tag_len(at)) == 0)
				break;
			if (condition_same(at, len, etag, strong))
				return (true);
		}
	}
	return (false);
}

/* Whether the field has a date and nothing was changed behind it. */
static bool
condition_unchanged(const struct hg_head *request, const char *name,
    const struct page_entity *entity, bool otherwise)
{
	const char *value = hg->head_get(request, name);
	time_t when;

	if (value == NULL || entity->modified == 0 ||
	    page_date_parse(value, &when) != 0)
		return (otherwise);
	return (entity->modified <= when);
}

int
page_condition(const struct hg_head *request, const struct page_entity *entity)
{
	if (hg->head_get(request, "If-Match") != NULL) {
		if (!condition_lists(request, "If-Match", entity->etag, true))
			return (412);
	} else if (!condition_unchanged(request, "If-Unmodified-Since",
	    entity, true))
		return (412);
	if (hg->head_get(request, "If-None-Match") != NULL)
		return (condition_lists(request, "If-None-Match",
		    entity->etag, false) ? 304 : 0);
	return (condition_unchanged(request, "If-Modified-Since", entity,
	    false) ? 304 : 0);
}

int
page_entity_fields(struct hg_fields *fields, const struct page_entity *entity)
{
	char date[PAGE_DATE];

	if (page_add(fields, "ETag", "%s", entity->etag) != 0)
		return (-1);
	if (entity->modified == 0)
		return (0);
	page_date(date, entity->modified);
	return (date[0] == '\0' ? 0 :
	    page_add(fields, "Last-Modified", "%s", date));
}
