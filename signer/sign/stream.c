/* SPDX-License-Identifier: MIT */
#include "signer/sign/stream.h"

#include "signer/base/workers.h"

enum { WINDOW = 24 };

struct stream {
	stream_producer *produce;
	stream_consumer *consume;
	void *context;
	struct zonetext_buffer buffers[2][WINDOW];
	unsigned making; /* which of the two is being made */
	size_t first;    /* item of the window that is being made */
	size_t full;     /* buffers of the other that are to be taken */
};

/* Job 0 takes the window before; the others each make an item of this one. */
static enum status window_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct stream *const stream = context;
	enum status status = STATUS_OK;
	for (size_t job = first; job < end && status == STATUS_OK; job++) {
		if (job > 0) {
			struct zonetext_buffer *const buffer = &stream->buffers[stream->making][job - 1];
			buffer->size = 0;
			status = stream->produce(stream->context, worker, stream->first + job - 1, buffer, err);
			continue;
		}
		for (size_t i = 0; i < stream->full && status == STATUS_OK; i++) {
			const struct zonetext_buffer *const buffer = &stream->buffers[1 - stream->making][i];
			status = stream->consume(stream->context, buffer->data, buffer->size, err);
		}
	}
	return status;
}

enum status stream_run(unsigned threads, size_t items, stream_producer *produce, stream_consumer *consume,
    void *context, struct error *err)
{
	struct stream stream = { .produce = produce, .consume = consume, .context = context };
	enum status status = STATUS_OK;
	while (status == STATUS_OK && (stream.first < items || stream.full > 0)) {
		const size_t left = items - stream.first;
		const size_t count = left < WINDOW ? left : WINDOW;
		status = workers_run(threads, count + 1, 1, window_job, &stream, err);
		stream.first += count;
		stream.full = count;
		stream.making = 1 - stream.making;
	}
	for (size_t i = 0; i < WINDOW; i++) {
		zonetext_buffer_free(&stream.buffers[0][i]);
		zonetext_buffer_free(&stream.buffers[1][i]);
	}
	return status;
}
