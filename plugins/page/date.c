/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of HTTP, whatever the locale. */
#include <stdio.h>
#include <string.h>

#include "page.h"

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void
page_date(char out[PAGE_DATE], time_t when)
{
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&when, &tm) == NULL || tm.tm_year > 9999 - 1900)
		return;
	snprintf(out, PAGE_DATE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
	    days + 3 * tm.tm_wday, (unsigned)tm.tm_mday % 100,
	    months + 3 * tm.tm_mon, (unsigned)(tm.tm_year + 1900) % 10000,
	    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
	    (unsigned)tm.tm_sec % 100);
}

static int
date_month(const char *name)
{
	const char *at = strstr(months, name);

	return (at == NULL || strlen(name) != 3 || (at - months) % 3 != 0 ?
	    -1 : (int)(at - months) / 3);
}

static int
date_make(struct tm *tm, const char *month, time_t *when)
{
	time_t made;

	tm->tm_mon = date_month(month);
	tm->tm_isdst = 0;
	if (tm->tm_mon < 0 || tm->tm_mday < 1 || tm->tm_mday > 31 ||
	    tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60 ||
	    (made = timegm(tm)) == (time_t)-1)
		return (-1);
	*when = made;
	return (0);
}

/* The preferred form, and the two old ones that must be understood. */
int
page_date_parse(const char *text, time_t *when)
{
	struct tm tm = { 0 };
	char month[4] = "";
	int end = -1;

	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
	    &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
	    &tm.tm_sec, &end) == 6 && end > 0 && text[end] == '\0') {
		tm.tm_year -= 1900;
		return (date_make(&tm, month, when));
	}
	if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
	    &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
	    &tm.tm_sec, &end) == 6 && end > 0 && text[end] == '\0') {
		tm.tm_year += tm.tm_year < 70 ? 100 : 0;
		return (date_make(&tm, month, when));
	}
	if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n",
	    month, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &tm.tm_year, &end) == 6 && end > 0 && text[end] == '\0') {
		tm.tm_year -= 1900;
		return (date_make(&tm, month, when));
	}
	return (-1);
}
