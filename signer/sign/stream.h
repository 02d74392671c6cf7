/* SPDX-License-Identifier: MIT */
/*
 * Octets made by all threads, taken in order: what writing a zone and its ZONEMD digest have in common.
 */
#pragma once

#include <stddef.h>

#include "signer/base/error.h"
#include "signer/dns/zonetext_write.h"

/* Appends the octets of an item to `out`. */
typedef enum status stream_producer(
    void *context, unsigned worker, size_t item, struct zonetext_buffer *out, struct error *err);

/* Takes the octets of the next item; called for items in order, by one thread at a time. */
typedef enum status stream_consumer(void *context, const void *data, size_t size, struct error *err);

/* Both consumers get all of it, each at its own pace; `also` may be NULL. */
enum status stream_run(unsigned threads, size_t items, stream_producer *produce, stream_consumer *consume,
    stream_consumer *also, void *context, struct error *err) MUST_CHECK;
