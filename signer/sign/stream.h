/* SPDX-License-Identifier: MIT */
/*
 * Makes octets on all cores and takes them in order: what the writer and the digest have in common.
 *
 * Works in windows, so memory is bounded, and takes one window while the next is being made.
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

enum status stream_run(unsigned threads, size_t items, stream_producer *produce, stream_consumer *consume,
    void *context, struct error *err) MUST_CHECK;
