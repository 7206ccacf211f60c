/* SPDX-License-Identifier: Apache-2.0 */
/* W21: a configuration of any bytes. It is taken whole, or every mistake is a
 * line that names the file; what is taken can be written and is taken again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"
#include "host.h"

static char path[64];

static void
config_file(const unsigned char *bytes, size_t len)
{
	FILE *file;

	if (path[0] == '\0') {
		snprintf(path, sizeof(path), "/tmp/headgate-fuzz-%d.ini",
		    (int)getpid());
	}
	if ((file = fopen(path, "w")) == NULL)
		abort();
	fwrite(bytes, 1, len, file);
	fclose(file);
}

void
fuzz_one(struct fuzz *fuzz)
{
	struct config_source source = { .path = path,
	    .plugin_dir = "/nonexistent", .plugin_dir_trusted = true,
	    .host = &host_table };
	struct settings *settings;
	char *said = NULL;
	FILE *errors;
	size_t len = 0;

	config_file(fuzz->at, fuzz->left);
	if ((errors = open_memstream(&said, &len)) == NULL)
		abort();
	settings = config_read(&source, errors);
	fclose(errors);
	unlink(path);
	FUZZ_IS((settings == NULL) == (len > 0));
	FUZZ_IS(len == 0 || strncmp(said, path, strlen(path)) == 0);
	config_free(settings);
	free(said);
}
