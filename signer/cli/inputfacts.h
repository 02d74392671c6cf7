/* SPDX-License-Identifier: MIT */
/* An input that has changed, and no run comes to read it: a timer that was stopped. */
#pragma once

#include "keystore/store.h"
#include "signer/report/report.h"

/* Since when: of the last look at it; after two hours that is the health and the first line of a zone that is well but
 * for this. Leaves 0 if it has not changed since, or if nobody can tell, as on a virtual clock, on a standby, which
 * reads none, and before the first run that wrote down its look. */
enum status inputfacts_add(struct store *store, const char *state, struct utc now, struct arena *mem,
    struct report_zone *zone, struct error *err) MUST_CHECK;
