/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library for browsers, with the halves of the extensions that the
 * listener's services allow, as one file. What was put together is kept, for
 * all workers, until a file of it changes.
 */
#include "page.h"

#include <sys/stat.h>

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_LIBRARY	"headgate.js"
#define SCRIPT_FILES	32	/* with the library */
#define SCRIPT_MAX	(512 * 1024)	/* bytes, all together */
#define SCRIPT_KEPT	8	/* of different listeners and folders */
#define SCRIPT_HASH	48	/* SHA-384, as pages write it */

/* What the script is made of, and how its files were then. */
struct recipe {
	const char	*dir;
	unsigned	 count;
	const char	*name[SCRIPT_FILES];
	struct stat	 st[SCRIPT_FILES];
};

struct script {
	struct recipe	 recipe;	/* its texts live as long as the
					 * configuration */
	struct hg_frame	*text;
	size_t		 len;
	char		 hash[4 * SCRIPT_HASH / 3 + 2];	/* base64 */
};

static pthread_mutex_t	scripts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct script	scripts[SCRIPT_KEPT];
static unsigned		scripts_next;

static const char *
script_dir(const struct page_options *options)
{
	return (options->script_dir != NULL ? options->script_dir :
	    PAGE_SCRIPT_DIR);
}

/* --- files ---------------------------------------------------------------- */

static int
script_stat(struct recipe *recipe, unsigned i)
{
	char path[PAGE_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", recipe->dir,
	    recipe->name[i]) >= (int)sizeof(path) ||
	    stat(path, &recipe->st[i]) != 0 || !S_ISREG(recipe->st[i].st_mode))
		return (-1);
	return (0);
}

/* A half that is not there is left out: its extension is then not offered. */
static int
script_plan(struct recipe *recipe, struct hg_exchange *ex,
    const struct page_options *options)
{
	const char *half;
	unsigned i;

	memset(recipe, 0, sizeof(*recipe));
	recipe->dir = script_dir(options);
	recipe->name[0] = SCRIPT_LIBRARY;
	if (script_stat(recipe, recipe->count++) != 0)
		return (-1);
	for (i = 0; recipe->count < SCRIPT_FILES &&
	    (half = hg->http_browser(ex, i)) != NULL; i++) {
		recipe->name[recipe->count] = half;
		if (script_stat(recipe, recipe->count) == 0)
			recipe->count++;
	}
	return (0);
}

static bool
script_same_file(const struct stat *a, const struct stat *b)
{
	return (a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec);
}

