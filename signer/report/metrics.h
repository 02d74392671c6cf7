/* SPDX-License-Identifier: MIT */
/*
 * The state of all zones in Prometheus' text format, for the textfile collector of the node exporter.
 *
 * Moments are absolute, in seconds since 1970: an alert on them goes off by itself when nobody writes any more. What
 * has no moment (nothing failing, nothing planned) is 0. A zone's name stands in the label `zone` without its last dot.
 */
#pragma once

#include <stdio.h>

#include "signer/report/report.h"

void metrics_write(FILE *out, const struct report_state *state, struct utc now);
