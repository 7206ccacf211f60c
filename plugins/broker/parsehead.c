/* SPDX-License-Identifier: Apache-2.0 */
/* A complete head, as lines that end with LF: command and headers. */
#include <string.h>

#include "broker.h"

static enum broker_command
command_of(const char *name, enum broker_version version)
{
	static const struct {
		const char		*name;
		enum broker_command	 command;
		enum broker_version	 since;
	} commands[] = {
		{ "CONNECT", BROKER_CONNECT, BROKER_NO_VERSION },
		{ "STOMP", BROKER_CONNECT, BROKER_NO_VERSION },
		{ "SEND", BROKER_SEND, BROKER_NO_VERSION },
		{ "SUBSCRIBE", BROKER_SUBSCRIBE, BROKER_NO_VERSION },
		{ "UNSUBSCRIBE", BROKER_UNSUBSCRIBE, BROKER_NO_VERSION },
		{ "ACK", BROKER_ACK, BROKER_NO_VERSION },
		{ "NACK", BROKER_NACK, BROKER_1_1 },
		{ "BEGIN", BROKER_BEGIN, BROKER_NO_VERSION },
		{ "COMMIT", BROKER_COMMIT, BROKER_NO_VERSION },
		{ "ABORT", BROKER_ABORT, BROKER_NO_VERSION },
		{ "DISCONNECT", BROKER_DISCONNECT, BROKER_NO_VERSION },
	};
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0 &&
		    (version >= commands[i].since ||
		    version == BROKER_NO_VERSION))
			return (commands[i].command);
	return (BROKER_UNKNOWN);
}

/* In 1.0 blanks around a value are not part of it. */
static char *
trim(char *value)
{
	char *end;

	while (*value == ' ' || *value == '\t')
		value++;
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return (value);
}

static const char *
parse_line(char *line, bool escapes, enum broker_version version,
    struct broker_header *header)
{
	char *colon;

	if ((colon = strchr(line, ':')) == NULL)
		return ("a header without a colon");
	*colon = '\0';
	header->name = line;
	header->value = colon + 1;
	if (version == BROKER_1_0)
		header->value = trim(header->value);
	if (escapes && (!broker_unescape(header->name, version) ||
	    !broker_unescape(header->value, version)))
		return ("an escape that is none");
	return (*header->name == '\0' ? "a header without a name" : NULL);
}

const char *
broker_parse_head(struct broker_parser *parser, enum broker_version version)
{
	struct broker_frame *frame = &parser->frame;
	const char *error;
	char *line, *end;

	if (!broker_utf8(parser->head.data, parser->head.len))
		return ("the headers are not UTF-8");
	if (memchr(parser->head.data, '\r', parser->head.len) != NULL)
		return ("CR in the headers");
	line = parser->head.data;
	end = strchr(line, '\n');
	*end = '\0';
	frame->command = command_of(line, version);
	/* Lines but the command's and the empty one; one more is no harm. */
	parser->header_size = (size_t)parser->lines * sizeof(*frame->header);
	frame->header = hg->recycle_get(parser->header_size);
	if (frame->header == NULL)
		return ("out of memory");
	for (line = end + 1; *line != '\n'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		error = parse_line(line, frame->command != BROKER_CONNECT,
		    version, &frame->header[frame->count]);
		if (error != NULL)
			return (error);
		frame->count++;
	}
	return (NULL);
}
