/* SPDX-License-Identifier: Apache-2.0 */
/* The four parameters (RFC 7692, 7.1). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "deflate.h"

#define SERVER_TAKEOVER	"server_no_context_takeover"
#define CLIENT_TAKEOVER	"client_no_context_takeover"
#define SERVER_BITS	"server_max_window_bits"
#define CLIENT_BITS	"client_max_window_bits"

/* 8 to 15, without zeros in front; -1: anything else. */
static int
bits_of(const char *value)
{
	int bits = 0;
	size_t i;

	for (i = 0; i < 2 && value[i] >= '0' && value[i] <= '9'; i++)
		bits = bits * 10 + value[i] - '0';
	if (i == 0 || value[i] != '\0' || value[0] == '0')
		return (-1);
	return (bits >= 8 && bits <= DEFLATE_BITS_MAX ? bits : -1);
}

/* Only known ones, with values where they must and may have them. */
static bool
params_are_valid(const struct hg_params *params, bool is_offer)
{
	const char *name, *value;
	size_t i;

	for (i = 0; (name = hg->param_at(params, i)) != NULL; i++) {
		value = hg->param_get(params, name);
		if (strcasecmp(name, SERVER_TAKEOVER) == 0 ||
		    strcasecmp(name, CLIENT_TAKEOVER) == 0) {
			if (*value != '\0')
				return (false);
		} else if (strcasecmp(name, SERVER_BITS) == 0) {
			if (bits_of(value) < 0)
				return (false);
		} else if (strcasecmp(name, CLIENT_BITS) == 0) {
			if (bits_of(value) < 0 &&
			    !(is_offer && *value == '\0'))
				return (false);
		} else
			return (false);
	}
	return (true);
}

/* Windows that last would let one channel guess at another's bytes. */
static bool
may_take_over(const struct hg_negotiation *negotiation)
{
	const struct deflate_options *options =
	    hg->negotiation_options(negotiation);

	return (options->context_takeover &&
	    !hg->negotiation_is_trunk(negotiation) &&
	    !hg->negotiation_has_mux(negotiation));
}

static int
put_bits(struct hg_params *params, const char *name, int bits)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", bits);
	return (hg->param_set(params, name, text));
}

int
deflate_offer(struct hg_negotiation *negotiation, struct hg_params *offer)
{
	if (may_take_over(negotiation))
		return (0);
	return (hg->param_set(offer, SERVER_TAKEOVER, NULL) != 0 ||
	    hg->param_set(offer, CLIENT_TAKEOVER, NULL) != 0);
}

int
deflate_answer(struct hg_negotiation *negotiation,
    const struct hg_params *offered, struct hg_params *answer)
{
	bool takeover = may_take_over(negotiation) && streams_are_left();
	int bits = (int)deflate_process->window_bits, asked;
	const char *value;

	if (!params_are_valid(offered, true))
		return (-1);
	if ((value = hg->param_get(offered, SERVER_BITS)) != NULL) {
		asked = bits_of(value);
		if (asked < DEFLATE_BITS_MIN)
			return (-1);
		bits = asked < bits ? asked : bits;
	}
	if ((value != NULL || bits < DEFLATE_BITS_MAX) &&
	    put_bits(answer, SERVER_BITS, bits) != 0)
		return (-1);
	if ((!takeover || hg->param_get(offered, SERVER_TAKEOVER) != NULL) &&
	    hg->param_set(answer, SERVER_TAKEOVER, NULL) != 0)
		return (-1);
	if (takeover && hg->param_get(offered, CLIENT_TAKEOVER) == NULL)
		return (0);
	return (hg->param_set(answer, CLIENT_TAKEOVER, NULL));
}

/* Smaller windows of our own are never offered, so they may not be asked. */
int
deflate_check(struct hg_negotiation *negotiation,
    const struct hg_params *answered)
{
	if (!params_are_valid(answered, false) ||
	    hg->param_get(answered, CLIENT_BITS) != NULL)
		return (-1);
	return (may_take_over(negotiation) ||
	    hg->param_get(answered, SERVER_TAKEOVER) != NULL ? 0 : -1);
}

/* The offer's client_no_context_takeover is a promise, whatever the answer. */
void
deflate_agree(const struct hg_slot *slot, struct deflate_agreed *agreed)
{
	const struct hg_params *answered = hg->answered(slot);
	bool server, client;
	const char *value;

	server = hg->param_get(answered, SERVER_TAKEOVER) == NULL;
	client = hg->param_get(answered, CLIENT_TAKEOVER) == NULL;
	agreed->own_bits = (int)deflate_process->window_bits;
	if (hg->conn_is_initiator(hg->slot_conn(slot))) {
		agreed->own_takeover = client && hg->param_get(
		    hg->offered(slot), CLIENT_TAKEOVER) == NULL;
		agreed->peer_takeover = server;
		return;
	}
	agreed->own_takeover = server;
	agreed->peer_takeover = client;
	if ((value = hg->param_get(answered, SERVER_BITS)) != NULL)
		agreed->own_bits = bits_of(value);
}
