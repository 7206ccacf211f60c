/* SPDX-License-Identifier: Apache-2.0 */
/* Media types by the extensions of files. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "page.h"

static const struct {
	const char	*extension;
	const char	*type;
} types[] = {
	{ "aac", "audio/aac" },
	{ "apng", "image/apng" },
	{ "atom", "application/atom+xml" },
	{ "avi", "video/x-msvideo" },
	{ "avif", "image/avif" },
	{ "bin", "application/octet-stream" },
	{ "bmp", "image/bmp" },
	{ "bz2", "application/x-bzip2" },
	{ "css", "text/css" },
	{ "csv", "text/csv" },
	{ "eot", "application/vnd.ms-fontobject" },
	{ "epub", "application/epub+zip" },
	{ "flac", "audio/flac" },
	{ "gif", "image/gif" },
	{ "gz", "application/gzip" },
	{ "htm", "text/html" },
	{ "html", "text/html" },
	{ "ico", "image/x-icon" },
	{ "ics", "text/calendar" },
	{ "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" },
	{ "js", "text/javascript" },
	{ "json", "application/json" },
	{ "jsonld", "application/ld+json" },
	{ "jxl", "image/jxl" },
	{ "m4a", "audio/mp4" },
	{ "map", "application/json" },
	{ "md", "text/markdown" },
	{ "mid", "audio/midi" },
	{ "mjs", "text/javascript" },
	{ "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" },
	{ "mpeg", "video/mpeg" },
	{ "oga", "audio/ogg" },
	{ "ogg", "audio/ogg" },
	{ "ogv", "video/ogg" },
	{ "opus", "audio/ogg" },
	{ "otf", "font/otf" },
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "rss", "application/rss+xml" },
	{ "rtf", "application/rtf" },
	{ "svg", "image/svg+xml" },
	{ "tar", "application/x-tar" },
	{ "tif", "image/tiff" },
	{ "tiff", "image/tiff" },
	{ "ttf", "font/ttf" },
	{ "txt", "text/plain" },
	{ "vtt", "text/vtt" },
	{ "wasm", "application/wasm" },
	{ "wav", "audio/wav" },
	{ "weba", "audio/webm" },
	{ "webm", "video/webm" },
	{ "webmanifest", "application/manifest+json" },
	{ "webp", "image/webp" },
	{ "woff", "font/woff" },
	{ "woff2", "font/woff2" },
	{ "xht", "application/xhtml+xml" },
	{ "xhtml", "application/xhtml+xml" },
	{ "xml", "application/xml" },
	{ "xz", "application/x-xz" },
	{ "zip", "application/zip" },
};

static const char *
type_own(const struct page_options *options, const char *extension)
{
	const char *item;
	size_t i, len;

	for (i = 0; i < options->types.count; i++) {
		item = options->types.item[i];
		len = strcspn(item, " \t");
		if (strlen(extension) == len &&
		    strncasecmp(item, extension, len) == 0)
			return (item + len + strspn(item + len, " \t"));
	}
	return (NULL);
}

static const char *
type_known(const char *extension)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(types[i].extension, extension) == 0)
			return (types[i].type);
	return (NULL);
}

void
page_type(const struct page_options *options, const char *name, char *out,
    size_t size)
{
	const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
	const char *type = NULL;

	if (dot != NULL && (slash == NULL || dot > slash)) {
		type = type_own(options, dot + 1);
		if (type == NULL)
			type = type_known(dot + 1);
	}
	if (type == NULL)
		type = "application/octet-stream";
	snprintf(out, size, "%s%s", type, strncasecmp(type, "text/", 5) == 0 &&
	    strchr(type, ';') == NULL ? "; charset=utf-8" : "");
}

const char *
page_type_check(const char *value, char *buffer, size_t size)
{
	size_t len = strcspn(value, " \t");
	const char *type = value + len + strspn(value + len, " \t");
	const char *c;

	(void)buffer;
	(void)size;
	for (c = type; *c >= ' ' && *c <= '~'; c++)
		;
	if (len == 0 || value[0] == '.' || strchr(type, '/') == NULL ||
	    *c != '\0' || strlen(type) > 128)
		return ("it is EXTENSION TYPE, such as \"foo text/x-foo\"");
	return (NULL);
}
