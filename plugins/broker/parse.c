/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STOMP frames out of bytes that come in any pieces. A head is checked against
 * its limits while it grows; a body grows with what has come, never with what
 * content-length promises.
 */
#include <string.h>

#include "broker.h"

static enum broker_parsed
bad(struct broker_parser *parser, unsigned code, const char *error)
{
	parser->error = error;
	parser->error_code = code;
	return (BROKER_BAD);
}

void
broker_parser_free(struct broker_parser *parser)
{
	broker_buffer_free(&parser->head);
	broker_buffer_free(&parser->body);
	hg->recycle_put(parser->frame.header, parser->header_size);
	memset(parser, 0, sizeof(*parser));
}

/* Lines between frames are heart-beats, or nothing. */
static enum broker_parsed
between(struct broker_parser *parser, enum broker_version version, char c)
{
	if (parser->state == BROKER_BETWEEN_CR) {
		if (c != '\n')
			return (bad(parser, 1002, "CR without LF"));
		parser->state = BROKER_BETWEEN;
		return (BROKER_MORE);
	}
	if (c == '\r' && (version == BROKER_NO_VERSION ||
	    version == BROKER_1_2))
		parser->state = BROKER_BETWEEN_CR;
	else if (c != '\n')
		parser->state = BROKER_IN_HEAD;
	return (BROKER_MORE);
}

/* The line that ends here, at most len bytes; true when it is the last. */
static bool
end_line(struct broker_parser *parser, enum broker_version version)
{
	size_t len;
	char *line;

	line = parser->head.data + parser->line;
	len = parser->head.len - parser->line - 1;
	if (len > 0 && line[len - 1] == '\r' &&
	    (version == BROKER_NO_VERSION || version == BROKER_1_2)) {
		/* As if it had been LF alone. */
		line[len - 1] = '\n';
		parser->head.len--;
		len--;
	}
	parser->line = parser->head.len;
	parser->lines++;
	return (len == 0);
}

static enum broker_parsed
end_head(struct broker_parser *parser, const struct broker_options *options,
    enum broker_version version)
{
	const char *error, *length;

	if ((error = broker_parse_head(parser, version)) != NULL)
		return (bad(parser, 1002, error));
	length = broker_header(&parser->frame, "content-length");
	parser->has_length = length != NULL;
	if (length != NULL && !broker_number(length, strlen(length),
	    UINT64_MAX, &parser->length))
		return (bad(parser, 1002, "bad content-length"));
	if (length != NULL && parser->length > (uint64_t)options->body_max)
		return (bad(parser, 1009, "the body is too long"));
	parser->state = length != NULL && parser->length == 0 ?
	    BROKER_AT_NUL : BROKER_IN_BODY;
	return (BROKER_HEAD);
}

/* Takes bytes up to the end of a line. */
static enum broker_parsed
in_head(struct broker_parser *parser, const struct broker_options *options,
    enum broker_version version, const char *data, size_t len, size_t *used)
{
	const char *end;
	size_t take;

	end = memchr(data, '\n', len);
	take = end != NULL ? (size_t)(end - data) + 1 : len;
	if (parser->head.len - parser->line + take >
	    (size_t)options->header_max + 1)
		return (bad(parser, 1009, "a header is too long"));
	if (parser->head.len + take > (size_t)options->head_max)
		return (bad(parser, 1009, "the headers are too long"));
	if (memchr(data, '\0', take) != NULL)
		return (bad(parser, 1002, "NUL in the headers"));
	if ((version == BROKER_1_0 || version == BROKER_1_1) &&
	    memchr(data, '\r', take) != NULL)
		return (bad(parser, 1002, "CR in the headers"));
	broker_add(&parser->head, data, take);
	if (parser->head.failed)
		return (bad(parser, 1011, "out of memory"));
	*used += take;
	if (end == NULL)
		return (BROKER_MORE);
	if (end_line(parser, version))
		return (end_head(parser, options, version));
	/* The command has a line too. */
	if (parser->lines > (uint64_t)options->headers + 1)
		return (bad(parser, 1009, "too many headers"));
	return (BROKER_MORE);
}

static enum broker_parsed
in_body(struct broker_parser *parser, const struct broker_options *options,
    const char *data, size_t len, size_t *used)
{
	const char *end;
	size_t take;

	end = NULL;
	take = len;
	if (parser->has_length) {
		if (take > parser->length - parser->body.len)
			take = (size_t)parser->length - parser->body.len;
	} else if ((end = memchr(data, '\0', len)) != NULL)
		take = (size_t)(end - data);
	if (parser->body.len + take > (size_t)options->body_max)
		return (bad(parser, 1009, "the body is too long"));
	broker_add(&parser->body, data, take);
	if (parser->body.failed)
		return (bad(parser, 1011, "out of memory"));
	*used += take;
	if (end != NULL || (parser->has_length &&
	    parser->body.len == parser->length))
		parser->state = BROKER_AT_NUL;
	return (BROKER_MORE);
}

static enum broker_parsed
at_nul(struct broker_parser *parser, char c)
{
	if (c != '\0')
		return (bad(parser, 1002, "no NUL behind the body"));
	parser->frame.body = parser->body.data;
	parser->frame.body_len = parser->body.len;
	return (BROKER_FRAME);
}

enum broker_parsed
broker_parse(struct broker_parser *parser,
    const struct broker_options *options, enum broker_version version,
    const char *data, size_t len, size_t *used)
{
	enum broker_parsed parsed;

	*used = 0;
	parsed = BROKER_MORE;
	while (parsed == BROKER_MORE && *used < len) {
		switch (parser->state) {
		case BROKER_BETWEEN:
		case BROKER_BETWEEN_CR:
			parsed = between(parser, version, data[*used]);
			/* The first byte of a head is read again. */
			if (parser->state != BROKER_IN_HEAD)
				(*used)++;
			break;
		case BROKER_IN_HEAD:
			parsed = in_head(parser, options, version,
			    data + *used, len - *used, used);
			break;
		case BROKER_IN_BODY:
			parsed = in_body(parser, options, data + *used,
			    len - *used, used);
			break;
		case BROKER_AT_NUL:
			parsed = at_nul(parser, data[(*used)++]);
			break;
		}
	}
	return (parsed);
}
