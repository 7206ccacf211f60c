/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made where they are needed: nothing expires. */
#ifndef TESTS_UNIT_CERTS_H
#define TESTS_UNIT_CERTS_H

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>

#include "harness.h"

/* An authority, or what one has signed; its files are in t_tmpdir(). */
struct cert {
	EVP_PKEY	*key;
	X509		*x509;
	char		 cert_path[256];
	char		 key_path[256];
};

static inline void
cert_extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	T_REQUIRE(extension != NULL);
	X509_add_ext(x509, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline void
cert_write(struct cert *cert, const char *name, const char *passphrase)
{
	FILE *file;

	snprintf(cert->cert_path, sizeof(cert->cert_path), "%s/%s.crt",
	    t_tmpdir(), name);
	snprintf(cert->key_path, sizeof(cert->key_path), "%s/%s.key",
	    t_tmpdir(), name);
	T_REQUIRE((file = fopen(cert->cert_path, "w")) != NULL);
	PEM_write_X509(file, cert->x509);
	fclose(file);
	T_REQUIRE((file = fopen(cert->key_path, "w")) != NULL);
	PEM_write_PrivateKey(file, cert->key,
	    passphrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
	    (void *)(uintptr_t)passphrase);
	fclose(file);
}

/* authority: NULL makes one. san: what it is for, as OpenSSL writes it. */
static inline void
cert_make(struct cert *cert, const char *name, const struct cert *authority,
    const char *san)
{
	static long serial = 1;
	X509_NAME *subject;

	cert->key = EVP_EC_gen("P-256");
	cert->x509 = X509_new();
	T_REQUIRE(cert->key != NULL && cert->x509 != NULL);
	X509_set_version(cert->x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert->x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert->x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert->x509), 3600);
	X509_set_pubkey(cert->x509, cert->key);
	subject = X509_get_subject_name(cert->x509);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert->x509, authority == NULL ? subject :
	    X509_get_subject_name(authority->x509));
	if (authority == NULL)
		cert_extend(cert->x509, NID_basic_constraints,
		    "critical,CA:TRUE");
	if (san != NULL)
		cert_extend(cert->x509, NID_subject_alt_name, san);
	T_REQUIRE(X509_sign(cert->x509, authority == NULL ? cert->key :
	    authority->key, EVP_sha256()) != 0);
	cert_write(cert, name, NULL);
}

#endif
