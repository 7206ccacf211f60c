/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of control messages: reading and writing, nothing else. Needs
 * neither the host nor memory; what it hands out points into the message.
 */
#ifndef CHANNELS_CONTROL_H
#define CHANNELS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_MAX	12288	/* bytes of one control message */
#define CONTROL_NAMES	16	/* parameters in one line, known or not */
#define CONTROL_REASON	123	/* bytes of a reason, before encoding */

enum control_verb {
	CONTROL_ABORT,
	CONTROL_AUTH,
	CONTROL_AUTHED,
	CONTROL_CREATE,
	CONTROL_CREATED,
	CONTROL_CREDIT,
	CONTROL_DENIED,
	CONTROL_DESTROY,
	CONTROL_DRAIN,
	CONTROL_ERROR,
	CONTROL_GAP,
	CONTROL_MERGE,
	CONTROL_MERGED,
	CONTROL_MIGRATE,
	CONTROL_MIGRATED,
	CONTROL_PLACE,		/* "place?" */
	CONTROL_REFUSED,
	CONTROL_RESUME,
	CONTROL_RESUMED,
	CONTROL_UNMERGE,
	CONTROL_UNMERGED,
	CONTROL_ASK_UNMERGE,	/* "unmerge?" */
	CONTROL_OTHER,		/* unknown, and may be ignored */
};

enum control_param {
	CONTROL_AT,
	CONTROL_BYTES,
	CONTROL_CARRIER,
	CONTROL_CODE,
	CONTROL_EPOCH,
	CONTROL_EVEN,
	CONTROL_FLOW,
	CONTROL_FROM,
	CONTROL_ID,
	CONTROL_ODD,
	CONTROL_PARENT,
	CONTROL_REASON_TEXT,
	CONTROL_SEQ,
	CONTROL_TO,		/* of a migrate: an id */
	CONTROL_TO_SEQ,		/* of a gap: a number; also named "to" */
	CONTROL_WHAT,
	CONTROL_WITH,
	CONTROL_PARAMS,
};

struct control_text {
	const char	*at;	/* still percent-encoded */
	size_t		 len;
};

/* One message that was read. */
struct control {
	enum control_verb	 verb;
	unsigned		 id;	/* of the verbs that name one */
	uint32_t		 has;	/* bits of enum control_param */
	uint64_t		 number[CONTROL_PARAMS];	/* and ids */
	struct control_text	 text[CONTROL_PARAMS];
	const char		*head;	/* NULL: none; else with its CRLFs */
	size_t			 head_len;
};

/* One line that is being written. It has room for every line of ours. */
struct control_line {
	char	 text[1024];
	size_t	 len;
};

/* NULL when the message is well-formed, else what is wrong. */
const char	*control_parse(struct control *, const void *, size_t);
bool		 control_has(const struct control *, enum control_param);
/*
 * A text value decoded, terminated, cut to whole UTF-8 characters that fit;
 * "" when it is absent, no UTF-8, or has a control character in it.
 */
const char	*control_decode(const struct control *, enum control_param,
		    char *, size_t);
/* Whether a close code may stand on the wire. */
bool		 control_code_ok(uint64_t);

const char	*control_verb_name(enum control_verb);
const char	*control_param_name(enum control_param);
int		 control_hex(char);		/* -1: no such digit */
bool		 control_is_unreserved(char);
/* Bytes of the UTF-8 character at the front; 0: none, or a control. */
size_t		 control_utf8(const unsigned char *, size_t);
void		 control_begin(struct control_line *, enum control_verb);
void		 control_put_id(struct control_line *, unsigned);
void		 control_put_param_id(struct control_line *,
		    enum control_param, unsigned);
void		 control_put_number(struct control_line *, enum control_param,
		    uint64_t);
/* Encodes what needs it, and cuts it to CONTROL_REASON bytes. */
void		 control_put_text(struct control_line *, enum control_param,
		    const char *);
void		 control_end(struct control_line *);

#endif
