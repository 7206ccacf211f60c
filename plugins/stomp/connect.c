/* SPDX-License-Identifier: Apache-2.0 */
/* CONNECT and CONNECTED: the version, and each hop's heart-beats. */
#include "stomp.h"

#include <stdio.h>
#include <string.h>

static const char *const stomp_versions[] = { "1.0", "1.1", "1.2" };

#define STOMP_VERSIONS	(sizeof(stomp_versions) / sizeof(stomp_versions[0]))

static int
stomp_version_of(struct stomp_text text)
{
	size_t i;

	for (i = 0; i < STOMP_VERSIONS; i++)
		if (stomp_is(text, stomp_versions[i]))
			return ((int)i);
	return (-1);
}

/* Some clients write blanks between the versions. */
static struct stomp_text
stomp_trim(struct stomp_text text)
{
	while (text.len > 0 && text.at[0] == ' ') {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && text.at[text.len - 1] == ' ')
		text.len--;
	return (text);
}

/*
 * Writes those of the list that are known here, in its order, into out, which
 * has room for each of them once. Returns them as bits.
 */
static uint8_t
stomp_known_versions(struct stomp_text list, char *out)
{
	struct stomp_text word;
	const char *comma;
	uint8_t known = 0;
	int version;

	*out = '\0';
	while (list.len > 0) {
		comma = memchr(list.at, ',', list.len);
		word.at = list.at;
		word.len = comma == NULL ? list.len :
		    (size_t)(comma - list.at);
		list.at += word.len + (comma != NULL);
		list.len -= word.len + (comma != NULL);
		version = stomp_version_of(stomp_trim(word));
		if (version < 0 || (known & 1 << version) != 0)
			continue;
		if (known != 0)
			strcat(out, ",");
		strcat(out, stomp_versions[version]);
		known |= (uint8_t)(1 << version);
	}
	return (known);
}

/* Sets session->offered; -1: there is none in common. */
static int
stomp_offer_versions(struct stomp_session *session, struct stomp_work *work)
{
	char known[STOMP_VERSIONS * 4 + 1];
	struct stomp_text list;

	if (!stomp_get(work, STOMP_ACCEPT_VERSION, &list)) {
		session->offered = 1 << STOMP_1_0;
		return (0);
	}
	session->offered = stomp_known_versions(list, known);
	if (session->offered == 0)
		return (-1);
	return (stomp_set(work, STOMP_ACCEPT_VERSION, known, strlen(known)));
}

/* The header's pair, 0,0 without it. -1: malformed. */
static int
stomp_get_beats(const struct stomp_work *work, uint32_t pair[2])
{
	struct stomp_text text;

	pair[0] = pair[1] = 0;
	if (!stomp_get(work, STOMP_HEART_BEAT, &text))
		return (0);
	return (stomp_beat_parse(text.at, text.len, pair));
}

/* Where 1.0 is spoken there are none. */
static int
stomp_set_beats(struct stomp_work *work, const uint32_t pair[2],
    bool has_beats)
{
	char text[24];
	int len;

	if (!has_beats) {
		stomp_remove(work, STOMP_HEART_BEAT);
		return (0);
	}
	len = snprintf(text, sizeof(text), "%u,%u", pair[0], pair[1]);
	return (stomp_set(work, STOMP_HEART_BEAT, text, (size_t)len));
}

/* What this side offers on each hop. The options were checked. */
static void
stomp_our_beats(const char *option, uint32_t pair[2])
{
	pair[0] = pair[1] = 0;
	if (option != NULL)
		stomp_beat_parse(option, strlen(option), pair);
}

/* A trunk and what is in this process need none. */
static void
stomp_beats_above(const struct stomp_session *session, uint32_t pair[2])
{
	bool has = hg->channel_upstream(session->channel) == HG_UPSTREAM_WIRE;

	stomp_our_beats(has ? session->options->upstream_heart_beat : NULL,
	    pair);
}

void
stomp_connect(struct stomp_session *session, struct stomp_work *work)
{
	uint32_t ours[2], theirs[2], above[2];

	if (stomp_offer_versions(session, work) != 0) {
		stomp_fail(session, 1002,
		    "the supported versions are 1.0, 1.1 and 1.2");
		return;
	}
	if (stomp_get_beats(work, theirs) != 0) {
		stomp_fail(session, 1002, "malformed heart-beat");
		return;
	}
	stomp_our_beats(session->options->heart_beat, ours);
	stomp_beat_agree(&session->below, ours, theirs);
	stomp_beats_above(session, above);
	stomp_see_resumes(session, work);
	if (stomp_keep_credential(session, work) != 0 ||
	    stomp_set_beats(work, above,
	    session->offered != 1 << STOMP_1_0) != 0) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	session->state = STOMP_AWAITS_CONNECTED;
	if (session->options->connect_timeout != 0)
		session->deadline = hg->now() +
		    (uint64_t)session->options->connect_timeout;
	stomp_beat_start(session);
	stomp_pass_up(session, work);
}

/* A broker of 1.0 says nothing. */
int
stomp_agreed_version(const struct stomp_session *session,
    const struct stomp_work *work)
{
	struct stomp_text text;
	int version;

	if (!stomp_get(work, STOMP_VERSION, &text))
		return (STOMP_1_0);
	version = stomp_version_of(text);
	if (version > STOMP_1_0 && (session->offered & 1 << version) == 0)
		return (-1);
	return (version);
}

static void
stomp_run(struct stomp_session *session, enum stomp_version version)
{
	session->version = version;
	session->client.version = session->broker.version = version;
	if (version == STOMP_1_0) {
		session->below.send_ms = session->below.expect_ms = 0;
		session->above.send_ms = session->above.expect_ms = 0;
	}
	session->state = STOMP_RUNNING;
	session->deadline = 0;
	stomp_heard_all(session);
	session->below.sent_at = session->above.sent_at = hg->now();
	stomp_beat_start(session);
}

void
stomp_connected(struct stomp_session *session, struct stomp_work *work)
{
	uint32_t ours[2], theirs[2];
	int version;

	if ((version = stomp_agreed_version(session, work)) < 0) {
		stomp_fail(session, 1011, "the broker answered with another "
		    "version");
		return;
	}
	if (stomp_get_beats(work, theirs) != 0) {
		stomp_fail(session, 1011, "malformed heart-beat of the broker");
		return;
	}
	stomp_beats_above(session, ours);
	stomp_beat_agree(&session->above, ours, theirs);
	stomp_our_beats(session->options->heart_beat, ours);
	if (stomp_set_beats(work, ours, version != STOMP_1_0) != 0) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_run(session, (enum stomp_version)version);
	stomp_pass_down(session, work);
}
