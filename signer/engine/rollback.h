/* SPDX-License-Identifier: MIT */
/*
 * A version that was published before becomes the content again, under a new serial (secondaries never go back,
 * RFC 1982) and with today's keys. The content is that of the kept file without what a signer makes.
 *
 * With the receipt of that publication the zone's own input is held: it still has what was rolled back, and the next
 * run would publish it. Runs keep the content alive and move keys as ever; a person lets the input out again.
 */
#pragma once

#include "signer/engine/run.h"

/* The kept file of the version that options->back_to names becomes run->back. STATUS_REFUSED if that serial is what is
 * published now, or is not kept, or if the file is not what was published. Nothing to do without options->back_to. */
enum status rollback_open(struct run *run, struct error *err) MUST_CHECK;

/* " 2026112403, 2026112401", what a zone can be rolled back to, newest first, or " none". */
enum status rollback_list(struct store *store, const char *state, const struct store_zone *zone, struct arena *mem,
    const char **out, struct error *err) MUST_CHECK;

void rollback_close(struct run *run);

/* "to serial 5 as serial 7: why", which the intent keeps (store_version.rolled_back): whatever happens to the process,
 * the input is held with the receipt, and not without one. NULL: nothing is rolled back. */
const char *rollback_words(const struct run *run, uint32_t serial);

/* STATUS_REFUSED if the run was given an input of its own while the zone's is held. */
enum status rollback_refuse_input(const struct run *run, struct error *err) MUST_CHECK;
