/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What proved to the broker who the client is: login, NUL, passcode. Brokers
 * take other things as well, so whatever else stands in CONNECT is added, and
 * without a login what the opening handshake said. Too much only keeps apart
 * who might share; too little would let a stranger in.
 */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

static const char *const stomp_proofs[] = { "authorization", "cookie" };

#define STOMP_PROOFS	(sizeof(stomp_proofs) / sizeof(stomp_proofs[0]))

/* Says nothing about who it is. */
static bool
stomp_is_neutral(enum stomp_name name)
{
	switch (name) {
	case STOMP_ACCEPT_VERSION:
	case STOMP_HEART_BEAT:
	case STOMP_HOST:
	case STOMP_LOGIN:
	case STOMP_PASSCODE:
	case STOMP_RECEIPT_WANTED:
		return (true);
	default:
		return (false);
	}
}

/* Adds to the credential, or counts only while there is no memory for it. */
static void
stomp_add_proof(struct stomp_session *session, const char *data, size_t len)
{
	if (session->credential != NULL && len > 0)
		memcpy(session->credential + session->credential_len, data,
		    len);
	session->credential_len += len;
}

static void
stomp_add_headers(struct stomp_session *session, const struct stomp_work *work)
{
	const struct stomp_header *header;
	unsigned i;

	for (i = 0; i < work->head.count; i++) {
		header = &work->head.header[i];
		if (stomp_is_neutral(header->known))
			continue;
		stomp_add_proof(session, "", 1);
		stomp_add_proof(session, work->text + header->name,
		    header->name_len);
		stomp_add_proof(session, "", 1);
		stomp_add_proof(session, work->text + header->value,
		    header->value_len);
	}
}

static void
stomp_add_handshake(struct stomp_session *session)
{
	const struct hg_head *request;
	const char *value = NULL;
	size_t i;

	if ((request = hg->channel_request(session->channel)) == NULL)
		return;
	for (i = 0; i < STOMP_PROOFS; i++) {
		if ((value = hg->head_get(request, stomp_proofs[i])) == NULL)
			continue;
		stomp_add_proof(session, "", 1);
		stomp_add_proof(session, value, strlen(value));
	}
}

static void
stomp_add_all(struct stomp_session *session, const struct stomp_work *work)
{
	struct stomp_text login, passcode;
	bool has_login;

	session->credential_len = 0;
	has_login = stomp_get(work, STOMP_LOGIN, &login);
	stomp_get(work, STOMP_PASSCODE, &passcode);
	stomp_add_proof(session, login.at, login.len);
	stomp_add_proof(session, "", 1);
	stomp_add_proof(session, passcode.at, passcode.len);
	stomp_add_headers(session, work);
	if (!has_login)
		stomp_add_handshake(session);
	/* Nobody in particular. */
	if (session->credential_len == 1)
		session->credential_len = 0;
}

int
stomp_keep_credential(struct stomp_session *session,
    const struct stomp_work *work)
{
	struct stomp_text host;

	if (!session->is_gateway || session->flows == NULL)
		return (0);
	stomp_get(work, STOMP_HOST, &host);
	if ((session->host = stomp_copy(host.at, host.len)) == NULL)
		return (-1);
	session->host_len = host.len;
	stomp_add_all(session, work);
	if (session->credential_len == 0)
		return (0);
	session->credential = malloc(session->credential_len);
	if (session->credential == NULL)
		return (-1);
	stomp_add_all(session, work);
	return (0);
}
