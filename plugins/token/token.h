/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token: logs clients in by a JSON Web Token (RFC 7519). Signatures are
 * libjwt's to check; which algorithm and which keys is the configuration's to
 * say, whatever stands in a token.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <headgate/plugin.h>

#define TOKEN_MAX		8192	/* bytes of a token */
#define TOKEN_KEYS_MAX		16	/* of a service */

enum token_algorithm { TOKEN_HS256, TOKEN_RS256, TOKEN_ES256 };

struct token_options {
	int			 algorithm;	/* enum token_algorithm */
	struct hg_strings	 keys;		/* "[KID] FILE" */
	struct hg_strings	 sources;
	const char		*audience;
	const char		*issuer;
	const char		*identity;	/* the claim */
	const char		*realm;
	int64_t			 skew;
	bool			 endless;	/* also without exp */
};

enum token_counter {
	TOKEN_ACCEPTED,
	TOKEN_ABSENT,
	TOKEN_INVALID,
	TOKEN_EXPIRED,
};

/* source.c: where in the request a token is. */
enum token_found {
	TOKEN_NONE,
	TOKEN_ONE,
	TOKEN_WRONG,		/* malformed, or more than one */
};

/* NULL, or what is wrong with "header", "cookie NAME" or "query NAME". */
const char *token_source_check(const char *value, char *buffer, size_t size);
/* The first source that has one. *query: its name, when it was in the query. */
enum token_found token_find(const struct hg_head *request,
	    const struct hg_strings *sources, char *token, size_t size,
	    const char **query);
/* The target without that parameter of its query; for free(). NULL: no
 * memory. */
char   *token_strip_query(const char *target, const char *name);

/* key.c: files of keys, read while the configuration is, kept from then on. */
struct token_key {
	char		*text;
	size_t		 len;
};

/* NULL, or what is wrong with "[KID] FILE". */
const char *token_key_check(const char *value, char *buffer, size_t size);
/* The same, and whether it is a key for that algorithm. It is kept. */
const char *token_key_load(const char *value, enum token_algorithm,
	    char *buffer, size_t size);
/* The key, if it is one for tokens with this "kid" (NULL: without). */
const struct token_key *token_key_find(const char *value, const char *kid,
	    enum token_algorithm);

/* verify.c */
enum token_verdict {
	TOKEN_FINE,
	TOKEN_BAD,
	TOKEN_OLD,
};

struct token_claims {
	char		 identity[513];
	uint64_t	 expires;	/* ms from now on; 0: never */
	const char	*wrong;		/* for the log */
};

enum token_verdict token_verify(const char *token,
	    const struct token_options *, struct token_claims *);

#endif
