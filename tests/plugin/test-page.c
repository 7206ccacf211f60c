/* SPDX-License-Identifier: Apache-2.0 */
/* The page plugin: which file a request gets, and how: W15, W16, W29. */
#include "fakehost.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char	root[] = "/tmp/headgate-page-XXXXXX";
static char	www[64], scripts[64];

/* --- a folder ------------------------------------------------------------- */

static void
put(const char *dir, const char *name, const void *data, size_t len)
{
	struct timespec old[2] = { { .tv_sec = 1000000000 },
	    { .tv_sec = 1000000000 } };
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((file = fopen(path, "w")) == NULL ||
	    fwrite(data, 1, len, file) != len || fclose(file) != 0 ||
	    utimensat(AT_FDCWD, path, old, 0) != 0)
		abort();
}

static void
put_text(const char *dir, const char *name, const char *text)
{
	put(dir, name, text, strlen(text));
}

static void
make(const char *dir)
{
	if (mkdir(dir, 0755) != 0)
		abort();
}

static void
make_all(void)
{
	char path[256];

	if (mkdtemp(root) == NULL)
		abort();
	snprintf(www, sizeof(www), "%s/www", root);
	snprintf(scripts, sizeof(scripts), "%s/js", root);
	make(www);
	make(scripts);
	put_text(root, "secret.txt", "secret");
	put_text(www, "index.html", "<p>hello");
	put_text(www, "a b.txt", "0123456789");
	put_text(www, "none", "");
	put_text(www, ".hidden", "hidden");
	snprintf(path, sizeof(path), "%s/sub", www);
	make(path);
	put_text(path, "index.htm", "sub");
	put_text(path, "x.foo", "foo");
	snprintf(path, sizeof(path), "%s/empty", www);
	make(path);
	snprintf(path, sizeof(path), "%s/.git", www);
	make(path);
	put_text(path, "config", "git");
	snprintf(path, sizeof(path), "%s/.well-known", www);
	make(path);
	put_text(path, "x", "known");
	snprintf(path, sizeof(path), "%s/pipe", www);
	if (mkfifo(path, 0644) != 0)
		abort();
	snprintf(path, sizeof(path), "%s/out", www);
	if (symlink("../secret.txt", path) != 0)
		abort();
	snprintf(path, sizeof(path), "%s/up", www);
	if (symlink("..", path) != 0)
		abort();
	snprintf(path, sizeof(path), "%s/passwd", www);
	if (symlink("/etc/passwd", path) != 0)
		abort();
	snprintf(path, sizeof(path), "%s/in", www);
	if (symlink("sub/x.foo", path) != 0)
		abort();
}

static void
remove_all(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	if (system(command) != 0)
		abort();
}

static void
start(void)
{
	char option[80], dir[80];

	fake_start();
	snprintf(option, sizeof(option), "root=%s", www);
	snprintf(dir, sizeof(dir), "script-dir=%s", scripts);
	fake_load("page", option, dir, "index=index.html", "index=index.htm",
	    "type=foo text/x-foo", "type=bar a/b;c=d", NULL);
}

/* --- asking --------------------------------------------------------------- */

static struct hg_exchange *
ask_at(const char *service, const char *method, const char *target,
    const char *fields)
{
	char text[8192];

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: h\r\n%s", method,
	    target, fields);
	return (fake_http("page", service, text, 0));
}

static struct hg_exchange *
ask(const char *target, const char *fields)
{
	return (ask_at("/*", "GET", target, fields));
}

