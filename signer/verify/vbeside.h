/* SPDX-License-Identifier: MIT */
/*
 * Text that is a zone's own, octet by octet: lines of a file that is read beside a zone (vfollow.h) need not be parsed
 * if they are lines of the zone.
 *
 * The zone's text is walked along with the file's. Lines that only the zone has, a few at a time, are stepped over;
 * where the two part, the file is parsed until a record of the zone's is found, and the walk goes on behind that one's
 * line. Nothing is guessed: lines are either equal octet by octet, or parsed. For one thread.
 */
#pragma once

#include "signer/verify/vpieces.h"
#include "signer/verify/vzone.h"

enum { VBESIDE_LINES = 256 };

struct vbeside {
	const struct vzone *zone;
	struct vsealer *sealer;
	char *room;
	size_t piece; /* that is in hand; SIZE_MAX: none */
	const char *begin, *at, *end;
	uint32_t line; /* of `at` */
	size_t owner;  /* of the last record */
	int64_t credit;
	size_t count; /* lines of the last match */
	uint32_t places[VBESIDE_LINES];
};

/* NULL: the zone's text is not to be had, or the file begins with another origin than the zone's apex. */
struct vbeside *vbeside_new(const struct vzone *zone, const uint8_t *origin);
void vbeside_free(struct vbeside *beside);

/* Before a piece of text that follows no other. */
void vbeside_begin(struct vbeside *beside);

/* The record of the zone that was read last: its line is behind us. */
void vbeside_found(struct vbeside *beside, const struct vrecord *record);

/* How many octets from `at`, where an entry begins under the origin that the zone was read with, are lines of the zone:
 * `count` of them, with their records' places in the zone in `places`. 0: this entry must be parsed. */
size_t vbeside_match(struct vbeside *beside, const char *at, const char *end);
