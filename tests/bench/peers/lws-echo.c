/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An echo server by libwebsockets, to be compared with: one thread, answers
 * are queued and written when the library says so. Built by the runner when
 * pkg-config knows libwebsockets.
 *
 *	lws-echo PORT [CERTIFICATE KEY]		prints "listening PORT"
 */
#include <libwebsockets.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE	(128 * 1024)

/* A piece of a message that waits to be written, with room before it. */
struct piece {
	struct piece	*next;
	size_t		 len;
	int		 flags;
	unsigned char	 room[LWS_PRE];
	unsigned char	 data[];
};

struct session {
	struct piece	*first;
	struct piece   **last;
};

static volatile sig_atomic_t stopped;

static void
stop(int signo)
{
	(void)signo;
	stopped = 1;
}

static int
queue(struct lws *wsi, struct session *session, const void *data, size_t len)
{
	struct piece *piece;

	if ((piece = malloc(sizeof(*piece) + len)) == NULL)
		return (-1);
	piece->next = NULL;
	piece->len = len;
	piece->flags = lws_write_ws_flags(
	    lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT,
	    lws_is_first_fragment(wsi), lws_is_final_fragment(wsi));
	memcpy(piece->data, data, len);
	*session->last = piece;
	session->last = &piece->next;
	lws_callback_on_writable(wsi);
	return (0);
}

/* One call, one write: more than that the library does not allow. */
static int
write_one(struct lws *wsi, struct session *session)
{
	struct piece *piece = session->first;
	int wrote;

	if (piece == NULL)
		return (0);
	wrote = lws_write(wsi, piece->data, piece->len,
	    (enum lws_write_protocol)piece->flags);
	if ((session->first = piece->next) == NULL)
		session->last = &session->first;
	else
		lws_callback_on_writable(wsi);
	free(piece);
	return (wrote < 0 ? -1 : 0);
}

static void
forget(struct session *session)
{
	struct piece *piece;

	while ((piece = session->first) != NULL) {
		session->first = piece->next;
		free(piece);
	}
}

static int
echo(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
    size_t len)
{
	struct session *session = user;

	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		session->first = NULL;
		session->last = &session->first;
		return (0);
	case LWS_CALLBACK_RECEIVE:
		return (queue(wsi, session, in, len));
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return (write_one(wsi, session));
	case LWS_CALLBACK_CLOSED:
		forget(session);
		return (0);
	default:
		return (0);
	}
}

static const struct lws_protocols protocols[] = {
	{ "echo", echo, sizeof(struct session), READ_SIZE, 0, NULL, 0 },
	{ NULL, NULL, 0, 0, 0, NULL, 0 }
};

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	struct lws_context *context;

	if (argc != 2 && argc != 4) {
		fputs("usage: lws-echo PORT [CERTIFICATE KEY]\n", stderr);
		return (2);
	}
	signal(SIGTERM, stop);
	lws_set_log_level(LLL_ERR, NULL);
	memset(&info, 0, sizeof(info));
	info.port = atoi(argv[1]);
	info.iface = "127.0.0.1";
	info.protocols = protocols;
	info.pt_serv_buf_size = READ_SIZE;
	info.options = LWS_SERVER_OPTION_DISABLE_IPV6;
	if (argc == 4) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.ssl_cert_filepath = argv[2];
		info.ssl_private_key_filepath = argv[3];
	}
	if ((context = lws_create_context(&info)) == NULL)
		return (1);
	printf("listening %s\n", argv[1]);
	fflush(stdout);
	while (!stopped && lws_service(context, 0) >= 0)
		continue;
	lws_context_destroy(context);
	return (0);
}
