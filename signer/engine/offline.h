/* SPDX-License-Identifier: MIT */
/* A zone whose KSK is offline: the responses that were taken (SKR), and which of their bundles a zone version uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policies/offline.h"
#include "signer/ceremony/ceremony.h"
#include "signer/engine/roll.h"

struct roll_offline {
	struct offline_bundle *bundles; /* of all responses that may still be used, in order of their begin */
	const struct ceremony_bundle **texts;
	int64_t *numbers; /* of the ceremony that each is from */
	size_t count;
	bool vault;       /* responses are signed here: this is where the KSK is kept, and nothing is published */
	bool any;         /* some response was ever taken */
	struct utc ends;  /* of the last response: its last bundle */
	struct utc holds; /* its signatures */
	bool brings;      /* the bundle of now has keys that the next run takes first */
	size_t used;      /* the bundle that the planned DNSKEY RRset is of; SIZE_MAX: none */
};

/* Reads what the keystore has. `out` NULL if the zone's KSK is here. */
enum status offline_load(struct store *store, const struct store_zone *zone, const struct policy *policy,
    struct utc now, struct arena *mem, struct roll_offline **out, struct error *err) MUST_CHECK;

/* The bundles of one response behind those that are there; `dropped`: not used from then on, or 0. */
void offline_add(struct roll_offline *offline, const struct ceremony_file *file, struct utc dropped, struct arena *mem);

/* Says of each bundle which of the keys are in it. */
void offline_fill(struct roll_offline *offline, const struct rollover_key keys[], size_t count, struct arena *mem);

/* The zone's keys, each with the begin of the first bundle that has it; UTC_NEVER for a key that is wanted and in none.
 */
struct rollover_key *offline_bound(const struct roll_view *view, struct utc now, struct arena *mem);

/* Sets `used`: the newest bundle with exactly the DNSKEY RRset of `keys`. */
void offline_match(
    struct roll_offline *offline, const struct rollover_key keys[], size_t count, struct utc now, struct span refresh);

/* Signatures of the bundle in use, over DNSKEY and over the CDS and CDNSKEY of the DS set that `keys` want; `child`
 * tells whether there are any of the latter. */
void offline_signatures(const struct roll_view *view, const struct key keys[], size_t count, const uint8_t *apex,
    struct arena *mem, struct record **out, size_t *out_count, bool *child);

/* How long the responses last: NULL while that is longer than the policy's alarm. `out_late` if the last bundle has
 * ended, so that only its overlap is left. */
const char *offline_alarm(const struct roll_view *view, struct utc now, struct arena *mem, bool *out_late);

/* "SKR 3, bundle of 2026-12-04T12:00:00Z". */
char *offline_words(const struct roll_offline *offline, struct arena *mem);
