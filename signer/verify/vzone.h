/* SPDX-License-Identifier: MIT */
/*
 * A zone as the verifier sees it: owners in canonical order, their records sorted, and what each owner is.
 * Another technique than the signer's on purpose: names are compared label by label, nothing is looked up by key.
 */
#pragma once

#include "signer/verify/vname.h"
#include "signer/verify/vread.h"
#include "signer/verify/vtype.h"

enum vkind {
	VKIND_DATA,     /* authoritative, the apex included */
	VKIND_CUT,      /* a delegation */
	VKIND_OCCLUDED, /* below a delegation or a DNAME: glue and hidden data */
	VKIND_HASH,     /* an NSEC3 owner */
	VKIND_OUTSIDE,  /* not at or below the apex */
};

/* A zone has millions: not aligned for its pointer, it takes 20 octets in place of 24. */
struct __attribute__((packed, aligned(4))) vowner {
	const uint8_t *name;
	uint32_t first; /* its records in zone.records */
	uint32_t count;
	uint8_t kind;
	uint8_t labels;
	uint8_t apex : 1;
	uint8_t dname : 1;       /* has one */
	uint8_t nsec3 : 1;       /* has one */
	uint8_t below_dname : 1; /* occluded by a DNAME */
	uint8_t matched;         /* an NSEC3 of the chain in hand has its hash (vnsec3.c) */
};
_Static_assert(sizeof(struct vowner) == 20, "no room between owners");

struct vzone {
	struct vfile file;
	const struct vrecord *records; /* file.records, sorted by owner, type, RDATA */
	struct vowner *owners;
	size_t owner_count;
	const uint8_t *apex;
	const struct vowner *top; /* the apex' owner; NULL if there is none */
	unsigned apex_labels;
	const struct vrecord *soa;
	uint32_t serial, soa_ttl, soa_expire, soa_minimum;
	uint32_t max_ttl;
	size_t soa_count;
	size_t spares;           /* records that are copies */
	const uint8_t **aliases; /* names that hold a CNAME, in canonical order */
	size_t alias_count;
	uint32_t *hash_owners; /* indexes of owners with NSEC3 that nothing hides, in canonical order */
	size_t hash_owner_count;
	size_t nsec3_count; /* records, hidden ones and copies too: if as many as those, each of those has one */
};

/* How many records ahead RDATA is fetched in walks over all of them: it lies where it was read, or where a name server
 * first stood. */
enum { VRECORD_SOON = 16 };

/* Records of one type at one owner. */
struct vset {
	const struct vrecord *first;
	size_t count;
};

/* Reads and orders. `origin` may be NULL: then the apex is the owner of the first SOA. */
enum status vzone_load(const struct vsource *source, const uint8_t *origin, unsigned threads, struct vzone *out,
    struct error *err) MUST_CHECK;
void vzone_free(struct vzone *zone);

struct vset vzone_set(const struct vzone *zone, const struct vowner *owner, uint16_t type);

/* Index of the first owner that is not before `name`. */
size_t vzone_place(const struct vzone *zone, const uint8_t *name);

/* The owner of that name, or NULL. */
const struct vowner *vzone_find(const struct vzone *zone, const uint8_t *name);

/* The same, sooner if it is not far from *near, which is where it is afterwards, or would be. SIZE_MAX: anywhere. */
const struct vowner *vzone_find_near(const struct vzone *zone, const uint8_t *name, size_t *near);

/* Whether the name is an owner or lies above one (an empty non-terminal): no wildcard stands for it (RFC 4592 3.3.1).
 */
bool vzone_exists(const struct vzone *zone, const uint8_t *name);

/* Whether there is a CNAME at that name. */
bool vzone_is_alias(const struct vzone *zone, const uint8_t *name);

/* Whether a type at this owner is authoritative data that must be signed. */
bool vzone_authoritative(const struct vowner *owner, uint16_t type);

/* The next record that is not a copy of `record` nor of those before it; `end` limits. For walks over a set. */
const struct vrecord *vzone_next(const struct vrecord *record, const struct vrecord *end);
