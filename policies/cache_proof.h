/* SPDX-License-Identifier: MIT */
/*
 * Whether any cache in the world could find a zone bogus: every combination of DS, DNSKEY and signature versions that a
 * validator may hold.
 *
 * A validator may hold, at an instant, any version that was served at most its TTL and the propagation delay before. Of
 * the combinations with a non-empty DS set each must have a way: a DS that matches a DNSKEY which signed that DNSKEY
 * version (RFC 4035 5.2), and a DNSKEY in it that made a signature of that data version (RFC 4035 5.3.1). An empty DS
 * set is insecure, never bogus. Absence is a version like any other. Keys are bits of a 64-bit set; the caller numbers
 * them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/utc.h"

enum { CACHE_KEYS = 64 };

/* One version of a DS set, of a DNSKEY RRset, or of the zone's data. */
struct cache_version {
	struct utc from;  /* earliest moment at which any server may have served it */
	struct utc until; /* latest moment at which the primary (for a DS: any parent server) served it; UTC_NEVER: it
			     still does */
	uint32_t ttl;     /* seconds it may stay in a cache; for absence the negative TTL (RFC 2308 5) */
	uint64_t keys; /* DS: keys that a DS names. DNSKEY: keys in it; 0: no DNSKEY RRset. Data: keys that sign it; 0:
			  unsigned */
	uint64_t signers; /* DNSKEY only: keys that sign it */
};

struct cache_history {
	const struct cache_version *ds, *dnskey, *data;
	size_t ds_count, dnskey_count, data_count;
	struct span propagation; /* from the primary to all servers of the zone */
	struct span
	    parent_propagation; /* between the parent's servers; 0 if `until` says that all of them have changed */
	uint8_t algorithm[CACHE_KEYS]; /* by key number */
	uint64_t given_up; /* keys that are dropped on demand: a version with one of them may be bogus with others */
	bool strict;       /* also RFC 4035 2.2: each algorithm of the DS set is in the DNSKEY RRset and signs it, each
			    * algorithm of the DNSKEY RRset signs the data; for validators that insist on it (RFC 6781 4.1.4)
			    */
};

/* A combination that is bogus. */
struct cache_conflict {
	size_t ds, dnskey, data; /* indexes of the versions */
	struct utc begins, ends; /* when a validator may hold all three */
};

/* True if no cache can hold a bogus combination at `now` or later. Else `out` is the conflict that ends last, so that
 * waiting until then is known to be long enough for the versions given. */
bool cache_proof(const struct cache_history *history, struct utc now, struct cache_conflict *out);
