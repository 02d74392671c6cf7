/* SPDX-License-Identifier: MIT */
/*
 * Parses pieces of text on several threads and joins the results in the order in which the pieces came. Private to the
 * zone reader.
 *
 * A ring of pieces: the caller fills the next free one, threads parse, the caller joins those at the front that are
 * done. When the ring is full the caller parses too, so one thread needs no other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/dns/zonetext_chunk.h"

enum { ZONETEXT_DEPTH = 10 }; /* files open at once: the input and nested $INCLUDE */

struct zonetext_pool;

/* Starts threads - 1 threads. Failing to start one is no error. `expected`: octets of text, as far as that is known. */
struct zonetext_pool *zonetext_pool_new(
    unsigned threads, enum marks_kind kind, uint64_t expected, struct zonetext *out);

/* A free piece; its text is the caller's to fill. */
struct zonetext_chunk *zonetext_pool_next(struct zonetext_pool *pool);

/* Hands the piece that zonetext_pool_next gave to the threads. */
void zonetext_pool_submit(struct zonetext_pool *pool);

/* Waits for all pieces and joins them. */
void zonetext_pool_drain(struct zonetext_pool *pool);

/* Adds an error of the caller's own, after those of all pieces before it. Drains. */
void zonetext_pool_error(struct zonetext_pool *pool, const struct error *err);

/* Enough errors: nothing that follows matters. */
bool zonetext_pool_is_over(const struct zonetext_pool *pool);

/* Stops the threads; their arenas and `names` become those of `out`. */
void zonetext_pool_free(struct zonetext_pool *pool, struct arena *names);
