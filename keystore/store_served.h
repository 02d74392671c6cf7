/* SPDX-License-Identifier: MIT */
/*
 * What caches in the world may hold of a zone, as the keystore remembers it: the TTLs that were served, and the
 * versions of the DS set, of the DNSKEY RRset and of the data's signatures. The rollover engine's waits and its cache
 * check come from here and from nowhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum store_class {
	STORE_DS,       /* the DS set at the parent */
	STORE_DNSKEY,   /* the DNSKEY RRset and who signs it */
	STORE_DATA,     /* everything else, by who signs it; its TTL is the largest of the zone */
	STORE_NEGATIVE, /* negative answers: TTLs only */
};

/* A TTL of one class and when it was last served; UTC_NEVER: it still is. Larger and older ones count until they have
 * left the caches (timing.h, ttl_ledger). */
struct store_ttl {
	enum store_class class;
	uint32_t ttl;
	struct utc last;
};

enum status store_ttls(struct store *store, int64_t zone_id, struct arena *mem, struct store_ttl **out, size_t *count,
    struct error *err) MUST_CHECK;

/* How long a version or a TTL is remembered after it has left all caches; no margin may be longer. */
enum { STORE_SERVED_KEPT_SECONDS = 90 * 86400 };

/* From `now` on the class is served with this TTL; those that were served until now end now. For a DS: every parent
 * server shows it. An audit row if that changes something. */
enum status store_note_ttl(struct store *store, int64_t zone_id, enum store_class class, uint32_t ttl, struct utc now,
    struct error *err) MUST_CHECK;

/* One version, as cache_proof.h's struct cache_version with row ids of keys in place of bits. */
struct store_served {
	int64_t id;
	enum store_class class;
	struct utc from;  /* earliest moment at which any server may have served it; 0: before zoneseal knew the zone */
	struct utc until; /* latest moment; UTC_NEVER: it may still be served */
	uint32_t ttl;
	const int64_t *keys; /* DS: named by it. DNSKEY: in it. DATA: they sign it. None: absence */
	size_t key_count;
	const int64_t *signers; /* DNSKEY only: they sign it */
	size_t signer_count;
};

/* All versions that caches may still hold at `now` (their until + ttl + `margin` has not passed), oldest first. A
 * margin for which they are not remembered long enough is STATUS_POLICY. */
enum status store_served(struct store *store, int64_t zone_id, struct utc now, struct span margin, struct arena *mem,
    struct store_served **out, size_t *count, struct error *err) MUST_CHECK;

/* What a publication or an observation changes; given to store_confirm or stored alone. */
struct store_served_change {
	struct store_served begins; /* begins to be served at begins.from; if the same set with the same TTL is open
				     already, nothing begins. class decides what it belongs to; until 0 or
				     UTC_NEVER: it is open, else it ended then */
	bool ends_others;           /* every other open version of the class was last served at begins.from */
};

/* Stores changes, TTLs and key states in one transaction, with audit rows for what is new. `ttls[i].last` is not looked
 * at; one TTL a class. */
struct store_step {
	const struct key *keys; /* all whose row changed */
	size_t key_count;
	const struct store_served_change *served;
	size_t served_count;
	const struct store_ttl *ttls;
	size_t ttl_count;
};

enum status store_take_step(struct store *store, int64_t zone_id, const struct store_step *step, const char *reason,
    struct utc now, struct error *err) MUST_CHECK;

/* store_confirm with all that begins with this publication, in its transaction. */
enum status store_confirm_step(struct store *store, int64_t zone_id, int64_t version_id, struct utc published,
    const struct store_step *step, struct error *err) MUST_CHECK;
