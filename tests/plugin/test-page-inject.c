/* SPDX-License-Identifier: Apache-2.0 */
/* Where the script goes in a page: W29. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../plugins/page/inject.h"

#define SCRIPT	"/.headgate/headgate.js"

/* "@" marks the place; without one, the verdict is another. */
static const struct {
	const char		*page;
	enum inject_verdict	 verdict;
} rows[] = {
	{ "<!doctype html><html><head>@<title>x</title></head>", 0 },
	{ "<!DOCTYPE HTML><HTML><HEAD>@<TITLE>x</TITLE></HEAD>", 0 },
	{ "<head>@</head>", 0 },
	{ "<head>@", 0 },
	{ "<head/>@x", 0 },
	{ "<head\n>@x", 0 },
	{ "<head id=x>@", 0 },
	{ "<head id=\"a>b\" x='c>d' y=e>@f>", 0 },
	{ "<head a=\"'>\" b='\">'>@", 0 },
	{ "<head a = \"b>\">@", 0 },
	{ "<head a=\n'b>'>@", 0 },
	{ "<head a=b\">@", 0 },
	{ "<head \"a>@\">", 0 },
	{ "<head =\"a>@\">", 0 },
	{ "<head a=>@", 0 },
	{ "<head a= >@", 0 },
	{ "<head a/b=\"c>\"/>@", 0 },
	{ "\xef\xbb\xbf<!doctype html><head>@", 0 },
	{ "\xef\xbb\xbf@x", 0 },
	{ " \n\t\f\r<head>@", 0 },
	/* Comments. */
	{ "<!-- <head> --><head>@", 0 },
	{ "<!-- > --><head>@", 0 },
	{ "<!-- -- > --><head>@", 0 },
	{ "<!-- --!><head>@", 0 },
	{ "<!-- --!> --><head>", 0 },
	{ "<!--><head>@-->", 0 },
	{ "<!---><head>@-->", 0 },
	{ "<!----><head>@-->", 0 },
	{ "<!-----><head>@-->", 0 },
	{ "<!--<!-- --><head>@", 0 },
	{ "<!doctype html><!-- a --><html><!-- <head> --><head>@", 0 },
	{ "<html><!-- --> <!-- --><head>@", 0 },
	{ "<!-- <head> ", INJECT_PLACE },
	{ "<!-- <head> --", INJECT_PLACE },
	{ "<!-", INJECT_PLACE },
	{ "<!", INJECT_PLACE },
	/* What is taken for a comment. */
	{ "<?xml version=\"1.0\"?><!doctype html><html><head>@", 0 },
	{ "<!foo <head>@x", 0 },
	{ "<!foo <head> @><head>", 0 },
	{ "<![CDATA[<head>@]]>", 0 },
	{ "</ <head>@x", 0 },
	{ "</><head>@", 0 },
	{ "</3><head>@", 0 },
	{ "<!doctype html PUBLIC \"-//W3C//DTD\" \"a\"><head>@", 0 },
	{ "<!doctype html \"a><head>@\">", 0 },
	/* End tags that mean nothing there, and those that do. */
	{ "</p><head>@", 0 },
	{ "</p a=\">\"><head>@", 0 },
	{ "@</head><head>", 0 },
	{ "@</body>", 0 },
	{ "@</html>", 0 },
	{ "@</br><head>", 0 },
	{ "<html>@</HEAD>", 0 },
	/* No head, or a head that begins without a tag. */
	{ "@<title>x</title>", 0 },
	{ "@<title><head></title>", 0 },
	{ "<html>@<title><head></title>", 0 },
	{ "@<script>\"<head>\"</script>", 0 },
	{ "@<style>/*<head>*/</style>", 0 },
	{ "@<textarea><head></textarea>", 0 },
	{ "@<template><head></template>", 0 },
	{ "@<noscript><head></noscript>", 0 },
	{ "@<meta charset=utf-8>", 0 },
	{ "@<link rel=x>", 0 },
	{ "@<base href=/>", 0 },
	{ "@<body><head>", 0 },
	{ "<!doctype html>@<body>", 0 },
	{ "<html>@<body>", 0 },
	{ "<html lang=\"a>b\">\n@<body>", 0 },
	{ "<HTML>@<BODY>", 0 },
	{ "<html><html>@<body>", 0 },
	{ "@<frameset>", 0 },
	{ "@<header><head></header>", 0 },
	{ "@<headx><head>", 0 },
	{ "@<head-er>", 0 },
	{ "@<heading>", 0 },
	{ "@<html5><head>", 0 },
	{ "@<p>hello", 0 },
	{ "@hello <head>", 0 },
	{ "<!doctype html>@hello", 0 },
	{ "<!doctype html>\n@hello", 0 },
	{ "@< head>", 0 },
	{ "@<3<head>", 0 },
	{ "@&lt;<head>", 0 },
	{ "@\xa0<head>", 0 },
	/* Nothing but what may stand before it. */
	{ "", INJECT_PLACE },
	{ " \n", INJECT_PLACE },
	{ "<", INJECT_PLACE },
	{ "</", INJECT_PLACE },
	{ "<!doctype html>", INJECT_PLACE },
	{ "<!doctype html><html>", INJECT_PLACE },
	{ "<h", INJECT_PLACE },
	{ "<head", INJECT_PLACE },
	{ "<head ", INJECT_PLACE },
	{ "<head a", INJECT_PLACE },
	{ "<head a=", INJECT_PLACE },
	{ "<head a='", INJECT_PLACE },
	{ "<head a='>", INJECT_PLACE },
	{ "<head a=''", INJECT_PLACE },
	{ "<title", INJECT_PLACE },
	{ "<?x", INJECT_PLACE },
	/* Never twice. */
	{ "<head><script src=\"" SCRIPT "\"></script>", INJECT_PRESENT },
	{ "<head><script src='" SCRIPT "'></script>", INJECT_PRESENT },
	{ "<head><script src=" SCRIPT "></script>", INJECT_PRESENT },
	{ "<HEAD><SCRIPT SRC=\"" SCRIPT "\"></SCRIPT>", INJECT_PRESENT },
	{ "<head><script async src=\"" SCRIPT "?v=1\"></script>",
	    INJECT_PRESENT },
	{ "<head><script src=\"" SCRIPT "#x\"></script>", INJECT_PRESENT },
	{ "<head><script src=\" " SCRIPT " \"></script>", INJECT_PRESENT },
	{ "<head><script src=\"https://a.example" SCRIPT "\"></script>",
	    INJECT_PRESENT },
	{ "<head><script src=\"//a.example" SCRIPT "\"></script>",
	    INJECT_PRESENT },
	{ "<head><script src=\"..//.headgate/headgate.js\"></script>",
	    INJECT_PRESENT },
	{ "<head><script src=\".headgate/headgate.js\"></script>",
	    INJECT_PRESENT },
	{ "<script src=\"" SCRIPT "\"></script><head>", INJECT_PRESENT },
	{ "<head></head><body><p><script src=\"" SCRIPT "\"></script>",
	    INJECT_PRESENT },
	{ "<head><title></head><script></title><script src=" SCRIPT ">",
	    INJECT_PRESENT },
	{ "<head>@<script src=\"/x" SCRIPT ".map\"></script>", 0 },
	{ "<head>@<script src=\"/x.headgate/headgate.js\"></script>", 0 },
	{ "<head>@<script src=\"/x?" SCRIPT "\"></script>", 0 },
	{ "<head>@<script src=\"\"></script>", 0 },
	{ "<head>@<script src></script>", 0 },
	{ "<head>@<script src=a src=\"" SCRIPT "\"></script>", 0 },
	{ "<head>@<script data-src=\"" SCRIPT "\"></script>", 0 },
	{ "<head>@<scripts src=\"" SCRIPT "\"></scripts>", 0 },
	{ "<head>@<!-- <script src=\"" SCRIPT "\"> -->", 0 },
	{ "<head>@<title><script src=\"" SCRIPT "\"></title>", 0 },
	{ "<head>@<style><script src=\"" SCRIPT "\"></style>", 0 },
	{ "<head>@<textarea></text><script src=\"" SCRIPT "\"></textarea>",
	    0 },
	{ "<head>@<noscript><script src=\"" SCRIPT "\"></script></noscript>",
	    0 },
	{ "<head>@<script>'<script src=" SCRIPT ">'</script>", 0 },
	{ "<head>@<template><script src=\"" SCRIPT "\"></script></template>",
	    0 },
	{ "<head>@<plaintext></plaintext><script src=\"" SCRIPT "\">", 0 },
	{ "<head>@<a title='<script src=" SCRIPT ">'>", 0 },
	{ "<head>@<link rel=preload href=\"" SCRIPT "\">", 0 },
	{ "<head><template></template></template><script src=\"" SCRIPT
	    "\">", INJECT_PRESENT },
	/* Not like ASCII. */
	{ "\xff\xfe<head>", INJECT_CHARSET },
	{ "\xfe\xff<head>", INJECT_CHARSET },
};

