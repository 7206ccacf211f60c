/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and headers by their names. */
#include "parse.h"

#include <string.h>

static const char *const stomp_commands[STOMP_COMMANDS] = {
	[STOMP_UNKNOWN] = "",
	[STOMP_CONNECT] = "CONNECT",
	[STOMP_STOMP] = "STOMP",
	[STOMP_SEND] = "SEND",
	[STOMP_SUBSCRIBE] = "SUBSCRIBE",
	[STOMP_UNSUBSCRIBE] = "UNSUBSCRIBE",
	[STOMP_ACK] = "ACK",
	[STOMP_NACK] = "NACK",
	[STOMP_BEGIN] = "BEGIN",
	[STOMP_COMMIT] = "COMMIT",
	[STOMP_ABORT] = "ABORT",
	[STOMP_DISCONNECT] = "DISCONNECT",
	[STOMP_CONNECTED] = "CONNECTED",
	[STOMP_MESSAGE] = "MESSAGE",
	[STOMP_RECEIPT] = "RECEIPT",
	[STOMP_ERROR] = "ERROR",
};

static const char *const stomp_names[STOMP_NAMES] = {
	[STOMP_OTHER] = "",
	[STOMP_ACCEPT_VERSION] = "accept-version",
	[STOMP_ACK_MODE] = "ack",
	[STOMP_CONTENT_LENGTH] = "content-length",
	[STOMP_DESTINATION] = "destination",
	[STOMP_HEART_BEAT] = "heart-beat",
	[STOMP_HOST] = "host",
	[STOMP_ID] = "id",
	[STOMP_LOGIN] = "login",
	[STOMP_MESSAGE_ID] = "message-id",
	[STOMP_PASSCODE] = "passcode",
	[STOMP_RECEIPT_WANTED] = "receipt",
	[STOMP_RECEIPT_ID] = "receipt-id",
	[STOMP_REPLY_TO] = "reply-to",
	[STOMP_SELECTOR] = "selector",
	[STOMP_SUBSCRIPTION] = "subscription",
	[STOMP_TRANSACTION] = "transaction",
	[STOMP_VERSION] = "version",
};

/* The index of a name in a table whose first entry means "none of them". */
static int
stomp_find(const char *const *table, int count, const char *name, size_t len)
{
	int i;

	for (i = 1; i < count; i++)
		if (table[i][0] == name[0] && strlen(table[i]) == len &&
		    memcmp(table[i], name, len) == 0)
			return (i);
	return (0);
}

enum stomp_command
stomp_command(const char *name, size_t len)
{
	if (len == 0)
		return (STOMP_UNKNOWN);
	return ((enum stomp_command)stomp_find(stomp_commands, STOMP_COMMANDS,
	    name, len));
}

const char *
stomp_command_name(enum stomp_command command)
{
	return (stomp_commands[command]);
}

enum stomp_name
stomp_name(const char *name, size_t len)
{
	if (len == 0)
		return (STOMP_OTHER);
	return ((enum stomp_name)stomp_find(stomp_names, STOMP_NAMES, name,
	    len));
}

bool
stomp_get(const struct stomp_work *work, enum stomp_name name,
    struct stomp_text *value)
{
	const struct stomp_header *header;
	unsigned index;

	if ((index = work->head.known[name]) == 0) {
		value->at = "";
		value->len = 0;
		return (false);
	}
	header = &work->head.header[index - 1];
	value->at = work->text + header->value;
	value->len = header->value_len;
	return (true);
}

/* Puts bytes behind the text; returns where, 0: there is no room. */
static uint32_t
stomp_add_text(struct stomp_work *work, const char *data, size_t len)
{
	uint32_t at = (uint32_t)work->text_len;

	if (len > sizeof(work->text) - work->text_len)
		return (0);
	memcpy(work->text + at, data, len);
	work->text_len += len;
	return (at);
}

int
stomp_set(struct stomp_work *work, enum stomp_name name, const char *value,
    size_t len)
{
	struct stomp_head *head = &work->head;
	struct stomp_header *header;
	uint32_t at;

	if ((at = stomp_add_text(work, value, len)) == 0)
		return (-1);
	if (head->known[name] == 0) {
		if (head->count == sizeof(head->header) /
		    sizeof(head->header[0]))
			return (-1);
		header = &head->header[head->count];
		header->known = name;
		header->name_len = (uint32_t)strlen(stomp_names[name]);
		header->name = stomp_add_text(work, stomp_names[name],
		    header->name_len);
		if (header->name == 0)
			return (-1);
		head->known[name] = (uint8_t)++head->count;
	}
	header = &head->header[head->known[name] - 1];
	header->value = at;
	header->value_len = (uint32_t)len;
	return (0);
}

void
stomp_remove(struct stomp_work *work, enum stomp_name name)
{
	struct stomp_head *head = &work->head;
	unsigned at, i;

	if ((at = head->known[name]) == 0)
		return;
	head->known[name] = 0;
	head->count--;
	memmove(&head->header[at - 1], &head->header[at],
	    (head->count - (at - 1)) * sizeof(head->header[0]));
	for (i = 0; i < STOMP_NAMES; i++)
		if (head->known[i] > at)
			head->known[i]--;
}

bool
stomp_is(struct stomp_text text, const char *word)
{
	return (text.len == strlen(word) &&
	    memcmp(text.at, word, text.len) == 0);
}

bool
stomp_is_plain(struct stomp_text text)
{
	return (memchr(text.at, '\n', text.len) == NULL &&
	    memchr(text.at, '\r', text.len) == NULL &&
	    memchr(text.at, '\0', text.len) == NULL);
}
