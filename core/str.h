/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text, and the small text functions that everybody needs. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A text that grows. All zero is an empty one. Once memory ran out, failed is
 * set, the text stays as it is, and adding does nothing: check once at the
 * end. text is always terminated, or NULL when nothing was ever added.
 */
struct str {
	char	*text;
	size_t	 len;
	size_t	 size;
	bool	 failed;
};

void	 str_add(struct str *, const char *);
void	 str_add_bytes(struct str *, const void *, size_t);
void	 str_add_char(struct str *, char);
void	 str_addf(struct str *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));
void	 str_vaddf(struct str *, const char *, va_list)
	    __attribute__((format(printf, 2, 0)));
/* Hands the text to the caller, who frees it; NULL when it failed. */
char	*str_take(struct str *);
void	 str_free(struct str *);

/* A copy that ends with a NUL; NULL without memory. The caller frees it. */
char	*str_dup(const void *, size_t);

/* ASCII only, whatever the locale. */
bool	 str_equal_nocase(const char *, const char *);
bool	 str_equal_nocase_n(const char *, size_t, const char *, size_t);
char	 str_lower(char);

/* RFC 9110, 5.6.2: whether all of it are token characters, and some. */
bool	 str_is_token(const char *, size_t);

/*
 * Digits only, no sign, no blank; false on overflow or a value above max.
 */
bool	 str_to_u64(const char *, size_t, uint64_t max, uint64_t *);
bool	 str_hex_to_u64(const char *, size_t, uint64_t max, uint64_t *);

/* The number of edits from one to the other, for "did you mean". */
size_t	 str_distance(const char *, const char *);

/* A pattern with "*" for any number of any bytes; everything else literal. */
bool	 str_match(const char *pattern, const char *text, size_t len);

/* Base64 (RFC 4648, 4). out holds 4 * ((len + 2) / 3) + 1 bytes. */
void	 str_base64(char *out, const void *, size_t len);
/* Strict; returns the number of bytes, or -1. out holds len / 4 * 3. */
int	 str_unbase64(void *out, const char *, size_t len);
/* Lower-case hexadecimal; out holds 2 * len + 1 bytes. */
void	 str_hex(char *out, const void *, size_t len);

#endif
