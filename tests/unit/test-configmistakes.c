/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of mistake in a configuration, in its own words (threats W21). */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "configs.h"
#include "harness.h"

static const struct row plain_rows[] = {
	{ "", "" },
	{ "; nothing\n", "" },
	{ "[headgate]\n", "" },
	{ "[headgate]\n[headgate]\nworkers = 2\n", "" },
	{ "[headgate]\nworkers = 65\n", "headgate.ini:2: [headgate] workers: "
	    "65 is not within 0 and 64\n" },
	{ "[headgate]\nworkrs = 1\n", "headgate.ini:2: [headgate] workrs: "
	    "there is no such key (did you mean \"workers\"?)\n" },
	{ "[headgate]\nlog-level = loud\nlog = sislog\n",
	    "headgate.ini:2: [headgate] log-level: \"loud\" is none of error, "
	    "warn, info, debug\n"
	    "headgate.ini:3: [headgate] log: \"sislog\" is none of stderr, "
	    "syslog (did you mean \"syslog\"?)\n" },
	{ "[headgate]\ncontrol = off\nstop-timeout = 1m\n", "" },
	{ "[headgate]\ncontrol = x.sock\n", "headgate.ini:2: [headgate] "
	    "control: \"x.sock\" is neither a path that begins with / nor "
	    "off\n" },
	{ "[headgate]\ncontrol =\n", "headgate.ini:2: [headgate] "
	    "control: \"\" is neither a path that begins with / nor off\n" },
	{ "[headgate x]\nworkers = 1\n",
	    "headgate.ini:1: [headgate x]: it has no name\n" },
	{ "[lissten web]\naddress = x\n", "headgate.ini:1: [lissten web]: "
	    "there is no such section (did you mean \"listen\"?)\n" },
	{ "[something]\n",
	    "headgate.ini:1: [something]: there is no such section\n" },
	{ "[listen]\n", "headgate.ini:1: [listen]: the name is missing\n" },
	{ "[service a/b]\n", "headgate.ini:1: [service a/b]: a name has "
	    "letters, digits, \".\", \"_\" and \"-\" only\n" },
	{ "[plugin ../x]\n", "headgate.ini:1: [plugin ../x]: the name of a "
	    "plugin has a-z, 0-9 and \"-\" only\n" },
	{ "[plugin nosuch]\n", "headgate.ini:1: [plugin nosuch]: "
	    "nosuch.so: No such file or directory\n" },
	{ "workers = 1\n[headgate]\n",
	    "headgate.ini:1: a key before the first [section]\n" },
	{ "[headgate\nworkers = 1\n",
	    "headgate.ini:1: the section has no \"]\"\n" },
	{ "[headgate]\nworkers\n", "headgate.ini:2: neither a [section] nor "
	    "\"key = value\"\n" },
	{ "[headgate]\nworkers = 1", "headgate.ini:2: the last line has no "
	    "newline: is the file complete?\n" },
	{ "\xef\xbb\xbf[headgate]\r\nworkers = 1\r\n", "" },
	/* All of them, in the order of the lines. */
	{ "[listen a]\nprotocol = udp\n[headgate]\nworkers = x\n[listen b]\n"
	    "address = 1.2.3.4\n", "headgate.ini:1: [listen a] address: "
	    "it is missing\n"
	    "headgate.ini:2: [listen a] protocol: \"udp\" is none of "
	    "websocket, tcp\n"
	    "headgate.ini:2: [listen a] protocol: no service is served here\n"
	    "headgate.ini:4: [headgate] workers: \"x\" is not a whole "
	    "number\n"
	    "headgate.ini:5: [listen b] protocol: no service is served here\n"
	    "headgate.ini:6: [listen b] address: \"1.2.3.4\": there is no "
	    "port (HOST:PORT or unix:/PATH)\n" },
};

static void
test_plain(void)
{
	check_rows(plain_rows, T_ROWS(plain_rows));
}

