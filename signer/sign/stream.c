/* SPDX-License-Identifier: MIT */
#include "signer/sign/stream.h"

#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/base/inorder.h"

enum { SLOTS = 24 };

struct stream {
	stream_producer *produce;
	stream_consumer *consume, *also;
	void *context;
	struct zonetext_buffer *buffers;
};

static enum status make(void *context, unsigned worker, size_t item, size_t slot, struct error *err)
{
	const struct stream *const stream = context;
	stream->buffers[slot].size = 0;
	return stream->produce(stream->context, worker, item, &stream->buffers[slot], err);
}

static enum status take(void *context, size_t slot, struct error *err)
{
	const struct stream *const stream = context;
	return stream->consume(stream->context, stream->buffers[slot].data, stream->buffers[slot].size, err);
}

static enum status take_also(void *context, size_t slot, struct error *err)
{
	const struct stream *const stream = context;
	return stream->also(stream->context, stream->buffers[slot].data, stream->buffers[slot].size, err);
}

enum status stream_run(unsigned threads, size_t items, stream_producer *produce, stream_consumer *consume,
    stream_consumer *also, void *context, struct error *err)
{
	const size_t slots = threads > SLOTS / 2 ? 2 * (size_t)threads : SLOTS;
	struct stream stream = { .produce = produce, .consume = consume, .also = also, .context = context };
	stream.buffers = memory_calloc(slots, sizeof(*stream.buffers));
	const struct inorder work = { .items = items,
		.slots = slots,
		.make = make,
		.take = { take, also != NULL ? take_also : NULL },
		.context = &stream };
	const enum status status = inorder_run(threads, &work, err);
	for (size_t i = 0; i < slots; i++)
		zonetext_buffer_free(&stream.buffers[i]);
	free(stream.buffers);
	return status;
}
