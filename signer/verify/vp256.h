/* SPDX-License-Identifier: MIT */
/*
 * Verifies many P-256 signatures by one key: about three times as fast as one by one, and twelve times where the
 * processor adds eight at once (vp256_wide.h).
 *
 * A zone has one key that signs nearly all of it. With a table of that key's multiples both halves of a verification
 * (FIPS 186-4, SEC 1 4.1.4) are look-ups, and one inversion serves a whole batch. Nothing is refused here: what is not
 * found good is the caller's to judge by EVP. What is found good rests on the arithmetic here but for the sample that
 * EVP judges again, which finds a processor or a library that computes wrongly, not one single signature. All that is
 * computed here is public.
 *
 * OpenSSL reaches such tables by functions that it calls deprecated. CMake looks for them; without them vp256_none.c
 * takes the place of vp256.c: no key gets a table, and EVP does all the work.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VP256_POINT = 64, VP256_DIGEST = 32, VP256_SIGNATURE = 64, VP256_BATCH = 64 };

/* A key with its table. Const once made: threads share it. */
struct vp256_key;

/* What one thread works with. */
struct vp256_place;

struct vp256_item {
	const struct vp256_key *key;
	uint8_t digest[VP256_DIGEST];       /* SHA-256 of what is signed */
	uint8_t signature[VP256_SIGNATURE]; /* r, s (RFC 6605 4) */
	bool good;                          /* set by vp256_check */
};

/* Whether this build has tables at all, and whether build and processor can work on eight signatures at once. */
bool vp256_built_in(void);
bool vp256_can_wide(void);

/* From both coordinates (RFC 6605 4). NULL: no point of the curve, or this build or library cannot make a table.
 * `wide`: for eight at once, where that can be done. */
struct vp256_key *vp256_key_new(const uint8_t point[VP256_POINT], bool wide);
void vp256_key_free(struct vp256_key *key);

/* NULL as above. */
struct vp256_place *vp256_place_new(void);
void vp256_place_free(struct vp256_place *place);

/* Sets `good` of at most VP256_BATCH items. False means "not proven": it may be a failure of the library too. */
void vp256_check(struct vp256_place *place, struct vp256_item items[], size_t count);
