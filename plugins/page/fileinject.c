/* SPDX-License-Identifier: Apache-2.0 */
/* The script in pages that are files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filter.h"
#include "page.h"

/* The element is the page's from then on, when it is to be put in. */
static enum inject_verdict
file_look(int fd, const char *script, bool has_charset,
    struct page *page)
{
	struct inject_view view;
	enum inject_verdict verdict = INJECT_PLACE;
	char element[INJECT_ELEMENT_MAX], *window;
	ssize_t n;
	size_t len;

	if ((window = malloc(INJECT_WINDOW)) == NULL)
		return (INJECT_PLACE);
	n = pread(fd, window, INJECT_WINDOW, 0);
	if (n > 0)
		verdict = inject_look((struct html_span){ window, (size_t)n },
		    script, has_charset, &view);
	free(window);
	if (verdict != INJECT_DONE)
		return (verdict);
	len = inject_element(element, script, (struct html_span){ "", 0 });
	page->element = strndup(element, len);
	page->element_at = view.place;
	return (page->element != NULL ? INJECT_DONE : INJECT_PLACE);
}

/* With the element it is another content, of which no ranges are given. */
enum inject_verdict
page_file_inject(int fd, const struct page_options *options,
    const char *type, struct page *page, struct page_entity *entity)
{
	enum inject_verdict verdict;
	char strong[sizeof(entity->etag)];
	bool has_charset;

	if (!options->inject || !page_has_script(options) ||
	    strncmp(type, "text/html", 9) != 0)
		return (INJECT_VERDICTS);
	verdict = filter_type_fits(type, &has_charset) ? file_look(fd,
	    options->script, has_charset, page) : INJECT_CHARSET;
	if (verdict != INJECT_DONE)
		return (verdict);
	memcpy(strong, entity->etag, sizeof(strong));
	if (strong[0] != 'W')
		snprintf(entity->etag, sizeof(entity->etag), "W/%.60s",
		    strong);
	entity->modified = 0;
	return (verdict);
}
