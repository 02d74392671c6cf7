/* SPDX-License-Identifier: MIT */
/*
 * Judges an answer as a validating resolver does, from the records in it alone (RFC 4035 5.4, RFC 5155 8, RFC 6840 4).
 * Nothing here looks into the zone.
 */
#pragma once

#include "signer/verify/vserver.h"

struct vopinion {
	const char *fault;            /* static text; NULL: a resolver takes the answer */
	const struct vrecord *record; /* that the fault is about, or NULL */
	bool beyond_opt_out;          /* the wildcard that a resolver takes for the name's is one further above: opt-out
					 left out what is between */
};

/* `apex` is the signer's name; `hasher` has the parameters of the answer's NSEC3. */
void vresolver_judge(
    const struct vanswer *answer, bool hashed, const uint8_t *apex, struct vhasher *hasher, struct vopinion *out);

/* The types that the bitmap of an NSEC or NSEC3 names, `most` at most; how many. */
unsigned vresolver_types(const struct vrecord *record, uint16_t out[], unsigned most);
