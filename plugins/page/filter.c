/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csp.h"
#include "page.h"

/* Charsets whose bytes below 0x80 mean ASCII wherever a tag could begin. */
static const char *const charsets[] = {
	"utf-8", "utf8", "us-ascii", "ascii", "latin1", "koi8-r", "koi8-u",
	"macintosh", "gbk", "gb2312", "gb18030", "big5", "big5-hkscs",
	"euc-jp", "euc-kr", "shift_jis", "sjis", "windows-874", "tis-620",
};

static bool
begins_with(const char *text, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return (len >= n && strncasecmp(text, prefix, n) == 0);
}

static bool
charset_fits(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (strlen(charsets[i]) == len &&
		    strncasecmp(charsets[i], name, len) == 0)
			return (true);
	return (begins_with(name, len, "iso-8859-") ||
	    begins_with(name, len, "windows-125"));
}

/* The value of a parameter, without its quotes; or NULL. */
static const char *
parameter(const char *text, const char *name, size_t *len)
{
	size_t n = strlen(name);
	char quote;

	while ((text = strchr(text, ';')) != NULL) {
		text += 1 + strspn(text + 1, " \t");
		if (strncasecmp(text, name, n) != 0 || text[n] != '=')
			continue;
		text += n + 1;
		quote = *text == '"' ? '"' : '\0';
		text += quote != '\0';
		*len = strcspn(text, quote != '\0' ? "\"" : "; \t");
		return (text);
	}
	return (NULL);
}

bool
filter_type_fits(const char *type, bool *has_charset)
{
	const char *charset;
	size_t len;

	charset = parameter(type, "charset", &len);
	*has_charset = charset != NULL;
	return (charset == NULL || charset_fits(charset, len));
}

static bool
is_html(const char *type)
{
	size_t len = strcspn(type, "; \t");

	return (len == 9 && strncasecmp(type, "text/html", 9) == 0);
}

static bool
has_word(const struct hg_head *head, const char *name, const char *word)
{
	const char *value = NULL, *found;
	size_t len = strlen(word);

	while ((value = value == NULL ? hg->head_get(head, name) :
	    hg->head_next(head, name, value)) != NULL)
		for (found = value; (found = strcasestr(found, word)) != NULL;
		    found += len)
			if ((found == value || strchr(", \t;",
			    found[-1]) != NULL) && (found[len] == '\0' ||
			    strchr(", \t;", found[len]) != NULL))
				return (true);
	return (false);
}

static bool
is_encoded(const struct hg_head *head)
{
	const char *value = hg->head_get(head, "Content-Encoding");

	return (value != NULL && strcasecmp(value, "identity") != 0 &&
	    value[0] != '\0');
}

enum inject_verdict
filter_judge(const struct hg_head *head)
{
	const char *type = hg->head_get(head, "Content-Type");
	const char *kind = hg->head_get(head, "Content-Disposition");
	bool has_charset;

	if (type == NULL || !is_html(type) ||
	    hg->head_next(head, "Content-Type", type) != NULL)
		return (INJECT_VERDICTS);
	if (hg->head_status(head) != 200 ||
	    hg->head_get(head, "Content-Range") != NULL)
		return (INJECT_PARTIAL);
	if (is_encoded(head))
		return (INJECT_ENCODING);
	if (kind != NULL && begins_with(kind, strlen(kind), "attachment"))
		return (INJECT_ATTACHMENT);
	if (has_word(head, "Cache-Control", "no-transform") ||
	    hg->head_get(head, "Content-MD5") != NULL ||
	    hg->head_get(head, "Digest") != NULL ||
	    hg->head_get(head, "Content-Digest") != NULL ||
	    hg->head_get(head, "Repr-Digest") != NULL)
		return (INJECT_NO_TRANSFORM);
	return (filter_type_fits(type, &has_charset) ? INJECT_DONE :
	    INJECT_CHARSET);
}

/* --- the page ------------------------------------------------------------- */

/* All values of the field as one, which means the same. */
static int
keep_policies(struct filter *filter, const struct hg_head *head)
{
	static const char name[] = "Content-Security-Policy";
	const char *value = NULL;
	size_t len = 0, add;
	char *text;

	while ((value = value == NULL ? hg->head_get(head, name) :
	    hg->head_next(head, name, value)) != NULL) {
		add = strlen(value);
		if ((text = realloc(filter->policies, len + add + 2)) == NULL)
			return (-1);
		filter->policies = text;
		memcpy(text + len, value, add);
		len += add;
		text[len++] = ',';
		text[len] = '\0';
	}
	return (0);
}

