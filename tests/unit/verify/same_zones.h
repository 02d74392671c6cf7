/* SPDX-License-Identifier: MIT */
/* Whether two zones are the same, however their records are kept. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "signer/verify/vzone.h"

static inline bool same_owners(
    const struct vzone *a, const struct vowner *of_a, const struct vzone *b, const struct vowner *of_b)
{
	if (!vname_equal(of_a->name, of_b->name) || of_a->count != of_b->count || of_a->kind != of_b->kind ||
	    of_a->labels != of_b->labels || of_a->apex != of_b->apex || of_a->dname != of_b->dname ||
	    of_a->nsec3 != of_b->nsec3 || of_a->below_dname != of_b->below_dname || of_a->matched != of_b->matched)
		return false;
	for (size_t i = 0; i < of_a->count; i++) {
		const struct vrecord *const x = &a->records[of_a->first + i];
		const struct vrecord *const y = &b->records[of_b->first + i];
		if (x->type != y->type || x->class != y->class || x->ttl != y->ttl || x->size != y->size ||
		    x->spare != y->spare || x->trusted != y->trusted || memcmp(x->rdata, y->rdata, x->size) != 0 ||
		    !vname_equal(x->owner, of_a->name) || !vname_equal(y->owner, of_b->name))
			return false;
	}
	return true;
}

static inline bool same_zones(const struct vzone *a, const struct vzone *b)
{
	if (a->owner_count != b->owner_count || a->serial != b->serial || a->soa_ttl != b->soa_ttl ||
	    a->soa_expire != b->soa_expire || a->soa_minimum != b->soa_minimum ||
	    (a->soa == NULL) != (b->soa == NULL) || (a->top == NULL) != (b->top == NULL) ||
	    (a->top != NULL && a->top - a->owners != b->top - b->owners))
		return false;
	for (size_t i = 0; i < a->owner_count; i++)
		if (!same_owners(a, &a->owners[i], b, &b->owners[i]))
			return false;
	return true;
}
