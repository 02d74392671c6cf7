/* SPDX-License-Identifier: MIT */
/*
 * A record and an RRset as values. Class is always IN; the reader refuses any other.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One record. Owner and RDATA are in wire form, uncompressed, in the case that the input had, and live in an arena. */
struct record {
	const uint8_t *owner;
	const uint8_t *rdata;
	uint32_t ttl;  /* seconds */
	uint32_t line; /* where it began in its file; 0 if we made it */
	uint16_t type;
	uint16_t rdata_size;
	uint16_t file; /* index into zonetext.files; 0 is the input itself */
	uint16_t unused;
};

/* All records of one owner and type, without duplicates, in canonical RDATA order (RFC 4034 6.3). */
struct rrset {
	const struct record *records;
	uint32_t count;
	uint32_t ttl; /* of the RRset: the lowest of its records */
	uint16_t type;
};
