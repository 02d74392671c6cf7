/* SPDX-License-Identifier: MIT */
/*
 * The signatures of one published zone in a file of their own, so that the next run need not read that zone's text to
 * keep those that may stay: a merge of two sorted sequences.
 *
 *   octets 0..7    "ZSSIGS1\n"
 *   256            the zone's name in wire form, lower case, filled up with zeros
 *   32             SHA-256 of the published file that the signatures are from
 *   4              that zone's serial
 *   4              zeros
 *   8              octets of this file
 *   8              entries
 *   8              blocks
 *   ...            the blocks, one behind the other
 *   44 each        the blocks' octets and their entries, in 32 bits each, zeros in 32 bits, and the block's SHA-256
 *   32             SHA-256 over head and list of blocks
 *
 * Numbers have their most significant octet first. A block is a sequence of entries, and all entries ascend by owner
 * (RFC 4034 6.1) and type:
 *
 *   1              octets of the owner's name, or 0: that of the entry before in this block
 *   ...            the owner in wire form, lower case
 *   2              type
 *   32             SHA-256 over the RRset's canonical form, as it was signed (rowhash.h)
 *   1              signatures
 *   2 + ... each   size and RDATA of an RRSIG
 *
 * The SHA-256 of the published file ties it to that content: a file of another version, of another zone, or one that a
 * program of an older version left beside what it published is not used. Size and time of the published file would not
 * do: a restored copy may have both. Damage is found by the sums before any entry is believed. There is no secret in
 * it, so it is no defence against a process of the same user, which could change the zone, too; nor need it be: what
 * was kept passes the gate like any other signature, and a wrong one stops there.
 *
 * It is read into memory rather than mapped: a page that the disk cannot read would end the process, in each run again,
 * where a failed read is one more way for the file to be of no use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum {
	SIGFILE_DIGEST = 32,
	SIGFILE_ZONE = 256,
	SIGFILE_HEAD = 8 + SIGFILE_ZONE + SIGFILE_DIGEST + 4 + 4 + 8 + 8 + 8,
	SIGFILE_LISTED = 4 + 4 + 4 + SIGFILE_DIGEST,
};

/* Which published zone the signatures are from. */
struct sigfile_identity {
	const uint8_t *apex; /* wire form, lower case */
	const uint8_t *sha256;
	uint32_t serial;
};

struct sigfile_block {
	struct bytes octets;
	const uint8_t *first, *last; /* owners */
	uint32_t entries;
};

/* Zero: none. */
struct sigfile {
	struct sigfile_block *blocks;
	size_t block_count;
	uint64_t entries;
	uint8_t *octets; /* if they are its own */
};

/* Checks all of octets[0..size), which it borrows. STATUS_MALFORMED if it is damaged or of another version, and `err`
 * says which. */
enum status sigfile_open(struct bytes octets, const struct sigfile_identity *whose, unsigned threads,
    struct sigfile *out, struct error *err) MUST_CHECK;

/* The same from a file of at most `most` octets. STATUS_IO if it cannot be read. */
enum status sigfile_load(int descriptor, uint64_t most, const struct sigfile_identity *whose, unsigned threads,
    struct sigfile *out, struct error *err) MUST_CHECK;

void sigfile_close(struct sigfile *file);

struct sigfile_entry {
	const uint8_t *owner;
	const uint8_t *digest;
	struct cursor signatures; /* for sigfile_signature */
	uint16_t type;
	uint8_t count; /* of signatures */
};

/* Where a walk over the entries is. Starts as { .file = file }. */
struct sigfile_cursor {
	const struct sigfile *file;
	size_t block;     /* the one after that of `at` */
	struct cursor at; /* behind `entry` */
	struct sigfile_entry entry;
	bool has_entry;
};

/* Moves on to the entry of `owner` and `type`, which are not before those of the call before. NULL: there is none. */
const struct sigfile_entry *sigfile_find(struct sigfile_cursor *cursor, const uint8_t *owner, uint16_t type);

/* The next RRSIG's RDATA; entry->count of them are there. */
struct bytes sigfile_signature(struct cursor *signatures);
