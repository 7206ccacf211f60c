/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zlib's streams are big (deflate 256 KiB, inflate 40 KiB), so a worker lends
 * them from message to message. Only who was promised that the window goes on
 * keeps its own. Those that deflate are limited; one that inflates is part of
 * what its connection may cost, so that nobody can take it from others, and
 * only those that are kept for later are limited.
 */
#include <stdlib.h>

#include "deflate.h"

static struct deflate_worker *
streams_worker(void)
{
	return (hg->worker_data(&hg_plugin_entry));
}

static struct stream *
stream_take(struct stream **list)
{
	struct stream *stream = *list;

	if (stream != NULL)
		*list = stream->next;
	return (stream);
}

/* Without one, a message is sent as it is. */
static bool
stream_may_be(int64_t count)
{
	if (count < deflate_process->streams_max)
		return (true);
	hg->count(&hg_plugin_entry, DEFLATE_NO_STREAM, 1);
	return (false);
}

struct stream *
stream_out(int bits)
{
	struct deflate_worker *worker = streams_worker();
	const struct deflate_options *options = deflate_process;
	struct stream *stream;

	if (bits == options->window_bits &&
	    (stream = stream_take(&worker->free_out)) != NULL)
		return (stream);
	if (!stream_may_be(worker->out_count) ||
	    (stream = calloc(1, sizeof(*stream))) == NULL)
		return (NULL);
	stream->bits = bits;
	if (deflateInit2(&stream->z, (int)options->level, Z_DEFLATED, -bits,
	    (int)options->memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(stream);
		return (NULL);
	}
	worker->out_count++;
	return (stream);
}

struct stream *
stream_in(void)
{
	struct deflate_worker *worker = streams_worker();
	struct stream *stream;

	if ((stream = stream_take(&worker->free_in)) != NULL)
		return (stream);
	if ((stream = calloc(1, sizeof(*stream))) == NULL)
		return (NULL);
	if (inflateInit2(&stream->z, -DEFLATE_BITS_MAX) != Z_OK) {
		free(stream);
		return (NULL);
	}
	worker->in_count++;
	return (stream);
}

/* Nothing of one message's bytes is left for the next one's owner. */
void
stream_out_done(struct stream *stream)
{
	struct deflate_worker *worker = streams_worker();

	if (stream == NULL)
		return;
	if (stream->bits == deflate_process->window_bits &&
	    deflateReset(&stream->z) == Z_OK) {
		stream->next = worker->free_out;
		worker->free_out = stream;
		return;
	}
	deflateEnd(&stream->z);
	free(stream);
	worker->out_count--;
}

void
stream_in_done(struct stream *stream)
{
	struct deflate_worker *worker = streams_worker();

	if (stream == NULL)
		return;
	if (worker->in_count <= deflate_process->streams_max &&
	    inflateReset(&stream->z) == Z_OK) {
		stream->next = worker->free_in;
		worker->free_in = stream;
		return;
	}
	inflateEnd(&stream->z);
	free(stream);
	worker->in_count--;
}

/* Half of them, at most, are for those who keep one. */
bool
streams_are_left(void)
{
	return (streams_worker()->promised < deflate_process->streams_max / 2);
}

void
streams_promise(const struct deflate_agreed *agreed, int more)
{
	if (agreed->own_takeover || agreed->peer_takeover)
		streams_worker()->promised += more;
}

void
streams_free(struct deflate_worker *worker)
{
	struct stream *stream;

	while ((stream = stream_take(&worker->free_out)) != NULL) {
		deflateEnd(&stream->z);
		free(stream);
	}
	while ((stream = stream_take(&worker->free_in)) != NULL) {
		inflateEnd(&stream->z);
		free(stream);
	}
}
