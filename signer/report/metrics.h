/* SPDX-License-Identifier: MIT */
/*
 * The state of all zones in Prometheus' text format, for the textfile collector of the node exporter.
 *
 * Moments are absolute, in seconds since 1970: an alert on them goes off by itself when nobody writes any more. What
 * has no moment (nothing failing, nothing planned) is 0. A zone's name stands in the label `zone` without its last dot.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "signer/report/report.h"

/* Samples stand family by family, and zones come one by one. */
struct metrics;

struct metrics *metrics_new(void);
void metrics_add(struct metrics *metrics, const struct report_zone *zone);

/* Writes what was added, and the state itself without its zones; frees it. False if there was no memory for it. */
bool metrics_end(struct metrics *metrics, FILE *out, const struct report_state *state, struct utc now);

/* For who has nothing to write. */
void metrics_free(struct metrics *metrics);