/* The page without its mark; returns where that was, or -1. */
static long
unmark(const char *marked, char *page)
{
	const char *mark = strchr(marked, '@');

	strcpy(page, marked);
	if (mark == NULL)
		return (-1);
	strcpy(page + (mark - marked), mark + 1);
	return ((long)(mark - marked));
}

static void
test_places(void)
{
	struct inject_view view;
	char *page;
	size_t i, len;
	long place;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu: %s", i, rows[i].page);
		/* Exactly so long, for the address sanitizer. */
		len = strlen(rows[i].page);
		page = malloc(len + 1);
		T_REQUIRE(page != NULL);
		place = unmark(rows[i].page, page);
		len = strlen(page);
		page = realloc(page, len > 0 ? len : 1);
		T_EQ(inject_look((struct html_span){ page, len }, SCRIPT,
		    true, &view), rows[i].verdict);
		if (place >= 0)
			T_EQ(view.place, place);
		free(page);
	}
}

/* However much of a page is there, the place is this one or none yet; and what
 * is before it has no script that could run. */
static void
test_prefixes(void)
{
	struct inject_view view;
	enum inject_verdict verdict;
	char page[1024], *part;
	size_t i, len;
	long place;

	for (i = 0; i < T_ROWS(rows); i++) {
		if ((place = unmark(rows[i].page, page)) < 0)
			continue;
		for (len = page[0] == '\xef' ? 3 : 1; len <= strlen(page);
		    len++) {
			t_row("%zu bytes of %s", len, page);
			part = malloc(len);
			T_REQUIRE(part != NULL);
			memcpy(part, page, len);
			verdict = inject_look((struct html_span){ part, len },
			    SCRIPT, true, &view);
			if (verdict == INJECT_DONE)
				T_EQ(view.place, place);
			else
				T_EQ(verdict, INJECT_PLACE);
			free(part);
		}
	}
}

