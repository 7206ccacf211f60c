/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a control message:
 *
 *	control = line [ head ] CRLF
 *	line    = verb *( SP id ) *( SP name "=" value ) CRLF
 *
 * One table says which ids, parameters and head each verb takes.
 */
#include <string.h>

#include "control.h"

enum head_rule {
	HEAD_NONE,
	HEAD_MAY,
	HEAD_MUST,
};

enum value_type {
	VALUE_NUMBER,
	VALUE_ID,
	VALUE_TEXT,
};

struct verb {
	const char	*name;
	bool		 id;		/* names one channel, else none */
	uint32_t	 must, may;	/* parameters */
	enum head_rule	 head;
};

#define BIT(param)	(UINT32_C(1) << (param))

static const struct verb verbs[] = {
	[CONTROL_ABORT] = { "abort", true, BIT(CONTROL_CODE),
	    BIT(CONTROL_REASON_TEXT) | BIT(CONTROL_SEQ) | BIT(CONTROL_CARRIER),
	    HEAD_NONE },
	[CONTROL_AUTH] = { "auth", true, 0, 0, HEAD_MUST },
	[CONTROL_AUTHED] = { "authed", true, 0, 0, HEAD_MUST },
	[CONTROL_CREATE] = { "create", true, 0,
	    BIT(CONTROL_PARENT) | BIT(CONTROL_SEQ), HEAD_MAY },
	[CONTROL_CREATED] = { "created", true, 0, 0, HEAD_MAY },
	[CONTROL_CREDIT] = { "credit", true, BIT(CONTROL_BYTES), 0,
	    HEAD_NONE },
	[CONTROL_DENIED] = { "denied", true,
	    BIT(CONTROL_WHAT) | BIT(CONTROL_REASON_TEXT), 0, HEAD_NONE },
	[CONTROL_DESTROY] = { "destroy", true, BIT(CONTROL_CODE),
	    BIT(CONTROL_REASON_TEXT) | BIT(CONTROL_SEQ) | BIT(CONTROL_CARRIER),
	    HEAD_NONE },
	[CONTROL_DRAIN] = { "drain", false,
	    BIT(CONTROL_ODD) | BIT(CONTROL_EVEN), 0, HEAD_NONE },
	[CONTROL_ERROR] = { "error", false, BIT(CONTROL_REASON_TEXT),
	    BIT(CONTROL_ID), HEAD_NONE },
	[CONTROL_GAP] = { "gap", true,
	    BIT(CONTROL_FROM) | BIT(CONTROL_TO_SEQ), 0, HEAD_NONE },
	[CONTROL_MERGE] = { "merge", true,
	    BIT(CONTROL_WITH) | BIT(CONTROL_AT) | BIT(CONTROL_SEQ), 0,
	    HEAD_NONE },
	[CONTROL_MERGED] = { "merged", true, 0, 0, HEAD_NONE },
	[CONTROL_MIGRATE] = { "migrate", true,
	    BIT(CONTROL_TO) | BIT(CONTROL_AT), 0, HEAD_NONE },
	[CONTROL_MIGRATED] = { "migrated", true,
	    BIT(CONTROL_TO) | BIT(CONTROL_AT), 0, HEAD_NONE },
	[CONTROL_PLACE] = { "place?", true, 0, BIT(CONTROL_SEQ), HEAD_NONE },
	[CONTROL_REFUSED] = { "refused", true, 0, 0, HEAD_MAY },
	[CONTROL_RESUME] = { "resume", true,
	    BIT(CONTROL_FLOW) | BIT(CONTROL_EPOCH) | BIT(CONTROL_SEQ), 0,
	    HEAD_NONE },
	[CONTROL_RESUMED] = { "resumed", true, BIT(CONTROL_SEQ), 0,
	    HEAD_NONE },
	[CONTROL_UNMERGE] = { "unmerge", true, BIT(CONTROL_SEQ), 0,
	    HEAD_NONE },
	[CONTROL_UNMERGED] = { "unmerged", true, 0, 0, HEAD_NONE },
	[CONTROL_ASK_UNMERGE] = { "unmerge?", true, 0, 0, HEAD_NONE },
};

