/* SPDX-License-Identifier: Apache-2.0 */
#include "negotiate.h"

#include <string.h>

#include "str.h"

static bool
strings_have(const struct hg_strings *strings, const char *name)
{
	size_t i;

	for (i = 0; strings != NULL && i < strings->count; i++)
		if (strcmp(strings->item[i], name) == 0)
			return (true);
	return (false);
}

/* The plugin that may serve this extension here, or NULL. */
static struct plugin *
negotiate_plugin(const struct negotiate_place *place, const char *name)
{
	struct plugin *plugin;

	if (!strings_have(place->allowed, name) ||
	    (plugin = plugin_by_extension(name)) == NULL)
		return (NULL);
	if (place->in_mux)
		return (plugin->has_channel ? plugin : NULL);
	if (place->is_outer)
		return (plugin->has_connection && !plugin->has_mux ? plugin :
		    NULL);
	return (plugin->has_channel || plugin->has_connection ? plugin : NULL);
}

static bool
negotiate_is_on_channel(const struct negotiate_place *place,
    const struct plugin *plugin)
{
	return (place->in_mux || !plugin->has_connection);
}

static void
negotiate_channel_extensions(struct str *out,
    const struct negotiate_place *place)
{
	const struct hg_strings *names = place->channel_allowed;
	struct plugin *plugin;
	size_t i;

	for (i = 0; names != NULL && i < names->count; i++) {
		plugin = plugin_by_extension(names->item[i]);
		if (plugin == NULL || !plugin->has_channel)
			continue;
		if (out->len > 0)
			str_add_char(out, '+');
		str_add(out, names->item[i]);
	}
}

/* What follows an outer handshake may carry channels in what is below. */
static bool
negotiate_may_have_mux(const struct negotiate_place *place)
{
	const struct plugin *plugin;
	size_t i;

	for (i = 0; place->is_outer && i < place->allowed->count; i++) {
		plugin = plugin_by_extension(place->allowed->item[i]);
		if (plugin != NULL && plugin->has_mux)
			return (true);
	}
	return (false);
}

static void
negotiate_context(struct hg_negotiation *context,
    const struct negotiate_place *place, struct plugin *plugin,
    const struct negotiated *out, struct str *names)
{
	context->service = place->service;
	context->plugin = plugin;
	context->is_trunk = place->is_trunk;
	context->no_root = false;
	context->has_mux = negotiate_may_have_mux(place) ||
	    (out != NULL && negotiated_has_mux(out));
	if (names->text == NULL)
		negotiate_channel_extensions(names, place);
	context->channel_extensions = names->text != NULL ? names->text : "";
}

/* Puts the slot in front of those that are there: nearer to the wire. */
static int
negotiate_put(struct negotiated *out, const struct negotiate_place *place,
    struct plugin *plugin, struct hg_params *offered,
    struct hg_params *answered)
{
	bool on_channel = negotiate_is_on_channel(place, plugin);
	struct chain_entry *entries = on_channel ? out->channel : out->conn;
	unsigned *count = on_channel ? &out->channel_count : &out->conn_count;
	unsigned max = on_channel ? CHANNEL_SLOTS_MAX : WSEXT_MAX;

	if (*count == max || offered == NULL || answered == NULL) {
		wsext_params_free(offered);
		wsext_params_free(answered);
		return (-1);
	}
	memmove(entries + 1, entries, *count * sizeof(*entries));
	entries[0].plugin = plugin;
	entries[0].offered = offered;
	entries[0].answered = answered;
	(*count)++;
	return (0);
}

static bool
negotiate_has(const struct negotiated *out, const struct plugin *plugin)
{
	unsigned i;

	for (i = 0; i < out->conn_count; i++)
		if (out->conn[i].plugin == plugin || (plugin->has_mux &&
		    out->conn[i].plugin->has_mux))
			return (true);
	for (i = 0; i < out->channel_count; i++)
		if (out->channel[i].plugin == plugin)
			return (true);
	return (false);
}

static const struct hg_hooks *
negotiate_hooks(const struct negotiate_place *place,
    const struct plugin *plugin)
{
	return (negotiate_is_on_channel(place, plugin) ? &plugin->channel :
	    &plugin->connection);
}

/* Takes one offer or leaves it; -1 only when memory is out. */
static int
negotiate_accept_one(const struct negotiate_place *place, enum hg_place where,
    const struct hg_params *offer, struct negotiated *out, struct str *names)
{
	struct hg_negotiation context;
	struct plugin *plugin;
	const struct hg_hooks *hooks;
	struct hg_params *answer;

	plugin = negotiate_plugin(place, offer->name);
	if (plugin == NULL || plugin->entry.place != where ||
	    negotiate_has(out, plugin))
		return (0);
	if ((answer = wsext_params_new(offer->name)) == NULL)
		return (-1);
	hooks = negotiate_hooks(place, plugin);
	negotiate_context(&context, place, plugin, out, names);
	if (hooks->answer != NULL &&
	    hooks->answer(&context, offer, answer) != 0) {
		wsext_params_free(answer);
		return (0);
	}
	if (negotiate_put(out, place, plugin, wsext_params_copy(offer),
	    wsext_params_copy(answer)) != 0) {
		wsext_params_free(answer);
		return (-1);
	}
	out->no_root = out->no_root || (context.no_root && plugin->has_mux &&
	    !place->in_mux);
	return (wsext_push(&out->answer, answer));
}

