/* SPDX-License-Identifier: MIT */
/*
 * A file that is read beside a zone which was read before: the version published last, or the unsigned input. Nearly
 * all of its records are the zone's, mostly in the same order, so each is looked for where the last one was found.
 * What is found needs no memory of its own, and a name server that is written as the zone's wire form has it need not
 * be taken apart. What is not found is read as if there were no zone: the records are the same in either case.
 * For one thread.
 */
#pragma once

#include "signer/verify/vtoken.h"
#include "signer/verify/vzone.h"

struct vfollow {
	const struct vzone *zone;
	size_t owner;   /* the last that was found; owner_count: none was */
	bool in_zone;   /* the owner in hand is that one */
	uint32_t next;  /* its record that is tried first */
	unsigned tries; /* searches for owners that are left, should none be found */
};

/* Before a piece of text that follows no other. */
void vfollow_begin(struct vfollow *follow);

/* The next records belong to `name` (lower case). Returns the zone's own copy of it; NULL: the zone has no such owner,
 * or it was not looked for. */
const uint8_t *vfollow_owner(struct vfollow *follow, const uint8_t *name, size_t size);

/* The records in hand are those of owners[owner], and `record` was the last. */
void vfollow_jump(struct vfollow *follow, size_t owner, const struct vrecord *record);

/* The zone's record of the owner in hand with that RDATA, or with the name server that `word` writes; NULL: none was
 * found. TTL and class may differ. */
const struct vrecord *vfollow_rdata(struct vfollow *follow, uint16_t type, const uint8_t *rdata, size_t size);
const struct vrecord *vfollow_server(struct vfollow *follow, struct vtoken word);
