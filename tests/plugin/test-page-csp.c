/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that let a script of the page's own origin run, and others: W29. */
#include "harness.h"

#include <string.h>

#include "../../plugins/page/csp.h"

#define SCRIPT	"/.headgate/headgate.js"

enum { NO, YES, NONCE };	/* only with the nonce "abc123" */

static const struct {
	const char	*policy;
	int		 allows;
	const char	*host;		/* NULL: www.example.com */
	bool		 is_tls;
} rows[] = {
	{ "", YES, NULL, false },
	{ ";;", YES, NULL, false },
	{ "img-src 'none'", YES, NULL, false },
	{ "default-src 'none'", NO, NULL, false },
	{ "default-src", NO, NULL, false },
	{ "script-src", NO, NULL, false },
	{ "script-src ;", NO, NULL, false },
	{ "default-src 'self'", YES, NULL, false },
	{ "Default-Src 'SELF'", YES, NULL, false },
	{ "default-src 'none'; script-src 'self'", YES, NULL, false },
	{ "default-src 'self'; script-src 'none'", NO, NULL, false },
	{ "script-src 'self'; script-src-elem 'none'", NO, NULL, false },
	{ "script-src 'none'; script-src-elem 'self'", YES, NULL, false },
	{ "script-src 'none'; script-src 'self'", NO, NULL, false },
	{ "script-src 'self'; script-src 'none'", YES, NULL, false },
	{ "script-src-attr 'none'", YES, NULL, false },
	{ "script-src 'self' 'none'", YES, NULL, false },
	{ "script-src 'unsafe-inline'", NO, NULL, false },
	{ "script-src 'unsafe-inline' 'unsafe-eval' 'self'", YES, NULL,
	    false },
	{ "script-src *", YES, NULL, false },
	{ "script-src http:", YES, NULL, false },
	{ "script-src http:", YES, NULL, true },
	{ "script-src https:", NO, NULL, false },
	{ "script-src HTTPS:", YES, NULL, true },
	{ "script-src data: blob:", NO, NULL, false },
	/* Hosts. */
	{ "script-src www.example.com", YES, NULL, false },
	{ "script-src WWW.EXAMPLE.COM", YES, NULL, false },
	{ "script-src example.com", NO, NULL, false },
	{ "script-src *.example.com", YES, NULL, false },
	{ "script-src *.www.example.com", NO, NULL, false },
	{ "script-src *.ample.com", NO, NULL, false },
	{ "script-src cdn.example.com www.example.com", YES, NULL, false },
	{ "script-src http://www.example.com", YES, NULL, false },
	{ "script-src http://www.example.com", YES, NULL, true },
	{ "script-src https://www.example.com", NO, NULL, false },
	{ "script-src https://www.example.com", YES, NULL, true },
	{ "script-src wss://www.example.com", NO, NULL, true },
	{ "script-src http://*", YES, NULL, false },
	{ "script-src www.example.com:80", YES, NULL, false },
	{ "script-src www.example.com:443", NO, NULL, false },
	{ "script-src www.example.com:443", YES, NULL, true },
	{ "script-src www.example.com:80", YES, NULL, true },
	{ "script-src www.example.com:*", YES, NULL, false },
	{ "script-src www.example.com", NO, "www.example.com:8080", false },
	{ "script-src www.example.com:*", YES, "www.example.com:8080",
	    false },
	{ "script-src www.example.com:8080", YES, "www.example.com:8080",
	    false },
	{ "script-src www.example.com:80801", NO, "www.example.com:8080",
	    false },
	{ "script-src 127.0.0.1:8080", YES, "127.0.0.1:8080", false },
	{ "script-src 10.0.0.1", NO, "10.0.0.1", false },
	{ "script-src [::1]", NO, "[::1]", false },
	{ "script-src 'self'", YES, "[::1]:8080", false },
	{ "script-src www.example.com/", YES, NULL, false },
	{ "script-src www.example.com/.headgate/", YES, NULL, false },
	{ "script-src www.example.com/.headgate/headgate.js", YES, NULL,
	    false },
	{ "script-src www.example.com/.headgate", NO, NULL, false },
	{ "script-src www.example.com/js/", NO, NULL, false },
	{ "script-src http://www.example.com:80/.headgate/", YES, NULL,
	    false },
	/* Nonces and hashes. */
	{ "script-src 'nonce-abc123'", NONCE, NULL, false },
	{ "script-src 'NONCE-abc123'", NONCE, NULL, false },
	{ "script-src 'nonce-ABC123'", NO, NULL, false },
	{ "script-src 'nonce-abc1234'", NO, NULL, false },
	{ "script-src 'nonce-abc123", NO, NULL, false },
	{ "script-src nonce-abc123", NO, NULL, false },
	{ "script-src 'nonce-x' 'nonce-abc123'", NONCE, NULL, false },
	{ "script-src 'self' 'nonce-x'", YES, NULL, false },
	{ "script-src 'sha256-AAAA='", NO, NULL, false },
	{ "script-src 'sha256-AAAA=' 'self'", YES, NULL, false },
	{ "script-src 'strict-dynamic' 'self' https: http: *", NO, NULL,
	    false },
	{ "script-src 'self' 'strict-dynamic'", NO, NULL, false },
	{ "script-src 'strict-dynamic' 'nonce-abc123'", NONCE, NULL, false },
	{ "script-src 'strict-dynamic' 'sha256-AAAA='", NO, NULL, false },
	{ "default-src 'nonce-abc123'", NONCE, NULL, false },
	/* Several: all must. */
	{ "script-src 'self', script-src 'none'", NO, NULL, false },
	{ "script-src 'none', script-src 'self'", NO, NULL, false },
	{ "script-src 'self', img-src 'none'", YES, NULL, false },
	{ "script-src 'self', script-src 'nonce-abc123'", NONCE, NULL,
	    false },
	{ "script-src 'nonce-x', script-src 'nonce-abc123'", NO, NULL,
	    false },
	{ ",,", YES, NULL, false },
	/* No script runs at all. */
	{ "sandbox", NO, NULL, false },
	{ "sandbox allow-forms", NO, NULL, false },
	{ "sandbox allow-forms allow-scripts; script-src 'self'", YES, NULL,
	    false },
	{ "script-src\t'self'\t;\tx", YES, NULL, false },
};

static void
test_policies(void)
{
	static const struct html_span none = { "", 0 }, nonce = { "abc123", 6 };
	struct csp_script script = { .path = SCRIPT };
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu: %s", i, rows[i].policy);
		script.host = rows[i].host != NULL ? rows[i].host :
		    "www.example.com";
		script.is_tls = rows[i].is_tls;
		T_EQ(csp_allows(rows[i].policy, &script, none),
		    rows[i].allows == YES);
		T_EQ(csp_allows(rows[i].policy, &script, nonce),
		    rows[i].allows != NO);
	}
}

T_MAIN({ "policies", test_policies })
