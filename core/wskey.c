/* SPDX-License-Identifier: Apache-2.0 */
#include "wskey.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdatomic.h>
#include <string.h>

#include "mask.h"
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
	size_t i;

	for (i = 0; i < sizeof(nonce); i += 4)
		mask_key(nonce + i);
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

/*
 * Looked up by its name once: that costs more than the sum itself. Of two
 * threads that come first one's stays; it lives until the process ends.
 */
static const EVP_MD *
sha1(void)
{
	static _Atomic(EVP_MD *) found;
	EVP_MD *none = NULL, *md;

	if ((md = atomic_load(&found)) != NULL)
		return (md);
	md = EVP_MD_fetch(NULL, "SHA1", NULL);
	if (md == NULL || atomic_compare_exchange_strong(&found, &none, md))
		return (md);
	EVP_MD_free(md);
	return (none);
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
	if (EVP_Digest(text, sizeof(text), sum, NULL, sha1(), NULL) == 1)
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