static void
test_window(void)
{
	struct inject_view view;
	char *page;
	size_t size = INJECT_WINDOW + 4096, gap;

	page = malloc(size);
	T_REQUIRE(page != NULL);
	for (gap = INJECT_WINDOW - 20; gap < INJECT_WINDOW + 20; gap++) {
		t_row("%zu", gap);
		memset(page, ' ', size);
		memcpy(page + gap, "<head>", 6);
		T_EQ(inject_look((struct html_span){ page, size }, SCRIPT,
		    true, &view), gap + 6 <= INJECT_WINDOW ? INJECT_DONE :
		    INJECT_PLACE);
	}
	/* A reference behind the window is not seen. */
	memset(page, ' ', size);
	memcpy(page, "<head>", 6);
	snprintf(page + INJECT_WINDOW, 100, "<script src=\"%s\">", SCRIPT);
	T_EQ(inject_look((struct html_span){ page, size }, SCRIPT, true,
	    &view), INJECT_DONE);
	page[100] = '\0';
	T_EQ(inject_look((struct html_span){ page, size }, SCRIPT, true,
	    &view), INJECT_CHARSET);
	free(page);
}

static const struct {
	const char	*page;
	unsigned	 count;
	const char	*first;
} nonces[] = {
	{ "<head><script>", 0, NULL },
	{ "<head><script nonce=abc+/=>", 1, "abc+/=" },
	{ "<head><script nonce=\"a\"></script><script nonce='b'></script>", 2,
	    "a" },
	{ "<head><script nonce=a></script><script nonce=a></script>", 1, "a" },
	{ "<head><script nonce=a nonce=b></script>", 1, "a" },
	{ "<head><style nonce=a></style>", 0, NULL },
	{ "<head><title><script nonce=a></title>", 0, NULL },
	{ "<head><!-- <script nonce=a> -->", 0, NULL },
	{ "<head><template><script nonce=a></template>", 0, NULL },
	{ "<head><script nonce>", 0, NULL },
	{ "<head><script nonce=''>", 0, NULL },
	/* What could break out of the element. */
	{ "<head><script nonce='\"><script>alert(1)</script>'></script>", 0,
	    NULL },
	{ "<head><script nonce='a b'>", 0, NULL },
	{ "<head><script nonce='a&quot;'>", 0, NULL },
};

