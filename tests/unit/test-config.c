/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations as files, and what becomes of them (threats W21). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "configs.h"
#include "harness.h"

static void
test_files(void)
{
	struct settings *settings;
	char errors[4096];

	t_row("missing");
	prepare();
	remove(source()->path);
	T_NULL(read_files(errors, sizeof(errors)));
	T_STR_EQ(errors, "headgate.ini: No such file or directory\n");
	t_row("a folder");
	T_REQUIRE(mkdir(source()->path, 0755) == 0);
	T_NULL(read_files(errors, sizeof(errors)));
	T_STR_EQ(errors, "headgate.ini: it is not a regular file\n");
	T_REQUIRE(rmdir(source()->path) == 0);
	t_row("a fifo that nobody writes to");
	T_REQUIRE(mkfifo(source()->path, 0644) == 0);
	T_NULL(read_files(errors, sizeof(errors)));
	T_STR_EQ(errors, "headgate.ini: it is not a regular file\n");
	T_REQUIRE(remove(source()->path) == 0);
	t_row("unreadable");
	write_file("headgate.ini", "[headgate]\n", 0000);
	settings = read_files(errors, sizeof(errors));
	if (geteuid() != 0) {
		T_NULL(settings);
		T_STR_EQ(errors, "headgate.ini: Permission denied\n");
	}
	config_free(settings);
	remove_file("headgate.ini");
	t_row("empty");
	settings = read_text("", errors, sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	T_EQ(settings->listen_count, 0);
	T_EQ(settings->service_count, 0);
	config_free(settings);
}

/* A binary file has a mistake in each line; not all are shown. */
static void
test_flood(void)
{
	static char text[4000], errors[64 << 10];
	const char *at;
	size_t i, lines;

	for (i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "x\n", 2);
	text[i - 1] = '\0';
	text[i - 2] = '\n';
	T_NULL(read_text(text, errors, sizeof(errors)));
	lines = 0;
	for (at = errors; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	T_EQ(lines, 201);
	T_TRUE(strstr(errors, "\nand 1") != NULL);
}

/* Whoever can write to the files is whoever runs the daemon. */
static void
test_modes(void)
{
	struct config_source from;
	char errors[4096];
	FILE *out;

	prepare();
	from = *source();
	from.plugin_dir_trusted = false;
	write_file("headgate.ini", "[headgate]\n", 0666);
	write_file("conf.d/10.ini", "[headgate]\n", 0664);
	memset(errors, 0, sizeof(errors));
	out = fmemopen(errors, sizeof(errors), "w");
	T_REQUIRE(out != NULL);
	T_NULL(config_read(&from, out));
	fclose(out);
	strip_root(errors);
	T_STR_EQ(errors, "headgate.ini: everybody may write to it\n"
	    "conf.d/10.ini: its group may write to it\n");
	remove_file("conf.d/10.ini");
}

/* By name, after the main file; what is no NAME.ini is passed over. */
static void
test_fragments(void)
{
	static const char *const ignored[] = { "conf.d/.hidden.ini",
		"conf.d/x.ini~", "conf.d/x.ini.dpkg-old",
		"conf.d/x.ini.rpmsave", "conf.d/x.dpkg-new.ini",
		"conf.d/#x.ini", "conf.d/x.conf", "conf.d/.ini" };
	struct settings *settings;
	char errors[4096];
	size_t i;

	prepare();
	for (i = 0; i < T_ROWS(ignored); i++)
		write_file(ignored[i], "nonsense\n", 0644);
	write_file("conf.d/20.ini", "[headgate]\nworkers = 20\n"
	    "stop-timeout = 20s\n", 0644);
	write_file("conf.d/10.ini", "[headgate]\nworkers = 10\n"
	    "log-level = debug\n", 0644);
	settings = read_text("[headgate]\nworkers = 1\nlog-level = warn\n"
	    "log = syslog\n", errors, sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	T_EQ(settings->workers, 20);
	T_EQ(settings->stop_timeout, 20000);
	T_EQ(settings->log_level, HG_LOG_DEBUG);
	T_TRUE(settings->log_syslog);
	config_free(settings);
	/* Also a mistake in a value that another file overrides. */
	write_file("conf.d/10.ini", "[headgate]\nworkers = many\nmore\n",
	    0644);
	T_NULL(read_text("[headgate]\nlog = x\n", errors, sizeof(errors)));
	T_STR_EQ(errors, "headgate.ini:2: [headgate] log: \"x\" is none of "
	    "stderr, syslog\n"
	    "conf.d/10.ini:2: [headgate] workers: \"many\" is not a whole "
	    "number\n"
	    "conf.d/10.ini:3: neither a [section] nor \"key = value\"\n");
	for (i = 0; i < T_ROWS(ignored); i++)
		remove_file(ignored[i]);
	remove_file("conf.d/10.ini");
	remove_file("conf.d/20.ini");
}

static void
test_defaults(void)
{
	struct settings *settings;
	struct service *service;
	char errors[4096];

	if (!plugins_possible())
		return;
	settings = read_text(FINE TRUNK, errors, sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	T_EQ(settings->workers, 0);
	T_STR_EQ(settings->control, RUNDIR "/control.sock");
	T_EQ(settings->log_level, HG_LOG_INFO);
	T_FALSE(settings->log_syslog);
	T_EQ(settings->stop_timeout, 5000);
	T_EQ(settings->drain_time, 20000);
	T_EQ(settings->listens[0]->protocol, LISTEN_WEBSOCKET);
	T_EQ(settings->listens[0]->handshake_timeout, 10000);
	T_EQ(settings->listens[0]->service_count, 1);
	service = settings->services[0];
	T_PTR_EQ(settings->listens[0]->services[0], service);
	T_EQ(service->origin, ORIGIN_SAME);
	T_EQ(service->target.kind, TARGET_NONE);
	T_EQ(service->plugin_count, 1);
	T_PTR_EQ(service->plugins[0], plugin_find("app"));
	T_EQ(service->limits.message_max, 16 << 20);
	T_EQ(service->limits.frame_max, 0);
	T_EQ(service->limits.fragments_max, 4096);
	T_EQ(service->limits.piece_max, 16 << 10);
	T_EQ(service->limits.queue_high, 64 << 10);
	T_EQ(service->limits.queue_max, 1 << 20);
	T_EQ(service->limits.connect_timeout, 10000);
	T_EQ(service->limits.close_timeout, 5000);
	T_EQ(service->limits.ping_interval, 20000);
	T_EQ(service->limits.ping_timeout, 20000);
	service = &settings->trunks[0]->service;
	T_STR_EQ(service->name, "trunk t");
	T_TRUE(service->is_trunk);
	T_EQ(service->limits.queue_high, 256 << 10);
	T_EQ(service->limits.queue_max, 16 << 20);
	T_EQ(service->limits.ping_interval, 1000);
	T_EQ(service->limits.ping_timeout, 2000);
	T_STR_EQ(service->extensions.item[0], "x-kaazing-channels");
	T_EQ(settings->trunks[0]->connections, 1);
	T_EQ(settings->trunks[0]->retry_min, 250);
	T_EQ(settings->trunks[0]->retry_max, 30000);
	T_STR_EQ(settings->trunks[0]->target.path, "/.headgate/trunk");
	T_TRUE(settings->trunks[0]->target.address.is_unix);
	config_free(settings);
}

/* What takes trunks is watched as closely as what makes them. */
static void
test_trunk_service_defaults(void)
{
	struct settings *settings;
	const struct limits *limits;
	char errors[4096];

	if (!plugins_possible())
		return;
	settings = read_text(LISTEN MUX SERVICE "trunk = yes\n"
	    "insecure = yes\nextensions = x-kaazing-channels\n"
	    "ping-timeout = 9s\n", errors, sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	limits = &settings->services[0]->limits;
	T_EQ(limits->queue_high, 256 << 10);
	T_EQ(limits->queue_max, 16 << 20);
	T_EQ(limits->ping_interval, 1000);
	T_EQ(limits->ping_timeout, 9000);
	config_free(settings);
}

static void
test_targets(void)
{
	static const struct {
		const char	*url, *host, *port, *field, *path;
		enum target_kind kind;
	} urls[] = {
		{ "ws://h.example", "h.example", "80", "h.example", NULL,
		    TARGET_WEBSOCKET },
		{ "ws://h.example:81/", "h.example", "81", "h.example:81",
		    "/", TARGET_WEBSOCKET },
		{ "ws://[::1]:82/a?b", "::1", "82", "[::1]:82", "/a?b",
		    TARGET_WEBSOCKET },
		{ "wss://h.example/x", "h.example", "443", "h.example", "/x",
		    TARGET_WEBSOCKET },
		{ "tcp://127.0.0.1:5", "127.0.0.1", "5", NULL, NULL,
		    TARGET_STREAM },
		{ "tls://h.example:6", "h.example", "6", NULL, NULL,
		    TARGET_STREAM },
	};
	struct settings *settings;
	struct target *target;
	char text[256], errors[4096];
	size_t i;

	for (i = 0; i < T_ROWS(urls); i++) {
		t_row("%s", urls[i].url);
		snprintf(text, sizeof(text), LISTEN SERVICE "connect = %s\n",
		    urls[i].url);
		settings = read_text(text, errors, sizeof(errors));
		T_STR_EQ(errors, "");
		T_REQUIRE(settings != NULL);
		target = &settings->services[0]->target;
		T_EQ(target->kind, urls[i].kind);
		T_STR_EQ(target->text, urls[i].url);
		T_STR_EQ(target->address.host, urls[i].host);
		T_STR_EQ(target->address.port, urls[i].port);
		T_STR_EQ(target->host, urls[i].field);
		T_STR_EQ(target->path, urls[i].path);
		T_EQ(target->tls != NULL, urls[i].url[2] == 's' ||
		    urls[i].url[1] == 'l');
		config_free(settings);
	}
}

/* Scalars: the last wins; lists: all, from an empty value on. */
static void
test_merging(void)
{
	struct settings *settings;
	const struct service *service;
	char errors[4096];

	settings = read_text(LISTEN SERVICE "connect = tcp://h:1\n"
	    "subprotocols = a, b\nsubprotocols = c\n[service s]\n"
	    "connect = tcp://h:2\nsubprotocols = d\n", errors,
	    sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	T_EQ(settings->service_count, 1);
	service = settings->services[0];
	T_STR_EQ(service->target.address.port, "2");
	T_EQ(service->subprotocols.count, 4);
	T_STR_EQ(service->subprotocols.item[3], "d");
	config_free(settings);
	settings = read_text(LISTEN SERVICE "connect = tcp://h:1\n"
	    "subprotocols = a\nsubprotocols =\nsubprotocols = z\n"
	    "origin = https://x\n", errors, sizeof(errors));
	T_REQUIRE(settings != NULL);
	service = settings->services[0];
	T_EQ(service->subprotocols.count, 1);
	T_STR_EQ(service->subprotocols.item[0], "z");
	/* A list's default is no item of it. */
	T_EQ(service->origin, ORIGIN_LIST);
	T_EQ(service->origins.count, 1);
	config_free(settings);
}

/* What --dump-config prints is a configuration that means the same. */
static void
test_dump(void)
{
	char first[8192], second[8192], errors[256];
	FILE *out;
	int i;

	if (!plugins_possible())
		return;
	write_file("conf.d/10.ini", "[service s]\nqueue-high = 65536\n"
	    "share = a b\n", 0644);
	write_file("headgate.ini", "[headgate]\ncontrol = off\n" FINE
	    "origin =\n[plugin app]\ndepth = 1\ndepth = 2\n", 0644);
	for (i = 0; i < 2; i++) {
		memset(i == 0 ? first : second, 0, sizeof(first));
		out = fmemopen(i == 0 ? first : second, sizeof(first), "w");
		T_REQUIRE(out != NULL);
		T_EQ(config_dump(source(), out, stderr), 0);
		fclose(out);
		if (i == 1)
			break;
		T_TRUE(strstr(first, "\ncontrol = off ; ") != NULL);
		T_TRUE(strstr(first, "\nworkers = 0 ; default\n") != NULL);
		T_TRUE(strstr(first, "\ndepth = 2 ; ") != NULL);
		T_NULL(strstr(first, "\ndepth = 1 ; "));
		T_TRUE(strstr(first, "\nqueue-high = 64k ; ") != NULL);
		T_TRUE(strstr(first, "/conf.d/10.ini:2\n") != NULL);
		T_TRUE(strstr(first, "\nshare = a b ; ") != NULL);
		T_TRUE(strstr(first, "\norigin = ; ") != NULL);
		remove_file("conf.d/10.ini");
		write_file("headgate.ini", first, 0644);
	}
	/* Only the places differ. */
	T_TRUE(strlen(second) >= strlen("[headgate]\n"));
	T_TRUE(strstr(second, "\nshare = a b ; ") != NULL);
	T_TRUE(strstr(second, "\norigin = ; ") != NULL);
	T_TRUE(strstr(second, "\nqueue-max = 1m ; ") != NULL);
	T_TRUE(strstr(second, "\ncontrol = off ; ") != NULL);
	t_row("with mistakes");
	write_file("headgate.ini", "[headgate]\nworkers = x\n", 0644);
	memset(errors, 0, sizeof(errors));
	memset(first, 0, sizeof(first));
	out = fmemopen(errors, sizeof(errors), "w");
	T_REQUIRE(out != NULL);
	T_EQ(config_dump(source(), stdout, out), -1);
	fclose(out);
	strip_root(errors);
	T_STR_EQ(errors, "headgate.ini:2: [headgate] workers: \"x\" is not a "
	    "whole number\n");
}

T_MAIN({ "files", test_files },
    { "flood", test_flood },
    { "modes", test_modes },
    { "fragments", test_fragments },
    { "defaults", test_defaults },
    { "defaults of a trunk service", test_trunk_service_defaults },
    { "targets", test_targets },
    { "merging", test_merging },
    { "dump", test_dump })
