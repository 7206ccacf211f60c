/* SPDX-License-Identifier: Apache-2.0 */
/* Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455, 4.1 and 4.2.2). */
#ifndef CORE_WSKEY_H
#define CORE_WSKEY_H

#include <stdbool.h>

#define WSKEY_LEN	24	/* base64 of 16 bytes */
#define WSKEY_ACCEPT	28	/* base64 of a SHA-1 */

/* "" when there are no random bytes: no valid key, so that the peer refuses. */
void	wskey_new(char key[WSKEY_LEN + 1]);
bool	wskey_is_valid(const char *key);
/* For a valid key; "" when the sum could not be made. */
void	wskey_accept(char accept[WSKEY_ACCEPT + 1], const char *key);
/* In constant time. */
bool	wskey_matches(const char *accept, const char *key);

#endif
