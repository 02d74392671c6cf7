/* SPDX-License-Identifier: MIT */
/* What the keystore knows of a zone's name servers, for reports. */
#pragma once

#include "keystore/store.h"
#include "signer/report/report.h"

/* Fills in what each name server of the zone served when it was last asked. */
enum status serverfacts_add(
    struct store *store, int64_t zone_id, struct arena *mem, struct report_zone *out, struct error *err) MUST_CHECK;

/* A name server that serves what it should not, or nothing, changes the verdict of a zone that is well otherwise.
 * `propagation` is how long the policy gives them. */
void serverfacts_judge(struct span propagation, struct utc now, struct arena *mem, struct report_zone *zone);
