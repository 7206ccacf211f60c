/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow's key: HMAC-SHA256, under a secret of this process, of all that can
 * change the bytes of its messages and of who may share them. The id on the
 * wire is half of it. Made in load, constant from then on, for any thread.
 */
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string.h>

#include "fanout.h"

#define SECRET	32

static EVP_MAC		*hmac;
static unsigned char	 secret[SECRET];
static unsigned char	 digest_key[FANOUT_SIPKEY];

int
fanout_key_load(void)
{
	hg->random(secret, sizeof(secret));
	hg->random(digest_key, sizeof(digest_key));
	if ((hmac = EVP_MAC_fetch(NULL, "HMAC", NULL)) != NULL)
		return (0);
	hg->log(NULL, HG_LOG_ERROR, "fanout: OpenSSL has no HMAC");
	return (-1);
}

void
fanout_key_unload(void)
{
	EVP_MAC_free(hmac);
	hmac = NULL;
}

/* With its length before it, so that no two lists of parts are the same. */
static bool
add(EVP_MAC_CTX *mac, const void *data, size_t len)
{
	unsigned char prefix[8];
	uint64_t rest;
	size_t i;

	rest = len;
	for (i = 0; i < sizeof(prefix); i++, rest >>= 8)
		prefix[i] = rest & 0xff;
	return (EVP_MAC_update(mac, prefix, sizeof(prefix)) == 1 &&
	    (len == 0 || EVP_MAC_update(mac, data, len) == 1));
}

static bool
add_text(EVP_MAC_CTX *mac, const char *text)
{
	return (add(mac, text, text != NULL ? strlen(text) : 0));
}

static bool
add_all(EVP_MAC_CTX *mac, const struct fanout_identity *who)
{
	unsigned char scope = (unsigned char)who->scope;
	bool all = who->scope != FANOUT_CREDENTIAL;

	return (add_text(mac, who->service) &&
	    add_text(mac, who->subprotocol) &&
	    add_text(mac, who->destination) &&
	    add(mac, who->key, who->key_len) && add(mac, &scope, 1) &&
	    add_text(mac, all ? NULL : who->identity) &&
	    add(mac, who->credential, all ? 0 : who->credential_len));
}

int
fanout_key(unsigned char *out, const struct fanout_identity *who)
{
	static char sha256[] = "SHA256";
	OSSL_PARAM params[2];
	EVP_MAC_CTX *mac;
	size_t len;
	bool ok;

	if ((mac = EVP_MAC_CTX_new(hmac)) == NULL)
		return (-1);
	params[0] = OSSL_PARAM_construct_utf8_string("digest", sha256, 0);
	params[1] = OSSL_PARAM_construct_end();
	ok = EVP_MAC_init(mac, secret, sizeof(secret), params) == 1 &&
	    add_all(mac, who) &&
	    EVP_MAC_final(mac, out, &len, FANOUT_KEY) == 1 &&
	    len == FANOUT_KEY;
	EVP_MAC_CTX_free(mac);
	return (ok ? 0 : -1);
}

int
fanout_digest(struct hg_frame **frame, struct fanout_digest *digest)
{
	const unsigned char *bytes;

	if ((bytes = hg->frame_bytes(frame)) == NULL)
		return (-1);
	*digest = fanout_siphash(digest_key, bytes, hg->frame_len(*frame));
	/* The same bytes as text and as binary are two messages. */
	if ((hg->frame_flags(*frame) & HG_TEXT) != 0)
		digest->word[0] = ~digest->word[0];
	return (0);
}