static const struct {
	const char	*name;
	enum value_type	 type;
} params[CONTROL_PARAMS] = {
	[CONTROL_AT] = { "at", VALUE_NUMBER },
	[CONTROL_BYTES] = { "bytes", VALUE_NUMBER },
	[CONTROL_CARRIER] = { "carrier", VALUE_ID },
	[CONTROL_CODE] = { "code", VALUE_NUMBER },
	[CONTROL_EPOCH] = { "epoch", VALUE_TEXT },
	[CONTROL_EVEN] = { "even", VALUE_ID },
	[CONTROL_FLOW] = { "flow", VALUE_TEXT },
	[CONTROL_FROM] = { "from", VALUE_NUMBER },
	[CONTROL_ID] = { "id", VALUE_ID },
	[CONTROL_ODD] = { "odd", VALUE_ID },
	[CONTROL_PARENT] = { "parent", VALUE_ID },
	[CONTROL_REASON_TEXT] = { "reason", VALUE_TEXT },
	[CONTROL_SEQ] = { "seq", VALUE_NUMBER },
	[CONTROL_TO] = { "to", VALUE_ID },
	[CONTROL_TO_SEQ] = { "to", VALUE_NUMBER },
	[CONTROL_WHAT] = { "what", VALUE_TEXT },
	[CONTROL_WITH] = { "with", VALUE_ID },
};

/* A run of bytes that is being read from the front. */
struct span {
	const char	*at;
	size_t		 len;
};

static bool
is_lower(char c)
{
	return (c >= 'a' && c <= 'z');
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

int
control_hex(char c)
{
	if (is_digit(c))
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

bool
control_is_unreserved(char c)
{
	return (is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) ||
	    c == '-' || c == '.' || c == '_' || c == '~');
}

static bool
span_is(struct span s, const char *text)
{
	return (s.len == strlen(text) && memcmp(s.at, text, s.len) == 0);
}

static bool
read_id(struct span s, uint64_t *out)
{
	size_t i;

	if (s.len != 6 || s.at[0] != '0' || s.at[1] != 'x')
		return (false);
	*out = 0;
	for (i = 2; i < 6; i++) {
		if (!is_digit(s.at[i]) && !(s.at[i] >= 'a' && s.at[i] <= 'f'))
			return (false);
		*out = *out << 4 | (uint64_t)control_hex(s.at[i]);
	}
	return (true);
}

static bool
read_number(struct span s, uint64_t *out)
{
	size_t i;
	unsigned digit;

	*out = 0;
	for (i = 0; i < s.len; i++) {
		if (!is_digit(s.at[i]))
			return (false);
		digit = (unsigned)(s.at[i] - '0');
		if (*out > (UINT64_MAX - digit) / 10)
			return (false);
		*out = *out * 10 + digit;
	}
	return (s.len != 0);
}

/* Whether the run is a value by the grammar. */
static bool
value_ok(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.at[i] == '%') {
			if (s.len - i < 3 || control_hex(s.at[i + 1]) < 0 ||
			    control_hex(s.at[i + 2]) < 0)
				return (false);
			i += 2;
		} else if (!control_is_unreserved(s.at[i]) && s.at[i] != ',')
			return (false);
	}
	return (s.len != 0);
}

/* Takes the word up to the next blank or the end of the line. */
static struct span
next_word(struct span *line)
{
	struct span word;
	const char *blank;

	word = *line;
	blank = memchr(line->at, ' ', line->len);
	if (blank == NULL) {
		line->at += line->len;
		line->len = 0;
		return (word);
	}
	word.len = (size_t)(blank - word.at);
	line->at = blank + 1;
	line->len -= word.len + 1;
	return (word);
}

static const char *
parse_verb(struct control *c, struct span word)
{
	size_t i, letters;

	letters = word.len;
	if (letters > 1 && word.at[letters - 1] == '?')
		letters--;
	for (i = 0; i < letters; i++)
		if (!is_lower(word.at[i]))
			return ("malformed verb");
	if (letters == 0)
		return ("no verb");
	for (i = 0; i < CONTROL_OTHER; i++)
		if (span_is(word, verbs[i].name)) {
			c->verb = (enum control_verb)i;
			return (NULL);
		}
	if (letters == word.len)
		return ("unknown verb");
	c->verb = CONTROL_OTHER;
	return (NULL);
}

