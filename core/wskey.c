/* SPDX-License-Identifier: Apache-2.0 */
#include "wskey.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "str.h"

#define GUID		"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define GUID_LEN	(sizeof(GUID) - 1)
#define NONCE_LEN	16
#define DIGITS		(WSKEY_LEN - 2)	/* in front of "==" */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
wskey_new(char key[WSKEY_LEN + 1])
{
	unsigned char nonce[NONCE_LEN];

	key[0] = '\0';
	if (RAND_bytes(nonce, sizeof(nonce)) == 1)
		str_base64(key, nonce, sizeof(nonce));
}

/*
 * The bits behind the sixteenth byte may be anything: the example of RFC 6455,
 * 4.1, has some set.
 */
bool
wskey_is_valid(const char *key)
{
	return (strspn(key, alphabet) == DIGITS &&
	    strcmp(key + DIGITS, "==") == 0);
}

void
wskey_accept(char accept[WSKEY_ACCEPT + 1], const char *key)
{
	unsigned char text[WSKEY_LEN + GUID_LEN], sum[SHA_DIGEST_LENGTH];

	accept[0] = '\0';
	if (strlen(key) != WSKEY_LEN)
		return;
	memcpy(text, key, WSKEY_LEN);
	memcpy(text + WSKEY_LEN, GUID, GUID_LEN);
	if (SHA1(text, sizeof(text), sum) != NULL)
		str_base64(accept, sum, sizeof(sum));
}

bool
wskey_matches(const char *accept, const char *key)
{
	char wanted[WSKEY_ACCEPT + 1];

	wskey_accept(wanted, key);
	return (strlen(wanted) == WSKEY_ACCEPT &&
	    strlen(accept) == WSKEY_ACCEPT &&
	    CRYPTO_memcmp(accept, wanted, WSKEY_ACCEPT) == 0);
}
