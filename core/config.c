/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "configbuild.h"
#include "keys.h"
#include "option.h"
#include "plugin.h"
#include "target.h"

/* Whose key it is that a table does not have. */
struct config_other {
	struct configbuild	*build;
	struct section		*section;
	struct service		*service;
};

static bool
config_other_key(void *arg, const struct entry *entry)
{
	struct config_other *other = arg;

	return (configplugin_key(other->build, other->section,
	    other->service, entry));
}

/* --- sections to structs -------------------------------------------------- */

/* Zeroed values with all defaults. */
static void *
config_new_values(struct section *section, size_t size)
{
	void *values = calloc(1, size);

	section->table = keys_of(section->kind);
	if (values != NULL && option_defaults(section->table, values) == -1) {
		free(values);
		values = NULL;
	}
	section->values = values;
	return (values);
}

static int
config_grow(void *array, size_t count, void *item)
{
	void ***items = array;
	void **grown;

	grown = realloc(*items, (count + 1) * sizeof(*grown));
	if (grown == NULL)
		return (-1);
	grown[count] = item;
	*items = grown;
	return (0);
}

static int
config_add_listen(struct configbuild *build, struct section *section)
{
	struct settings *settings = build->settings;
	struct listen_settings *listen;

	listen = config_new_values(section, sizeof(*listen));
	if (listen == NULL || (listen->name = strdup(section->name)) == NULL)
		return (-1);
	listen->file = section->place.file;
	listen->line = section->place.line;
	if (config_grow(&settings->listens, settings->listen_count, listen) !=
	    0)
		return (-1);
	settings->listen_count++;
	keys_apply(section, &build->mistakes, NULL, NULL);
	return (0);
}

static int
config_add_service(struct configbuild *build, struct section *section)
{
	struct settings *settings = build->settings;
	struct config_other other = { .build = build, .section = section };
	struct service *service;

	service = config_new_values(section, sizeof(*service));
	if (service == NULL || (service->name = strdup(section->name)) == NULL)
		return (-1);
	service->file = section->place.file;
	service->line = section->place.line;
	if (config_grow(&settings->services, settings->service_count,
	    service) != 0)
		return (-1);
	settings->service_count++;
	other.service = service;
	keys_apply(section, &build->mistakes, config_other_key, &other);
	return (0);
}

static int
config_add_trunk(struct configbuild *build, struct section *section)
{
	struct settings *settings = build->settings;
	struct config_other other = { .build = build, .section = section };
	struct trunk_settings *trunk;

	trunk = config_new_values(section, sizeof(*trunk));
	if (trunk == NULL || (trunk->name = strdup(section->name)) == NULL ||
	    (trunk->service.name = strdup(section->title)) == NULL)
		return (-1);
	trunk->file = trunk->service.file = section->place.file;
	trunk->line = trunk->service.line = section->place.line;
	trunk->service.is_trunk = true;
	if (config_grow(&settings->trunks, settings->trunk_count, trunk) != 0)
		return (-1);
	settings->trunk_count++;
	other.service = &trunk->service;
	keys_apply(section, &build->mistakes, config_other_key, &other);
	return (0);
}

static int
config_add_headgate(struct configbuild *build, struct section *section)
{
	struct settings *settings = build->settings;

	section->table = keys_of(SECTION_HEADGATE);
	section->values = settings;
	keys_apply(section, &build->mistakes, NULL, NULL);
	settings->log_syslog = settings->log_to == 1;
	return (0);
}

static int
config_add_sections(struct configbuild *build)
{
	static int (*const add[])(struct configbuild *, struct section *) = {
		[SECTION_HEADGATE] = config_add_headgate,
		[SECTION_LISTEN] = config_add_listen,
		[SECTION_SERVICE] = config_add_service,
		[SECTION_TRUNK] = config_add_trunk,
		[SECTION_PLUGIN] = NULL,
	};
	struct section *section;
	int kind;

	for (kind = 0; kind < SECTION_KINDS; kind++)
		sections_each(section, (enum section_kind)kind,
		    &build->sections)
			if (add[kind] != NULL && add[kind](build, section) != 0)
				return (-1);
	return (0);
}