/* Keeps a value when the verb knows the name. */
static const char *
store_param(struct control *c, struct span name, struct span value)
{
	uint32_t known;
	size_t i;
	bool ok;

	if (c->verb == CONTROL_OTHER)
		return (NULL);
	known = verbs[c->verb].must | verbs[c->verb].may;
	for (i = 0; i < CONTROL_PARAMS; i++)
		if ((known & BIT(i)) != 0 && span_is(name, params[i].name))
			break;
	if (i == CONTROL_PARAMS)
		return (NULL);
	ok = true;
	if (params[i].type == VALUE_ID)
		ok = read_id(value, &c->number[i]);
	else if (params[i].type == VALUE_NUMBER)
		ok = read_number(value, &c->number[i]);
	if (!ok)
		return ("malformed id or number");
	c->text[i].at = value.at;
	c->text[i].len = value.len;
	c->has |= BIT(i);
	return (NULL);
}

static const char *
parse_param(struct control *c, struct span word, struct span *names,
    size_t *count)
{
	struct span name, value;
	const char *equals;
	size_t i;

	if ((equals = memchr(word.at, '=', word.len)) == NULL)
		return ("malformed word");
	name.at = word.at;
	name.len = (size_t)(equals - word.at);
	value.at = equals + 1;
	value.len = word.len - name.len - 1;
	if (name.len == 0)
		return ("parameter without a name");
	for (i = 0; i < name.len; i++)
		if (!is_lower(name.at[i]) && name.at[i] != '-')
			return ("malformed parameter name");
	if (!value_ok(value))
		return ("malformed value");
	for (i = 0; i < *count; i++)
		if (names[i].len == name.len &&
		    memcmp(names[i].at, name.at, name.len) == 0)
			return ("parameter given twice");
	if (*count == CONTROL_NAMES)
		return ("too many parameters");
	names[(*count)++] = name;
	return (store_param(c, name, value));
}

static const char *
parse_line(struct control *c, struct span line)
{
	struct span word, names[CONTROL_NAMES];
	size_t count, ids;
	uint64_t id;
	const char *error;
	bool more;

	count = ids = 0;
	more = memchr(line.at, ' ', line.len) != NULL;
	if ((error = parse_verb(c, next_word(&line))) != NULL)
		return (error);
	while (more) {
		more = memchr(line.at, ' ', line.len) != NULL;
		word = next_word(&line);
		if (count == 0 && read_id(word, &id)) {
			c->id = (unsigned)id;
			ids++;
			continue;
		}
		error = parse_param(c, word, names, &count);
		if (error != NULL)
			return (error);
	}
	if (c->verb == CONTROL_OTHER)
		return (NULL);
	if (ids != (verbs[c->verb].id ? 1 : 0))
		return ("wrong number of ids");
	if ((c->has & verbs[c->verb].must) != verbs[c->verb].must)
		return ("parameter is missing");
	return (NULL);
}

const char *
control_parse(struct control *c, const void *message, size_t len)
{
	struct span line;
	const char *cr, *error;
	size_t rest;

	memset(c, 0, sizeof(*c));
	if (len > CONTROL_MAX)
		return ("message too long");
	line.at = message;
	cr = len == 0 ? NULL : memchr(message, '\r', len);
	if (cr == NULL || len - (size_t)(cr - line.at) < 2 || cr[1] != '\n')
		return ("no end of line");
	line.len = (size_t)(cr - line.at);
	if ((error = parse_line(c, line)) != NULL)
		return (error);
	cr += 2;
	rest = len - (size_t)(cr - line.at);
	if (rest < 2 || memcmp(cr + rest - 2, "\r\n", 2) != 0)
		return ("no empty line at the end");
	if (rest > 2) {
		if (rest < 4 || memcmp(cr + rest - 4, "\r\n", 2) != 0)
			return ("no empty line at the end");
		c->head = cr;
		c->head_len = rest - 2;
	}
	if (c->verb == CONTROL_OTHER)
		return (NULL);
	if (c->head != NULL && verbs[c->verb].head == HEAD_NONE)
		return ("head where none may be");
	if (c->head == NULL && verbs[c->verb].head == HEAD_MUST)
		return ("no head");
	return (NULL);
}

bool
control_has(const struct control *c, enum control_param param)
{
	return ((c->has & BIT(param)) != 0);
}

bool
control_code_ok(uint64_t code)
{
	return ((code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999));
}

const char *
control_verb_name(enum control_verb verb)
{
	return (verb < CONTROL_OTHER ? verbs[verb].name : "?");
}

const char *
control_param_name(enum control_param param)
{
	return (params[param].name);
}
