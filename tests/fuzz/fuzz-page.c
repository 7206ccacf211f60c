/* SPDX-License-Identifier: Apache-2.0 */
/* W15: the name that the page plugin makes of a request's target: below its
 * root, and one that no file system or browser reads in another way. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "page.h"

static void
check_segment(const char *at, size_t len, bool last, bool dotfiles)
{
	FUZZ_IS(len > 0 || last);
	FUZZ_IS(len <= 255);
	FUZZ_IS(len != 1 || at[0] != '.');
	FUZZ_IS(len != 2 || memcmp(at, "..", 2) != 0);
	FUZZ_IS(dotfiles || len == 0 || at[0] != '.' ||
	    (len == 11 && memcmp(at, ".well-known", 11) == 0));
}

static void
check_name(const char *name, bool folder, bool dotfiles)
{
	const char *at = name;
	size_t len;

	for (;; at += len + 1) {
		len = strcspn(at, "/");
		check_segment(at, len, at[len] == '\0', dotfiles);
		if (at[len] == '\0')
			break;
	}
	for (at = name; *at != '\0'; at++)
		FUZZ_IS((unsigned char)*at >= ' ' && *at != '\\' &&
		    *at != 0x7f);
	FUZZ_IS(name[0] != '/');
	len = strlen(name);
	FUZZ_IS(folder == (len == 0 || name[len - 1] == '/'));
}

void
fuzz_one(struct fuzz *fuzz)
{
	static const char *const services[] = { "/*", "/app/*", "/a", "/" };
	unsigned how = fuzz_byte(fuzz);
	bool folder = false, dotfiles = (how & 4) != 0;
	char *target, out[PAGE_PATH_MAX];
	size_t size = (how & 8) != 0 ? 16 : sizeof(out);
	int status;

	if ((target = malloc(fuzz->left + 2)) == NULL)
		abort();
	target[0] = '/';
	memcpy(target + 1, fuzz->at, fuzz->left);
	target[fuzz->left + 1] = '\0';
	status = page_path(target, services[how & 3], dotfiles, out, size,
	    &folder);
	FUZZ_IS(status == 0 || status == 400 || status == 404);
	if (status == 0) {
		FUZZ_IS(strlen(out) < size);
		check_name(out, folder, dotfiles);
	}
	free(target);
}
