/* SPDX-License-Identifier: MIT */
/*
 * The signed zone as a sequence of rows: every RRset in canonical order of owner and type, those of the denial chain
 * made on the way, each with the slot of its signatures.
 *
 * The sequence is cut into sections of about equal size. Signing, the ZONEMD digest and writing each walk sections on
 * all cores and see the same rows, so no list of them is ever kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/denial/nsec.h"
#include "signer/denial/nsec3.h"
#include "signer/sign/keyset.h"
#include "signer/zone/zone.h"

struct row {
	const uint8_t *owner;
	const struct record *records; /* in canonical order; their own TTLs and owners do not count */
	uint8_t *slot;                /* of its signatures; NULL if it has none */
	uint32_t count;
	uint32_t ttl;
	uint16_t type;
	uint8_t duty; /* enum keyset_duty, who signs it */
	bool at_apex;
	bool new_owner; /* the first row of its owner */
};

struct section {
	size_t name, entry; /* first of zone.names and chain.entries */
	size_t slot;        /* offset of its first slot */
};

struct rows {
	const struct zone *zone;
	const struct nsec3_chain *chain; /* NULL: NSEC */
	const struct keyset *keyset;     /* with no keys: the zone stays unsigned, without denial records */
	uint32_t negative_ttl;           /* of NSEC and NSEC3, RFC 9077 */
	uint8_t *slots;
	size_t slots_size;
	struct section *sections; /* section_count, and one that marks the end */
	size_t section_count;
	size_t section_size; /* names and entries in each */
};

/* What a walk needs for the rows that it makes; one for each worker. */
struct rows_scratch {
	struct record record;
	uint8_t owner[NAME_WIRE];
	uint8_t rdata[NSEC3_RDATA]; /* that of an NSEC is never larger */
};

/* Cuts the sequence into sections and makes the slots, which are not cleared. Without keys no row has a slot. */
enum status rows_open(const struct zone *zone, const struct nsec3_chain *chain, const struct keyset *keyset,
    uint32_t negative_ttl, unsigned threads, struct rows *out, struct error *err) MUST_CHECK;

void rows_close(struct rows *rows);

/* A row lives until the visitor returns. */
typedef enum status rows_visitor(void *context, const struct row *row, struct error *err);

/* Shows all rows of a section in order; stops at the first status that is not STATUS_OK. */
enum status rows_each(const struct rows *rows, size_t section, struct rows_scratch *scratch, rows_visitor *visitor,
    void *context, struct error *err) MUST_CHECK;
