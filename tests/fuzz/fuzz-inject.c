/* SPDX-License-Identifier: Apache-2.0 */
/* W29: the place of the script in any page: behind nothing that runs, where it
 * is an element and no text; and any policy, which a nonce only makes wider. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "csp.h"
#include "inject.h"

#define SCRIPT	"/.headgate/headgate.js"

static char *
copy_text(const unsigned char *at, size_t len)
{
	char *text;

	if ((text = malloc(len + 1)) == NULL)
		abort();
	memcpy(text, at, len);
	text[len] = '\0';
	return (text);
}

static void
check_policy(const char *policy, bool is_tls, struct html_span nonce)
{
	static const struct html_span none = { "", 0 };
	struct csp_script script = { "gate.example:8080", is_tls, SCRIPT };

	if (csp_allows(policy, &script, none))
		FUZZ_IS(csp_allows(policy, &script, nonce));
	script.host = policy;
	csp_allows("script-src *.example.com:* 'self'", &script, nonce);
}

static void
check_page(struct html_span page, bool has_charset)
{
	struct inject_view view, again;
	char element[INJECT_ELEMENT_MAX], *changed;
	struct html_span all;
	size_t len;

	if (inject_look(page, SCRIPT, has_charset, &view) != INJECT_DONE)
		return;
	FUZZ_IS(view.place <= page.len && view.place <= INJECT_WINDOW);
	len = inject_element(element, SCRIPT, view.nonces > 0 ?
	    view.nonce[0] : (struct html_span){ "", 0 });
	FUZZ_IS(len > 0);
	if ((changed = malloc(page.len + len)) == NULL)
		abort();
	memcpy(changed, page.at, view.place);
	memcpy(changed + view.place, element, len);
	memcpy(changed + view.place + len, page.at + view.place,
	    page.len - view.place);
	all = (struct html_span){ changed, page.len + len };
	if (view.place + len <= INJECT_WINDOW)
		FUZZ_IS(inject_look(all, SCRIPT, true, &again) ==
		    INJECT_PRESENT);
	free(changed);
}

void
fuzz_one(struct fuzz *fuzz)
{
	static const struct html_span nonce = { "abc", 3 };
	unsigned how = fuzz_byte(fuzz);
	const unsigned char *at;
	char *policy, *page;
	size_t len;

	at = fuzz_bytes(fuzz, &len);
	policy = copy_text(at, len);
	check_policy(policy, (how & 1) != 0, nonce);
	free(policy);
	/* Exactly so long, for the address sanitizer. */
	if ((page = malloc(fuzz->left > 0 ? fuzz->left : 1)) == NULL)
		abort();
	memcpy(page, fuzz->at, fuzz->left);
	check_page((struct html_span){ page, fuzz->left }, (how & 2) != 0);
	free(page);
}