static const struct row listen_rows[] = {
	{ FINE, "" },
	{ FINE "[listen web]\naddress = unix:/run/x.sock\n", "" },
	{ FINE "[listen web]\naddress =\n", "headgate.ini:9: [listen web] "
	    "address: it is missing\n" },
	{ FINE "[listen web]\naddress = nowhere\n", "headgate.ini:9: "
	    "[listen web] address: \"nowhere\": there is no port "
	    "(HOST:PORT or unix:/PATH)\n" },
	{ FINE "[listen web]\naddress = localhost:80\n", "headgate.ini:9: "
	    "[listen web] address: \"localhost:80\": give a numeric address, "
	    "or *\n" },
	{ FINE "[listen web]\naddress = *:80, [::1]:81\n", "" },
	{ FINE "[listen web]\nservice = s\n", "headgate.ini:9: [listen web] "
	    "service: it only means something with protocol = tcp\n" },
	{ FINE "[listen web]\nclient-ca = /x\n", "headgate.ini:9: "
	    "[listen web] client-ca: it needs a certificate of our own\n" },
	{ FINE "[listen web]\nedge-certificates = yes\n", "headgate.ini:9: "
	    "[listen web] edge-certificates: it needs client-ca\n" },
	{ FINE "[listen web]\ncertificate = /x\n", "headgate.ini:9: "
	    "[listen web] certificate: certificate and certificate-key go "
	    "together\n" },
	{ FINE "[listen web]\ncertificate = /no/x\ncertificate-key = /no/k\n",
	    "headgate.ini:9: [listen web] certificate: /no/x: No such file or "
	    "directory\n" },
	{ FINE "[listen web]\nedge-secret-file = /no/x\n", "headgate.ini:9: "
	    "[listen web] edge-secret-file: /no/x: No such file or "
	    "directory\n" },
	{ FINE "[listen b]\naddress = 127.0.0.1:0\n", "headgate.ini:8: "
	    "[listen b] protocol: no service is served here\n" },
	{ FINE "[listen b]\naddress = 127.0.0.1:9\n[listen c]\n"
	    "address = 127.0.0.1:9\n[service s]\nlisten = b c\n",
	    "headgate.ini:11: [listen c] address: 127.0.0.1:9 is that of "
	    "[listen b] too\n" },
	{ FINE "[listen raw]\naddress = *:0\nprotocol = tcp\n",
	    "headgate.ini:8: [listen raw] service: it is missing\n" },
	{ FINE "[listen raw]\naddress = *:0\nprotocol = tcp\nservice = s\n",
	    "" },
	{ FINE "[listen raw]\naddress = *:0\nprotocol = tcp\n"
	    "service = srv\n[service serv]\nplugins = app\n",
	    "headgate.ini:11: [listen raw] service: there is no [service srv] "
	    "section (did you mean \"serv\"?)\n" },
	{ FINE "[listen raw]\naddress = *:0\nprotocol = tcp\nservice = s\n"
	    "[service s]\nlisten = raw\n", "headgate.ini:13: [service s] "
	    "listen: [listen raw] has protocol = tcp and knows no paths\n" },
	{ FINE "[listen raw]\naddress = *:0\nprotocol = tcp\nservice = s\n"
	    "edge-certificates = yes\n", "headgate.ini:12: [listen raw] "
	    "edge-certificates: it needs client-ca\n"
	    "headgate.ini:12: [listen raw] edge-certificates: it only means "
	    "something with protocol = websocket\n" },
};

static void
test_listens(void)
{
	if (plugins_possible())
		check_rows(listen_rows, T_ROWS(listen_rows));
}

