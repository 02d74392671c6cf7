/* SPDX-License-Identifier: MIT */
/* The names that exist in a zone, empty non-terminals among them: what NSEC3 chains are judged by (RFC 5155 7.1). */
#pragma once

#include "signer/verify/vzone.h"

/* An owner, or an empty non-terminal (`owner` NULL). */
struct vlisted {
	const uint8_t *name;
	const struct vowner *owner;
	bool insecure; /* a delegation without DS, or an empty non-terminal above such only */
	bool matched;  /* an NSEC3 of the chain in hand has its hash; false at first */
};

/* All of them in canonical order, so that what is below a name follows it. To be freed. */
struct vlisted *vlisted_names(const struct vzone *zone, size_t *count);
