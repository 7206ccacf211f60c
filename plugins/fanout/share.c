/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shared, and among whom: "share = PATTERN scope=credential|public
 * [upstream=each|one] [standby=NUMBER] [recheck=TIME]".
 */
#include <stdio.h>
#include <string.h>

#include "fanout.h"

#define STANDBY_MAX	16
#define STANDBY		1		/* the default */
#define RECHECK		60000		/* ms: the default */
#define RECHECK_MIN	100
#define RECHECK_MAX	86400000

struct word {
	const char	*at;
	size_t		 len;
};

/* The next of the line; its length is 0 at the end. */
static struct word
word_next(const char **text)
{
	struct word word;

	*text += strspn(*text, " \t");
	word.at = *text;
	word.len = strcspn(*text, " \t");
	*text += word.len;
	return (word);
}

static bool
word_is(struct word word, const char *text)
{
	return (word.len == strlen(text) &&
	    memcmp(word.at, text, word.len) == 0);
}

/* The value behind "NAME=", or NULL. */
static const char *
word_value(struct word word, const char *name)
{
	size_t len = strlen(name);

	if (word.len <= len || memcmp(word.at, name, len) != 0 ||
	    word.at[len] != '=')
		return (NULL);
	return (word.at + len + 1);
}

/* -1: no number, or what is behind it is none of the units. */
static int64_t
word_number(struct word word, const char *value, bool is_time)
{
	static const struct {
		const char	*name;
		int64_t		 ms;
	} units[] = { { "ms", 1 }, { "", 1000 }, { "s", 1000 },
	    { "m", 60000 }, { "h", 3600000 } };
	struct word unit;
	int64_t number;
	size_t i;

	unit.at = value;
	for (number = 0; unit.at < word.at + word.len && *unit.at >= '0' &&
	    *unit.at <= '9'; unit.at++)
		if ((number = number * 10 + (*unit.at - '0')) > RECHECK_MAX)
			return (-1);
	unit.len = (size_t)(word.at + word.len - unit.at);
	if (unit.at == value)
		return (-1);
	if (!is_time)
		return (unit.len == 0 ? number : -1);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (word_is(unit, units[i].name))
			return (number * units[i].ms);
	return (-1);
}

static const char *
rule_scope(struct fanout_rule *rule, struct word word)
{
	if (word_value(word, "scope") == NULL && !word_is(word, "scope="))
		return ("\"scope=credential\" or \"scope=public\" is missing "
		    "behind the pattern");
	if (word_is(word, "scope=credential"))
		rule->scope = FANOUT_CREDENTIAL;
	else if (word_is(word, "scope=public"))
		rule->scope = FANOUT_PUBLIC;
	else
		return ("the scope must be \"credential\" or \"public\"");
	return (NULL);
}

/* standby and recheck are -1 while they are not given. */
static const char *
rule_more(struct fanout_rule *rule, struct word word, int64_t *standby,
    int64_t *recheck)
{
	const char *value;

	if (word_is(word, "upstream=one"))
		rule->one = true;
	else if (word_is(word, "upstream=each"))
		rule->one = false;
	else if (word_value(word, "upstream") != NULL)
		return ("upstream must be \"each\" or \"one\"");
	else if ((value = word_value(word, "standby")) != NULL) {
		*standby = word_number(word, value, false);
		if (*standby < 0 || *standby > STANDBY_MAX)
			return ("standby must be a number from 0 to 16");
	} else if ((value = word_value(word, "recheck")) != NULL) {
		*recheck = word_number(word, value, true);
		if (*recheck < RECHECK_MIN || *recheck > RECHECK_MAX)
			return ("recheck must be a time from 100ms to 24h");
	} else
		return ("there is more behind the scope than upstream=, "
		    "standby= and recheck=");
	return (NULL);
}

const char *
fanout_rule_parse(struct fanout_rule *rule, const char *text)
{
	int64_t standby = -1, recheck = -1;
	const char *wrong;
	struct word word;

	memset(rule, 0, sizeof(*rule));
	word = word_next(&text);
	if (word.len == 0)
		return ("a pattern is missing");
	if (word.len >= 6 && strncmp(word.at, "scope=", 6) == 0)
		return ("a pattern is missing before \"scope=\"");
	rule->pattern = word.at;
	rule->pattern_len = word.len;
	if ((wrong = rule_scope(rule, word_next(&text))) != NULL)
		return (wrong);
	while ((word = word_next(&text)).len > 0)
		if ((wrong = rule_more(rule, word, &standby,
		    &recheck)) != NULL)
			return (wrong);
	if (!rule->one && standby >= 0)
		return ("standby needs upstream=one");
	if (!rule->one && recheck >= 0)
		return ("recheck needs upstream=one");
	rule->standby = standby >= 0 ? (unsigned)standby : STANDBY;
	rule->recheck = recheck > 0 ? (uint64_t)recheck : RECHECK;
	return (NULL);
}

const char *
fanout_share_check(const char *value, char *buffer, size_t size)
{
	struct fanout_rule rule;
	const char *wrong;

	if ((wrong = fanout_rule_parse(&rule, value)) == NULL)
		return (NULL);
	snprintf(buffer, size, "%s", wrong);
	return (buffer);
}

/* "*" stands for any bytes, also none. It is enough to go back to the last. */
bool
fanout_glob(const char *pattern, size_t pattern_len, const char *text)
{
	const char *end, *star, *from;

	end = pattern + pattern_len;
	star = from = NULL;
	while (*text != '\0') {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (pattern < end && *pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++from;
		} else
			return (false);
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return (pattern == end);
}

struct fanout_rule
fanout_share(const struct fanout_options *options, const char *destination)
{
	struct fanout_rule rule;
	size_t i;

	for (i = 0; i < options->share.count; i++)
		if (fanout_rule_parse(&rule, options->share.item[i]) == NULL &&
		    fanout_glob(rule.pattern, rule.pattern_len, destination))
			return (rule);
	memset(&rule, 0, sizeof(rule));
	rule.scope = FANOUT_NOT_SHARED;
	return (rule);
}
