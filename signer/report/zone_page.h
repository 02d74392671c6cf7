/* SPDX-License-Identifier: MIT */
/*
 * Pages of HTML for the people of a registry: one for each zone, and an index. The first sentence is that of status,
 * with the command to paste; beneath it the same facts as in the terminal. Each page is below 100 kB whatever a zone,
 * its log or its verdict holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "signer/report/report.h"
#include "signer/report/timeline.h"
#include "signer/report/verdict_page.h"

struct zone_page {
	const struct report_zone *zone;
	const struct timeline *timeline;
	const struct report_event *events; /* newest first */
	size_t event_count;
	const struct report_plan_line *plan; /* of the year to come */
	size_t plan_count;
	struct verdict_page verdict; /* json NULL: there is none */
	struct utc now;
	const struct report_state *state; /* its zones are not looked at */
	const char *keystore;             /* its identity in hex, or "" (html.h) */
};

void zone_page(FILE *out, const struct zone_page *page);

/* A zone's line in the index; copies, as the zone itself is gone by then. */
struct index_row {
	const char *zone, *file; /* of its page */
	enum report_health health;
	enum report_level level;
	bool published;
	uint32_t serial;
	struct utc published_at, valid_until, next;
	const char *headline, *command; /* command: a person must act; or NULL */
	const char *roll;               /* or NULL */
};

/* Page `number` (from 1) of the index, from rows[first] on; returns the row after its last one. `pages` are there in
 * all; 0: not known yet. Rows are to be in order: index_sort. */
size_t index_page(FILE *out, const struct index_row rows[], size_t count, size_t first, size_t number, struct utc now,
    const struct report_state *state, const char *keystore);

/* Those that need a person first, then by name. */
void index_sort(struct index_row rows[], size_t count);

/* "index.html", "index-2.html" */
enum { INDEX_NAME = 32 };
void index_name(size_t number, char out[INDEX_NAME]);
