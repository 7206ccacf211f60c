/* SPDX-License-Identifier: Apache-2.0 */
/* What is shared, and among whom: "share = PATTERN scope=credential|public". */
#include <stdio.h>
#include <string.h>

#include "fanout.h"

struct rule {
	const char		*pattern;
	size_t			 pattern_len;
	enum fanout_scope	 scope;
};

static size_t
blanks(const char *text)
{
	return (strspn(text, " \t"));
}

/* NULL, or what is wrong with it. */
static const char *
rule_parse(struct rule *rule, const char *text)
{
	text += blanks(text);
	rule->pattern = text;
	rule->pattern_len = strcspn(text, " \t");
	if (rule->pattern_len == 0)
		return ("a pattern is missing");
	if (strncmp(text, "scope=", 6) == 0)
		return ("a pattern is missing before \"scope=\"");
	text += rule->pattern_len;
	text += blanks(text);
	if (strncmp(text, "scope=", 6) != 0)
		return ("\"scope=credential\" or \"scope=public\" is missing "
		    "behind the pattern");
	text += 6;
	if (strncmp(text, "credential", 10) == 0) {
		rule->scope = FANOUT_CREDENTIAL;
		text += 10;
	} else if (strncmp(text, "public", 6) == 0) {
		rule->scope = FANOUT_PUBLIC;
		text += 6;
	} else
		return ("the scope must be \"credential\" or \"public\"");
	if (text[blanks(text)] != '\0')
		return ("there is more behind the scope");
	return (NULL);
}

const char *
fanout_share_check(const char *value, char *buffer, size_t size)
{
	struct rule rule;
	const char *wrong;

	if ((wrong = rule_parse(&rule, value)) == NULL)
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

enum fanout_scope
fanout_share(const struct fanout_options *options, const char *destination)
{
	struct rule rule;
	size_t i;

	for (i = 0; i < options->share.count; i++)
		if (rule_parse(&rule, options->share.item[i]) == NULL &&
		    fanout_glob(rule.pattern, rule.pattern_len, destination))
			return (rule.scope);
	return (FANOUT_NOT_SHARED);
}
