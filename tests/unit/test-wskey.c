/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "str.h"
#include "wskey.h"

static void
test_accept(void)
{
	static const struct {
		const char	*key, *accept;
	} rows[] = {
		/* RFC 6455, 1.3. */
		{ "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" },
		{ "x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=" },
	};
	char accept[WSKEY_ACCEPT + 1];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].key);
		wskey_accept(accept, rows[i].key);
		T_STR_EQ(accept, rows[i].accept);
		T_TRUE(wskey_matches(rows[i].accept, rows[i].key));
	}
	wskey_accept(accept, "short");
	T_STR_EQ(accept, "");
	wskey_accept(accept, "dGhlIHNhbXBsZSBub25jZQ==A");
	T_STR_EQ(accept, "");
}

static void
test_matches(void)
{
	static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
	static const char *const wrong[] = {
		"", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
		"s3pPLMBiTxaQ9kYGzzhZRbK+xOO=",
		"S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", " s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
		"s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ",
		"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
		"dGhlIHNhbXBsZSBub25jZQ==",
	};
	size_t i;

	for (i = 0; i < T_ROWS(wrong); i++) {
		t_row("%s", wrong[i]);
		T_FALSE(wskey_matches(wrong[i], key));
	}
	t_row(NULL);
	/* Without a key nothing matches, "" neither. */
	T_FALSE(wskey_matches("", ""));
	T_FALSE(wskey_matches("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
	    "DGhlIHNhbXBsZSBub25jZQ=="));
}

static void
test_valid(void)
{
	static const struct {
		const char	*key;
		bool		 valid;
	} rows[] = {
		{ "dGhlIHNhbXBsZSBub25jZQ==", true },
		{ "AAAAAAAAAAAAAAAAAAAAAA==", true },
		{ "+/+/+/+/+/+/+/+/+/+/+g==", true },
		{ "AQIDBAUGBwgJCgsMDQ4PEC==", true },	/* RFC 6455, 4.1 */
		{ "", false },
		{ "==", false },
		{ "dGhlIHNhbXBsZSBub25jZQ=", false },
		{ "dGhlIHNhbXBsZSBub25jZQ", false },
		{ "dGhlIHNhbXBsZSBub25jZQ===", false },
		{ "dGhlIHNhbXBsZSBub25jZQ== ", false },
		{ " dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "dGhlIHNhbXBsZSBub25jZQA=", false },	/* 17 bytes */
		{ "dGhlIHNhbXBsZSBub25jZQAA", false },	/* 18 bytes */
		{ "dGhlIHNhbXBsZSBub25j====", false },
		{ "dGhlIHNhbXBsZSBub25j", false },
		{ "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==", false },
		{ "dGhlIHNhbXBsZSBub25jZ-==", false },
		{ "dGhlIHNhbXBsZSBub25jZ_==", false },
		{ "dGhl IHNhbXBsZSBub25jZ==", false },
		{ "dGhlIHNhbX=sZSBub25jZQ==", false },
		{ "dGhlIHNhbXBsZSBub25jZ\xc3==", false },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].key);
		T_EQ(wskey_is_valid(rows[i].key), rows[i].valid);
	}
}

static void
test_new(void)
{
	char keys[64][WSKEY_LEN + 1], accept[WSKEY_ACCEPT + 1];
	unsigned char nonce[18];
	size_t i, j;

	for (i = 0; i < T_ROWS(keys); i++) {
		wskey_new(keys[i]);
		T_EQ(strlen(keys[i]), WSKEY_LEN);
		T_TRUE(wskey_is_valid(keys[i]));
		T_EQ(str_unbase64(nonce, keys[i], WSKEY_LEN), 16);
		wskey_accept(accept, keys[i]);
		T_TRUE(wskey_matches(accept, keys[i]));
		for (j = 0; j < i; j++) {
			T_NE(strcmp(keys[i], keys[j]), 0);
			T_FALSE(wskey_matches(accept, keys[j]));
		}
	}
}

T_MAIN(
	{ "accept", test_accept },
	{ "matches", test_matches },
	{ "valid", test_valid },
	{ "new", test_new })
