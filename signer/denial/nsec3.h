/* SPDX-License-Identifier: MIT */
/*
 * The NSEC3 chain (RFC 5155): hashes of all names that must be provable, in the order of hashes.
 *
 * An entry is a hash and an index; owners and RDATA are made when they are needed, so a chain of a million names takes
 * 24 MB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/denial/bitmap.h"
#include "signer/dns/name.h"
#include "signer/zone/zone.h"

enum { NSEC3_HASH = 20, NSEC3_LABEL = 32, NSEC3_RDATA = 6 + 255 + NSEC3_HASH + BITMAP_MAX, NSEC3PARAM_RDATA = 5 + 255 };

struct nsec3_parameters {
	uint16_t iterations; /* RFC 9276 3.1 wants 0 */
	const uint8_t *salt; /* borrowed */
	uint8_t salt_size;
	bool opt_out;
};

struct nsec3_entry {
	uint8_t hash[NSEC3_HASH];
	uint32_t name; /* index into zone.names */
};

struct nsec3_chain {
	struct nsec3_parameters parameters;
	struct nsec3_entry *entries; /* ascending hashes */
	size_t count;
};

/* Hashes the names on `threads` threads and sorts them. STATUS_MALFORMED if two names have one hash (RFC 5155 7.1;
 * another salt helps) or if the apex leaves no room for the hash label. */
enum status nsec3_build(const struct zone *zone, const struct nsec3_parameters *parameters, unsigned threads,
    struct nsec3_chain *out, struct error *err) MUST_CHECK;

void nsec3_free(struct nsec3_chain *chain);

/* The owner of an entry's record: the hash in base32hex, in lower case, below the apex. Returns its size. */
size_t nsec3_owner(const struct zone *zone, const struct nsec3_entry *entry, uint8_t out[NAME_WIRE]);

/* The RDATA of entries[index]; returns its size. */
size_t nsec3_rdata(const struct zone *zone, const struct nsec3_chain *chain, size_t index, uint8_t out[NSEC3_RDATA]);

/* The RDATA of the NSEC3PARAM, flags 0 (RFC 5155 4.1.2); returns its size. */
size_t nsec3_param_rdata(const struct nsec3_parameters *parameters, uint8_t out[NSEC3PARAM_RDATA]);

/* Hashes names; belongs to one thread. */
struct nsec3_hasher;
enum status nsec3_hasher_new(
    const struct nsec3_parameters *parameters, struct nsec3_hasher **out, struct error *err) MUST_CHECK;
void nsec3_hasher_free(struct nsec3_hasher *hasher);

/* RFC 5155 5, over the name in lower case. */
enum status nsec3_hash(
    struct nsec3_hasher *hasher, const uint8_t *name, uint8_t out[NSEC3_HASH], struct error *err) MUST_CHECK;
