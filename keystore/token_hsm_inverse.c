/* SPDX-License-Identifier: MIT */
#include "keystore/token_hsm_inverse.h"

#include <stdbool.h>
#include <string.h>

enum { WORD = 64 };

static bool is_zero(const uint64_t a[], size_t count)
{
	uint64_t any = 0;
	for (size_t i = 0; i < count; i++)
		any |= a[i];
	return any == 0;
}

static bool is_below(const uint64_t a[], const uint64_t b[], size_t count)
{
	for (size_t i = count; i-- > 0;)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

static void add(uint64_t a[], const uint64_t b[], size_t count)
{
	bool carry = false;
	for (size_t i = 0; i < count; i++) {
		const bool one = __builtin_add_overflow(a[i], b[i], &a[i]);
		const bool two = __builtin_add_overflow(a[i], (uint64_t)carry, &a[i]);
		carry = one || two;
	}
}

static void subtract(uint64_t out[], const uint64_t a[], const uint64_t b[], size_t count)
{
	bool borrow = false;
	for (size_t i = 0; i < count; i++) {
		const uint64_t from = a[i];
		uint64_t left = 0;
		const bool one = __builtin_sub_overflow(from, b[i], &left);
		const bool two = __builtin_sub_overflow(left, (uint64_t)borrow, &out[i]);
		borrow = one || two;
	}
}

/* By 1 to 63 bits. */
static void shift_right(uint64_t a[], unsigned bits, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++)
		a[i] = a[i] >> bits | a[i + 1] << (WORD - bits);
	a[count - 1] >>= bits;
}

static void shift_left(uint64_t a[], unsigned bits, size_t count)
{
	for (size_t i = count - 1; i > 0; i--)
		a[i] = a[i] << bits | a[i - 1] >> (WORD - bits);
	a[0] <<= bits;
}

/* u and v are halved and subtracted until one is 0 and the other 1. Always u t + v r = n, so no number outgrows n; and
 * s r = -u 2^k and s t = v 2^k modulo n, with the signs changed where the two pairs were exchanged. */
unsigned hsm_almost_inverse(
    const uint64_t n[HSM_WORDS], const uint64_t s[HSM_WORDS], size_t count, uint64_t out[HSM_WORDS])
{
	uint64_t room[4][HSM_WORDS] = { { 0 } };
	uint64_t *u = room[0], *v = room[1], *r = room[2], *t = room[3];
	unsigned k = 0;
	bool exchanged = false;
	memcpy(u, n, count * sizeof(u[0]));
	memcpy(v, s, count * sizeof(v[0]));
	t[0] = 1;
	while (!is_zero(v, count)) {
		const unsigned zeros = v[0] == 0 ? WORD - 1 : (unsigned)__builtin_ctzll(v[0]);
		if (zeros > 0) {
			shift_right(v, zeros, count);
			shift_left(r, zeros, count);
			k += zeros;
		}
		if ((v[0] & 1) == 0)
			continue;
		if (is_below(v, u, count)) {
			uint64_t *const larger = u, *const its = r;
			u = v;
			v = larger;
			r = t;
			t = its;
			exchanged = !exchanged;
		}
		subtract(v, v, u, count);
		add(t, r, count);
	}
	if (exchanged)
		memcpy(out, r, count * sizeof(r[0]));
	else
		subtract(out, n, r, count);
	return k;
}
