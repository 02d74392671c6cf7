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
};

/* Reads the signed zone at `apex` from `file`. Roles follow from what each key signs. STATUS_REFUSED for what cannot be
 * told apart; STATUS_MALFORMED with the place. */
enum status published_read(int file, const char *name, const uint8_t *apex, struct utc now, struct arena *mem,
    struct published *out, struct error *err) MUST_CHECK;
void published_free(struct published *published);

/* A DNSKEY record as a key without role and states. STATUS_REFUSED if it is no zone key of one of our algorithms. */
enum status published_dnskey(const struct record *record, struct key *out, struct error *err) MUST_CHECK;
