/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tcp.h"

#define KEEPALIVE_IDLE		60	/* seconds */
#define KEEPALIVE_INTERVAL	20
#define KEEPALIVE_COUNT		3

void
tcp_tune(int fd)
{
	static const struct {
		int	 level;
		int	 option;
		int	 value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
	};
	unsigned i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].option,
		    &options[i].value, sizeof(options[i].value)) == -1)
			return;
}
