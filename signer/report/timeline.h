/* SPDX-License-Identifier: MIT */
/*
 * A zone's keys over time as a picture: a lane for each key, and beneath each key that has a DS one for the DS at the
 * parent; left of now what the log recorded, right of it what is planned. One model for terminal, JSON and page.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "keystore/key.h"
#include "signer/base/arena.h"
#include "signer/base/utc.h"
#include "signer/report/report.h"
#include "signer/report/report_roll.h"

enum timeline_kind {
	TIMELINE_NONE,     /* not there */
	TIMELINE_PREPARED, /* made, in no zone version */
	TIMELINE_WAITING,  /* on its way into caches */
	TIMELINE_READY,    /* in all caches, and not yet in use */
	TIMELINE_ACTIVE,
	TIMELINE_RETIRING, /* on its way out of caches */
	TIMELINE_PERSON,   /* nothing goes on before a person acts */
	TIMELINE_KINDS,
};

struct timeline_band {
	struct utc from, until;
	enum timeline_kind kind;
	bool planned; /* else recorded */
};

struct timeline_lane {
	const char *label; /* "KSK 41001", "DS 41001", "ZSK next" */
	int64_t key;
	enum key_role role;
	bool ds;     /* the DS at the parent, else the key in the zone */
	bool person; /* a person must act for it now */
	const struct timeline_band *bands;
	size_t count;
};

struct timeline {
	const char *zone;     /* as text, escaped */
	const char *headline; /* as in status; NULL: not looked at */
	struct utc from, now, until;
	const struct timeline_lane *lanes;
	size_t lane_count;
	const struct report_wait *waits;
	size_t wait_count;
	struct utc next;  /* the next change that is planned; UTC_NEVER: none */
	const char *veto; /* why the plan ends early, or NULL */
};

/* How a lane is drawn. */
struct timeline_style {
	unsigned width; /* columns of the terminal; fewer than 40 are taken for 40 */
	bool ascii, colour;
};

enum { TIMELINE_NARROWEST = 40, TIMELINE_WIDEST = 400, TIMELINE_DEFAULT = 80 };

const char *timeline_kind_name(enum timeline_kind kind);  /* "waiting" */
const char *timeline_kind_words(enum timeline_kind kind); /* "waiting for caches" */

enum { TIMELINE_DAY = 8 };
void timeline_day(struct utc when, char out[TIMELINE_DAY]); /* "24 Nov" */

/* What a lane shows in a stretch of time: what a person must do before all else, then what is there longest. */
enum timeline_kind timeline_kind_in(const struct timeline_lane *lane, struct utc from, struct utc until);

void timeline_text(FILE *out, const struct timeline *timeline, const struct timeline_style *style);

/* A line for each zone: those that need a person first. All have the same stretch of time. */
void timeline_list_text(FILE *out, const struct timeline timelines[], size_t count, const struct timeline_style *style);

/* The signatures of the published version: from `renew` on they are made anew, at `end` the first is no longer valid.
 */
struct timeline_signatures {
	uint32_t serial;
	struct utc from, renew, end;
};

/* As SVG for a page of html.h, some 30 kB at most. `signatures` NULL: nothing is published. */
void timeline_svg(FILE *out, const struct timeline *timeline, const struct timeline_signatures *signatures);

struct report *report_of_timeline(const struct timeline *timeline);
