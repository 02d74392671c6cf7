/* SPDX-License-Identifier: MIT */
/* What one answer to the question for a zone's DS means. Pure. */
#pragma once

#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/dns/query.h"
#include "signer/engine/parent.h"

/* Fills answer, ds, count, ttl, no_route and words of `out`. `parent` is the apex of the parent zone, or NULL if that
 * is not known; then any zone above `apex` may answer. */
void parent_answer_read(const struct query_job *job, const uint8_t *apex, const uint8_t *parent, struct arena *mem,
    struct parent_server *out);

/* The DS set of `apex` among records: ds, count and ttl of `out`. */
void parent_answer_ds_set(
    const struct record records[], size_t count, const uint8_t *apex, struct arena *mem, struct parent_server *out);

/* Makes what was known unknown, for a reason. */
void parent_answer_doubt(struct parent_server *server, const char *why, struct arena *mem);
