/* SPDX-License-Identifier: MIT */
/*
 * Which key signs what in this version of the zone, and its signers, one for each worker.
 *
 * All signatures of an RRset lie in one slot of fixed size, in the order of keyset.keys: 4 octets inception, 4 octets
 * expiration (serial time, host order), then the signature. What a slot holds depends only on who signs the RRset.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/token.h"
#include "signer/base/error.h"
#include "signer/dns/rrset.h"

enum { KEYSET_MAX = 32, KEYSET_TIMES = 8, KEYSET_SIGNATURE = 512 };

/* Who signs: the KSKs for DNSKEY, and for CDS and CDNSKEY at the apex, the ZSKs for all else. A revoked key signs the
 * DNSKEY RRset only (RFC 5011 2.1). */
enum keyset_duty { KEYSET_KEYS, KEYSET_CHILD, KEYSET_ZONE, KEYSET_DUTIES };

struct keyset_key {
	const struct key *key;
	bool duty[KEYSET_DUTIES];
	/* In a roll that is spread over runs an RRset of the zone has the signature of one of two keys: that which goes
	 * makes none, and has `other`, the index of that which comes; each has a slot, and one of the two is empty. */
	bool goes, comes;
	size_t other;
	uint16_t signature_size;
};

struct keyset {
	struct keyset_key keys[KEYSET_MAX]; /* those that sign */
	size_t count;
	size_t slot_size[KEYSET_DUTIES];
	struct token_signer **signers; /* [worker * count + key] */
	unsigned workers;
};

/* The slot of a signature that is not there; no signature has such times. */
void keyset_empty_slot(uint8_t *slot);
bool keyset_slot_is_empty(const uint8_t *slot);

/* Loads and proves every key that signs; one that is offline has no signer, and its signatures are made already, as are
 * those that stay of a key that goes.
 * STATUS_KEY if none signs the DNSKEY RRset (revoked ones apart, which prove nothing) or none signs the zone. */
enum status keyset_open(const struct key keys[], size_t count, struct token *token, unsigned workers,
    struct keyset *out, struct error *err) MUST_CHECK;

void keyset_close(struct keyset *keyset);

/* The signer of keys[index] for a worker. */
struct token_signer *keyset_signer(const struct keyset *keyset, unsigned worker, size_t index);

/* STATUS_REFUSED if records[0..count), which were stripped from the input, hold a DNSKEY or RRSIG of a key that is not
 * in `keys`: the zone is signed by someone else, and a live one would turn bogus. */
enum status keyset_check_foreign(const struct record records[], size_t count, const uint8_t *apex,
    const char *const files[], const struct key keys[], size_t key_count, struct error *err) MUST_CHECK;