static void
test_paths(void)
{
	static const struct {
		const char	*target;
		int		 status;
		const char	*text;
	} rows[] = {
		{ "/", 200, "<p>hello" },
		{ "/?x=/../", 200, "<p>hello" },
		{ "/index.html", 200, "<p>hello" },
		{ "/index.html?a=b", 200, "<p>hello" },
		{ "/%69ndex.htm%6c", 200, "<p>hello" },
		{ "/a%20b.txt", 200, "0123456789" },
		{ "/none", 200, "" },
		{ "/sub/", 200, "sub" },
		{ "/sub/x.foo", 200, "foo" },
		{ "/in", 200, "foo" },
		{ "/.well-known/x", 200, "known" },
		{ "/sub", 301, NULL },
		{ "/up", 404, NULL },
		{ "/nothing", 404, NULL },
		{ "/empty/", 404, NULL },
		{ "/index.html/", 404, NULL },
		{ "/index.html/x", 404, NULL },
		{ "/out", 404, NULL },
		{ "/passwd", 404, NULL },
		{ "/up/secret.txt", 404, NULL },
		{ "/pipe", 404, NULL },
		{ "/.hidden", 404, NULL },
		{ "/%2ehidden", 404, NULL },
		{ "/.git/config", 404, NULL },
		{ "/sub/../index.html", 404, NULL },
		{ "/sub/%2e%2e/index.html", 404, NULL },
		{ "/sub/.%2e/index.html", 404, NULL },
		{ "/../secret.txt", 404, NULL },
		{ "/%2e%2e/secret.txt", 404, NULL },
		{ "/..%2fsecret.txt", 404, NULL },
		{ "/..%5csecret.txt", 404, NULL },
		{ "/..\\secret.txt", 404, NULL },
		{ "/%252e%252e/secret.txt", 404, NULL },
		{ "/sub/./x.foo", 404, NULL },
		{ "/sub//x.foo", 404, NULL },
		{ "//sub/x.foo", 404, NULL },
		{ "//", 404, NULL },
		{ "//evil.example/%2e%2e", 404, NULL },
		{ "/sub%2fx.foo", 404, NULL },
		{ "/sub%2Fx.foo", 404, NULL },
		{ "/index.html%00", 404, NULL },
		{ "/index.html%00.png", 404, NULL },
		{ "/index%0a.html", 404, NULL },
		{ "/index%7f.html", 404, NULL },
		{ "/%", 400, NULL },
		{ "/%4", 400, NULL },
		{ "/%4g", 400, NULL },
		{ "/%g4", 400, NULL },
	};
	struct hg_exchange *ex;
	size_t i;

	start();
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu: %s", i, rows[i].target);
		ex = ask(rows[i].target, "");
		T_EQ(fake_http_status(ex), rows[i].status);
		T_TRUE(fake_http_is_ended(ex));
		if (rows[i].text != NULL)
			T_STR_EQ(fake_http_text(ex, NULL), rows[i].text);
	}
	t_row(NULL);
	fake_finish();
}

/* Names that are as long as a request can have them. */
static void
test_long(void)
{
	char target[7000];

	start();
	memset(target, 'a', sizeof(target) - 1);
	target[0] = '/';
	target[sizeof(target) - 1] = '\0';
	T_EQ(fake_http_status(ask(target, "")), 404);
	target[4000] = '\0';
	T_EQ(fake_http_status(ask(target, "")), 404);
	target[256] = '\0';
	T_EQ(fake_http_status(ask(target, "")), 404);
	target[257 - 1] = '\0';
	T_EQ(fake_http_status(ask(target, "")), 404);
	fake_finish();
}

/* What is behind the service's path is looked for. */
static void
test_service(void)
{
	struct hg_exchange *ex;

	start();
	ex = ask_at("/app/*", "GET", "/app/sub/x.foo", "");
	T_STR_EQ(fake_http_text(ex, NULL), "foo");
	ex = ask_at("/app/*", "GET", "/app/", "");
	T_STR_EQ(fake_http_text(ex, NULL), "<p>hello");
	ex = ask_at("/app/*", "GET", "/app/sub?x", "");
	T_STR_EQ(fake_http_field(ex, "Location"), "/app/sub/?x");
	ex = ask_at("/index.html", "GET", "/index.html", "");
	T_STR_EQ(fake_http_text(ex, NULL), "<p>hello");
	ex = ask_at("/", "GET", "/", "");
	T_STR_EQ(fake_http_text(ex, NULL), "<p>hello");
	fake_finish();
}

