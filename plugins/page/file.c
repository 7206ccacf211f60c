/* SPDX-License-Identifier: Apache-2.0 */
/* Files below root. */
#include "page.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


/* How much younger than now a file may be whose next change could have the
 * same time: clocks of file systems are coarse. */
#define SETTLED	2	/* seconds */

struct file {
	int		 fd;
	struct stat	 st;
	char		 name[PAGE_PATH_MAX];	/* below root */
};

/*
 * The kernel resolves the name, so that nothing outside of root is ever opened,
 * whatever links are there and whoever moves folders meanwhile. O_NONBLOCK: a
 * pipe has to be opened to see that it is no file.
 */
static int
file_open(int root, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return ((int)syscall(SYS_openat2, root, name[0] == '\0' ? "." : name,
	    &how, sizeof(how)));
}

/* 0, or the status that is answered. */
static int
file_status(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case EXDEV:
	case ENAMETOOLONG:
	case EACCES:
	case ENXIO:
		return (404);
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return (503);
	default:
		hg->log(NULL, HG_LOG_WARN, "page: a file cannot be opened: %s",
		    strerror(error));
		return (500);
	}
}

/* A regular file, or with folder set a folder too. 0, or a status. */
static int
file_try(int root, struct file *file, bool *folder)
{
	int status;

	if ((file->fd = file_open(root, file->name)) == -1)
		return (file_status(errno));
	status = fstat(file->fd, &file->st) != 0 ? 500 : 404;
	if (status == 404 && (S_ISREG(file->st.st_mode) || (folder != NULL &&
	    (*folder = S_ISDIR(file->st.st_mode)))))
		return (0);
	close(file->fd);
	file->fd = -1;
	return (status);
}

static int
file_find_index(int root, const struct page_options *options,
    struct file *file)
{
	size_t i, room, len = strlen(file->name);
	int status = 404;

	room = sizeof(file->name) - len;
	for (i = 0; i < options->index.count && status == 404; i++)
		if (snprintf(file->name + len, room, "%s",
		    options->index.item[i]) < (int)room)
			status = file_try(root, file, NULL);
	return (status);
}

/* 0: file is open; else the status, 301 for a folder that lacks its slash. */
static int
file_find(const struct page_options *options, bool folder, struct file *file)
{
	bool is_folder = false;
	int root, status;

	root = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root == -1) {
		hg->log(NULL, HG_LOG_WARN, "page: root %s: %s", options->root,
		    strerror(errno));
		return (500);
	}
	if (folder)
		status = file_find_index(root, options, file);
	else
		status = file_try(root, file, &is_folder);
	close(root);
	if (status != 0 || !is_folder)
		return (status);
	close(file->fd);
	file->fd = -1;
	return (301);
}

static void
file_entity(const struct file *file, struct page_entity *entity)
{
	const struct timespec *at = &file->st.st_mtim;
	bool weak = time(NULL) < at->tv_sec + SETTLED;

	entity->size = (uint64_t)file->st.st_size;
	entity->modified = at->tv_sec > 0 ? at->tv_sec : 0;
	snprintf(entity->etag, sizeof(entity->etag), "%s\"%llx-%llx.%lx\"",
	    weak ? "W/" : "", (unsigned long long)file->st.st_size,
	    (unsigned long long)at->tv_sec, at->tv_nsec);
}

/* --- answers -------------------------------------------------------------- */

/* The path as it came, with a slash: it begins with one, and page_path has
 * refused a second one behind it. */
static int
file_redirect(struct hg_exchange *ex, const char *target)
{
	struct hg_fields *fields;
	char location[PAGE_PATH_MAX + 512];
	size_t len = strcspn(target, "?");
	int result = -1;

	if (strlen(target) + 2 > sizeof(location))
		return (page_answer(ex, 404, NULL));
	snprintf(location, sizeof(location), "%.*s/%s", (int)len, target,
	    target + len);
	if ((fields = hg->fields_new()) == NULL)
		return (-1);
	if (hg->fields_add(fields, "Location", location) == 0)
		result = page_answer(ex, 301, fields);
	hg->fields_free(fields);
	return (result);
}

static int
file_fields(struct hg_fields *fields, const struct page_options *options,
    const struct page_entity *entity)
{
	if (page_entity_fields(fields, entity) != 0)
		return (-1);
	if (options->cache_control == NULL)
		return (0);
	return (hg->fields_add(fields, "Cache-Control",
	    options->cache_control));
}

/* 304, 412 and 416: without the file's content. */
static int
file_answer_without(struct hg_exchange *ex, int status,
    struct hg_fields *fields, const struct page_entity *entity)
{
	if (status == 416 && page_add(fields, "Content-Range", "bytes */%llu",
	    (unsigned long long)entity->size) != 0)
		return (-1);
	if (status != 304)
		return (page_answer(ex, status, fields));
	hg->count(&hg_plugin_entry, PAGE_UNCHANGED, 1);
	if (hg->http_respond(ex, 304, fields) != 0)
		return (-1);
	hg->http_end(ex);
	return (0);
}