/* What is nearer to the wire is answered later, whatever the offer's order. */
int
negotiate_accept(const struct negotiate_place *place,
    const struct hg_head *request, struct negotiated *out)
{
	struct wsext_list offers = { 0 };
	struct str names = { 0 };
	size_t i;
	int where, result = 0;

	memset(out, 0, sizeof(*out));
	if (wsext_parse(&offers, request) != 0)
		return (-1);
	for (where = HG_PLACE_DATA; where <= HG_PLACE_MARKING; where++)
		for (i = 0; i < offers.count && result == 0; i++)
			result = negotiate_accept_one(place,
			    (enum hg_place)where, offers.ext[i], out, &names);
	wsext_free(&offers);
	str_free(&names);
	if (result != 0)
		negotiated_free(out);
	return (result);
}

int
negotiate_offer(const struct negotiate_place *place, struct wsext_list *out)
{
	struct hg_negotiation context;
	struct str names = { 0 };
	struct plugin *plugin;
	const struct hg_hooks *hooks;
	struct hg_params *offer;
	size_t i;
	int result = 0;

	memset(out, 0, sizeof(*out));
	for (i = 0; place->allowed != NULL && i < place->allowed->count &&
	    result == 0; i++) {
		plugin = negotiate_plugin(place, place->allowed->item[i]);
		if (plugin == NULL)
			continue;
		offer = wsext_params_new(place->allowed->item[i]);
		if (offer == NULL) {
			result = -1;
			break;
		}
		hooks = negotiate_hooks(place, plugin);
		negotiate_context(&context, place, plugin, NULL, &names);
		if (hooks->offer != NULL &&
		    hooks->offer(&context, offer) != 0)
			wsext_params_free(offer);
		else
			result = wsext_push(out, offer);
	}
	str_free(&names);
	if (result != 0)
		wsext_free(out);
	return (result);
}

static const char *
negotiate_check_one(const struct negotiate_place *place,
    const struct wsext_list *offered, const struct hg_params *answer,
    struct negotiated *out, struct str *names)
{
	struct hg_negotiation context;
	struct plugin *plugin;
	const struct hg_hooks *hooks;
	struct hg_params *offer;

	if ((offer = wsext_find(offered, answer->name)) == NULL)
		return ("it answers an extension that was not offered");
	plugin = negotiate_plugin(place, answer->name);
	if (plugin == NULL || negotiate_has(out, plugin))
		return ("it answers an extension twice");
	hooks = negotiate_hooks(place, plugin);
	negotiate_context(&context, place, plugin, out, names);
	if (hooks->check != NULL && hooks->check(&context, answer) != 0)
		return ("the parameters of an answered extension do not fit");
	if (negotiate_put(out, place, plugin, wsext_params_copy(offer),
	    wsext_params_copy(answer)) != 0)
		return ("out of memory");
	return (NULL);
}

const char *
negotiate_check(const struct negotiate_place *place,
    const struct wsext_list *offered, const struct hg_head *response,
    struct negotiated *out)
{
	struct wsext_list answers = { 0 };
	struct str names = { 0 };
	const char *error = NULL;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (wsext_parse(&answers, response) != 0)
		return ("its Sec-WebSocket-Extensions is malformed");
	for (i = 0; i < answers.count && error == NULL; i++)
		error = negotiate_check_one(place, offered, answers.ext[i],
		    out, &names);
	wsext_free(&answers);
	str_free(&names);
	if (error != NULL)
		negotiated_free(out);
	return (error);
}

int
negotiate_add_plugins(struct negotiated *out, const struct service *service)
{
	size_t i;

	for (i = 0; i < service->plugin_count; i++) {
		if (out->channel_count == CHANNEL_SLOTS_MAX)
			return (-1);
		out->channel[out->channel_count++] = (struct chain_entry){
			.plugin = service->plugins[i],
		};
	}
	return (0);
}

static void
negotiated_free_entries(struct chain_entry *entries, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		wsext_params_free(entries[i].offered);
		wsext_params_free(entries[i].answered);
	}
}

void
negotiated_free(struct negotiated *out)
{
	negotiated_free_entries(out->conn, out->conn_count);
	negotiated_free_entries(out->channel, out->channel_count);
	wsext_free(&out->answer);
	memset(out, 0, sizeof(*out));
}

bool
negotiated_has_mux(const struct negotiated *agreed)
{
	unsigned i;

	for (i = 0; i < agreed->conn_count; i++)
		if (agreed->conn[i].plugin->has_mux)
			return (true);
	return (false);
}
