/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of x-kaazing-channels:
 *	extensions=a+b; window=65536; max-channels=4096; chunk=16384; root=none
 * Each side states its own window, max-channels and chunk. Chunk mode is on
 * when both state a chunk; the acceptor does so only if the initiator did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels.h"

#define NUMBER_MAX	UINT32_C(0x7fffffff)	/* more counts as this */

/* A parameter as a number; -1: it is there and malformed. */
static int
number_of(const struct hg_params *params, const char *name, uint64_t absent,
    uint64_t *out)
{
	const char *value;
	size_t i;

	*out = absent;
	if ((value = hg->param_get(params, name)) == NULL)
		return (0);
	*out = 0;
	for (i = 0; value[i] != '\0'; i++) {
		if (value[i] < '0' || value[i] > '9' || i == 15)
			return (-1);
		*out = *out * 10 + (uint64_t)(value[i] - '0');
	}
	if (*out > NUMBER_MAX)
		*out = NUMBER_MAX;
	return (i == 0 ? -1 : 0);
}

static int
numbers_ok(const struct hg_params *params)
{
	uint64_t n;

	if (number_of(params, "window", CHANNELS_WINDOW, &n) != 0 || n == 0)
		return (-1);
	if (number_of(params, "max-channels", CHANNELS_IDS, &n) != 0)
		return (-1);
	if (number_of(params, "chunk", CHANNELS_CHUNK_MIN, &n) != 0)
		return (-1);
	return (n >= CHANNELS_CHUNK_MIN ? 0 : -1);
}

/* The next name of a list joined by "+", or by "," as the patent has it. */
static const char *
next_name(const char **at, size_t *len)
{
	const char *name;

	name = *at + strspn(*at, "+, \t");
	*len = strcspn(name, "+, \t");
	*at = name + *len;
	return (*len == 0 ? NULL : name);
}

static bool
list_has(const char *list, const char *name, size_t len)
{
	const char *other;
	size_t other_len;

	while ((other = next_name(&list, &other_len)) != NULL)
		if (other_len == len && memcmp(other, name, len) == 0)
			return (true);
	return (false);
}

static int
put_number(struct hg_params *params, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	return (hg->param_set(params, name, text));
}

/* What this side states of itself. */
static int
put_own(struct hg_negotiation *n, struct hg_params *params,
    const char *extensions, bool chunk)
{
	const struct channels_options *options = hg->negotiation_options(n);
	int64_t max;

	max = options->max_channels;
	if (max == 0)
		max = hg->negotiation_is_trunk(n) ? CHANNELS_IDS : 4096;
	if (extensions[0] != '\0' &&
	    hg->param_set(params, "extensions", extensions) != 0)
		return (-1);
	if (put_number(params, "window", options->window) != 0 ||
	    put_number(params, "max-channels", max) != 0)
		return (-1);
	if (chunk && options->chunk != 0)
		return (put_number(params, "chunk", options->chunk));
	return (0);
}

static const char *
own_extensions(struct hg_negotiation *n)
{
	const char *list;

	list = hg->negotiation_channel_extensions(n);
	return (list == NULL ? "" : list);
}

int
channels_offer(struct hg_negotiation *n, struct hg_params *params)
{
	return (put_own(n, params, own_extensions(n), true));
}

/* The names of the first list that are in the second too, joined by "+". */
static char *
common(const char *offered, const char *own)
{
	const char *name;
	char *out;
	size_t len, used;

	if ((out = malloc(strlen(offered) + 1)) == NULL)
		return (NULL);
	used = 0;
	out[0] = '\0';
	while ((name = next_name(&offered, &len)) != NULL) {
		if (!list_has(own, name, len) || list_has(out, name, len))
			continue;
		if (used != 0)
			out[used++] = '+';
		memcpy(out + used, name, len);
		used += len;
		out[used] = '\0';
	}
	return (out);
}

/* For a client that shares the connection: none of its channels is the one that
 * ends with the connection. */
static int
answer_root(struct hg_negotiation *n, const struct hg_params *offered,
    struct hg_params *answer)
{
	const char *root = hg->param_get(offered, "root");

	if (root == NULL || strcmp(root, "none") != 0 ||
	    hg->negotiation_is_trunk(n))
		return (0);
	hg->negotiation_no_root(n);
	return (hg->param_set(answer, "root", root));
}

int
channels_answer(struct hg_negotiation *n, const struct hg_params *offered,
    struct hg_params *answer)
{
	const char *list;
	char *accepted;
	int error;

	if (numbers_ok(offered) != 0)
		return (-1);
	list = hg->param_get(offered, "extensions");
	accepted = common(list == NULL ? "" : list, own_extensions(n));
	if (accepted == NULL)
		return (-1);
	error = put_own(n, answer, accepted,
	    hg->param_get(offered, "chunk") != NULL);
	free(accepted);
	return (error != 0 ? error : answer_root(n, offered, answer));
}

int
channels_check(struct hg_negotiation *n, const struct hg_params *answered)
{
	const struct channels_options *options = hg->negotiation_options(n);
	const char *list, *name;
	size_t len;

	if (numbers_ok(answered) != 0)
		return (-1);
	if (hg->param_get(answered, "chunk") != NULL && options->chunk == 0)
		return (-1);
	if ((list = hg->param_get(answered, "extensions")) == NULL)
		return (0);
	while ((name = next_name(&list, &len)) != NULL)
		if (!list_has(own_extensions(n), name, len))
			return (-1);
	return (0);
}

/* What was agreed. The connection's window lets a message of the longest kind
 * in, also when the credit for half of it is still on its way. */
int
channels_settings(struct mux *mux)
{
	const struct hg_params *own, *peer;
	uint64_t chunk, peer_chunk;

	own = mux->initiator ? hg->offered(mux->slot) : hg->answered(mux->slot);
	peer = mux->initiator ? hg->answered(mux->slot) :
	    hg->offered(mux->slot);
	if (numbers_ok(own) != 0 || numbers_ok(peer) != 0)
		return (-1);
	number_of(own, "window", CHANNELS_WINDOW, &mux->window);
	number_of(peer, "window", CHANNELS_WINDOW, &mux->peer_window);
	number_of(own, "max-channels", CHANNELS_IDS, &mux->max_theirs);
	number_of(peer, "max-channels", CHANNELS_IDS, &mux->max_mine);
	number_of(own, "chunk", 0, &chunk);
	number_of(peer, "chunk", 0, &peer_chunk);
	if (chunk != 0 && peer_chunk != 0) {
		mux->chunk = chunk;
		mux->peer_chunk = peer_chunk;
	}
	mux->conn_window = (uint64_t)mux->options->trunk_window;
	if (mux->conn_window < 2 * mux->window)
		mux->conn_window = 2 * mux->window;
	if (mux->conn_window < CHANNELS_TRUNK_WINDOW)
		mux->conn_window = CHANNELS_TRUNK_WINDOW;
	mux->granted = CHANNELS_TRUNK_WINDOW;
	mux->limit = CHANNELS_TRUNK_WINDOW;
	return (0);
}
