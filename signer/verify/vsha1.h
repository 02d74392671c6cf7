/* SPDX-License-Identifier: MIT */
/*
 * Hashes of names for NSEC3 (RFC 5155 5), sixteen side by side: a lane of a wide register for each.
 *
 * A name, or a hash, with its salt mostly is one block of SHA-1, for which calling libcrypto takes longer than the
 * block. Those who use this have libcrypto compute one lane of each group again: where the two differ, nothing is
 * judged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VSHA1_LANES = 16, VSHA1_SIZE = 20, VSHA1_SHORT = 55 };

struct vsha1_salt {
	const uint8_t *data;
	uint8_t size;
	uint16_t iterations;
};

/* Whether a name of so many octets can be hashed here. */
bool vsha1_fits(const struct vsha1_salt *salt, size_t name_size);

/* `count` names, each of which fits, to as many hashes. Letters count as small ones. */
void vsha1_names(const struct vsha1_salt *salt, const uint8_t *const names[], unsigned count,
    uint8_t hashes[VSHA1_LANES][VSHA1_SIZE]);

/* The same by one way of those that the processor has: for tests. */
enum vsha1_way { VSHA1_PLAIN, VSHA1_AVX2, VSHA1_AVX512, VSHA1_WAYS };
bool vsha1_has(enum vsha1_way way);
void vsha1_names_by(enum vsha1_way way, const struct vsha1_salt *salt, const uint8_t *const names[], unsigned count,
    uint8_t hashes[VSHA1_LANES][VSHA1_SIZE]);