static void
test_fields(void)
{
	static const struct {
		const char	*target, *type;
	} rows[] = {
		{ "/index.html", "text/html; charset=utf-8" },
		{ "/a%20b.txt", "text/plain; charset=utf-8" },
		{ "/none", "application/octet-stream" },
		{ "/sub/x.foo", "text/x-foo; charset=utf-8" },
		{ "/in", "application/octet-stream" },
	};
	struct hg_exchange *ex;
	size_t i;

	start();
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		ex = ask(rows[i].target, "");
		T_STR_EQ(fake_http_field(ex, "Content-Type"), rows[i].type);
	}
	t_row(NULL);
	ex = ask_at("/*", "HEAD", "/a%20b.txt", "");
	T_STR_EQ(fake_http_field(ex, "Content-Length"), "10");
	T_STR_EQ(fake_http_field(ex, "Accept-Ranges"), "bytes");
	T_STR_EQ(fake_http_field(ex, "Last-Modified"),
	    "Sun, 09 Sep 2001 01:46:40 GMT");
	T_STR_EQ(fake_http_field(ex, "ETag"), "\"a-3b9aca00.0\"");
	T_NULL(fake_http_field(ex, "Cache-Control"));
	T_STR_EQ(fake_http_text(ex, NULL), "");
	ex = ask_at("/*", "POST", "/", "");
	T_EQ(fake_http_status(ex), 405);
	T_STR_EQ(fake_http_field(ex, "Allow"), "GET, HEAD");
	T_EQ(fake_http_status(ask_at("/*", "HEAD", "/nothing", "")), 404);
	T_EQ(fake_http_status(ask_at("/*", "DELETE", "/nothing", "")), 405);
	T_EQ(fake_http_status(ask_at("/*", "TRACE", "/", "")), 405);
	fake_finish();
}

static void
test_options(void)
{
	struct hg_exchange *ex;
	char option[80];

	fake_start();
	snprintf(option, sizeof(option), "root=%s", www);
	fake_load("page", option, "cache-control=max-age=60, public",
	    "dotfiles=yes", "script=off", "index=none", NULL);
	ex = ask("/", "");
	T_EQ(fake_http_status(ex), 200);
	T_STR_EQ(fake_http_field(ex, "Cache-Control"), "max-age=60, public");
	T_STR_EQ(fake_http_text(ask("/.hidden", ""), NULL), "hidden");
	T_EQ(fake_http_status(ask("/.git/config", "")), 200);
	T_EQ(fake_http_status(ask("/sub/../none", "")), 404);
	T_EQ(fake_http_status(ask("/sub/./x.foo", "")), 404);
	T_EQ(fake_http_status(ask("/.headgate/headgate.js", "")), 404);
	fake_finish();
	fake_start();
	fake_load("page", NULL);
	T_EQ(fake_http_status(ask("/", "")), 404);
	T_EQ(fake_http_status(ask_at("/*", "POST", "/", "")), 404);
	fake_finish();
	fake_start();
	T_NULL(fake_try_load("page", "root=relative", NULL));
	T_NULL(fake_try_load("page", "index=a/b", NULL));
	T_NULL(fake_try_load("page", "type=foo", NULL));
	T_NULL(fake_try_load("page", "type=.foo a/b", NULL));
	T_NULL(fake_try_load("page", "script=x.js", NULL));
	T_NULL(fake_try_load("page", "cache-control=\x01", NULL));
	fake_load("page", "root=/nonexistent", NULL);
	T_EQ(fake_http_status(ask("/", "")), 500);
	fake_finish();
}

#define TAG	"\"a-3b9aca00.0\""
#define DATE	"Sun, 09 Sep 2001 01:46:40 GMT"

