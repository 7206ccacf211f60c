/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket framing (RFC 6455, 5): one header, and a reader that turns a byte
 * stream into pieces of messages and control frames. UTF-8 of text is not
 * checked here, as an extension may stand between; of a close reason it is.
 */
#ifndef CORE_WSFRAME_H
#define CORE_WSFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WS_HEAD_MAX	14
#define WS_CONTROL_MAX	125

enum ws_opcode {
	WS_CONTINUATION	= 0x0,
	WS_TEXT		= 0x1,
	WS_BINARY	= 0x2,
	WS_CLOSE	= 0x8,
	WS_PING		= 0x9,
	WS_PONG		= 0xa,
};

struct ws_head {
	unsigned char	opcode;
	bool		fin;
	unsigned char	rsv;		/* bits 4, 2, 1: RSV1, RSV2, RSV3 */
	bool		masked;
	unsigned char	key[4];
	uint64_t	len;
};

/* Returns the bytes of the header that it wrote. */
size_t	ws_head_format(unsigned char out[WS_HEAD_MAX], const struct ws_head *);
/*
 * Returns the bytes of the header, 0 when more are needed, -1 when it can not
 * be valid: a length that is not minimal, or with its top bit set.
 */
int	ws_head_parse(struct ws_head *, const unsigned char *, size_t);

/* Whether a close frame may carry this code (RFC 6455, 7.4). */
bool	ws_close_code_is_valid(unsigned code);

enum ws_event {
	WS_NEED,	/* all bytes are used up */
	WS_PIECE,	/* piece: of a data message */
	WS_CONTROL,	/* piece: a whole control frame */
	WS_ERROR,	/* error_code, error: the connection must fail */
};

struct ws_piece {
	enum ws_opcode	 opcode;	/* the message's: text or binary */
	bool		 first, last;	/* of the message */
	unsigned char	 rsv;		/* on the first piece */
	const unsigned char *data;	/* unmasked */
	size_t		 len;
	unsigned	 code;		/* close: the code, 1005 when none; data
					 * begins with it, the reason follows */
};

/*
 * All zero but the limits is the start. A piece ends with its frame, with the
 * bytes at hand or after piece_max bytes, whichever comes first; pieces of no
 * bytes come only where they end a message or begin an empty one.
 */
struct ws_reader {
	bool		 is_client;	/* this side: no masked frames */
	unsigned char	 rsv_allowed;	/* bits of negotiated extensions */
	uint64_t	 frame_max;	/* longest frame; 0: no limit */
	uint64_t	 message_max;	/* longest message; 0: no limit */
	unsigned	 frames_max;	/* most of one message; 0: no limit */
	size_t		 piece_max;	/* longest piece; 0: no limit */

	unsigned	 error_code;	/* 1002, 1007, 1009, 1011 */
	const char	*error;

	struct ws_head	 head;		/* of the frame at hand */
	uint64_t	 head_left;	/* bytes of it that are to come */
	bool		 in_frame;
	bool		 in_message;
	bool		 closed;	/* a close frame came */
	unsigned char	 message_opcode;
	unsigned char	 message_rsv;
	bool		 message_begun;	/* its first piece was given out */
	uint64_t	 message_len;
	unsigned	 message_frames;
	unsigned char	 partial[WS_HEAD_MAX];	/* of a header */
	unsigned char	 partial_len;
	unsigned char	 control_len;
	unsigned char	*control;	/* a frame that came in parts, or NULL */
};

/* Frees what it keeps. */
void	ws_reader_finish(struct ws_reader *);

/*
 * Goes on with the bytes at *at, which it unmasks in place, and moves *at and
 * *left on. What *piece points to lives as long as these bytes, or for a
 * control frame until the next call. After WS_ERROR nothing else comes; after a
 * close frame all bytes are used up unseen.
 */
enum ws_event ws_reader_next(struct ws_reader *, unsigned char **at,
    size_t *left, struct ws_piece *piece);

#endif
