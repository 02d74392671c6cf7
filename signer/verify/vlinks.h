/* SPDX-License-Identifier: MIT */
/* The NSEC3 of a zone with what their octets say, and the parameters that they share with NSEC3PARAM (RFC 5155). */
#pragma once

#include <stdatomic.h>

#include "signer/base/bytes.h"
#include "signer/verify/vrun.h"

enum { VLINKS_HASH = 20, VLINKS_OPT_OUT = 1 };

struct vlinks_parameters {
	const uint8_t *salt;
	uint16_t iterations;
	uint8_t algorithm;
	uint8_t salt_size;
};

/* One NSEC3; a zone may have millions, so what its RDATA says beside this is read there again. */
struct vlinks_link {
	uint8_t hash[VLINKS_HASH];
	uint8_t flags;
	bool good;           /* owner and RDATA could be read */
	bool idle;           /* no NSEC3PARAM has its parameters; judged as such */
	atomic_bool matched; /* by a name of the zone */
	const struct vrecord *record;
	const uint8_t *next; /* VLINKS_HASH octets of the RDATA, the bitmap after them; of a good one */
};

bool vlinks_same(const struct vlinks_parameters *a, const struct vlinks_parameters *b);

/* algorithm, flags, iterations, salt; the part that NSEC3 and NSEC3PARAM share. */
bool vlinks_read(struct cursor *in, struct vlinks_parameters *out, uint8_t *flags);

/* What could be read of them, if it is not good. */
struct vlinks_parameters vlinks_parameters_of(const struct vlinks_link *link);
struct bytes vlinks_bitmap(const struct vlinks_link *link); /* of a good one */

/* All NSEC3 of the zone, in canonical order of their owners, which is the order of their hashes; to be freed, also
 * after a failure. What a delegation hides is none. */
enum status vlinks_collect(struct vrun *run, struct vlinks_link **links, size_t *count, struct error *err) MUST_CHECK;

/* Whether an NSEC3PARAM of these has the same parameters. */
bool vlinks_announced(const struct vset *params, const struct vlinks_parameters *parameters);

/* What is ours to ask: one set, one flag, one TTL. */
void vlinks_check_uniform(struct vrun *run, const struct vlinks_link *links, size_t count, const struct vset *params);