int
filter_start(struct filter *filter, struct hg_exchange *ex, const char *script,
    const struct hg_head *response)
{
	const char *type = hg->head_get(response, "Content-Type");

	memset(filter, 0, sizeof(*filter));
	filter->ex = ex;
	filter->script = script;
	filter_type_fits(type != NULL ? type : "", &filter->has_charset);
	return (keep_policies(filter, response));
}

/* By its URL; else by a nonce that one of the page's own scripts has. */
static bool
policies_allow(const struct filter *filter, const struct inject_view *view,
    struct html_span *nonce)
{
	struct csp_script script = { .path = filter->script };
	unsigned i;

	*nonce = (struct html_span){ "", 0 };
	if (filter->policies == NULL)
		return (true);
	script.host = hg->head_get(hg->http_request(filter->ex), "Host");
	if (script.host == NULL)
		script.host = "";
	script.is_tls = hg->http_is_tls(filter->ex);
	if (csp_allows(filter->policies, &script, *nonce))
		return (true);
	for (i = 0; i < view->nonces; i++) {
		*nonce = view->nonce[i];
		if (csp_allows(filter->policies, &script, *nonce))
			return (true);
	}
	return (false);
}

/* Puts the element into the window, when it may be there. */
static enum inject_verdict
decide(struct filter *filter)
{
	struct html_span page = { filter->window, filter->len }, nonce;
	char element[INJECT_ELEMENT_MAX];
	struct inject_view view;
	enum inject_verdict verdict;
	size_t len;

	verdict = inject_look(page, filter->script, filter->has_charset,
	    &view);
	if (verdict == INJECT_DONE && !policies_allow(filter, &view, &nonce))
		verdict = INJECT_POLICY;
	if (verdict != INJECT_DONE)
		return (verdict);
	len = inject_element(element, filter->script, nonce);
	memmove(filter->window + view.place + len, filter->window + view.place,
	    filter->len - view.place);
	memcpy(filter->window + view.place, element, len);
	filter->len += len;
	return (verdict);
}

/* Room for the bytes, and for the element behind them. */
static int
window_grow(struct filter *filter, size_t len)
{
	size_t size = filter->size > 0 ? filter->size : 4096;
	char *window;

	while (size < filter->len + len + INJECT_ELEMENT_MAX)
		size *= 2;
	if (size == filter->size)
		return (0);
	if ((window = realloc(filter->window, size)) == NULL)
		return (-1);
	filter->window = window;
	filter->size = size;
	return (0);
}

static struct hg_frame *
window_take(struct filter *filter, enum inject_verdict verdict, bool *failed)
{
	struct hg_frame *frame = NULL;

	filter->decided = true;
	page_count_verdict(verdict);
	if (filter->len > 0 && (frame = hg->frame_new(filter->window,
	    filter->len, 0)) == NULL)
		*failed = true;
	free(filter->window);
	filter->window = NULL;
	return (frame);
}

struct hg_frame *
filter_take(struct filter *filter, struct hg_frame *frame, bool *failed)
{
	size_t len = hg->frame_len(frame);

	if (filter->decided)
		return (frame);
	if (window_grow(filter, len) != 0)
		*failed = true;
	else
		filter->len += hg->frame_peek(frame, 0,
		    filter->window + filter->len, len);
	hg->frame_unref(frame);
	if (*failed || filter->len < INJECT_WINDOW)
		return (NULL);
	return (window_take(filter, decide(filter), failed));
}

/* A place, or a nonce, may still come. */
struct hg_frame *
filter_pause(struct filter *filter, bool *failed)
{
	enum inject_verdict verdict;

	if (filter->decided || filter->len == 0)
		return (NULL);
	verdict = decide(filter);
	if (verdict == INJECT_PLACE || verdict == INJECT_POLICY)
		return (NULL);
	return (window_take(filter, verdict, failed));
}

struct hg_frame *
filter_end(struct filter *filter, bool *failed)
{
	if (filter->decided)
		return (NULL);
	return (window_take(filter, filter->len > 0 ? decide(filter) :
	    INJECT_PLACE, failed));
}

void
filter_free(struct filter *filter)
{
	free(filter->policies);
	free(filter->window);
	memset(filter, 0, sizeof(*filter));
}