static const struct row service_rows[] = {
	{ FINE "listn = web\n", "headgate.ini:8: [service s] listn: there is "
	    "no such key (did you mean \"listen\"?)\n" },
	{ FINE "[service s]\nlisten = wob\n", "headgate.ini:9: [service s] "
	    "listen: there is no [listen wob] section (did you mean "
	    "\"web\"?)\n" },
	{ FINE "[service b]\nlisten = web\npath = /s\nplugins = app\n",
	    "headgate.ini:10: [service b] path: [service s] has it already on "
	    "[listen web]\n" },
	{ FINE "[service b]\nlisten = web\npath = /s/*\nplugins = app\n",
	    "" },
	{ FINE "[service b]\nlisten = web\nplugins = app\n",
	    "headgate.ini:8: [service b] path: it is missing\n" },
	{ FINE "[service b]\npath = /b\nplugins = app\n",
	    "headgate.ini:8: [service b] listen: it has a path, but is served "
	    "nowhere\n" },
	{ FINE "path = s\n", "headgate.ini:8: [service s] path: it must begin "
	    "with / and have no blank, ? or #\n" },
	{ FINE "path = /a*\n", "headgate.ini:8: [service s] path: * can only "
	    "be the last character, behind /\n" },
	{ FINE "path = /*/a\n", "headgate.ini:8: [service s] path: * can only "
	    "be the last character, behind /\n" },
	{ FINE "path = /*\n", "" },
	{ LISTEN SERVICE, "headgate.ini:3: [service s] plugins: it has "
	    "neither plugins nor connect\n" },
	{ LISTEN SERVICE "plugins = app\n", "headgate.ini:6: [service s] "
	    "plugins: \"app\" is not switched on: there is no [plugin app] "
	    "section\n" },
	{ FINE "plugins = ap\n", "headgate.ini:8: [service s] plugins: "
	    "\"ap\" is not switched on: there is no [plugin ap] section (did "
	    "you mean \"app\"?)\n" },
	{ FINE "plugins = app\n", "headgate.ini:8: [service s] plugins: "
	    "\"app\" stands there twice\n" },
	{ FINE "[plugin wire]\n[service s]\nplugins = wire\n",
	    "headgate.ini:10: [service s] plugins: \"wire\" does nothing in a "
	    "channel\n" },
	{ FINE "[plugin needy]\n", "headgate.ini:8: [plugin needy]: it needs "
	    "\"mux\", which is not switched on: there is no [plugin mux] "
	    "section\n" },
	{ FINE "extensions = x-app x-none\n", "headgate.ini:8: [service s] "
	    "extensions: no plugin that is switched on has the extension "
	    "\"x-none\"\n" },
	{ FINE "subprotocols = a, b c\nsubprotocols = a@b\n",
	    "headgate.ini:9: [service s] subprotocols: \"a@b\" is no token "
	    "(RFC 9110, 5.6.2)\n" },
	{ FINE "queue-high = 2m\n", "headgate.ini:4: [service s] queue-max: "
	    "it is less than queue-high\n" },
	{ FINE "queue-high = 2m\nqueue-max = 2m\n", "" },
	{ FINE "piece-max = 512\n", "headgate.ini:8: [service s] piece-max: "
	    "512 is not within 1k and 1m\n" },
	{ FINE "message-max = 2g\n", "headgate.ini:8: [service s] "
	    "message-max: 2g is not within 1k and 1g\n" },
	{ FINE "origin = https://a.example\norigin = http://[::1]:8080\n",
	    "" },
	{ FINE "origin = *\n", "" },
	{ FINE "origin = * same\n", "headgate.ini:8: [service s] origin: * "
	    "stands alone or not at all\n" },
	{ FINE "origin = same https://a.example\n", "" },
	{ FINE "origin = https://A.example\n", "headgate.ini:8: [service s] "
	    "origin: \"https://A.example\" is not same, * or "
	    "scheme://host[:port] in small letters\n" },
	{ FINE "origin = https://a/ null\n", "headgate.ini:8: [service s] "
	    "origin: \"https://a/\" is not same, * or scheme://host[:port] in "
	    "small letters\n"
	    "headgate.ini:8: [service s] origin: \"null\" is not same, * or "
	    "scheme://host[:port] in small letters\n" },
	{ FINE "insecure = yes\n", "headgate.ini:8: [service s] insecure: it "
	    "only means something with trunk = yes\n" },
	/* A plugin that does not open is told of once. */
	{ LISTEN "[plugin gone]\nx = 1\n" SERVICE "plugins = gone\n"
	    "extensions = x-gone\ngone.x = 1\n", "headgate.ini:3: "
	    "[plugin gone]: gone.so: No such file or directory\n" },
};

static void
test_services(void)
{
	if (plugins_possible())
		check_rows(service_rows, T_ROWS(service_rows));
}

