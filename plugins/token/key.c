/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: for HS256 a secret, the file's one line; for RS256 and ES256 a public
 * key, as PEM. They are read while the configuration is checked, before any
 * worker runs, and are constant from then on.
 */
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "token.h"

#define FILE_MAX	16384
#define SECRET_MIN	32

struct loaded {
	struct loaded		*next;
	char			*path;
	enum token_algorithm	 algorithm;
	struct token_key	 key;
};

static struct loaded *all;

/* FILE of "[KID] FILE"; kid_len: 0 without. */
static const char *
split(const char *value, size_t *kid_len)
{
	size_t len = strcspn(value, " \t");

	*kid_len = value[len] == '\0' ? 0 : len;
	return (*kid_len == 0 ? value : value + len +
	    strspn(value + len, " \t"));
}

static char *
read_file(const char *path, size_t *len, bool secret, char *buffer,
    size_t size)
{
	const char *wrong = NULL;
	struct stat st;
	char *text = NULL;
	ssize_t n = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		wrong = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		wrong = "it is not a regular file";
	else if ((st.st_mode & S_IWOTH) != 0)
		wrong = "everybody may write to it (chmod o-w)";
	else if (secret && (st.st_mode & S_IROTH) != 0)
		wrong = "everybody may read it (chmod o-r)";
	else if (st.st_size > FILE_MAX)
		wrong = "it is too long for a key";
	else if ((text = calloc(1, FILE_MAX + 1)) == NULL)
		wrong = "out of memory";
	else if ((n = read(fd, text, FILE_MAX)) < 0)
		wrong = strerror(errno);
	if (fd >= 0)
		close(fd);
	*len = n > 0 ? (size_t)n : 0;
	if (wrong == NULL)
		return (text);
	snprintf(buffer, size, "%s: %s", path, wrong);
	free(text);
	return (NULL);
}

/* NULL: it is one line of enough bytes; its end is cut off. */
static const char *
check_secret(char *text, size_t *len)
{
	if (*len > 0 && text[*len - 1] == '\n')
		(*len)--;
	if (*len > 0 && text[*len - 1] == '\r')
		(*len)--;
	text[*len] = '\0';
	if (*len < SECRET_MIN)
		return ("the secret is shorter than 32 bytes");
	if (strlen(text) != *len || strchr(text, '\n') != NULL)
		return ("the secret is not one line");
	return (NULL);
}

static const char *
check_public(const char *text, size_t len, enum token_algorithm algorithm)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *key = NULL;
	const char *wrong = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (key == NULL)
		wrong = "it is no public key (BEGIN PUBLIC KEY)";
	else if (algorithm == TOKEN_RS256 &&
	    EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
		wrong = "it is no RSA key, as RS256 needs";
	else if (algorithm == TOKEN_RS256 && EVP_PKEY_get_bits(key) < 2048)
		wrong = "it has less than 2048 bits";
	else if (algorithm == TOKEN_ES256 &&
	    (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_bits(key) != 256))
		wrong = "it is no key of P-256, as ES256 needs";
	EVP_PKEY_free(key);
	BIO_free(bio);
	return (wrong);
}

static struct loaded *
find(const char *path, enum token_algorithm algorithm)
{
	struct loaded *one;

	for (one = all; one != NULL; one = one->next)
		if (one->algorithm == algorithm && strcmp(one->path, path) == 0)
			return (one);
	return (NULL);
}

/* Takes the text. */
static const char *
keep(const char *path, enum token_algorithm algorithm, char *text, size_t len)
{
	struct loaded *one = find(path, algorithm);

	if (one == NULL) {
		one = calloc(1, sizeof(*one));
		if (one == NULL || (one->path = strdup(path)) == NULL) {
			free(one);
			free(text);
			return ("out of memory");
		}
		one->algorithm = algorithm;
		one->next = all;
		all = one;
	}
	free(one->key.text);
	one->key.text = text;
	one->key.len = len;
	return (NULL);
}

const char *
token_key_check(const char *value, char *buffer, size_t size)
{
	size_t kid_len;

	(void)buffer;
	(void)size;
	return (split(value, &kid_len)[0] == '\0' ? "it is not [KID] FILE" :
	    NULL);
}

const char *
token_key_load(const char *value, enum token_algorithm algorithm,
    char *buffer, size_t size)
{
	size_t kid_len, len;
	const char *path = split(value, &kid_len), *wrong;
	char *text;

	text = read_file(path, &len, algorithm == TOKEN_HS256, buffer, size);
	if (text == NULL)
		return (buffer);
	wrong = algorithm == TOKEN_HS256 ? check_secret(text, &len) :
	    check_public(text, len, algorithm);
	if (wrong == NULL)
		return (keep(path, algorithm, text, len));
	free(text);
	snprintf(buffer, size, "%s: %s", path, wrong);
	return (buffer);
}

const struct token_key *
token_key_find(const char *value, const char *kid,
    enum token_algorithm algorithm)
{
	const struct loaded *one;
	size_t kid_len;
	const char *path = split(value, &kid_len);

	if (kid_len > 0 && (kid == NULL || strlen(kid) != kid_len ||
	    memcmp(kid, value, kid_len) != 0))
		return (NULL);
	one = find(path, algorithm);
	return (one != NULL ? &one->key : NULL);
}