static int
file_answer_with(struct hg_exchange *ex, int status, struct hg_fields *fields,
    const char *type, const struct page_entity *entity,
    const struct page_range *range, const char *element)
{
	uint64_t len = range->len + (element != NULL ? strlen(element) : 0);

	if (page_add(fields, "Content-Type", "%s", type) != 0 ||
	    page_add(fields, "Content-Length", "%llu",
	    (unsigned long long)len) != 0)
		return (-1);
	if (element == NULL && page_add(fields, "Accept-Ranges", "bytes") != 0)
		return (-1);
	if (status == 206 && page_add(fields, "Content-Range",
	    "bytes %llu-%llu/%llu", (unsigned long long)range->from,
	    (unsigned long long)(range->from + range->len - 1),
	    (unsigned long long)entity->size) != 0)
		return (-1);
	hg->count(&hg_plugin_entry, PAGE_FILES, 1);
	return (hg->http_respond(ex, status, fields));
}

/* Of an open file, which becomes the exchange's when it is to be sent. */
static int
file_answer(struct hg_exchange *ex, struct page *page, struct file *file,
    const struct page_options *options, struct hg_fields *fields)
{
	const struct hg_head *request = hg->http_request(ex);
	struct page_entity entity;
	struct page_range range;
	enum inject_verdict verdict;
	char type[192];
	int status;

	file_entity(file, &entity);
	page_type(options, file->name, type, sizeof(type));
	verdict = page_file_inject(file->fd, options, type, page,
	    &entity);
	if (file_fields(fields, options, &entity) != 0)
		return (-1);
	status = page_condition(request, &entity);
	if (status == 0 && page->element != NULL) {
		range = (struct page_range){ 0, entity.size };
		status = 200;
	} else if (status == 0)
		status = page_range(request, &entity, &range);
	if (status != 200 && status != 206)
		return (file_answer_without(ex, status, fields, &entity));
	if (file_answer_with(ex, status, fields, type, &entity, &range,
	    page->element) != 0)
		return (-1);
	if (page_is_head(request)) {
		hg->http_end(ex);
		return (0);
	}
	page_count_verdict(verdict);
	page->fd = file->fd;
	page->open = true;
	file->fd = -1;
	page->at = range.from;
	page->left = range.len;
	page_file_drain(ex, page);
	return (0);
}

int
page_file_begin(struct hg_exchange *ex, struct page *page,
    const struct page_options *options, const struct hg_head *request)
{
	const char *target = hg->head_target(request);
	struct hg_fields *fields;
	struct file file;
	bool folder;
	int status, result = -1;

	status = page_path(target, hg->http_path(ex), options->dotfiles,
	    file.name, sizeof(file.name), &folder);
	if (status == 0)
		status = file_find(options, folder, &file);
	if (status == 301)
		return (file_redirect(ex, target));
	if (status == 404 && options->origin != NULL)
		return (page_proxy_begin(ex, page, options, request));
	if (status != 0)
		return (page_answer(ex, status, NULL));
	if ((fields = hg->fields_new()) != NULL)
		result = file_answer(ex, page, &file, options, fields);
	hg->fields_free(fields);
	if (file.fd != -1)
		close(file.fd);
	return (result);
}

/* --- the content ---------------------------------------------------------- */

static void
file_send_element(struct hg_exchange *ex, struct page *page, bool *room)
{
	*room = hg->http_send(ex, hg->frame_new(page->element,
	    strlen(page->element), 0));
	free(page->element);
	page->element = NULL;
}

/* False: there is nothing more to be read. */
static bool
file_send(struct hg_exchange *ex, struct page *page, bool *room)
{
	char piece[PAGE_PIECE];
	size_t len = page->left < sizeof(piece) ? (size_t)page->left :
	    sizeof(piece);
	ssize_t n;

	if (page->element != NULL && page->at == page->element_at) {
		file_send_element(ex, page, room);
		return (true);
	}
	if (page->element != NULL && page->at < page->element_at &&
	    len > page->element_at - page->at)
		len = (size_t)(page->element_at - page->at);
	do
		n = pread(page->fd, piece, len, (off_t)page->at);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		hg->http_abort(ex, n == 0 ? "the file has become shorter" :
		    strerror(errno));
		return (false);
	}
	page->at += (uint64_t)n;
	page->left -= (uint64_t)n;
	*room = hg->http_send(ex, hg->frame_new(piece, (size_t)n, 0));
	return (true);
}

/*
 * As much as the connection's queue takes, some pieces of 32 KiB; then the
 * others of the worker have their turn. Reading blocks only while the kernel
 * fetches one such piece, which it reads ahead: about a seek of the disk at
 * worst, and nothing for what is in its cache. A thread for files would cost
 * more for nearly all of them.
 */
void
page_file_drain(struct hg_exchange *ex, struct page *page)
{
	bool room = true;

	if (!page->open)
		return;
	while (room && (page->left > 0 || page->element != NULL))
		if (!file_send(ex, page, &room))
			break;
	if (page->left > 0 || page->element != NULL)
		return;
	page_file_close(page);
	hg->http_end(ex);
}

void
page_file_close(struct page *page)
{
	if (page->open)
		close(page->fd);
	page->open = false;
	free(page->element);
	page->element = NULL;
}
