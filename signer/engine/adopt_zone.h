/* SPDX-License-Identifier: MIT */
/* What a published zone tells of its keys; for adopt.c. */
#pragma once

#include "signer/dns/name.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/adopt.h"

struct published {
	struct zonetext text;
	uint8_t sha256[32];
	uint64_t size, records, signatures;
	uint32_t serial, dnskey_ttl, largest_ttl, negative_ttl;
	struct utc first_expiry;
	struct adopted_key *keys; /* without files */
	size_t count;
	uint64_t *
	    data_sets; /* the sets of keys that sign an RRset, DNSKEY, CDS and CDNSKEY apart; bits: indexes into keys */
	size_t data_set_count;
};

/* Reads the signed zone at `apex` from `file`; keys are without roles and states. STATUS_REFUSED for what cannot be
 * told apart; STATUS_MALFORMED with the place. */
enum status published_read(int file, const char *name, const uint8_t *apex, struct utc now, struct arena *mem,
    struct published *out, struct error *err) MUST_CHECK;

/* Roles follow from what each key signs, states from the same and never further: in the middle of a rollover both keys
 * are as if they had just come, the old one is to go, and the new one's DS is not asked for before its DNSKEY has been
 * here for its time. Which is the new one: of two algorithms the one that is `wanted`; else what the other signer's
 * state files say; else the ZSK that alone signs the SOA, and the KSK that CDS alone names. STATUS_REFUSED if that
 * tells nothing. */
enum status published_roles(struct published *published, uint8_t wanted, struct utc now, struct error *err) MUST_CHECK;

/* What K*.state files of BIND, beside the K*.private among `files`, tell of which key comes and which goes. Nothing
 * else of them is believed. */
void published_hear(struct published *published, const char *const files[], size_t count, struct arena *mem);

/* A key that signs nothing. */
bool adopted_is_idle(const struct adopted_key *adopted);
void published_free(struct published *published);

/* A DNSKEY record as a key without role and states. STATUS_REFUSED if it is no zone key of one of our algorithms. */
enum status published_dnskey(const struct record *record, struct key *out, struct error *err) MUST_CHECK;
