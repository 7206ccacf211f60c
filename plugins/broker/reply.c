/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the broker's own, but for MESSAGE. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker.h"

static const char *
version_text(enum broker_version version)
{
	switch (version) {
	case BROKER_1_1:
		return ("1.1");
	case BROKER_1_2:
		return ("1.2");
	default:
		return ("1.0");
	}
}

static void
end_frame(struct broker_buffer *buffer)
{
	broker_add(buffer, "\n\0", 2);
}

void
broker_reply_connected(struct broker_session *s)
{
	struct broker_buffer buffer = { 0 };
	char beats[64];
	int64_t beat;

	beat = s->version == BROKER_1_0 ? 0 : s->options->heartbeat;
	snprintf(beats, sizeof(beats), "heart-beat:%" PRId64 ",%" PRId64 "\n",
	    beat, beat);
	broker_add_text(&buffer, "CONNECTED\nversion:");
	broker_add_text(&buffer, version_text(s->version));
	broker_add_text(&buffer, "\nsession:");
	broker_add_text(&buffer, s->id);
	broker_add_text(&buffer, "\nserver:headgate/" HG_VERSION "\n");
	broker_add_text(&buffer, beats);
	end_frame(&buffer);
	broker_write_buffer(s, &buffer);
}

void
broker_reply_receipt(struct broker_session *s)
{
	struct broker_buffer buffer = { 0 };

	if (s->receipt == NULL || s->ended)
		return;
	broker_add_text(&buffer, "RECEIPT\n");
	broker_add_header(&buffer, "receipt-id", s->receipt, s->version);
	end_frame(&buffer);
	broker_write_buffer(s, &buffer);
}

void
broker_reply_error(struct broker_buffer *buffer,
    const struct broker_session *s, const char *message, const char *detail)
{
	struct broker_buffer body = { 0 };
	char quoted[256], length[48];

	broker_add_text(&body, message);
	if (detail != NULL) {
		broker_add_text(&body, ": ");
		broker_add_text(&body, hg->quote(quoted, sizeof(quoted),
		    detail, strlen(detail)));
	}
	broker_add_text(&body, "\n");
	broker_add_text(buffer, "ERROR\n");
	if (s->version == BROKER_NO_VERSION)
		broker_add_text(buffer, "version:1.0,1.1,1.2\n");
	broker_add_header(buffer, "message", message, s->version);
	if (s->receipt != NULL)
		broker_add_header(buffer, "receipt-id", s->receipt,
		    s->version);
	snprintf(length, sizeof(length), "content-length:%zu\n\n", body.len);
	broker_add_text(buffer, "content-type:text/plain\n");
	broker_add_text(buffer, length);
	broker_add(buffer, body.data, body.len);
	broker_add(buffer, "", 1);
	buffer->failed = buffer->failed || body.failed;
	broker_buffer_free(&body);
}