static void
test_nonces(void)
{
	struct inject_view view;
	char page[2048];
	size_t i;

	for (i = 0; i < T_ROWS(nonces); i++) {
		t_row("%s", nonces[i].page);
		T_EQ(inject_look((struct html_span){ nonces[i].page,
		    strlen(nonces[i].page) }, SCRIPT, true, &view),
		    INJECT_DONE);
		T_EQ(view.nonces, nonces[i].count);
		if (nonces[i].first != NULL)
			T_MEM_EQ(view.nonce[0].at, view.nonce[0].len,
			    nonces[i].first, strlen(nonces[i].first));
	}
	snprintf(page, sizeof(page), "<head><script nonce=%0129d>", 0);
	inject_look((struct html_span){ page, strlen(page) }, SCRIPT, true,
	    &view);
	T_EQ(view.nonces, 0);
	strcpy(page, "<head>");
	for (i = 0; i < 20; i++)
		snprintf(page + strlen(page), 40,
		    "<script nonce=n%zu></script>", i);
	inject_look((struct html_span){ page, strlen(page) }, SCRIPT, true,
	    &view);
	T_EQ(view.nonces, INJECT_NONCES);
}

/* A charset that browsers look for in the first bytes stays there. */
static void
test_charset(void)
{
	static const char *const metas[] = { "<meta charset=utf-8>",
	    "<meta http-equiv=Content-Type content=\"text/html\">" };
	struct inject_view view;
	char page[2048];
	size_t i, gap, len, element;

	element = strlen(SCRIPT) + INJECT_NONCE_MAX + 64;
	for (i = 0; i < 2; i++)
		for (gap = 0; gap < 1100; gap++) {
			t_row("%s at %zu", metas[i], gap);
			snprintf(page, sizeof(page), "<head>%*s%s<title>",
			    (int)gap, "", metas[i]);
			len = 6 + gap + strlen(metas[i]);
			T_EQ(inject_look((struct html_span){ page,
			    strlen(page) }, SCRIPT, false, &view),
			    len <= 1024 && len + element > 1024 ?
			    INJECT_CHARSET : INJECT_DONE);
			T_EQ(inject_look((struct html_span){ page,
			    strlen(page) }, SCRIPT, true, &view),
			    INJECT_DONE);
		}
}

static void
test_element(void)
{
	char out[INJECT_ELEMENT_MAX], longest[600];
	size_t len;

	len = inject_element(out, SCRIPT, (struct html_span){ "", 0 });
	T_MEM_EQ(out, len, "<script src=\"" SCRIPT "\" data-install></script>",
	    strlen("<script src=\"" SCRIPT "\" data-install></script>"));
	len = inject_element(out, SCRIPT, (struct html_span){ "abc", 3 });
	T_MEM_EQ(out, len,
	    "<script src=\"" SCRIPT "\" nonce=\"abc\" data-install></script>",
	    strlen("<script src=\"" SCRIPT
	    "\" nonce=\"abc\" data-install></script>"));
	T_TRUE(inject_is_path(SCRIPT));
	T_FALSE(inject_is_path("/"));
	T_FALSE(inject_is_path(""));
	T_FALSE(inject_is_path("x.js"));
	T_FALSE(inject_is_path("//evil.example/x.js"));
	T_FALSE(inject_is_path("/a\"b"));
	T_FALSE(inject_is_path("/a<b"));
	T_FALSE(inject_is_path("/a b"));
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[512] = '\0';
	T_TRUE(inject_is_path(longest));
	T_TRUE(inject_element(out, longest, (struct html_span){ longest + 1,
	    INJECT_NONCE_MAX }) > 0);
	longest[512] = 'a';
	longest[513] = '\0';
	T_FALSE(inject_is_path(longest));
}

