/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page: files for browsers, on the listener of their WebSockets. An exchange
 * belongs to a worker; what its state holds ends with page_close.
 */
#ifndef PAGE_H
#define PAGE_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "inject.h"

#define PAGE_PATH_MAX	4096	/* bytes of a decoded path, with the NUL */
#define PAGE_PIECE	32768	/* bytes of a file that are read at once */

struct page_options {
	const char		*root;		/* NULL: no files */
	struct hg_strings	 index;
	struct hg_strings	 types;		/* "ext type" */
	const char		*cache_control;	/* NULL: none is sent */
	bool			 dotfiles;
	const char		*script;	/* path of the library, NULL: none */
	const char		*script_dir;	/* NULL: that of the installation */
	bool			 inject;
	const char		*origin;	/* NULL: root is all there is */
	const char		*origin_ca;	/* NULL: the system's */
	const char		*origin_host;	/* NULL: the URL's */
	bool			 x_forwarded;
	bool			 trust_forwarded;
	struct hg_strings	 strip;
	int64_t			 connect_timeout, response_timeout;
};

enum page_counter {
	PAGE_FILES,		/* answered from root, 200 and 206 */
	PAGE_UNCHANGED,		/* 304 */
	PAGE_MISSING,		/* 404 */
	PAGE_SCRIPTS,		/* the library */
	PAGE_PROXIED,		/* answered by the origin */
	PAGE_ORIGIN_FAILED,	/* it could not be asked, or answer fully */
	PAGE_INJECTED,		/* the first of enum inject_verdict's */
};

struct proxy;

/* The state of an exchange. */
struct page {
	bool			 open;		/* fd is */
	int			 fd;
	uint64_t		 at;		/* the next byte to be sent */
	uint64_t		 left;
	char			*element;	/* to be put in, or NULL */
	uint64_t		 element_at;
	struct proxy		*proxy;		/* the origin answers */
};

/* Of each worker: see pause.c. */
struct page_worker {
	struct proxy		*waiting;
	bool			 timed;
};

/* What is known of an answer whose bytes do not change, for its conditions. */
struct page_entity {
	char			 etag[72];	/* with its quotes */
	time_t			 modified;	/* 0: no Last-Modified */
	uint64_t		 size;
};

/* A part of an entity: bytes from to from + len - 1. */
struct page_range {
	uint64_t		 from, len;
};

/* page.c. A short answer, with a text of its own. */
int	page_answer(struct hg_exchange *, int status, struct hg_fields *);
bool	page_is_head(const struct hg_head *request);
bool	page_has_script(const struct page_options *);
void	page_count_verdict(enum inject_verdict);
/* -1: no memory. */
int	page_add(struct hg_fields *, const char *name, const char *fmt, ...)
	    HG_PRINTF(3, 4);

/*
 * path.c. What a request's target names below root: decoded once, relative,
 * without "/" in front. 0; or the status that refuses it, 400 or 404. service:
 * the path of the service. *folder: it ends with "/", or names root itself.
 */
int	page_path(const char *target, const char *service, bool dotfiles,
	    char *out, size_t size, bool *folder);

/* file.c */
int	page_file_begin(struct hg_exchange *, struct page *,
	    const struct page_options *, const struct hg_head *request);
void	page_file_drain(struct hg_exchange *, struct page *);
void	page_file_close(struct page *);

/* fileinject.c. With INJECT_DONE the page has the element and its place, and
 * the entity is another one; INJECT_VERDICTS: it is no page. */
enum inject_verdict page_file_inject(int fd, const struct page_options *,
	    const char *type, struct page *, struct page_entity *);

/* proxy.c */
const char *page_proxy_check(const struct page_options *, char *buffer,
	    size_t size);
int	page_proxy_begin(struct hg_exchange *, struct page *,
	    const struct page_options *, const struct hg_head *request);
void	page_proxy_body(struct proxy *, struct hg_frame *);
void	page_proxy_drain(struct proxy *);
void	page_proxy_close(struct page *);

/* script.c */
int	page_script_begin(struct hg_exchange *, const struct page_options *,
	    const struct hg_head *request);
void	page_script_unload(void);

/*
 * condition.c (RFC 9110, 13). 0: it is to be answered in full; 304 or 412. The
 * fields that the answer has in both cases are added; -1: no memory.
 */
int	page_condition(const struct hg_head *request,
	    const struct page_entity *);
int	page_entity_fields(struct hg_fields *, const struct page_entity *);

/*
 * range.c (RFC 9110, 14). 200: all of it; 206: the range; 416: none of it is
 * there. Several ranges, and what is malformed, are answered with all.
 */
int	page_range(const struct hg_head *request, const struct page_entity *,
	    struct page_range *);

/* date.c (RFC 9110, 5.6.7). parse: -1 when it is none. */
#define PAGE_DATE	30
void	page_date(char out[PAGE_DATE], time_t);
int	page_date_parse(const char *, time_t *);

/* type.c. The media type of a file's name, for Content-Type. */
void	page_type(const struct page_options *, const char *name, char *out,
	    size_t size);
const char *page_type_check(const char *, char *buffer, size_t size);

#endif
