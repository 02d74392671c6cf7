/* SPDX-License-Identifier: MIT */
/*
 * Signatures of the last published zone that may stay: over the same octets, by a key that still signs, and fresh.
 *
 * Both zones are in canonical order, so finding them is a merge of two sorted lists. Nothing is believed: owner, TTL
 * and RDATA of the RRset are compared octet by octet.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/dns/zonetext_read.h"
#include "signer/sign/rrsig.h"

struct reuse {
	const struct record *records; /* in order of owners; within one, in the order of the file */
	size_t count;
};

/* Takes `previous` (NULL: there is none) as it was read back; sorts its records by owner if they are not. One that is
 * no zone of this apex gives nothing to keep: all is signed anew. */
void reuse_init(struct zonetext *previous, const uint8_t *apex, unsigned threads, struct reuse *out);

/* Where a walk over a section is in the previous zone. */
struct reuse_cursor {
	const struct reuse *reuse;
	size_t at, end; /* records of the owner looked at last; `at` moves on with the types */
	bool started;
};

/* Copies to the row's slot what may be kept of each key that signs it; kept[i] tells for which keys of the keyset. Rows
 * come in the order of rows_each. Returns how many were kept. */
size_t reuse_row(struct reuse_cursor *cursor, const struct rrsig_policy *policy, const struct keyset *keyset,
    const uint8_t *apex, const struct row *row, bool kept[KEYSET_MAX]);
