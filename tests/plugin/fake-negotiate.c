/* SPDX-License-Identifier: Apache-2.0 */
/* Negotiation: the three hooks of a plugin, with parameters as text. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "fake-table.h"

void
fake_set_negotiation(bool trunk, const char *extensions)
{
	fake.negotiation.trunk = trunk;
	snprintf(fake.negotiation.extensions,
	    sizeof(fake.negotiation.extensions), "%s", extensions);
}

const void *
fake_negotiation_options(const struct hg_negotiation *n)
{
	return (n->plugin->options);
}

bool
fake_negotiation_is_trunk(const struct hg_negotiation *n)
{
	return (n->trunk);
}

const char *
fake_negotiation_extensions(const struct hg_negotiation *n)
{
	return (n->extensions);
}

bool
fake_negotiation_has_mux(const struct hg_negotiation *n)
{
	return (n->has_mux);
}

void
fake_negotiation_no_root(struct hg_negotiation *n)
{
	n->no_root = true;
}

bool
fake_no_root(void)
{
	return (fake.negotiation.no_root);
}

void
fake_set_negotiation_mux(bool has_mux)
{
	fake.negotiation.has_mux = has_mux;
}

static struct hg_params *
params(const char *name, const char *text)
{
	struct wsext_list list = { 0 };
	struct hg_params *copy;
	struct str all = { 0 };

	str_addf(&all, "%s%s%s", name, text[0] != '\0' ? "; " : "", text);
	if (wsext_parse_text(&list, all.text) != 0 || list.count != 1)
		fake_abort("bad parameters: %s", text);
	copy = wsext_params_copy(list.ext[0]);
	wsext_free(&list);
	str_free(&all);
	return (copy);
}

/* The parameters without the name. */
static const char *
params_text(const struct hg_params *of)
{
	static char text[1024];
	struct wsext_list list = { 0 };
	struct str all = { 0 };
	const char *at;

	wsext_push(&list, wsext_params_copy(of));
	wsext_format(&all, &list);
	at = strchr(all.text, ';');
	at = at == NULL ? "" : at + 1;
	snprintf(text, sizeof(text), "%s", *at == ' ' ? at + 1 : at);
	wsext_free(&list);
	str_free(&all);
	return (text);
}

/* The hooks of whichever kind has any of the three. */
static const struct hg_hooks *
negotiator(const char *name)
{
	const struct hg_plugin *plugin;

	fake_work();
	fake.negotiation.plugin = fake_plugin(name);
	plugin = fake.negotiation.plugin->plugin;
	if (plugin->extension == NULL)
		fake_abort("%s names no extension", name);
	return (plugin->connection != NULL ? plugin->connection :
	    plugin->channel);
}

const char *
fake_offer(const char *name)
{
	const struct hg_hooks *hooks = negotiator(name);
	struct hg_params *out;
	const char *text;
	int error;

	out = wsext_params_new(fake_plugin(name)->plugin->extension);
	error = hooks->offer != NULL ? hooks->offer(&fake.negotiation, out) :
	    0;
	text = error == 0 ? params_text(out) : NULL;
	wsext_params_free(out);
	return (text);
}

const char *
fake_answer(const char *name, const char *offered)
{
	const struct hg_hooks *hooks = negotiator(name);
	struct hg_params *in, *out;
	const char *text;
	int error;

	in = params(fake_plugin(name)->plugin->extension, offered);
	out = wsext_params_new(fake_plugin(name)->plugin->extension);
	error = hooks->answer != NULL ?
	    hooks->answer(&fake.negotiation, in, out) : 0;
	text = error == 0 ? params_text(out) : NULL;
	wsext_params_free(in);
	wsext_params_free(out);
	return (text);
}

int
fake_check(const char *name, const char *answered)
{
	const struct hg_hooks *hooks = negotiator(name);
	struct hg_params *in;
	int error;

	in = params(fake_plugin(name)->plugin->extension, answered);
	error = hooks->check != NULL ? hooks->check(&fake.negotiation, in) : 0;
	wsext_params_free(in);
	return (error);
}
