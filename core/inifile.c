/* SPDX-License-Identifier: Apache-2.0 */
#include "inifile.h"

#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

struct inifile {
	FILE				*file;
	const struct inifile_ops	*ops;
	void				*arg;
	unsigned			 line;
	bool				 in_section;
	bool				 skipping;	/* of a bad section */
	bool				 pending;	/* inih has a line that
							 * should be a key */
	bool				 any_mistake;
	char				 text[INIFILE_LINE_MAX + 2];
	size_t				 len;	/* all bytes of the line, also
						 * those that did not fit */
	int				 bad;	/* control character, or -1 */
	bool				 ended;	/* by a newline */
};

static void mistake(struct inifile *, const char *, ...)
	    __attribute__((format(printf, 2, 3)));

static void
mistake(struct inifile *ini, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ini->any_mistake = true;
	ini->ops->mistake(ini->arg, ini->line, text);
}

/* The next line without its end into text; false at the end of the file. */
static bool
line_gather(struct inifile *ini)
{
	bool cr;
	int c;

	ini->len = 0;
	ini->bad = -1;
	cr = false;
	while ((c = getc(ini->file)) != EOF && c != '\n') {
		if (ini->len < sizeof(ini->text) - 1)
			ini->text[ini->len] = (char)c;
		ini->len++;
		/* A carriage return is fine at the end of a line only. */
		if (ini->bad == -1 && cr)
			ini->bad = '\r';
		cr = c == '\r';
		if (ini->bad == -1 && !cr && c != '\t' &&
		    (c < ' ' || c == 0x7f))
			ini->bad = c;
	}
	ini->ended = c == '\n';
	if (!ini->ended && ini->len == 0)
		return (false);
	ini->line++;
	return (true);
}

/* Without blanks and "\r" around, and without a byte order mark. */
static char *
line_strip(struct inifile *ini)
{
	char *text;
	size_t len;

	len = ini->len < sizeof(ini->text) ? ini->len : sizeof(ini->text) - 1;
	ini->text[len] = '\0';
	text = ini->text;
	if (ini->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		ini->len -= 3;
	}
	len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		text[--len] = '\0';
	return (text + strspn(text, " \t"));
}

/* Whether there is only white space or a comment. */
static bool
is_rest(const char *text)
{
	text += strspn(text, " \t");
	return (*text == '\0' || *text == ';' || *text == '#');
}

/* Text begins with "[". Nothing that follows a bad one is looked at. */
static void
line_section(struct inifile *ini, char *text)
{
	char *name, *end;

	ini->skipping = true;
	ini->in_section = true;
	end = strchr(text, ']');
	if (end == NULL) {
		mistake(ini, "the section has no \"]\"");
		return;
	}
	if (!is_rest(end + 1)) {
		mistake(ini, "something stands behind the \"]\"");
		return;
	}
	name = text + 1 + strspn(text + 1, " \t");
	while (end > name && strchr(" \t", end[-1]) != NULL)
		end--;
	if (end <= name) {
		mistake(ini, "the section has no name");
		return;
	}
	if (end - name > INIFILE_SECTION_MAX) {
		mistake(ini, "the section's name is longer than %d bytes",
		    INIFILE_SECTION_MAX);
		return;
	}
	*end = '\0';
	ini->skipping = false;
	ini->ops->section(ini->arg, ini->line, name);
}

/* What is wrong with the line whatever it says; text is what it begins with. */
static bool
line_is_bad(struct inifile *ini, const char *text, size_t most)
{
	bool is_comment;

	is_comment = *text == ';' || *text == '#';
	if (ini->bad == 0)
		mistake(ini, "the line has a NUL byte");
	else if (ini->bad != -1)
		mistake(ini, "the line has the control character 0x%02x",
		    (unsigned)ini->bad);
	else if (!ini->ended && *text != '\0')
		mistake(ini, "the last line has no newline: is the file "
		    "complete?");
	else if (!is_comment &&
	    (strlen(text) > most || ini->len > sizeof(ini->text) - 1))
		mistake(ini, "the line is longer than %zu bytes", most);
	else
		return (false);
	/* A section that cannot be read: not the previous one. */
	if (*text == '[')
		ini->skipping = ini->in_section = true;
	return (true);
}

/* What inih sees of the line at hand: a key and its value, or nothing. */
static const char *
line_take(struct inifile *ini, size_t most)
{
	char *text;

	text = line_strip(ini);
	if (line_is_bad(ini, text, most) || *text == '\0' || *text == ';' ||
	    *text == '#')
		return ("");
	if (*text == '[') {
		line_section(ini, text);
		return ("");
	}
	ini->pending = true;
	return (text);
}

/* inih has had the line; did it find a key in it? */
static void
line_settle(struct inifile *ini)
{
	if (ini->pending && !ini->skipping)
		mistake(ini, "neither a [section] nor \"key = value\"");
	ini->pending = false;
}

static char *
inifile_line(char *out, int size, void *arg)
{
	struct inifile *ini = arg;
	size_t most;

	line_settle(ini);
	if (!line_gather(ini))
		return (NULL);
	most = INIFILE_LINE_MAX;
	if ((size_t)size < most + 2)
		most = (size_t)size - 2;
	snprintf(out, (size_t)size, "%s\n", line_take(ini, most));
	return (out);
}

static int
inifile_key(void *arg, const char *section, const char *key,
    const char *value)
{
	struct inifile *ini = arg;

	(void)section;
	ini->pending = false;
	if (ini->skipping)
		return (1);
	if (!ini->in_section)
		mistake(ini, "a key before the first [section]");
	else if (key[0] == '\0')
		mistake(ini, "there is no key before the \"=\"");
	else
		ini->ops->key(ini->arg, ini->line, key, value);
	return (1);
}

void
inifile_read(FILE *file, const struct inifile_ops *ops, void *arg)
{
	struct inifile ini = { .file = file, .ops = ops, .arg = arg };
	int result;

	result = ini_parse_stream(inifile_line, &ini, inifile_key, &ini);
	line_settle(&ini);
	if (ferror(file))
		mistake(&ini, "the file cannot be read");
	else if (result != 0 && !ini.any_mistake)
		mistake(&ini, "the file cannot be parsed");
}
