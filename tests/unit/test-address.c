/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "harness.h"

#define NAME_250	NAME_50 NAME_50 NAME_50 NAME_50 NAME_50
#define NAME_50		"aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa."

static const struct {
	const char	*text;
	const char	*host;
	const char	*port;
	const char	*path;
	const char	*numeric;	/* formatted; NULL: a name */
} good[] = {
	{ "127.0.0.1:80", "127.0.0.1", "80", NULL, "127.0.0.1:80" },
	{ "0.0.0.0:0", "0.0.0.0", "0", NULL, "0.0.0.0:0" },
	{ "[::1]:65535", "::1", "65535", NULL, "[::1]:65535" },
	{ "[::]:1", "::", "1", NULL, "[::]:1" },
	{ "[2001:db8::2:1]:443", "2001:db8::2:1", "443", NULL,
	    "[2001:db8::2:1]:443" },
	{ "[::ffff:10.1.2.3]:8", "::ffff:10.1.2.3", "8", NULL, "10.1.2.3:8" },
	{ "*:8080", "*", "8080", NULL, "[::]:8080" },
	{ "localhost:5672", "localhost", "5672", NULL, NULL },
	{ "a-b.Example.com.:1", "a-b.Example.com.", "1", NULL, NULL },
	{ "3fa85f64:1", "3fa85f64", "1", NULL, NULL },
	{ "3com.example:1", "3com.example", "1", NULL, NULL },
	{ "a_b:1", "a_b", "1", NULL, NULL },
	{ NAME_250 "abc:1", NAME_250 "abc", "1", NULL, NULL },
	{ "unix:/run/headgate.sock", NULL, NULL, "/run/headgate.sock",
	    "unix" },
	{ "unix:/a:b", NULL, NULL, "/a:b", "unix" },
};

static void
test_good(void)
{
	struct address address;
	struct sockaddr_storage ss;
	socklen_t len;
	const char *error;
	char text[64];
	size_t i;
	int result;

	for (i = 0; i < T_ROWS(good); i++) {
		t_row("%s", good[i].text);
		error = NULL;
		result = address_parse(&address, good[i].text, &error);
		T_STR_EQ(error, NULL);
		if (!T_EQ(result, 0))
			continue;
		T_EQ(address.is_unix, good[i].path != NULL);
		T_STR_EQ(address.host, good[i].host);
		T_STR_EQ(address.port, good[i].port);
		T_STR_EQ(address.path, good[i].path);
		result = address_resolve_numeric(&address, &ss, &len);
		T_EQ(result, good[i].numeric != NULL ? 0 : -1);
		if (result == 0) {
			address_format(text, sizeof(text),
			    (struct sockaddr *)&ss, len);
			T_STR_EQ(text, good[i].numeric);
		}
		address_free(&address);
		T_NULL(address.host);
		address_free(&address);
	}
}

static const struct {
	const char	*text;
	const char	*error;
} bad[] = {
	{ "", "there is no port (HOST:PORT or unix:/PATH)" },
	{ "localhost", "there is no port (HOST:PORT or unix:/PATH)" },
	{ "[::1]", "there is no port (HOST:PORT or unix:/PATH)" },
	{ "[::1:80", "there is no port (HOST:PORT or unix:/PATH)" },
	{ "[::1]80", "there is no port (HOST:PORT or unix:/PATH)" },
	{ "[", "there is no port (HOST:PORT or unix:/PATH)" },
	{ ":80", "there is no host" },
	{ "[]:80", "there is no host" },
	{ "::1:80", "an IPv6 address must stand in [ and ]" },
	{ "[127.0.0.1]:80", "no IPv6 address between [ and ]" },
	{ "[localhost]:80", "no IPv6 address between [ and ]" },
	{ "[::1%nosuchinterface]:80", "no IPv6 address between [ and ]" },
	{ "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1",
	    "no IPv6 address between [ and ]" },
	{ "127.1:80", "no such form of a host" },
	{ "256.0.0.1:80", "no such form of a host" },
	{ "1.2.3.4.5:80", "no such form of a host" },
	{ "2130706433:80", "no such form of a host" },
	{ "0x7f000001:80", "no such form of a host" },
	{ "a.0X7f:80", "no such form of a host" },
	{ "a..b:80", "no such form of a host" },
	{ ".a:80", "no such form of a host" },
	{ "-a:80", "no such form of a host" },
	{ "a b:80", "no such form of a host" },
	{ "a/b:80", "no such form of a host" },
	{ "a\n:80", "no such form of a host" },
	{ "**:80", "no such form of a host" },
	{ "http://a:80", "an IPv6 address must stand in [ and ]" },
	{ NAME_250 "abcd:1", "no such form of a host" },
	{ "a:", "the port must be a number up to 65535" },
	{ "a:65536", "the port must be a number up to 65535" },
	{ "a:-1", "the port must be a number up to 65535" },
	{ "a:+1", "the port must be a number up to 65535" },
	{ "a: 1", "the port must be a number up to 65535" },
	{ "a:http", "the port must be a number up to 65535" },
	{ "a:99999999999999999999", "the port must be a number up to 65535" },
	{ "unix:", "the path must begin with /" },
	{ "unix:relative", "the path must begin with /" },
	{ "unix:/" NAME_50 NAME_50 "1234567",
	    "the path is too long for a socket" },
};

static void
test_bad(void)
{
	struct address address;
	const char *error;
	size_t i;

	for (i = 0; i < T_ROWS(bad); i++) {
		t_row("%s", bad[i].text);
		error = NULL;
		memset(&address, 0xff, sizeof(address));
		T_EQ(address_parse(&address, bad[i].text, &error), -1);
		T_STR_EQ(error, bad[i].error);
		T_NULL(address.host);
		T_NULL(address.path);
	}
}

static void
test_longest_path(void)
{
	struct address address;
	struct sockaddr_storage ss;
	struct sockaddr_un *sun = (struct sockaddr_un *)(void *)&ss;
	socklen_t len;
	const char *error;

	T_REQUIRE(address_parse(&address, "unix:/" NAME_50 NAME_50 "123456",
	    &error) == 0);
	T_EQ(address_resolve_numeric(&address, &ss, &len), 0);
	T_STR_EQ(sun->sun_path, address.path);
	address_free(&address);
}

static void
test_format_small(void)
{
	struct sockaddr_in sin;
	struct sockaddr_storage ss;
	char text[8];

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(80);
	sin.sin_addr.s_addr = htonl(0x7f000001);
	address_format(text, sizeof(text), (struct sockaddr *)&sin,
	    sizeof(sin));
	T_STR_EQ(text, "127.0.0");
	address_format(text, sizeof(text), (struct sockaddr *)&sin, 4);
	T_STR_EQ(text, "?");
	/* A client on a unix socket has no name: only the family is there. */
	memset(&ss, 0, sizeof(ss));
	ss.ss_family = AF_UNIX;
	address_format(text, sizeof(text), (struct sockaddr *)&ss, 2);
	T_STR_EQ(text, "unix");
}

T_MAIN({ "addresses", test_good },
    { "no addresses", test_bad },
    { "longest path", test_longest_path },
    { "format into little room", test_format_small })
