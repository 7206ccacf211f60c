/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs: HMAC-SHA256, under a secret of this process, of a name, the hash in
 * its file and the password whose hash it was found to be. The oldest in use
 * makes room. When the user's hash changes, they are not found any more.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <string.h>

#include "basic.h"

#define PROOF_LEN	32

struct proof {
	TAILQ_ENTRY(proof)	 entry;		/* of all, the latest last */
	SLIST_ENTRY(proof)	 next;		/* of its bucket */
	unsigned char		 mac[PROOF_LEN];
};

SLIST_HEAD(bucket, proof);

static unsigned char	 secret[PROOF_LEN];
static struct bucket	*buckets;
static size_t		 bucket_count, proof_count, proof_most;
static TAILQ_HEAD(, proof) proofs = TAILQ_HEAD_INITIALIZER(proofs);

int
basic_proofs_start(size_t most)
{
	hg->random(secret, sizeof(secret));
	proof_most = most;
	proof_count = 0;
	bucket_count = most / 2 + 1;
	buckets = calloc(bucket_count, sizeof(*buckets));
	return (buckets != NULL ? 0 : -1);
}

void
basic_proofs_stop(void)
{
	struct proof *proof;

	while ((proof = TAILQ_FIRST(&proofs)) != NULL) {
		TAILQ_REMOVE(&proofs, proof, entry);
		free(proof);
	}
	free(buckets);
	buckets = NULL;
	explicit_bzero(secret, sizeof(secret));
}

static bool
make_mac(unsigned char *mac, const struct basic_credentials *given,
    const char *hash)
{
	unsigned char text[sizeof(*given) + BASIC_HASH_MAX];
	size_t len = 0;
	unsigned mac_len = 0;
	const char *part[] = { given->user, hash, given->password };
	size_t i;

	/* None of them has a NUL. */
	for (i = 0; i < 3; i++) {
		memcpy(text + len, part[i], strlen(part[i]) + 1);
		len += strlen(part[i]) + 1;
	}
	if (HMAC(EVP_sha256(), secret, sizeof(secret), text, len, mac,
	    &mac_len) == NULL)
		mac_len = 0;
	explicit_bzero(text, sizeof(text));
	return (mac_len == PROOF_LEN);
}

static struct bucket *
bucket_of(const unsigned char *mac)
{
	size_t at;

	memcpy(&at, mac, sizeof(at));
	return (&buckets[at % bucket_count]);
}

static struct proof *
find(const unsigned char *mac)
{
	struct proof *proof;

	SLIST_FOREACH(proof, bucket_of(mac), next)
		if (CRYPTO_memcmp(proof->mac, mac, PROOF_LEN) == 0)
			return (proof);
	return (NULL);
}

bool
basic_proof_known(const struct basic_credentials *given, const char *hash)
{
	unsigned char mac[PROOF_LEN];
	struct proof *proof;

	if (proof_count == 0 || !make_mac(mac, given, hash) ||
	    (proof = find(mac)) == NULL)
		return (false);
	TAILQ_REMOVE(&proofs, proof, entry);
	TAILQ_INSERT_TAIL(&proofs, proof, entry);
	return (true);
}

/* The oldest one, out of its lists, to be used again. */
static struct proof *
take_oldest(void)
{
	struct proof *proof = TAILQ_FIRST(&proofs);

	TAILQ_REMOVE(&proofs, proof, entry);
	SLIST_REMOVE(bucket_of(proof->mac), proof, proof, next);
	proof_count--;
	return (proof);
}

void
basic_proof_keep(const struct basic_credentials *given, const char *hash)
{
	unsigned char mac[PROOF_LEN];
	struct proof *proof;

	if (proof_most == 0 || !make_mac(mac, given, hash) ||
	    find(mac) != NULL)
		return;
	proof = proof_count < proof_most ? malloc(sizeof(*proof)) :
	    take_oldest();
	if (proof == NULL)
		return;
	memcpy(proof->mac, mac, PROOF_LEN);
	SLIST_INSERT_HEAD(bucket_of(mac), proof, next);
	TAILQ_INSERT_TAIL(&proofs, proof, entry);
	proof_count++;
}