static void
test_conditions(void)
{
	static const struct {
		const char	*fields;
		int		 status;
	} rows[] = {
		{ "If-None-Match: " TAG "\r\n", 304 },
		{ "If-None-Match: W/" TAG "\r\n", 304 },
		{ "If-None-Match: \"x\", " TAG "\r\n", 304 },
		{ "If-None-Match: \"x\"\r\nIf-None-Match: " TAG "\r\n", 304 },
		{ "If-None-Match: \"x,\", W/\"y\" ,, " TAG "\r\n", 304 },
		{ "If-None-Match: *\r\n", 304 },
		{ "If-None-Match: \"x\"\r\n", 200 },
		{ "If-None-Match: a-3b9aca00.0\r\n", 200 },
		{ "If-None-Match: \"a-3b9aca00.0\r\n", 200 },
		{ "If-None-Match:\r\n", 200 },
		{ "If-None-Match: \"x\"\r\nIf-Modified-Since: " DATE "\r\n",
		  200 },
		{ "If-Modified-Since: " DATE "\r\n", 304 },
		{ "If-Modified-Since: Sun, 09 Sep 2001 01:46:41 GMT\r\n",
		  304 },
		{ "If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\n",
		  200 },
		{ "If-Modified-Since: Sunday, 09-Sep-01 01:46:40 GMT\r\n",
		  304 },
		{ "If-Modified-Since: Sun Sep  9 01:46:40 2001\r\n", 304 },
		{ "If-Modified-Since: yesterday\r\n", 200 },
		{ "If-Modified-Since: Sun, 99 Sep 2001 01:46:40 GMT\r\n",
		  200 },
		{ "If-Modified-Since: Sun, 09 Foo 2001 01:46:40 GMT\r\n",
		  200 },
		{ "If-Match: " TAG "\r\n", 200 },
		{ "If-Match: \"x\", " TAG "\r\n", 200 },
		{ "If-Match: *\r\n", 200 },
		{ "If-Match: W/" TAG "\r\n", 412 },
		{ "If-Match: \"x\"\r\n", 412 },
		{ "If-Match: \"x\"\r\nIf-None-Match: " TAG "\r\n", 412 },
		{ "If-Unmodified-Since: " DATE "\r\n", 200 },
		{ "If-Unmodified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\n",
		  412 },
		{ "If-Unmodified-Since: nonsense\r\n", 200 },
	};
	struct hg_exchange *ex;
	size_t i;

	start();
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu: %s", i, rows[i].fields);
		ex = ask("/a%20b.txt", rows[i].fields);
		T_EQ(fake_http_status(ex), rows[i].status);
		T_STR_EQ(fake_http_field(ex, "ETag"), TAG);
		if (rows[i].status == 304)
			T_STR_EQ(fake_http_text(ex, NULL), "");
	}
	t_row(NULL);
	T_EQ(fake_counter("page", "unchanged"), 10);
	fake_finish();
}

