/* SPDX-License-Identifier: MIT */
/*
 * 1 / s modulo an odd number, but for a power of two, in a third of the time of BN_mod_inverse: the binary algorithm of
 * Kaliski ("almost Montgomery inverse"), on words. Takes as long as the numbers make it: for public numbers alone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HSM_WORDS = 6 };

/* Words are least first, `count` of them. For 0 < s < n, n odd and s without a common divisor: returns k, and `out` is
 * 2^k / s mod n. k is at most twice the bits of n. */
unsigned hsm_almost_inverse(
    const uint64_t n[HSM_WORDS], const uint64_t s[HSM_WORDS], size_t count, uint64_t out[HSM_WORDS]);