static const struct row connect_rows[] = {
	{ LISTEN SERVICE "connect = ws://127.0.0.1:9/x\n", "" },
	{ LISTEN SERVICE "connect = tcp://h:1\n", "" },
	{ LISTEN SERVICE "connect = unix:/run/x\n", "" },
	{ LISTEN SERVICE "connect = ws+unix:/run/x\nhost = a.example:8\n",
	    "" },
	{ LISTEN SERVICE "connect = http://x/\n", "headgate.ini:6: "
	    "[service s] connect: \"http://x/\" begins with none of ws://, "
	    "wss://, ws+unix:/, tcp://, tls://, unix:/, trunk:\n" },
	{ LISTEN SERVICE "connect = tcp://h\n", "headgate.ini:6: [service s] "
	    "connect: \"tcp://h\": the port is missing\n" },
	{ LISTEN SERVICE "connect = tcp://h:1/x\n", "headgate.ini:6: "
	    "[service s] connect: \"tcp://h:1/x\": nothing can stand behind "
	    "the port\n" },
	{ LISTEN SERVICE "connect = ws://u:p@h/\n", "headgate.ini:6: "
	    "[service s] connect: \"ws://u:p@h/\": no user can stand in it\n" },
	{ LISTEN SERVICE "connect = ws://h?x\n", "headgate.ini:6: "
	    "[service s] connect: \"ws://h?x\": the path must begin with "
	    "/\n" },
	{ LISTEN SERVICE "connect = ws://h/#x\n", "headgate.ini:6: "
	    "[service s] connect: \"ws://h/#x\": the path has a character "
	    "that no request can have\n" },
	{ LISTEN SERVICE "connect = ws://*:80\n", "headgate.ini:6: "
	    "[service s] connect: \"ws://*:80\": it names no host\n" },
	{ LISTEN SERVICE "connect = tcp://h:0\n", "headgate.ini:6: "
	    "[service s] connect: \"tcp://h:0\": port 0 cannot be connected "
	    "to\n" },
	{ LISTEN SERVICE "connect = unix:x\n", "headgate.ini:6: [service s] "
	    "connect: \"unix:x\": the path must begin with /\n" },
	{ LISTEN SERVICE "connect = trunk:\n", "headgate.ini:6: [service s] "
	    "connect: \"trunk:\": the name of the trunk is missing\n" },
	{ LISTEN SERVICE "connect = tcp://h:1\nhost = x\n",
	    "headgate.ini:7: [service s] host: only ws://, wss:// and "
	    "ws+unix: have it\n" },
	{ LISTEN SERVICE "connect = ws://h\nhost = a b\n", "headgate.ini:7: "
	    "[service s] host: \"a b\" is not HOST or HOST:PORT\n" },
	{ LISTEN SERVICE "connect = ws://h\nca = /x\n", "headgate.ini:6: "
	    "[service s] connect: it has files for TLS, but the URL asks for "
	    "none\n" },
	{ LISTEN SERVICE "connect = wss://h\nca = /no/x\n",
	    "headgate.ini:6: [service s] connect: /no/x: No such file or "
	    "directory\n" },
	{ LISTEN SERVICE "connect = wss://h\nconnect-certificate = /x\n",
	    "headgate.ini:6: [service s] connect: a certificate and its key "
	    "go together\n" },
	{ LISTEN SERVICE "connect = trunk:tt\n" TRUNK, "headgate.ini:6: "
	    "[service s] connect: there is no [trunk tt] section\n" },
	{ LISTEN SERVICE "connect = trunk:t\n" TRUNK, "" },
	{ LISTEN SERVICE "connect = ws://h\nconnect-handshake = inner\n",
	    "" },
	{ LISTEN SERVICE "connect = tcp://h:1\nconnect-handshake = legacy\n",
	    "headgate.ini:7: [service s] connect-handshake: only ws://, "
	    "wss:// and ws+unix: have it\n" },
	{ FINE "connect-handshake = inner\n", "headgate.ini:8: [service s] "
	    "connect-handshake: it only means something with connect\n" },
	{ LISTEN SERVICE "connect = trunk:t\nauthorization-file = /no/x\n"
	    TRUNK, "headgate.ini:7: [service s] authorization-file: only "
	    "ws://, wss:// and ws+unix: have it\nheadgate.ini:7: [service s] "
	    "authorization-file: /no/x: No such file or directory\n" },
};

