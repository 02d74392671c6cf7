/* SPDX-License-Identifier: MIT */
/* What the keystore knows of the proofs of keys, for reports. */
#pragma once

#include "keystore/store.h"
#include "signer/report/report.h"

/* Fills in what is known of each key on each store that it lives in. */
enum status prooffacts_add(struct store *store, int64_t zone_id, struct report_key keys[], size_t count,
    struct arena *mem, struct error *err) MUST_CHECK;

/* A store that is left out, or keys on tokens that were proven long ago, change the verdict of a zone that is well
 * otherwise. */
void prooffacts_judge(struct utc now, struct arena *mem, struct report_zone *zone);
