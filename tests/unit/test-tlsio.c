/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes through TLS; the handshake is test-tls.c's. */
#include "peers.h"
#include "tlsio.h"

#define MIB	((size_t)1024 * 1024)

static struct tls	*client_context, *server_context;

static void
start(void)
{
	net_start();
	client_context = client_tls("gate.test", &cert_ca, NULL);
	server_context = server_tls(NULL);
}

static void
stop(void)
{
	tls_free(client_context);
	tls_free(server_context);
	net_stop();
}

/* --- streams -------------------------------------------------------------- */

static const struct {
	const char	*name;
	int		 version;
	int		 fragment;	/* RFC 6066, 4: its code */
	int		 buffer;
	size_t		 read_size;
	size_t		 len;
} echoes[] = {
	{ "TLS 1.3", TLS1_3_VERSION, 0, 0, 65536, 4 * MIB },
	{ "TLS 1.2", TLS1_2_VERSION, 0, 0, 65536, 4 * MIB },
	{ "small buffers", TLS1_3_VERSION, 0, 2048, 4096, MIB },
	{ "small buffers, 1.2", TLS1_2_VERSION, 0, 2048, 4096, MIB },
	{ "records of 512", TLS1_3_VERSION, 1, 2048, 4096, MIB / 2 },
	{ "records of 4096", TLS1_2_VERSION, 4, 2048, 4096, MIB },
	{ "single bytes", TLS1_3_VERSION, 0, 2048, 1, 50000 },
	{ "more than is there", TLS1_3_VERSION, 0, 0, 65536, 10 },
};

static void
echo(size_t row)
{
	struct end client, server;
	unsigned char *data;

	data = end_pattern(echoes[row].len);
	ends_connect(&client, &server, client_context, server_context,
	    echoes[row].buffer);
	client.read_size = server.read_size = echoes[row].read_size;
	server.echo = true;
	end_send_pattern(&client, data, echoes[row].len);
	end_flush(&client);
	T_FALSE(client.empty);
	NET_UNTIL(client.got_len >= echoes[row].len || client.failed ||
	    server.failed);
	T_MEM_EQ(client.got, client.got_len, data, echoes[row].len);
	T_EQ(SSL_SESSION_get_max_fragment_length(SSL_get0_session(
	    transport_ssl(&server.transport))), echoes[row].fragment);
	T_EQ(SSL_version(transport_ssl(&client.transport)), echoes[row].version);
	T_TRUE(client.empty && server.empty);
	T_TRUE(client.transport.tls->held == NULL);
	transport_shut(&client.transport);
	NET_UNTIL(server.ended > 0);
	/* The other half is still open. */
	end_send(&server, "bye", 3);
	end_flush(&server);
	NET_UNTIL(client.got_len == echoes[row].len + 3);
	transport_shut(&server.transport);
	NET_UNTIL(client.ended > 0);
	T_EQ(client.failed + server.failed, 0);
	end_finish(&client);
	end_finish(&server);
	free(data);
}

static void
test_echo(void)
{
	size_t i;

	start();
	for (i = 0; i < T_ROWS(echoes); i++) {
		t_row("%s", echoes[i].name);
		SSL_CTX_set_max_proto_version(server_context->ctx,
		    echoes[i].version);
		SSL_CTX_set_tlsext_max_fragment_length(client_context->ctx,
		    (uint8_t)echoes[i].fragment);
		echo(i);
	}
	stop();
}

/* --- what is held --------------------------------------------------------- */

static const char	urgent[] = "<<<<urgent>>>>\r\n";

#define URGENT_LEN	(sizeof(urgent) - 1)

static void
push_urgent(struct end *end)
{
	T_EQ(outq_push_front(&end->queue, NULL, 0,
	    frame_copy(urgent, URGENT_LEN, HG_WHOLE)), 0);
}

/* Takes the urgent ones out of the stream; returns how many there were. */
static unsigned
take_urgent(struct end *end)
{
	unsigned char *at;
	unsigned count;

	for (count = 0; end->got_len > 0; count++) {
		at = memmem(end->got, end->got_len, urgent, URGENT_LEN);
		if (at == NULL)
			break;
		memmove(at, at + URGENT_LEN, (size_t)(end->got +
		    end->got_len - at) - URGENT_LEN);
		end->got_len -= URGENT_LEN;
	}
	return (count);
}

/*
 * Each time that OpenSSL wants bytes repeated, something goes to the front of
 * the queue. It must neither be lost nor replace anything.
 */
static void
test_urgent_while_blocked(void)
{
	struct end client, server;
	unsigned char *data;
	unsigned pushed;

	start();
	data = end_pattern(MIB);
	ends_connect(&client, &server, client_context, server_context, 2048);
	NET_UNTIL(client.ready && server.ready);
	end_send_pattern(&client, data, MIB);
	end_flush(&client);
	for (pushed = 0; server.got_len < MIB + pushed * URGENT_LEN;) {
		T_REQUIRE(client.failed + server.failed == 0);
		if (client.transport.blocked && pushed < 50) {
			T_TRUE(client.transport.tls->held_len > 0);
			push_urgent(&client);
			pushed++;
			end_flush(&client);
			T_FALSE(client.empty);
		}
		worker_turn(worker_self(), true);
	}
	T_EQ(pushed, 50);
	T_EQ(take_urgent(&server), pushed);
	T_MEM_EQ(server.got, server.got_len, data, MIB);
	end_finish(&client);
	end_finish(&server);
	free(data);
	stop();
}

/* close_notify and FIN wait for what is held, and are then sent. */
static void
test_shut_while_blocked(void)
{
	struct end client, server;
	unsigned char *data;
	size_t sent;

	start();
	data = end_pattern(MIB);
	ends_connect(&client, &server, client_context, server_context, 2048);
	NET_UNTIL(client.ready && server.ready);
	server.paused = true;
	end_send_pattern(&client, data, MIB);
	end_flush(&client);
	T_TRUE(client.transport.blocked);
	T_TRUE(client.transport.tls->held_len > 0);
	sent = MIB - outq_bytes(&client.queue);
	transport_shut(&client.transport);
	T_FALSE(client.transport.fin);
	server.paused = false;
	end_read(&server);
	NET_UNTIL(server.ended > 0 || server.failed > 0);
	T_STR_EQ(transport_error(&server.transport), "");
	T_MEM_EQ(server.got, server.got_len, data, sent);
	T_EQ(client.writable, 1);
	end_finish(&client);
	end_finish(&server);
	free(data);
	stop();
}

static void
test_finish_while_blocked(void)
{
	struct end client, server;
	unsigned char *data;

	start();
	data = end_pattern(MIB);
	ends_connect(&client, &server, client_context, server_context, 2048);
	server.paused = true;
	end_send_pattern(&client, data, MIB);
	NET_UNTIL(client.transport.tls->held_len > 0);
	end_finish(&client);
	server.paused = false;
	end_read(&server);
	NET_UNTIL(server.failed > 0);
	T_EQ(server.ended, 0);
	end_finish(&server);
	free(data);
	stop();
}

T_MAIN({ "echo", test_echo },
    { "urgent frames while blocked", test_urgent_while_blocked },
    { "shut while blocked", test_shut_while_blocked },
    { "finish while blocked", test_finish_while_blocked })