static void
test_connects(void)
{
	if (plugins_possible())
		check_rows(connect_rows, T_ROWS(connect_rows));
}

static const struct row trunk_rows[] = {
	{ TRUNK, "" },
	{ MUX "[trunk t]\n",
	    "headgate.ini:2: [trunk t] connect: it is missing\n" },
	{ MUX "[trunk t]\nconnect = tcp://h:1\n", "headgate.ini:3: [trunk t] "
	    "connect: a trunk is wss://, ws+unix:/ or ws://\n" },
	{ MUX "[trunk t]\nconnect = ws://h\n", "headgate.ini:3: [trunk t] "
	    "connect: a trunk without TLS needs insecure = yes\n" },
	{ MUX "[trunk t]\nconnect = ws://h\ninsecure = yes\n", "" },
	{ MUX "[trunk t]\nconnect = wss://h\n", "" },
	{ APP "[trunk t]\nconnect = ws+unix:/x\n", "headgate.ini:2: [trunk t] "
	    "extensions: no plugin that is switched on has the extension "
	    "\"x-kaazing-channels\"\n"
	    "headgate.ini:2: [trunk t] extensions: a trunk needs one that "
	    "carries channels: x-kaazing-channels\n" },
	{ TRUNK "channel-extensions = x-app\n" APP, "" },
	{ TRUNK "channel-extensions = x-wire\n[plugin wire]\n",
	    "headgate.ini:4: [trunk t] channel-extensions: \"x-wire\" is not "
	    "an extension of channels\n" },
	{ TRUNK "retry-min = 1m\n", "headgate.ini:2: [trunk t] retry-max: it "
	    "is less than retry-min\n" },
	{ TRUNK "connections = 0\n", "headgate.ini:4: [trunk t] connections: "
	    "0 is not within 1 and 64\n" },
	{ TRUNK "secret-file = /no/x\n", "headgate.ini:4: [trunk t] "
	    "secret-file: /no/x: No such file or directory\n" },
	{ LISTEN MUX SERVICE "trunk = yes\nextensions = x-kaazing-channels\n",
	    "headgate.ini:7: [service s] trunk: [listen web] knows no edges: "
	    "it needs edge-secret-file or edge-certificates\n"
	    "headgate.ini:7: [service s] trunk: [listen web] is neither TLS "
	    "nor a unix socket\n" },
	{ LISTEN MUX SERVICE "trunk = yes\nextensions = x-kaazing-channels\n"
	    "insecure = yes\n", "" },
	{ LISTEN MUX SERVICE "trunk = yes\ninsecure = yes\n",
	    "headgate.ini:4: [service s] extensions: a trunk needs one that "
	    "carries channels: x-kaazing-channels\n" },
	{ LISTEN MUX SERVICE "trunk = yes\nextensions = x-kaazing-channels\n"
	    "insecure = yes\nsecond-handshake = yes\n", "headgate.ini:10: "
	    "[service s] second-handshake: a trunk negotiates all at once\n" },
	{ LISTEN MUX SERVICE "trunk = yes\nextensions = x-kaazing-channels\n"
	    "insecure = yes\nconnect = tcp://h:1\n", "headgate.ini:7: "
	    "[service s] trunk: a trunk's own channel has neither plugins nor "
	    "connect\n" },
	{ LISTEN MUX SERVICE "trunk = yes\nextensions = x-kaazing-channels\n"
	    "insecure = yes\n[listen raw]\naddress = *:0\nprotocol = tcp\n"
	    "service = s\n", "headgate.ini:13: [listen raw] service: a trunk "
	    "cannot come by protocol = tcp\n" },
};

static void
test_trunks(void)
{
	if (plugins_possible())
		check_rows(trunk_rows, T_ROWS(trunk_rows));
}