/* Parts of pages, of which any order is a page of a kind. */
static const char *const parts[] = {
	"<", ">", "/", "!", "--", "<!--", "-->", "<!doctype html>", "<html>",
	"<head>", "<HEAD a='>'>", "</head>", "<body>", "</", "<title>",
	"</title>", "<script>", "</script>", "<script src=\"" SCRIPT "\">",
	"<script nonce=abc>", "<template>", "</template>", "<meta charset=x>",
	"<header>", "\"", "'", "=", " ", "\n", "a", "head", "<h", "&lt;",
	"\xc3\xa4", "<p>", "<?", "<plaintext>", "<textarea>", "</textarea>",
};

/*
 * What is found stays so, however much of the page is there: a longer begin
 * has the same place, or speaks against the script. What is put in is a script
 * there, not text, so that nothing is put in twice.
 */
static void
test_random(void)
{
	static const char element[] = "<script src=\"" SCRIPT "\"></script>";

	struct inject_view whole, part;
	enum inject_verdict verdict, early;
	char page[1024], changed[1200], *copy;
	size_t len, cut;
	unsigned round, i;

	srand(4711);
	for (round = 0; round < 20000; round++) {
		page[0] = '\0';
		for (i = (unsigned)rand() % 24; i > 0; i--)
			strcat(page, parts[(size_t)rand() % T_ROWS(parts)]);
		len = strlen(page);
		copy = malloc(len + 1);
		T_REQUIRE(copy != NULL);
		memcpy(copy, page, len);
		copy = realloc(copy, len > 0 ? len : 1);
		verdict = inject_look((struct html_span){ copy, len }, SCRIPT,
		    true, &whole);
		free(copy);
		cut = len > 0 ? (size_t)rand() % len : 0;
		early = inject_look((struct html_span){ page, cut }, SCRIPT,
		    true, &part);
		t_row("%zu of %s", cut, page);
		if (early == INJECT_DONE) {
			T_TRUE(verdict == INJECT_DONE ||
			    verdict == INJECT_PRESENT);
			T_EQ(part.place, whole.place);
		}
		if (early == INJECT_PRESENT)
			T_EQ(verdict, INJECT_PRESENT);
		if (verdict != INJECT_DONE)
			continue;
		T_REQUIRE(whole.place <= len);
		snprintf(changed, sizeof(changed), "%.*s%s%s",
		    (int)whole.place, page, element, page + whole.place);
		T_EQ(inject_look((struct html_span){ changed,
		    strlen(changed) }, SCRIPT, true, &part), INJECT_PRESENT);
	}
}

/*
 * W13: a window of whatever could be read over and over again. In quadratic time
 * each would take a third of a second and more, here 64 times.
 */
static void
test_linear(void)
{
	static const char *const fills[] = {
		"<!---->", "<!----!>", "<!--x--", "<!-- -- -", "<!>", "<?x>",
		"<a b='", "<a b=c ", "</a>", "<p>", "<script></script>",
		"<title>", "<script nonce=a>", "<meta charset=", "<",
	};
	struct timespec from, to;
	struct inject_view view;
	char *page;
	size_t i, k, at;

	page = malloc(INJECT_WINDOW);
	T_REQUIRE(page != NULL);
	memcpy(page, "<head>", 6);
	for (i = 0; i < T_ROWS(fills); i++) {
		t_row("%s", fills[i]);
		for (at = 6; at < INJECT_WINDOW; at++)
			page[at] = fills[i][(at - 6) % strlen(fills[i])];
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		for (k = 0; k < 64; k++)
			T_EQ(inject_look((struct html_span){ page,
			    INJECT_WINDOW }, SCRIPT, true, &view),
			    INJECT_DONE);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		T_TRUE(to.tv_sec - from.tv_sec < 5);
	}
	free(page);
}

T_MAIN({ "places", test_places },
    { "random pages", test_random },
    { "prefixes", test_prefixes },
    { "window", test_window },
    { "linear time (W13)", test_linear },
    { "nonces", test_nonces },
    { "charset", test_charset },
    { "element", test_element })
