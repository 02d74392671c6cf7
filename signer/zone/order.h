/* SPDX-License-Identifier: MIT */
/*
 * Puts records into canonical order and groups them into RRsets, on all cores.
 *
 * Owners that come in order, as most zone files have them, are not sorted again; within an owner, records are few and
 * are sorted where they lie.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/zone/zone.h"

/* Sorts records[0..count) by owner (RFC 4034 6.1) in place. Records of one owner keep their order. STATUS_MALFORMED for
 * an owner outside `apex`. */
enum status order_owners(struct record *records, size_t count, const uint8_t *apex, const char *const files[],
    unsigned threads, struct error *err) MUST_CHECK;

/* From zone->records[0..count) in order of owners: sorts them by type and RDATA, drops duplicates, and fills in
 * zone->records, record_count, rrsets, rrset_count, duplicates, ttl_lowered, largest_ttl. `gaps` gets the number of
 * ancestors that lie between neighbouring owners without being one: a limit for empty non-terminals. */
enum status order_rrsets(struct zone *zone, size_t count, unsigned threads, size_t *gaps, struct error *err) MUST_CHECK;

/* Labels that two names share, counted from the root. */
unsigned order_common_labels(const uint8_t *a, const uint8_t *b);