/* Files with a secret: their form, and who may read them. */
static void
test_secrets(void)
{
	static const struct {
		const char	*file, *error;
	} files[] = {
		{ "secret", NULL },
		{ "short", "the secret is shorter than 32 characters" },
		{ "lines", "the secret is not one line of printable ASCII "
		    "without blanks" },
		{ "open", "everybody may read it (chmod o-r)" },
	};
	char text[PATH_MAX + 256], expected[512], errors[4096];
	struct settings *settings;
	size_t i;

	if (!plugins_possible())
		return;
	for (i = 0; i < T_ROWS(files); i++) {
		t_row("%s", files[i].file);
		snprintf(text, sizeof(text), TRUNK "secret-file = %s/%s\n",
		    root, files[i].file);
		settings = read_text(text, errors, sizeof(errors));
		T_EQ(settings != NULL, files[i].error == NULL);
		snprintf(expected, sizeof(expected), "headgate.ini:4: "
		    "[trunk t] secret-file: %s: %s\n", files[i].file,
		    files[i].error != NULL ? files[i].error : "");
		T_STR_EQ(errors, files[i].error != NULL ? expected : "");
		if (settings != NULL)
			T_STR_EQ(settings->trunks[0]->secret,
			    "0123456789abcdef0123456789abcdef");
		config_free(settings);
	}
	t_row("a listener that knows edges takes trunks");
	snprintf(text, sizeof(text), MUX "[listen web]\n"
	    "address = unix:/run/x.sock\nedge-secret-file = %s/secret\n"
	    SERVICE "trunk = yes\nextensions = x-kaazing-channels\n", root);
	settings = read_text(text, errors, sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	T_TRUE(settings->services[0]->require_edge);
	T_STR_EQ(settings->listens[0]->edge_secret,
	    "0123456789abcdef0123456789abcdef");
	config_free(settings);
}

/* Files with a credential for a server. */
static void
test_credentials(void)
{
	static const struct {
		const char	*file, *error;
	} files[] = {
		{ "basic", NULL },
		{ "digest", NULL },
		{ "secret", "the line is not SCHEME and CREDENTIALS" },
		{ "scheme", "the line is not SCHEME and CREDENTIALS" },
		{ "colon", "the line is not SCHEME and CREDENTIALS" },
		{ "twolines", "the line is not printable ASCII" },
		{ "long", "the line is longer than 4096 characters" },
		{ "open", "everybody may read it (chmod o-r)" },
	};
	char text[PATH_MAX + 256], expected[512], errors[4096], big[4200];
	struct settings *settings;
	size_t i;

	if (!plugins_possible())
		return;
	write_file("basic", "Basic YTpi\n", 0600);
	write_file("digest", "Digest a=\"b\", c=d", 0600);
	write_file("scheme", "Basic \n", 0600);
	write_file("colon", "Basic: x\n", 0600);
	write_file("twolines", "Basic YTpi\nX: y\n", 0600);
	snprintf(big, sizeof(big), "Bearer %04100d", 1);
	write_file("long", big, 0600);
	for (i = 0; i < T_ROWS(files); i++) {
		t_row("%s", files[i].file);
		snprintf(text, sizeof(text), LISTEN SERVICE
		    "connect = ws://127.0.0.1:9\nauthorization-file = %s/%s\n",
		    root, files[i].file);
		settings = read_text(text, errors, sizeof(errors));
		T_EQ(settings != NULL, files[i].error == NULL);
		snprintf(expected, sizeof(expected), "headgate.ini:7: "
		    "[service s] authorization-file: %s: %s\n", files[i].file,
		    files[i].error != NULL ? files[i].error : "");
		T_STR_EQ(errors, files[i].error != NULL ? expected : "");
		if (settings != NULL && i == 0)
			T_STR_EQ(settings->services[0]->target.authorization,
			    "Basic YTpi");
		config_free(settings);
	}
}

T_MAIN({ "plain", test_plain },
    { "listens", test_listens },
    { "services", test_services },
    { "connects", test_connects },
    { "trunks", test_trunks },
    { "secrets", test_secrets },
    { "credentials", test_credentials })
