/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Echo: the application of a service without a server. Each frame that arrives
 * on a channel goes back on it, with the same flags, in the pieces it came in.
 *
 * Nothing is kept here. While a client does not read what it is sent, the host
 * stops reading from it, as the channel has nothing above; so what channel_send
 * answers needs no look.
 */
#include <headgate/plugin.h>

static enum hg_verdict
echo_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	hg->channel_send(hg->slot_channel(slot), frame);
	return (HG_TAKE);
}

static const struct hg_hooks echo_channel = {
	.recv = echo_recv,
};

HG_PLUGIN(
	.name = "echo",
	.version = HG_VERSION,
	.summary = "sends back what arrives",
	.channel = &echo_channel,
);
