/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report.h"

static void
is_text(const struct hg_report *report, const char *expected)
{
	struct str out = { 0 };

	report_print_text(&out, report);
	T_STR_EQ(out.text != NULL ? out.text : "", expected);
	str_free(&out);
}

static void
is_json(const struct hg_report *report, const char *expected)
{
	struct str out = { 0 };

	report_print_json(&out, report);
	T_STR_EQ(out.text, expected);
	str_free(&out);
}

static void
test_empty(void)
{
	struct hg_report report = { 0 };

	is_text(&report, "");
	is_json(&report, "[]\n");
	report_row(&report);
	is_text(&report, "");
	is_json(&report, "[\n {}\n]\n");
	report_free(&report);
	report_free(&report);
}

static void
test_rows(void)
{
	struct hg_report report = { 0 };

	report_row(&report);
	report_text(&report, "name", "c1");
	report_number(&report, "n", UINT64_MAX);
	report_row(&report);
	report_text(&report, "name", "longer");
	report_text(&report, "more", NULL);
	report_row(&report);
	report_number(&report, "n", 0);
	is_text(&report,
	    "name    n                     more\n"
	    "c1      18446744073709551615\n"
	    "longer\n"
	    "        0\n");
	is_json(&report,
	    "[\n {\"name\": \"c1\", \"n\": 18446744073709551615},\n"
	    " {\"name\": \"longer\", \"more\": \"\"},\n"
	    " {\"n\": 0}\n]\n");
	report_free(&report);
}

/* W20: what a terminal would obey, and what JSON must not hold. */
static void
test_hostile(void)
{
	struct hg_report report = { 0 };

	report_row(&report);
	report_text(&report, "a\"b", "x\n\x1b[2Jy\\\x7f\x80");
	is_text(&report, "a\"b\nx??[2Jy\\?\x80\n");
	is_json(&report, "[\n {\"a\\\"b\": \"x\\u000a\\u001b[2Jy\\\\"
	    "\\u007f\\u0080\"}\n]\n");
	report_free(&report);
}

static void
test_join(void)
{
	struct hg_report a = { 0 }, b = { 0 };

	report_join(&a, &b);
	report_row(&b);
	report_number(&b, "n", 1);
	report_join(&a, &b);
	T_EQ(b.count, 0);
	report_row(&b);
	report_number(&b, "n", 2);
	report_join(&a, &b);
	report_row(&a);
	report_number(&a, "n", 3);
	is_json(&a, "[\n {\"n\": 1},\n {\"n\": 2},\n {\"n\": 3}\n]\n");
	report_free(&b);
	report_free(&a);
}

/* More columns than there is room for are left out of the text only. */
static void
test_many(void)
{
	struct hg_report report = { 0 };
	struct str out = { 0 };
	char name[16];
	unsigned i;

	report_row(&report);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		report_number(&report, name, i);
	}
	report_print_text(&out, &report);
	T_TRUE(strstr(out.text, "n31") != NULL);
	T_TRUE(strstr(out.text, "n32") == NULL);
	str_free(&out);
	report_print_json(&out, &report);
	T_TRUE(strstr(out.text, "\"n199\": 199}") != NULL);
	str_free(&out);
	report_free(&report);
}

T_MAIN(
    { "nothing", test_empty },
    { "rows with different fields", test_rows },
    { "hostile text (W20)", test_hostile },
    { "joining", test_join },
    { "many columns", test_many },
)
