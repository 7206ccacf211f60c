/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tcp.h"

#define KEEPALIVE_IDLE		60	/* seconds */
#define KEEPALIVE_INTERVAL	20
#define KEEPALIVE_COUNT		3

void
tcp_set_nodelay(int fd)
{
	const int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

void
tcp_set_keepalive(int fd)
{
	static const struct {
		int	 option;
		int	 value;
	} options[] = {
		{ TCP_KEEPIDLE, KEEPALIVE_IDLE },
		{ TCP_KEEPINTVL, KEEPALIVE_INTERVAL },
		{ TCP_KEEPCNT, KEEPALIVE_COUNT },
	};
	const int yes = 1;
	unsigned i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, IPPROTO_TCP, options[i].option,
		    &options[i].value, sizeof(options[i].value)) == -1)
			return;
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
}

void
tcp_tune(int fd)
{
	tcp_set_nodelay(fd);
	tcp_set_keepalive(fd);
}
