/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STOMP 1.0, 1.1 and 1.2 as a stream of bytes: what comes in is cut anywhere,
 * what goes out is one canonical frame each. Frames end at the same byte for
 * everybody: no length but digits, no control header twice, nothing that
 * another parser may read in another way.
 */
#ifndef STOMP_PARSE_H
#define STOMP_PARSE_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STOMP_HEADERS_MAX	100
#define STOMP_LINE_MAX		8192		/* bytes, without its end */
#define STOMP_HEAD_MAX		65536		/* bytes, all lines */
#define STOMP_SPARE		(STOMP_LINE_MAX + 1024)

enum stomp_version {
	STOMP_1_0,
	STOMP_1_1,
	STOMP_1_2,
};

enum stomp_command {
	STOMP_UNKNOWN,
	/* of clients */
	STOMP_CONNECT,
	STOMP_STOMP,
	STOMP_SEND,
	STOMP_SUBSCRIBE,
	STOMP_UNSUBSCRIBE,
	STOMP_ACK,
	STOMP_NACK,
	STOMP_BEGIN,
	STOMP_COMMIT,
	STOMP_ABORT,
	STOMP_DISCONNECT,
	/* of brokers */
	STOMP_CONNECTED,
	STOMP_MESSAGE,
	STOMP_RECEIPT,
	STOMP_ERROR,
	STOMP_COMMANDS
};

/* Headers that have a meaning here. Of each a head has one: the first. */
enum stomp_name {
	STOMP_OTHER,
	STOMP_ACCEPT_VERSION,
	STOMP_ACK_MODE,
	STOMP_CONTENT_LENGTH,
	STOMP_DESTINATION,
	STOMP_HEART_BEAT,
	STOMP_HOST,
	STOMP_ID,
	STOMP_LOGIN,
	STOMP_MESSAGE_ID,
	STOMP_PASSCODE,
	STOMP_RECEIPT_WANTED,
	STOMP_RECEIPT_ID,
	STOMP_REPLY_TO,
	STOMP_SELECTOR,
	STOMP_SUBSCRIPTION,
	STOMP_TRANSACTION,
	STOMP_VERSION,
	STOMP_NAMES
};

/* Not terminated. */
struct stomp_text {
	const char	*at;
	size_t		 len;
};

/* Where it stands in the work's text, unescaped. */
struct stomp_header {
	uint32_t	name, name_len;
	uint32_t	value, value_len;
	enum stomp_name	known;
};

struct stomp_head {
	enum stomp_command	command;
	bool			has_length;	/* a content-length came */
	uint64_t		length;		/* that one */
	unsigned		count;
	/* Index + 1 of the header of that name, 0: none. */
	uint8_t			known[STOMP_NAMES];
	struct stomp_header	header[STOMP_HEADERS_MAX + 4];
};

/*
 * The frame at hand, and the memory to work on it. One belongs to one hook call
 * and never leaves it; stomp_work_clear() drops the body.
 */
struct stomp_work {
	struct stomp_work	*next;		/* of the worker's free ones */
	struct stomp_head	 head;
	struct hg_frame		*body;		/* with the NUL behind it; NULL
						 * when it is empty */
	uint64_t		 body_len;	/* without the NUL */
	bool			 is_text;	/* came in text messages only */
	size_t			 text_len;
	char			 text[STOMP_HEAD_MAX + STOMP_SPARE];
	char			 out[2 * (STOMP_HEAD_MAX + STOMP_SPARE) + 1024];
};

enum stomp_phase {
	STOMP_BETWEEN,		/* frames: only ends of lines may come */
	STOMP_IN_HEAD,
	STOMP_IN_BODY,
};

struct stomp_saved;		/* a head that waits for its body */

/* One direction of a connection. */
struct stomp_parser {
	bool			 from_broker;
	bool			 crlf;		/* lines may end so */
	bool			 cr;		/* awaits its LF */
	bool			 is_text;
	enum stomp_version	 version;
	enum stomp_phase	 phase;
	uint32_t		 line;		/* where this line begins */
	uint32_t		 lines;
	uint32_t		 raw_len, raw_size;
	char			*raw;		/* what is of a head */
	struct stomp_saved	*saved;
	struct hg_frame		*body;		/* what is there of it */
	uint64_t		 body_max;
	/* After STOMP_BAD: a close code, and what is wrong. */
	unsigned		 code;
	const char		*error;
};

enum stomp_result {
	STOMP_MORE,		/* the bytes are used up */
	STOMP_FRAME,		/* work has one; call again */
	STOMP_BAD,		/* nothing more can be read from this stream */
};

/* parse.c */
void	stomp_parser_init(struct stomp_parser *, bool from_broker,
	    uint64_t body_max);
void	stomp_parser_finish(struct stomp_parser *);
/* Goes on at *pos of the piece, which is only looked at. */
enum stomp_result stomp_parse(struct stomp_parser *, struct hg_frame *piece,
	    size_t *pos, struct stomp_work *);
void	stomp_work_clear(struct stomp_work *);
/* Ends the parser with a close code; always STOMP_BAD. */
enum stomp_result stomp_bad(struct stomp_parser *, unsigned code,
	    const char *error);
enum stomp_result stomp_no_memory(struct stomp_parser *);

/* body.c: what is behind a head, which is in work or was saved. */
enum stomp_result stomp_parse_body(struct stomp_parser *,
	    struct hg_frame *piece, size_t *pos, struct stomp_work *);

/* head.c: the text of work, its first len bytes, becomes work's head. Returns
 * NULL, or what is wrong. */
const char *stomp_head_parse(struct stomp_work *, size_t len,
	    enum stomp_version, bool from_broker);
bool	stomp_is_handshake(enum stomp_command);
bool	stomp_has_body(enum stomp_command);

/* header.c */
enum stomp_command stomp_command(const char *, size_t);
const char *stomp_command_name(enum stomp_command);
enum stomp_name stomp_name(const char *, size_t);
bool	stomp_get(const struct stomp_work *, enum stomp_name,
	    struct stomp_text *);
/* -1: no room. */
int	stomp_set(struct stomp_work *, enum stomp_name, const char *, size_t);
void	stomp_remove(struct stomp_work *, enum stomp_name);
bool	stomp_is(struct stomp_text, const char *);
/* A value as it may be a destination, an id or a receipt. */
bool	stomp_is_plain(struct stomp_text);

/* escape.c */
enum stomp_escapes {
	STOMP_ESC_NONE,
	STOMP_ESC_1_1,		/* \n \c \\ */
	STOMP_ESC_1_2,		/* and \r */
};
enum stomp_escapes stomp_escapes(enum stomp_version, enum stomp_command);
/* In place; returns the new length, or -1. */
int	stomp_unescape(char *, size_t, enum stomp_escapes);
/* out has room for twice the length; returns what was written. */
size_t	stomp_escape(char *out, const char *, size_t, enum stomp_escapes);

/* write.c: the frame of work as a whole message; NULL without memory. The
 * body's reference is used up. */
struct hg_frame *stomp_write(struct stomp_work *, enum stomp_version,
	    bool always_length);

/* utf8.c: NULL frames are valid. */
bool	stomp_is_utf8(const void *, size_t);
bool	stomp_frame_is_utf8(const struct hg_frame *);

#endif
