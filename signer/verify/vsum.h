/* SPDX-License-Identifier: MIT */
/*
 * Whether two files hold the same records, in whatever order, without keeping both in memory.
 *
 * Each record counts as a SipHash of 128 bits under a random key of this run; the sum of all is the file's. Whoever
 * made two different sets, they have one sum with a chance of about 2^-128, because nobody knows the key beforehand.
 * Equal sums prove that nothing was lost, added or altered; unequal ones say only that someone must look (vpast.c).
 */
#pragma once

#include "signer/verify/vsip.h"
#include "signer/verify/vzone.h"

enum { VSUM_KEY = VSIP_KEY };

enum { VSUM_ZONEMD = 2, VSUM_ZONEMD_SIZE = 6 + 64 };

struct vsum {
	uint64_t words[2]; /* least significant first */
	uint64_t count;
	uint64_t soa_count;
	uint32_t serial; /* of the last SOA */
	/* Records that do not count: those that a signer makes. ZONEMD at the apex are kept, as far as there is room.
	 */
	uint64_t made_count;
	uint32_t zonemd_count;
	uint16_t zonemd_size[VSUM_ZONEMD];
	uint8_t zonemd[VSUM_ZONEMD][VSUM_ZONEMD_SIZE];
};

/* Records that a signer makes and its input does not hold. */
bool vsum_made_by_signer(uint16_t type, bool at_apex);

/* The key, and the apex; and the hash as far as the owner in hand. For one thread. */
struct vsummer;
struct vsummer *vsummer_new(const uint8_t key[VSUM_KEY], const uint8_t *apex);
void vsummer_free(struct vsummer *summer);

/* Before records whose owners lie where others were. */
void vsummer_begin(struct vsummer *summer);

/* Adds a record, unless a signer makes its kind. The SOA counts without its serial. Records that follow each other and
 * have one pointer for their owner cost less. */
void vsummer_add(struct vsummer *summer, const struct vrecord *record, struct vsum *sum);

void vsum_join(struct vsum *sum, const struct vsum *other);
bool vsum_equal(const struct vsum *a, const struct vsum *b);

/* Compares the zone with the records of another file, which is read once and not kept. A record that is found in the
 * zone is ticked off there; the sums are of what is left on both sides. `theirs` is that of the file. */
enum status vsum_same(const struct vzone *zone, const struct vsource *source, unsigned threads, bool *same,
    struct vsum *theirs, struct error *err) MUST_CHECK;
