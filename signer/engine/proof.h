/* SPDX-License-Identifier: MIT */
/*
 * Whether an answer of a parent server follows from a trust anchor (RFC 4035 5, RFC 5155 8): the parent's DNSKEY RRset,
 * its DS RRset for a zone, or the proof that there is none.
 *
 * For one zone and keys that are at hand; no resolver. Functions that judge return NULL for "proven", else why not, in
 * words of ours. The work for one answer is bound.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/dns/wire.h"

/* DS and DNSKEY records of the parent zone that are believed. */
struct proof_anchor {
	const uint8_t *apex; /* of the parent zone */
	const struct record *records;
	size_t count;
};

/* Reads them from a master file; a TTL may be left out. Those of the zone above `below` that is nearest count.
 * STATUS_POLICY if there is none or no algorithm is supported, STATUS_MALFORMED or STATUS_MISSING for the file. */
enum status proof_anchor_load(
    const char *path, const uint8_t *below, struct arena *mem, struct proof_anchor *out, struct error *err) MUST_CHECK;

/* Public keys that are trusted. Starts zeroed. */
struct proof_keys {
	const struct key *all;
	size_t count;
};

/* Adds the keys of the DNSKEY RRset in `answer` if a key that the anchor names signs it (RFC 4035 5.2, 5.3). */
const char *proof_keys_add(const struct wire_answer *answer, const struct proof_anchor *anchor, struct utc now,
    struct arena *mem, struct proof_keys *keys);

/* An RRset of a section. */
struct proof_rrset {
	const struct wire_answer *answer;
	enum wire_section section;
	const uint8_t *owner;
	uint16_t type;
};

/* Whether a key signs the RRset: signer, labels, times, octets (RFC 4035 5.3.1 to 5.3.3). */
const char *proof_rrset_holds(const struct proof_rrset *rrset, const uint8_t *apex, const struct proof_keys *keys,
    struct utc now, struct arena *mem);

/* Whether NSEC (RFC 4035 5.4) or NSEC3 records (RFC 5155 8.4 to 8.6) prove that `name` has no DS in the zone `apex`: no
 * such name, no such type, or no signed delegation where opt-out leaves room for an unsigned one. */
const char *proof_no_ds(const struct wire_answer *answer, const uint8_t *name, const uint8_t *apex,
    const struct proof_keys *keys, struct utc now, struct arena *mem);
