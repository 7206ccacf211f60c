/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a page's Content-Security-Policy lets a script of the same origin
 * run (W3C CSP Level 3), by a source that fits its URL, or by a nonce.
 */
#ifndef PAGE_CSP_H
#define PAGE_CSP_H

#include <stdbool.h>

#include "html.h"

/* Where the page is, and the script's path there. */
struct csp_script {
	const char	*host;		/* HOST or HOST:PORT, as asked for */
	bool		 is_tls;
	const char	*path;
};

/* value: of one header field, which may have several policies; all must let
 * it. nonce: that the script would have; of length 0, none. */
bool	csp_allows(const char *value, const struct csp_script *,
	    struct html_span nonce);

#endif
