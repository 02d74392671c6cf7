/* SPDX-License-Identifier: MIT */
/*
 * What changed between two versions of a zone, whatever the order and the spelling of their files.
 *
 * Nothing is judged: two broken zones can be compared. Both are sorted, then walked side by side; differences are
 * counted and handed over one record at a time, never gathered.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/dns/zonetext_read.h"
#include "signer/zone/zone.h"

/* What an RRset is for. */
enum diff_kind {
	DIFF_DELEGATION, /* NS below the apex */
	DIFF_DS,
	DIFF_GLUE,   /* addresses at and below a delegation */
	DIFF_APEX,   /* what stands at the zone's own name */
	DIFF_OTHER,  /* all other data */
	DIFF_DNSSEC, /* what a signer makes (zone_is_made_by_signer) */
	DIFF_KINDS,
};

/* RRsets; one is changed if its records or its TTL differ. */
struct diff_counts {
	uint64_t added, removed, changed;
};

struct diff {
	struct diff_counts kinds[DIFF_KINDS];
	uint64_t records_added, records_removed;
};

/* Called for each record that only one version has, in canonical order: '+' for the new one. */
typedef void diff_record(void *context, char sign, const struct rrset *rrset, const struct record *record);

/* The owner of the first SOA and its serial; NULL if there is none. */
const uint8_t *diff_apex(const struct zonetext *text, uint32_t *serial);

/* Sorts the records of `text` in place and groups them, without those that a signer makes unless `dnssec`. The zone has
 * no names, only RRsets; free it with zone_free before `text`. STATUS_MALFORMED for a record outside of `apex`. */
enum status diff_sort(struct zonetext *text, const uint8_t *apex, bool dnssec, unsigned threads, struct zone *out,
    struct error *err) MUST_CHECK;

/* Compares two zones of one apex. SOA records that differ in nothing but the serial are equal. */
void diff_zones(const struct zone *old, const struct zone *new, diff_record *tell, void *context, struct diff *out);

bool diff_is_empty(const struct diff *diff);