static bool
script_same_files(const struct recipe *a, const struct recipe *b)
{
	unsigned i;

	if (a->count != b->count || strcmp(a->dir, b->dir) != 0)
		return (false);
	for (i = 0; i < a->count; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return (false);
	return (true);
}

/* Adds the file, with a line's end. -1: it cannot be read, or is too long. */
static int
script_read(const struct recipe *recipe, unsigned i, char *text, size_t *len)
{
	char path[PAGE_PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", recipe->dir, recipe->name[i]);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	do {
		n = read(fd, text + *len, SCRIPT_MAX - *len);
		if (n > 0)
			*len += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	close(fd);
	if (n != 0 || *len == SCRIPT_MAX)
		return (-1);
	text[(*len)++] = '\n';
	return (0);
}

/* --- the script ----------------------------------------------------------- */

static void
script_forget(struct script *script)
{
	if (script->text != NULL)
		hg->frame_unref(script->text);
	memset(script, 0, sizeof(*script));
}

static int
script_hash(struct script *script, const char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len;

	if (EVP_Q_digest(NULL, "SHA384", NULL, text, script->len, digest,
	    &len) != 1 || len != SCRIPT_HASH)
		return (-1);
	EVP_EncodeBlock((unsigned char *)script->hash, digest, (int)len);
	return (0);
}

static int
script_make(struct script *script, const struct recipe *recipe)
{
	char *text;
	unsigned i;
	int result = -1;

	if ((text = malloc(SCRIPT_MAX)) == NULL)
		return (-1);
	script->recipe = *recipe;
	for (i = 0; i < recipe->count; i++)
		if (script_read(recipe, i, text, &script->len) != 0)
			goto out;
	if (script_hash(script, text) == 0 &&
	    (script->text = hg->frame_new(text, script->len, 0)) != NULL)
		result = 0;
out:
	free(text);
	return (result);
}

/* Keeps one for each listener and folder; the oldest goes for a new one. */
static struct script *
script_of(const struct recipe *recipe, bool *same)
{
	struct script *script;
	unsigned i, k;

	for (i = 0; i < SCRIPT_KEPT; i++) {
		script = &scripts[i];
		if (script->text == NULL ||
		    !script_same_files(&script->recipe, recipe))
			continue;
		for (*same = true, k = 0; k < recipe->count; k++)
			*same &= script_same_file(&script->recipe.st[k],
			    &recipe->st[k]);
		return (script);
	}
	*same = false;
	return (&scripts[scripts_next++ % SCRIPT_KEPT]);
}

/* A copy with a reference to the text. -1: it cannot be put together. */
static int
script_get(const struct recipe *recipe, const char *path, struct script *copy)
{
	struct script *script;
	bool same;
	int result = 0;

	pthread_mutex_lock(&scripts_lock);
	script = script_of(recipe, &same);
	if (!same) {
		script_forget(script);
		if ((result = script_make(script, recipe)) != 0)
			script_forget(script);
		else
			hg->log(NULL, HG_LOG_INFO, "page: %s: %u files, %zu "
			    "bytes, integrity=\"sha384-%s\"", path,
			    recipe->count, script->len, script->hash);
	}
	if (result == 0) {
		*copy = *script;
		hg->frame_ref(copy->text);
	}
	pthread_mutex_unlock(&scripts_lock);
	return (result);
}

static int
script_respond(struct hg_exchange *ex, const struct script *script,
    const struct hg_head *request, struct hg_fields *fields)
{
	struct page_entity entity = { .size = script->len };
	int status;

	snprintf(entity.etag, sizeof(entity.etag), "\"%s\"", script->hash);
	if (page_entity_fields(fields, &entity) != 0 ||
	    page_add(fields, "Cache-Control", "no-cache") != 0)
		return (-1);
	if ((status = page_condition(request, &entity)) == 412)
		return (page_answer(ex, 412, fields));
	if (status == 0 && (page_add(fields, "Content-Type",
	    "text/javascript; charset=utf-8") != 0 || page_add(fields,
	    "Content-Length", "%zu", script->len) != 0))
		return (-1);
	if (hg->http_respond(ex, status == 0 ? 200 : 304, fields) != 0)
		return (-1);
	hg->count(&hg_plugin_entry, status == 0 ? PAGE_SCRIPTS :
	    PAGE_UNCHANGED, 1);
	if (status == 0 && !page_is_head(request))
		hg->http_send(ex, hg->frame_ref(script->text));
	hg->http_end(ex);
	return (0);
}

int
page_script_begin(struct hg_exchange *ex, const struct page_options *options,
    const struct hg_head *request)
{
	struct hg_fields *fields;
	struct recipe recipe;
	struct script script;
	int result = -1;

	if (script_plan(&recipe, ex, options) != 0 ||
	    script_get(&recipe, options->script, &script) != 0) {
		hg->log(NULL, HG_LOG_WARN, "page: %s in %s cannot be read",
		    SCRIPT_LIBRARY, recipe.dir);
		return (page_answer(ex, 404, NULL));
	}
	if ((fields = hg->fields_new()) != NULL)
		result = script_respond(ex, &script, request, fields);
	hg->fields_free(fields);
	hg->frame_unref(script.text);
	return (result);
}

void
page_script_unload(void)
{
	unsigned i;

	for (i = 0; i < SCRIPT_KEPT; i++)
		script_forget(&scripts[i]);
}
