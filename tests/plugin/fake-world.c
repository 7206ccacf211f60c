/* SPDX-License-Identifier: Apache-2.0 */
/* Log, counters, workers, posts, services and reports. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-table.h"

void
fake_log_write(const struct hg_slot *slot, enum hg_log_level level,
    const char *fmt, ...)
{
	struct fake_line *line;
	char text[2048];
	va_list ap;

	if (slot != NULL && slot->closed)
		fake_abort("log: the slot is closed");
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (getenv("FAKE_VERBOSE") != NULL)
		printf("# log %d: %s\n", (int)level, text);
	line = malloc(sizeof(*line) + strlen(text) + 1);
	if (line == NULL)
		abort();
	strcpy(line->text, text);
	list_push(&fake.lines, &line->node);
}

const char *
fake_log(void)
{
	struct list *node;

	if (list_empty(&fake.lines))
		return (NULL);
	node = fake.lines.next;
	list_remove(node);
	list_push(&fake.read_lines, node);
	return (list_entry(node, struct fake_line, node)->text);
}

const char *
fake_quote(char *out, size_t size, const void *data, size_t len)
{
	const unsigned char *c = data;
	size_t i, at;

	at = 0;
	for (i = 0; i < len; i++) {
		if (at + 4 >= size)
			break;
		if (c[i] >= ' ' && c[i] <= '~' && c[i] != '\\')
			out[at++] = (char)c[i];
		else
			at += (size_t)sprintf(out + at, "\\x%02x", c[i]);
	}
	if (i < len && at >= 2)
		memcpy(out + at - 2, "..", 2);
	if (size > 0)
		out[at] = '\0';
	return (out);
}

struct fake_plugin *
fake_of(const struct hg_plugin *plugin)
{
	unsigned i;

	for (i = 0; i < fake.plugins; i++)
		if (fake.plugin[i].plugin == plugin)
			return (&fake.plugin[i]);
	fake_abort("not a plugin's own table");
}

void
fake_count(const struct hg_plugin *plugin, unsigned index, int64_t by)
{
	struct fake_plugin *p = fake_of(plugin);

	if (index >= p->counters)
		fake_abort("%s: no counter %u", plugin->name, index);
	p->counter[index] += by;
}

int64_t
fake_counter(const char *plugin, const char *counter)
{
	struct fake_plugin *p = fake_plugin(plugin);
	unsigned i;

	for (i = 0; i < p->counters; i++)
		if (strcmp(p->plugin->counters[i], counter) == 0)
			return (p->counter[i]);
	fake_abort("%s has no counter %s", plugin, counter);
}

unsigned
fake_worker_count(void)
{
	return (fake.workers);
}

unsigned
fake_worker_index(void)
{
	return (fake.worker);
}

void *
fake_worker_data(const struct hg_plugin *plugin)
{
	return (fake_of(plugin)->worker[fake.worker]);
}

int
fake_post(unsigned worker, void (*fn)(void *), void *arg)
{
	struct fake_post *post;

	if (worker >= fake.workers)
		fake_abort("post: no worker %u", worker);
	if ((post = calloc(1, sizeof(*post))) == NULL)
		abort();
	post->worker = worker;
	post->fn = fn;
	post->arg = arg;
	list_push(&fake.posts, &post->node);
	return (0);
}

unsigned
fake_posts(void)
{
	struct list *node, *save;
	unsigned count;

	count = 0;
	list_each(node, save, &fake.posts)
		count++;
	return (count);
}

static void
run_post(struct fake_post *post)
{
	unsigned previous;

	list_remove(&post->node);
	previous = fake_enter(post->worker);
	post->fn(post->arg);
	fake_leave(previous);
	free(post);
	fake_turn();
}

unsigned
fake_run_posts(void)
{
	unsigned count;

	for (count = 0; !list_empty(&fake.posts); count++)
		run_post(list_entry(fake.posts.next, struct fake_post, node));
	return (count);
}

unsigned
fake_run_posts_on(unsigned worker)
{
	struct list *node, *save;
	struct fake_post *post;
	unsigned count;

	count = 0;
	list_each(node, save, &fake.posts) {
		post = list_entry(node, struct fake_post, node);
		if (post->worker != worker)
			continue;
		run_post(post);
		count++;
	}
	return (count);
}

/* The same bytes in each run, never twice the same. */
void
fake_random(void *out, size_t len)
{
	unsigned char *c = out;
	size_t i;

	for (i = 0; i < len; i++) {
		fake.seed ^= fake.seed << 13;
		fake.seed ^= fake.seed >> 7;
		fake.seed ^= fake.seed << 17;
		c[i] = (unsigned char)(fake.seed >> 24);
	}
}

void
fake_provide(const char *name, const void *what)
{
	if (fake.services == FAKE_SERVICES || strchr(name, '/') == NULL)
		fake_abort("provide: %s", name);
	snprintf(fake.service[fake.services].name,
	    sizeof(fake.service[0].name), "%s", name);
	fake.service[fake.services++].what = what;
}

int
fake_provide_by_plugin(const char *name, const void *what)
{
	if (fake.loading == NULL)
		fake_abort("provide outside of load: %s", name);
	fake_provide(name, what);
	return (0);
}

const void *
fake_find(const char *name)
{
	unsigned i;

	for (i = 0; i < fake.services; i++)
		if (strcmp(fake.service[i].name, name) == 0)
			return (fake.service[i].what);
	return (NULL);
}

/* --- reports -------------------------------------------------------------- */

void
fake_report_row(struct hg_report *report)
{
	if (report->text.len > 0)
		str_add_char(&report->text, '\n');
}

static void
field(struct str *text, const char *name)
{
	if (text->len > 0 && text->text[text->len - 1] != '\n')
		str_add_char(text, ' ');
	str_addf(text, "%s=", name);
}

void
fake_report_text(struct hg_report *report, const char *name,
    const char *value)
{
	field(&report->text, name);
	str_add(&report->text, value);
}

void
fake_report_number(struct hg_report *report, const char *name, uint64_t value)
{
	field(&report->text, name);
	str_addf(&report->text, "%llu", (unsigned long long)value);
}

const char *
fake_report(const char *plugin, const char *what)
{
	struct fake_plugin *p = fake_plugin(plugin);
	struct hg_report report = { 0 };
	unsigned previous, i;

	fake_work();
	str_free(&fake.report);
	for (i = 0; i < fake.workers && p->plugin->report != NULL; i++) {
		previous = fake_enter(i);
		p->plugin->report(what, &report);
		fake_leave(previous);
	}
	if (report.text.len > 0)
		str_add_char(&report.text, '\n');
	str_add(&report.text, "");
	fake.report = report.text;
	return (fake.report.text);
}