int
configbuild_read(struct configbuild *build, const struct config_source *source)
{
	struct place place = { source->path, 0, 0 };

	memset(build, 0, sizeof(*build));
	build->source = source;
	sections_init(&build->sections);
	build->settings = calloc(1, sizeof(*build->settings));
	if (build->settings == NULL ||
	    option_defaults(keys_of(SECTION_HEADGATE), build->settings) == -1)
		return (-1);
	conffiles_read(&build->files, source->path,
	    source->plugin_dir_trusted, &build->sections, &build->mistakes);
	/* Its defaults are in force without it too. */
	if (section_find(&build->sections, SECTION_HEADGATE, "") == NULL)
		section_open(&build->sections, "headgate", &place,
		    &build->mistakes);
	configplugin_open_all(build);
	if (config_add_sections(build) != 0)
		return (-1);
	configcheck(build);
	return (0);
}

void
configbuild_free(struct configbuild *build)
{
	sections_free(&build->sections);
	mistakes_free(&build->mistakes);
	conffiles_free(&build->files);
}

/* The names of files outlive the build: services point to them. */
static void
config_keep_files(struct configbuild *build)
{
	build->settings->files = build->files.name;
	build->settings->file_count = build->files.count;
	build->files.name = NULL;
	build->files.count = 0;
}

/* Only now: --dump-config shows what was written. */
static void
config_control_off(struct settings *settings)
{
	if (strcmp(settings->control, "off") != 0)
		return;
	free(settings->control);
	settings->control = NULL;
}

struct settings *
config_read(const struct config_source *source, FILE *errors)
{
	struct configbuild build;
	struct settings *settings;

	if (configbuild_read(&build, source) != 0) {
		fprintf(errors, "%s: out of memory\n", source->path);
		build.mistakes.count++;
	}
	settings = build.settings;
	if (build.mistakes.count > 0) {
		mistakes_print(&build.mistakes, errors);
		config_free(settings);
		settings = NULL;
	} else {
		config_keep_files(&build);
		config_control_off(settings);
	}
	configbuild_free(&build);
	return (settings);
}

/* --- the end -------------------------------------------------------------- */

static void
config_free_service(struct service *service)
{
	unsigned i;

	for (i = 0; service->options != NULL && i < PLUGIN_MAX; i++) {
		if (service->options[i] == NULL)
			continue;
		option_free(plugin_at(i)->entry.options, service->options[i]);
		free(service->options[i]);
	}
	free(service->options);
	free(service->plugins);
	target_free(&service->target);
	free(service->name);
}

static void
config_free_listen(struct listen_settings *listen)
{
	option_free(keys_of(SECTION_LISTEN), listen);
	tls_free(listen->tls);
	free(listen->edge_secret);
	free(listen->services);
	free(listen->name);
	free(listen);
}

static void
config_free_trunk(struct trunk_settings *trunk)
{
	option_free(keys_of(SECTION_TRUNK), trunk);
	config_free_service(&trunk->service);
	target_free(&trunk->target);
	free(trunk->secret);
	free(trunk->name);
	free(trunk);
}

void
config_free(struct settings *settings)
{
	size_t i;

	if (settings == NULL)
		return;
	for (i = 0; i < settings->listen_count; i++)
		config_free_listen(settings->listens[i]);
	for (i = 0; i < settings->service_count; i++) {
		option_free(keys_of(SECTION_SERVICE), settings->services[i]);
		config_free_service(settings->services[i]);
		free(settings->services[i]);
	}
	for (i = 0; i < settings->trunk_count; i++)
		config_free_trunk(settings->trunks[i]);
	for (i = 0; i < settings->file_count; i++)
		free(settings->files[i]);
	free(settings->files);
	free(settings->listens);
	free(settings->services);
	free(settings->trunks);
	option_free(keys_of(SECTION_HEADGATE), settings);
	free(settings);
}
