/* SPDX-License-Identifier: MIT */
/* Whether two readings of one text gave the same. */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "signer/verify/vname.h"
#include "signer/verify/vread.h"

static inline bool same_records(const struct vfile *a, const struct vfile *b)
{
	if (a->count != b->count || a->size != b->size)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct vrecord *const x = &a->records[i];
		const struct vrecord *const y = &b->records[i];
		if (!vname_equal(x->owner, y->owner) || x->ttl != y->ttl || x->line != y->line || x->type != y->type ||
		    x->class != y->class || x->size != y->size || memcmp(x->rdata, y->rdata, x->size) != 0)
			return false;
	}
	return true;
}
