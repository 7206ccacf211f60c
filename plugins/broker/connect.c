/* SPDX-License-Identifier: Apache-2.0 */
/* CONNECT: the version, who it is, and heart-beats. */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

/* The best of a list that we know; none when it has none of them. */
static enum broker_version
choose(const char *accept)
{
	static const char *const names[] = { "1.0", "1.1", "1.2" };
	enum broker_version best;
	size_t len, i;

	best = BROKER_NO_VERSION;
	while (*accept != '\0') {
		accept += strspn(accept, ", ");
		len = strcspn(accept, ", ");
		for (i = 0; i < 3; i++)
			if (len == 3 && memcmp(accept, names[i], 3) == 0 &&
			    best < BROKER_1_0 + i)
				best = (enum broker_version)(BROKER_1_0 + i);
		accept += len;
	}
	return (best);
}

/* Takes as long for a wrong one as for a right one of the same length. */
static bool
equal(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned char differ;
	size_t i;

	differ = alen != blen;
	for (i = 0; i < alen; i++)
		differ |= (unsigned char)(a[i] ^ (blen > 0 ? b[i % blen] : 1));
	return (differ == 0);
}

bool
broker_is_user(const struct broker_options *options, const char *login,
    const char *passcode)
{
	const char *user, *colon;
	bool found, name, word;
	size_t i;

	found = false;
	for (i = 0; i < options->users.count; i++) {
		user = options->users.item[i];
		colon = strchr(user, ':');
		name = equal(login, strlen(login), user,
		    (size_t)(colon - user));
		word = equal(passcode, strlen(passcode), colon + 1,
		    strlen(colon + 1));
		found = (name && word) || found;
	}
	return (found);
}

static bool
authenticate(struct broker_session *s, const char *login,
    const char *passcode)
{
	if (login == NULL || *login == '\0')
		return (s->options->anonymous);
	if (!broker_is_user(s->options, login, passcode != NULL ? passcode : ""))
		return (false);
	s->user = strdup(login);
	return (s->user != NULL);
}

/* A client that names no version is of 1.0, where blanks do not count. */
static const char *
value_of(const struct broker_frame *frame, const char *name, bool trim)
{
	const char *found;
	size_t len;
	char *value;
	size_t i;

	if ((found = broker_header(frame, name)) == NULL || !trim)
		return (found);
	for (i = 0; frame->header[i].value != found; i++)
		;
	value = frame->header[i].value;
	value += strspn(value, " \t");
	for (len = strlen(value); len > 0 && strchr(" \t", value[len - 1]);)
		value[--len] = '\0';
	return (value);
}

static void
session_id(struct broker_session *s)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[8];
	size_t i;

	hg->random(bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++) {
		s->id[2 * i] = digits[bytes[i] >> 4];
		s->id[2 * i + 1] = digits[bytes[i] & 15];
	}
}

static void
login_late(struct hg_slot *slot, void *state)
{
	struct broker_session *s = state;

	(void)slot;
	s->login_timer = NULL;
	broker_error(s, 1008, "no CONNECT came in time", NULL);
}

void
broker_login_timer(struct broker_session *s)
{
	s->login_timer = hg->timer_start(s->slot,
	    (uint64_t)s->options->login_timeout, login_late);
}

void
broker_connect(struct broker_session *s, const struct broker_frame *frame)
{
	enum broker_version version;
	const char *accept, *beat;
	bool old;

	if (broker_header(frame, "receipt") != NULL) {
		broker_error(s, 1002, "CONNECT with a receipt", NULL);
		return;
	}
	accept = broker_header(frame, "accept-version");
	old = accept == NULL;
	version = old ? BROKER_1_0 : choose(accept);
	if (version == BROKER_NO_VERSION) {
		broker_error(s, 1002, "no such version", accept);
		return;
	}
	if (!authenticate(s, value_of(frame, "login", old),
	    value_of(frame, "passcode", old))) {
		broker_count(BROKER_COUNT_REFUSED);
		broker_error(s, 1008, "access refused", NULL);
		return;
	}
	beat = broker_header(frame, "heart-beat");
	if (beat != NULL && version > BROKER_1_0 &&
	    !broker_heartbeat(s, beat)) {
		broker_error(s, 1002, "bad heart-beat", beat);
		return;
	}
	hg->timer_stop(s->login_timer);
	s->login_timer = NULL;
	s->version = version;
	session_id(s);
	broker_count(BROKER_COUNT_LOGINS);
	broker_reply_connected(s);
}
