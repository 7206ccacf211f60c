/* SPDX-License-Identifier: Apache-2.0 */
#include "fetchtarget.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list targets = { &targets, &targets };
static unsigned target_count;

const char *
fetchtarget_check(const char *url, char *buffer, size_t size)
{
	struct target target = { 0 };
	int result;

	result = target_parse_http(&target, url, buffer, size);
	target_free(&target);
	return (result == 0 ? NULL : buffer);
}

static void
fetchtarget_free(struct hg_target *to)
{
	target_free(&to->target);
	free(to->from.url);
	free(to->from.ca);
	free(to->from.certificate);
	free(to->from.certificate_key);
	free(to);
}

static bool
is_same(const char *a, const char *b)
{
	return (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

static bool
is_from(const struct connect_settings *a, const struct connect_settings *b)
{
	return (is_same(a->url, b->url) && is_same(a->ca, b->ca) &&
	    is_same(a->certificate, b->certificate) &&
	    is_same(a->certificate_key, b->certificate_key));
}

static int
keep_text(char **to, const char *text)
{
	*to = text != NULL ? str_dup(text, strlen(text)) : NULL;
	return (text == NULL || *to != NULL ? 0 : -1);
}

static int
fetchtarget_secure(struct hg_target *to, char *error, size_t size)
{
	const struct connect_settings *from = &to->from;

	if ((from->certificate == NULL) != (from->certificate_key == NULL)) {
		snprintf(error, size,
		    "a certificate and its key go together");
		return (-1);
	}
	if (target_wants_tls(from->url))
		return (target_secure(&to->target, from, error, size));
	if (from->ca == NULL && from->certificate == NULL)
		return (0);
	snprintf(error, size, "\"%s\": it has files for TLS, but the URL asks "
	    "for none", from->url);
	return (-1);
}

static struct hg_target *
fetchtarget_new(const struct connect_settings *from, char *error, size_t size)
{
	struct hg_target *to;

	if ((to = calloc(1, sizeof(*to))) == NULL) {
		snprintf(error, size, "out of memory");
		return (NULL);
	}
	if (keep_text(&to->from.url, from->url) == -1 ||
	    keep_text(&to->from.ca, from->ca) == -1 ||
	    keep_text(&to->from.certificate, from->certificate) == -1 ||
	    keep_text(&to->from.certificate_key, from->certificate_key) == -1)
		snprintf(error, size, "out of memory");
	else if (target_parse_http(&to->target, from->url, error, size) == 0 &&
	    fetchtarget_secure(to, error, size) == 0)
		return (to);
	fetchtarget_free(to);
	return (NULL);
}

static struct hg_target *
fetchtarget_add(const struct connect_settings *from, char *error, size_t size)
{
	struct hg_target *to;

	if (target_count == FETCHTARGET_MAX) {
		snprintf(error, size, "more than %d URLs", FETCHTARGET_MAX);
		return (NULL);
	}
	if ((to = fetchtarget_new(from, error, size)) == NULL)
		return (NULL);
	list_push(&targets, &to->node);
	target_count++;
	return (to);
}

struct hg_target *
fetchtarget_get(const char *url, const char *ca, const char *certificate,
    const char *key, char *error, size_t size)
{
	const struct connect_settings from = {
		.url = (char *)(uintptr_t)url,
		.ca = (char *)(uintptr_t)ca,
		.certificate = (char *)(uintptr_t)certificate,
		.certificate_key = (char *)(uintptr_t)key,
	};
	struct hg_target *to, *found = NULL;
	struct list *node;

	pthread_mutex_lock(&lock);
	for (node = targets.next; node != &targets && found == NULL;
	    node = node->next) {
		to = list_entry(node, struct hg_target, node);
		if (is_from(&to->from, &from))
			found = to;
	}
	if (found == NULL)
		found = fetchtarget_add(&from, error, size);
	pthread_mutex_unlock(&lock);
	return (found);
}

const char *
fetchtarget_path(const struct hg_target *to)
{
	return (to->target.path != NULL ? to->target.path : "/");
}

const char *
fetchtarget_host(const struct hg_target *to)
{
	return (to->target.host);
}

void
fetchtarget_finish(void)
{
	struct list *node, *save;

	list_each(node, save, &targets) {
		list_remove(node);
		fetchtarget_free(list_entry(node, struct hg_target, node));
	}
	target_count = 0;
}
