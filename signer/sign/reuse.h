/* SPDX-License-Identifier: MIT */
/*
 * Signatures of the last published zone that may stay: over the same octets, by a key that still signs, and fresh.
 *
 * They come from the file that was written beside that zone (sigfile.h), or from its text. Either is in canonical
 * order, as the new zone is, so finding them is a merge of two sorted lists. Nothing is believed: owner, TTL and RDATA
 * of the RRset are compared in their canonical form (RFC 4034 6.2), octet by octet or by SHA-256.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/dns/zonetext_read.h"
#include "signer/sign/rowhash.h"
#include "signer/sign/rrsig.h"
#include "signer/sign/sigfile.h"

struct reuse {
	const struct sigfile *file;   /* or NULL, then: */
	const struct record *records; /* in order of owners; within one, in the order of the file */
	size_t count;
};

/* Takes `file`, else `previous` (NULL: there is none) as it was read back; sorts its records by owner if they are not.
 * One that is no zone of this apex gives nothing to keep: all is signed anew. */
void reuse_init(
    struct zonetext *previous, const struct sigfile *file, const uint8_t *apex, unsigned threads, struct reuse *out);

/* Where a walk over a section is in the previous zone. */
struct reuse_cursor {
	const struct reuse *reuse;
	struct rowhash *hash;
	struct sigfile_cursor entries;
	size_t at, end; /* records of the owner looked at last; `at` moves on with the types */
	bool started;
};

struct reuse_cursor reuse_begin(const struct reuse *reuse, struct rowhash *hash);

/* Copies to the row's slot what may be kept of each key that signs it; kept[i] tells for which keys of the keyset. Rows
 * come in the order of rows_each. Returns how many were kept. */
size_t reuse_row(struct reuse_cursor *cursor, const struct rrsig_policy *policy, const struct keyset *keyset,
    const uint8_t *apex, const struct row *row, bool kept[KEYSET_MAX]);
