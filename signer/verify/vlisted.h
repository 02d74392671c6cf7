/* SPDX-License-Identifier: MIT */
/* The names that exist in a zone, empty non-terminals among them: what NSEC3 chains are judged by (RFC 5155 7.1). */
#pragma once

#include "signer/verify/vzone.h"

struct vrun;

/* A name that exists: an owner, or an empty non-terminal (`owner` NULL). */
struct vlisted {
	const uint8_t *name;
	const struct vowner *owner;
	size_t before; /* of an empty non-terminal: index of the first owner below it */
	bool insecure; /* a delegation without DS, or an empty non-terminal above such only */
	bool matched;  /* an NSEC3 of the chain in hand has its hash; false at first */
};

/* Whether an owner is a name of the zone, and that name. */
bool vlisted_exists(const struct vowner *owner);
struct vlisted vlisted_owner(const struct vzone *zone, const struct vowner *owner);

/* The empty non-terminals in canonical order: few in most zones, so the owners are not listed beside them. To be
 * freed. */
struct vlisted *vlisted_empty(const struct vzone *zone, size_t *count);

/* Rounds of hashing that NSEC3 of a file with so many octets may ask for, all sets together: a short one with deep
 * names, many iterations and sets would take hours. Each name takes a line, of ten octets at least, so one set of the
 * most iterations (150) over all delegations is within. */
uint64_t vlisted_rounds(uint64_t octets);

/* Takes from them what a set costs; tells at `at`, and false: too much. */
bool vlisted_affords(struct vrun *run, uint64_t *rounds, const struct vrecord *at, size_t names, unsigned iterations);
