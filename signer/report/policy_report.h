/* SPDX-License-Identifier: MIT */
/* How a policy differs from the one that a zone has: waits first, then fields, then what begins. */
#pragma once

#include <stdio.h>

#include "policies/policy_diff.h"
#include "signer/report/report.h"

struct policy_report {
	const char *zone, *before, *after; /* names of the policies */
	const char *path;                  /* where the new one was read */
	const struct policy_diff *diff;
	struct utc next_before[KEY_CSK + 1], next_after[KEY_CSK + 1]; /* by role: when its key is replaced; 0: never */
	int64_t revision;
};

bool policy_report_is_empty(const struct policy_report *report);
void policy_report_text(FILE *out, const struct policy_report *report);

/* Puts "waits", "fields", "begins" and "next_rollovers" into an object under construction. */
void policy_report_json(struct report *into, const struct policy_report *report);