static void
test_ranges(void)
{
	static const struct {
		const char	*fields;
		int		 status;
		const char	*text, *range;
	} rows[] = {
		{ "Range: bytes=0-3\r\n", 206, "0123", "bytes 0-3/10" },
		{ "Range: bytes=9-9\r\n", 206, "9", "bytes 9-9/10" },
		{ "Range: bytes=5-\r\n", 206, "56789", "bytes 5-9/10" },
		{ "Range: bytes=5-100\r\n", 206, "56789", "bytes 5-9/10" },
		{ "Range: bytes=-3\r\n", 206, "789", "bytes 7-9/10" },
		{ "Range: bytes=-100\r\n", 206, "0123456789",
		  "bytes 0-9/10" },
		{ "Range: BYTES=0-0\r\n", 206, "0", "bytes 0-0/10" },
		{ "Range: bytes=10-\r\n", 416, NULL, "bytes */10" },
		{ "Range: bytes=10-11\r\n", 416, NULL, "bytes */10" },
		{ "Range: bytes=-0\r\n", 416, NULL, "bytes */10" },
		{ "Range: bytes=3-1\r\n", 200, NULL, NULL },
		{ "Range: bytes=0-1,3-4\r\n", 200, NULL, NULL },
		{ "Range: bytes=0-1\r\nRange: bytes=2-3\r\n", 200, NULL,
		  NULL },
		{ "Range: bytes=\r\n", 200, NULL, NULL },
		{ "Range: bytes=-\r\n", 200, NULL, NULL },
		{ "Range: bytes=a-\r\n", 200, NULL, NULL },
		{ "Range: bytes=0-1x\r\n", 200, NULL, NULL },
		{ "Range: bytes 0-1\r\n", 200, NULL, NULL },
		{ "Range: lines=0-1\r\n", 200, NULL, NULL },
		{ "Range: bytes=99999999999999999999-\r\n", 200, NULL, NULL },
		{ "Range: bytes=+1-2\r\n", 200, NULL, NULL },
		{ "Range: bytes=0-1\r\nIf-Range: " TAG "\r\n", 206, "01",
		  "bytes 0-1/10" },
		{ "Range: bytes=0-1\r\nIf-Range: " DATE "\r\n", 206, "01",
		  "bytes 0-1/10" },
		{ "Range: bytes=0-1\r\nIf-Range: W/" TAG "\r\n", 200, NULL,
		  NULL },
		{ "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n", 200, NULL, NULL },
		{ "Range: bytes=0-1\r\n"
		  "If-Range: Sun, 09 Sep 2001 01:46:41 GMT\r\n", 200, NULL,
		  NULL },
		{ "Range: bytes=0-1\r\nIf-None-Match: " TAG "\r\n", 304, "",
		  NULL },
	};
	struct hg_exchange *ex;
	size_t i;

	start();
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu: %s", i, rows[i].fields);
		ex = ask("/a%20b.txt", rows[i].fields);
		T_EQ(fake_http_status(ex), rows[i].status);
		if (rows[i].range == NULL)
			T_NULL(fake_http_field(ex, "Content-Range"));
		else
			T_STR_EQ(fake_http_field(ex, "Content-Range"),
			    rows[i].range);
		if (rows[i].status == 200)
			T_STR_EQ(fake_http_text(ex, NULL), "0123456789");
		else if (rows[i].text != NULL)
			T_STR_EQ(fake_http_text(ex, NULL), rows[i].text);
	}
	t_row(NULL);
	ex = ask("/none", "Range: bytes=0-\r\n");
	T_EQ(fake_http_status(ex), 416);
	ex = ask_at("/*", "HEAD", "/a%20b.txt", "Range: bytes=0-1\r\n");
	T_EQ(fake_http_status(ex), 200);
	fake_finish();
}

/* --- long files ----------------------------------------------------------- */

static void
test_stream(void)
{
	static char data[200000];
	struct hg_exchange *ex, *other;
	const char *text;
	size_t i, len, before, rounds;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 251);
	put(www, "long.bin", data, sizeof(data));
	start();
	ex = ask("/long.bin", "");
	text = fake_http_text(ex, &len);
	T_EQ(len, sizeof(data));
	T_MEM_EQ(text, len, data, sizeof(data));
	other = ask("/long.bin", "Range: bytes=70000-199998\r\n");
	text = fake_http_text(other, &len);
	T_MEM_EQ(text, len, data + 70000, 129999);
	fake_http_set_full(NULL, true);
	ex = ask("/long.bin", "");
	for (rounds = 0; !fake_http_is_ended(ex); rounds++) {
		fake_http_text(ex, &before);
		T_REQUIRE(before < sizeof(data) && rounds < 100);
		fake_http_set_full(ex, false);
		if (!fake_http_is_ended(ex))
			fake_http_set_full(ex, true);
	}
	T_EQ(rounds, 1);
	text = fake_http_text(ex, &len);
	T_MEM_EQ(text, len, data, sizeof(data));
	ex = ask("/long.bin", "");
	fake_http_text(ex, &len);
	T_EQ(len, 32768);
	fake_http_vanish(ex);
	fake_finish();
}

