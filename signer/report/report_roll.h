/* SPDX-License-Identifier: MIT */
/*
 * Rollovers in words: what waits for what, who ends it, when as a sum, and what happens if nobody acts.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "policies/simulate.h"
#include "signer/base/arena.h"
#include "signer/base/utc.h"
#include "signer/report/report.h"

enum report_who { REPORT_ZONESEAL, REPORT_PARENT, REPORT_YOU };

const char *report_who_name(enum report_who who); /* "zoneseal", "the parent", "YOU" */

/* Something that a rollover waits for. */
struct report_wait {
	bool first;  /* before all others: a key that may be stolen still signs */
	int64_t key; /* row id */
	enum report_who who;
	const char *what;      /* "the DNSKEY of KSK 41001 to be in all caches" */
	struct utc earliest;   /* UTC_NEVER: no date, `who` ends it */
	const char *sum;       /* "2026-11-24 10:00Z + DNSKEY TTL 1h + propagation 1d", or NULL */
	const char *if_nobody; /* what happens if nobody acts */
	const char *command;   /* to paste where it is YOU, or NULL */
};

/* A milestone of a rollover, done or still to come. */
struct report_step {
	bool done;
	struct utc when; /* of one to come: as planned; UTC_NEVER: not known */
	enum report_who who;
	const char *what;
};

/* One key takes over from another, or comes into a zone that had none. */
struct report_roll {
	const char *title; /* "KSK rollover 20326 -> 41001" */
	const struct report_step *steps;
	size_t step_count;
};

/* Something that is going to happen. */
struct report_plan_line {
	int64_t key; /* row id; of a key to be made, its number in the simulation */
	struct utc when;
	enum report_who who;
	const char *what;
};

/* "KSK 41001"; "a new KSK" for one that does not exist yet (tag 0, no public key). */
char *report_key_label(const struct key *key, struct arena *mem);

/* What an event of a simulation means to people; NULL for what only goes along with another event. `who` acts. */
char *report_event_words(
    const struct simulate_event *event, enum report_who parent, struct arena *mem, enum report_who *who);

void report_waits_text(FILE *out, const struct report_wait waits[], size_t count, struct utc now);
void report_roll_text(FILE *out, const struct report_roll *roll, struct utc now);
void report_plan_text(FILE *out, const struct report_plan_line lines[], size_t count, struct utc now);

struct report *report_of_waits(const struct report_wait waits[], size_t count);
struct report *report_of_rolls(const struct report_roll rolls[], size_t count);
struct report *report_of_plan(const struct report_plan_line lines[], size_t count);
