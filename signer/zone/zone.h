/* SPDX-License-Identifier: MIT */
/*
 * The names of a zone in canonical order, and what each of them is.
 *
 * Built once from records, by sorting them; then const, and shared by all threads. Nothing is hashed by name, so chosen
 * names cost no more than others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/dns/rrset.h"

enum zone_kind {
	ZONE_APEX,
	ZONE_AUTHORITATIVE, /* data of the zone, signed, in the chain */
	ZONE_DELEGATION, /* NS below the apex: in the chain, DS and denial signed, NS not; other types at it are glue or
			    occluded */
	ZONE_GLUE,       /* below a cut, holds only addresses */
	ZONE_OCCLUDED,   /* below a cut or a DNAME, holds other data: kept, unsigned, outside the chain */
	ZONE_EMPTY_NON_TERMINAL, /* no data, but a name in the chain below it: only NSEC3 sees it (RFC 5155 7.1) */
};

struct zone_name {
	const uint8_t *owner; /* wire form in the case of its first record */
	uint32_t first_rrset; /* index into zone.rrsets; ascending type */
	uint16_t rrset_count; /* 0 for an empty non-terminal */
	uint8_t kind;         /* enum zone_kind */
	bool secure;          /* a delegation with DS */
};

struct zone {
	const uint8_t *apex; /* wire form, lower case */
	unsigned apex_labels;
	struct zone_name *names; /* canonical order; the apex first; empty non-terminals included */
	size_t name_count;
	struct rrset *rrsets;
	size_t rrset_count;
	struct record *records; /* sorted by owner, type, canonical RDATA; borrowed from the caller of zone_build. The
				 * records of one name share one owner */
	size_t record_count;
	/* What was found, for the summary and for warnings. */
	size_t duplicates;  /* records dropped as equal to another */
	size_t ttl_lowered; /* RRsets whose records had different TTLs */
	size_t occluded;    /* records below a cut or a DNAME that are no glue */
	size_t delegations;
	size_t secure_delegations;
	uint32_t largest_ttl; /* of any RRset, in seconds */
	size_t
	    largest_message; /* octets: a DNS message with the largest RRset that was given, its signatures left out */
	struct arena *arena; /* holds names and rrsets */
};

/* Types that the signer makes itself: RRSIG, NSEC, NSEC3 anywhere; DNSKEY, CDS, CDNSKEY, NSEC3PARAM, ZONEMD at the
 * apex. */
bool zone_is_made_by_signer(const struct record *record, const uint8_t *apex);

/* Moves records that are made by the signer to the end of `records`, keeping the order of the others; returns how many
 * others there are. The stripped ones follow them, for the check whether they are ours. */
size_t zone_strip(struct record *records, size_t count, const uint8_t *apex);

/* Sorts `records` in place on `threads` threads and builds the zone. `files` names the files that record.file indexes,
 * for messages. STATUS_MALFORMED with "file:line" for: no SOA or two, no NS at the apex, an owner outside the zone (RFC
 * 1035 5.2), CNAME beside other data (RFC 2181 10.1; RRSIG, NSEC and KEY may stand, RFC 4035 2.5), two CNAMEs or two
 * DNAMEs (RFC 6672 2.4), DS at the apex or without NS (RFC 4035 2.4), a name server of the zone that the zone itself
 * says has no address (RFC 2181 10.3). */
enum status zone_build(struct record *records, size_t count, const uint8_t *apex, const char *const files[],
    unsigned threads, struct zone *out, struct error *err) MUST_CHECK;

void zone_free(struct zone *zone);

enum { ZONE_APEX_ROOM = 8 };

/* Adds RRsets to the apex, in place of those of the same type: the SOA with its new serial, and what the signer makes.
 * At most ZONE_APEX_ROOM over the life of a zone, in ascending type; their records are borrowed and not counted in
 * record_count. */
void zone_set_apex(struct zone *zone, const struct rrset rrsets[], size_t count);

/* The index of a name, or SIZE_MAX. Binary search. */
size_t zone_find(const struct zone *zone, const uint8_t *name);

/* Octets that a DNS message needs for nothing but this RRset: header, question, and each record with a pointer to the
 * question's name (RFC 1035 4.1). */
size_t zone_message_size(const struct rrset *rrset);

/* The RRset of a type at names[index], or NULL. */
const struct rrset *zone_rrset(const struct zone *zone, size_t index, uint16_t type);

/* Whether the zone is authoritative for this RRset, i.e. it gets an RRSIG (RFC 4035 2.2). */
bool zone_is_signed(const struct zone_name *name, uint16_t type);

/* Whether NSEC links this name: it holds data of the zone or is a delegation (RFC 4035 2.3). */
bool zone_is_in_nsec_chain(const struct zone_name *name);

/* Whether NSEC3 does: empty non-terminals too; with opt-out no insecure delegation. An empty non-terminal that leads
 * only to such might be left out as well (RFC 5155 7.1), but then names below it can be denied only from the provable
 * encloser above it: not at all if a wildcard stands there, and some name servers send another proof. */
bool zone_is_in_nsec3_chain(const struct zone_name *name, bool opt_out);