/* What was promised and is not there any more is not made up. */
static void
test_shorter(void)
{
	struct hg_exchange *ex;
	char path[256];

	start();
	snprintf(path, sizeof(path), "%s/long.bin", www);
	fake_http_set_full(NULL, true);
	ex = ask("/long.bin", "");
	T_EQ(fake_http_status(ex), 200);
	if (truncate(path, 40000) != 0)
		abort();
	fake_http_set_full(ex, false);
	T_TRUE(fake_http_is_aborted(ex));
	fake_finish();
}

static void
test_changes(void)
{
	struct hg_exchange *ex;
	const char *tag;
	char path[256];

	start();
	put_text(www, "young", "1");
	snprintf(path, sizeof(path), "%s/young", www);
	if (utimensat(AT_FDCWD, path, NULL, 0) != 0)
		abort();
	ex = ask("/young", "");
	tag = fake_http_field(ex, "ETag");
	T_REQUIRE(tag != NULL);
	T_TRUE(strncmp(tag, "W/\"", 3) == 0);
	fake_finish();
}

/* --- the library ---------------------------------------------------------- */

#define SCRIPT	"/.headgate/headgate.js"

static void
test_script(void)
{
	struct hg_exchange *ex;
	char field[128], first[96];

	start();
	T_EQ(fake_http_status(ask(SCRIPT, "")), 404);
	put_text(scripts, "headgate.js", "library();");
	put_text(scripts, "one.js", "one();");
	ex = ask(SCRIPT "?v=1", "");
	T_EQ(fake_http_status(ex), 200);
	T_STR_EQ(fake_http_text(ex, NULL), "library();\n");
	T_STR_EQ(fake_http_field(ex, "Content-Type"),
	    "text/javascript; charset=utf-8");
	T_STR_EQ(fake_http_field(ex, "Cache-Control"), "no-cache");
	snprintf(first, sizeof(first), "%s", fake_http_field(ex, "ETag"));
	T_EQ(strlen(first), 66);
	snprintf(field, sizeof(field), "If-None-Match: %s\r\n", first);
	T_EQ(fake_http_status(ask(SCRIPT, field)), 304);
	T_EQ(fake_http_status(ask_at("/*", "POST", SCRIPT, "")), 405);
	ex = ask_at("/*", "HEAD", SCRIPT, "");
	T_STR_EQ(fake_http_field(ex, "Content-Length"), "11");
	fake_http_set_browser(0, "one.js");
	fake_http_set_browser(1, "missing.js");
	ex = ask(SCRIPT, field);
	T_STR_EQ(fake_http_text(ex, NULL), "library();\none();\n");
	T_TRUE(strcmp(fake_http_field(ex, "ETag"), first) != 0);
	put_text(scripts, "one.js", "changed();");
	ex = ask(SCRIPT, field);
	T_STR_EQ(fake_http_text(ex, NULL), "library();\nchanged();\n");
	T_EQ(fake_http_status(ask(SCRIPT "x", "")), 404);
	T_EQ(fake_http_status(ask(SCRIPT "/", "")), 404);
	fake_finish();
}

static void
test_all_gone(void)
{
	remove_all();
}

static void
test_made(void)
{
	make_all();
}

T_MAIN(
	{ "a folder", test_made },
	{ "paths", test_paths },
	{ "long paths", test_long },
	{ "the service's path", test_service },
	{ "fields and methods", test_fields },
	{ "options", test_options },
	{ "conditions", test_conditions },
	{ "ranges", test_ranges },
	{ "long files", test_stream },
	{ "a file that becomes shorter", test_shorter },
	{ "files that have just changed", test_changes },
	{ "the library", test_script },
	{ "no folder", test_all_gone }
)
