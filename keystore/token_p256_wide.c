/* SPDX-License-Identifier: MIT */
#include "keystore/token_p256_wide.h"

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

/*
 * Numbers modulo p or n (SEC 2 2.4.2), both a little below 2^256, in five limbs of 52 bits. A product is divided by
 * R = 2^260 (Montgomery): of factors below a m and b m it comes out below (1 + a b / 16) m. Comments give the bounds.
 */
/* Each modulus is known where it is used, and its noughts and ones fall away, only if all of this is one function. */
#define INLINE static inline __attribute__((always_inline))

enum { LIMBS = P256_LIMBS, LIMB_BITS = 52, TOP_BITS = 256 - 4 * LIMB_BITS, DIGIT_BITS = 6 };

static const int64_t LIMB_MASK = (INT64_C(1) << LIMB_BITS) - 1;

struct number {
	__m512i limb[LIMBS];
};

struct product {
	__m512i limb[2 * LIMBS];
};

struct modulus {
	int64_t m[LIMBS];
	int64_t gap[LIMBS];    /* 2^256 - m */
	int64_t one[LIMBS];    /* R */
	int64_t square[LIMBS]; /* R^2 */
	int64_t high[LIMBS];   /* 2^256 R^2 */
	int64_t factor;        /* -1 / m modulo 2^52 */
	uint64_t less_two[4];  /* m - 2 */
};

static const struct modulus field = {
	.m = { 0xfffffffffffff, 0x00fffffffffff, 0, 0x0001000000000, 0x0ffffffff0000 },
	.gap = { 1, 0xff00000000000, 0xfffffffffffff, 0xfffefffffffff, 0xffff },
	.one = { 0x10, 0xf000000000000, 0xfffffffffffff, 0xffeffffffffff, 0x00000000fffff },
	.square = { 0x300, 0xffffffff00000, 0xffffefffffffb, 0xfdfffffffffff, 0x0000004ffffff },
	.factor = 1,
	.less_two = { UINT64_MAX - 2, UINT32_MAX, 0, 0xffffffff00000001 },
};

static const struct modulus order = {
	.m = { 0x9cac2fc632551, 0xada7179e84f3b, 0xfffffffbce6fa, 0x0000fffffffff, 0x0ffffffff0000 },
	.gap = { 0x6353d039cdaaf, 0x5258e8617b0c4, 0x0000000431905, 0xffff000000000, 0xffff },
	.one = { 0x353d039cdaaf0, 0x258e8617b0c46, 0x0000004319055, 0xfff0000000000, 0x00000000fffff },
	.square = { 0x5cc0dea6dc3ba, 0x192a067d8a084, 0xbec59615571bb, 0x1fc245b2392b6, 0x0e12d9559d956 },
	.high = { 0xf6c1c86aa7ab0, 0xc7cdf4402064a, 0x5e93f2616fa57, 0x64d543b9246ba, 0x03a54e7b407be },
	.factor = 0x1c8aaee00bc4f,
	.less_two = { 0xf3b9cac2fc63254f, 0xbce6faada7179e84, UINT64_MAX, 0xffffffff00000000 },
};

/* ---- numbers ---- */

INLINE __m512i all(int64_t value)
{
	return _mm512_set1_epi64(value);
}

INLINE struct number constant(const int64_t limbs[LIMBS])
{
	struct number out;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		out.limb[i] = all(limbs[i]);
	return out;
}

/* Brings limbs, which may be negative, to 52 bits each, but for the sign, which stays in the last. */
INLINE struct number carry(struct number a)
{
#pragma GCC unroll 4
	for (unsigned i = 0; i + 1 < LIMBS; i++) {
		a.limb[i + 1] = _mm512_add_epi64(a.limb[i + 1], _mm512_srai_epi64(a.limb[i], LIMB_BITS));
		a.limb[i] = _mm512_and_si512(a.limb[i], all(LIMB_MASK));
	}
	return a;
}

INLINE struct number add(struct number a, struct number b)
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		a.limb[i] = _mm512_add_epi64(a.limb[i], b.limb[i]);
	return carry(a);
}

/* a - b + times m: `times` m is at least b. */
INLINE struct number subtract(struct number a, struct number b, int64_t times, const struct modulus *of)
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		a.limb[i] = _mm512_add_epi64(a.limb[i], _mm512_sub_epi64(all(times * of->m[i]), b.limb[i]));
	return carry(a);
}

INLINE struct number choose(__mmask8 second, struct number a, struct number b)
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		a.limb[i] = _mm512_mask_mov_epi64(a.limb[i], second, b.limb[i]);
	return a;
}

/* Of a below 16 m to 2^256 and a trifle: what is above bit 256 is worth the gap each. */
INLINE struct number shrink(struct number a, const struct modulus *of)
{
	const __m512i above = _mm512_srli_epi64(a.limb[4], TOP_BITS);
	a.limb[4] = _mm512_and_si512(a.limb[4], all((INT64_C(1) << TOP_BITS) - 1));
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		a.limb[i] = _mm512_madd52lo_epu64(a.limb[i], above, all(of->gap[i]));
#pragma GCC unroll 4
	for (unsigned i = 0; i + 1 < LIMBS; i++)
		a.limb[i + 1] = _mm512_madd52hi_epu64(a.limb[i + 1], above, all(of->gap[i]));
	return carry(a);
}

/* Of a below 2 m to what is below m. */
INLINE struct number least(struct number a, const struct modulus *of)
{
	struct number less = a;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		less.limb[i] = _mm512_sub_epi64(less.limb[i], all(of->m[i]));
	less = carry(less);
	return choose(_mm512_cmplt_epi64_mask(less.limb[LIMBS - 1], _mm512_setzero_si512()), less, a);
}

INLINE __mmask8 zero_lanes(struct number a)
{
	__m512i any = a.limb[0];
	for (unsigned i = 1; i < LIMBS; i++)
		any = _mm512_or_si512(any, a.limb[i]);
	return _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512());
}

/* ---- products ---- */

INLINE struct product nothing(void)
{
	struct product t;
#pragma GCC unroll 10
	for (unsigned i = 0; i < 2 * LIMBS; i++)
		t.limb[i] = _mm512_setzero_si512();
	return t;
}

/* t + a b. Each limb gets at most ten terms of 52 bits for a product: two products fit. */
INLINE struct product add_product(struct product t, struct number a, struct number b)
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
#pragma GCC unroll 5
		for (unsigned j = 0; j < LIMBS; j++) {
			t.limb[i + j] = _mm512_madd52lo_epu64(t.limb[i + j], a.limb[i], b.limb[j]);
			t.limb[i + j + 1] = _mm512_madd52hi_epu64(t.limb[i + j + 1], a.limb[i], b.limb[j]);
		}
	}
	return t;
}

/* t / R: the lowest limb is made 0, five times, by adding a multiple of m. */
INLINE struct number reduce(struct product t, const struct modulus *of)
{
	struct number out;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
		/* The multiplications look at 52 bits alone, so q needs no mask. */
		const __m512i q = of->factor == 1
				      ? t.limb[i]
				      : _mm512_madd52lo_epu64(_mm512_setzero_si512(), t.limb[i], all(of->factor));
		t.limb[i] = _mm512_madd52lo_epu64(t.limb[i], q, all(of->m[0]));
		t.limb[i + 1] = _mm512_add_epi64(t.limb[i + 1], _mm512_srli_epi64(t.limb[i], LIMB_BITS));
		t.limb[i + 1] = _mm512_madd52hi_epu64(t.limb[i + 1], q, all(of->m[0]));
#pragma GCC unroll 4
		for (unsigned j = 1; j < LIMBS; j++) {
			if (of->m[j] == 0)
				continue;
			t.limb[i + j] = _mm512_madd52lo_epu64(t.limb[i + j], q, all(of->m[j]));
			t.limb[i + j + 1] = _mm512_madd52hi_epu64(t.limb[i + j + 1], q, all(of->m[j]));
		}
	}
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		out.limb[i] = t.limb[LIMBS + i];
	return carry(out);
}

INLINE struct number multiply(struct number a, struct number b, const struct modulus *of)
{
	return reduce(add_product(nothing(), a, b), of);
}

/* Products of different limbs are there twice. */
INLINE struct number square(struct number a, const struct modulus *of)
{
	struct product t = nothing();
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
#pragma GCC unroll 5
		for (unsigned j = i + 1; j < LIMBS; j++) {
			t.limb[i + j] = _mm512_madd52lo_epu64(t.limb[i + j], a.limb[i], a.limb[j]);
			t.limb[i + j + 1] = _mm512_madd52hi_epu64(t.limb[i + j + 1], a.limb[i], a.limb[j]);
		}
	}
#pragma GCC unroll 10
	for (unsigned i = 0; i < 2 * LIMBS; i++)
		t.limb[i] = _mm512_add_epi64(t.limb[i], t.limb[i]);
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
		t.limb[2 * i] = _mm512_madd52lo_epu64(t.limb[2 * i], a.limb[i], a.limb[i]);
		t.limb[2 * i + 1] = _mm512_madd52hi_epu64(t.limb[2 * i + 1], a.limb[i], a.limb[i]);
	}
	return reduce(t, of);
}

/* 1 / a, which is a^(m - 2) (Fermat), four bits of the exponent at a time; of 0 it is 0. Nothing of the exponent is
 * secret. */
INLINE struct number invert(struct number a, const struct modulus *of)
{
	struct number powers[16];
	powers[0] = constant(of->one);
	powers[1] = a;
	for (unsigned i = 2; i < 16; i++)
		powers[i] = multiply(powers[i - 1], a, of);
	struct number out = powers[of->less_two[3] >> 60];
	for (unsigned digit = 63; digit-- > 0;) {
		for (unsigned i = 0; i < 4; i++)
			out = square(out, of);
		const unsigned power = of->less_two[digit / 16] >> 4 * (digit % 16) & 15;
		if (power != 0)
			out = multiply(out, powers[power], of);
	}
	return out;
}

static struct number invert_in_field(struct number a)
{
	return invert(a, &field);
}

static struct number invert_in_order(struct number a)
{
	return invert(a, &order);
}

/* ---- octets ---- */

/* Eight numbers of 32 octets that lie `apart` octets from each other. */
static struct number load(const uint8_t *octets, size_t apart)
{
	__m512i words[4];
	for (size_t word = 0; word < 4; word++) {
		uint64_t values[P256_LANES];
		for (size_t i = 0; i < P256_LANES; i++) {
			memcpy(&values[i], octets + i * apart + 8 * (3 - word), 8);
			values[i] = __builtin_bswap64(values[i]);
		}
		words[word] = _mm512_loadu_si512(values);
	}
	const __m512i mask = all(LIMB_MASK);
	const struct number out = { { _mm512_and_si512(words[0], mask),
	    _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(words[0], 52), _mm512_slli_epi64(words[1], 12)), mask),
	    _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(words[1], 40), _mm512_slli_epi64(words[2], 24)), mask),
	    _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(words[2], 28), _mm512_slli_epi64(words[3], 36)), mask),
	    _mm512_srli_epi64(words[3], 16) } };
	return out;
}

static void store(struct number a, uint8_t *octets, size_t apart)
{
	const __m512i words[4] = { _mm512_or_si512(a.limb[0], _mm512_slli_epi64(a.limb[1], 52)),
		_mm512_or_si512(_mm512_srli_epi64(a.limb[1], 12), _mm512_slli_epi64(a.limb[2], 40)),
		_mm512_or_si512(_mm512_srli_epi64(a.limb[2], 24), _mm512_slli_epi64(a.limb[3], 28)),
		_mm512_or_si512(_mm512_srli_epi64(a.limb[3], 36), _mm512_slli_epi64(a.limb[4], 16)) };
	for (size_t word = 0; word < 4; word++) {
		uint64_t values[P256_LANES];
		_mm512_storeu_si512(values, words[word]);
		for (size_t i = 0; i < P256_LANES; i++) {
			values[i] = __builtin_bswap64(values[i]);
			memcpy(octets + i * apart + 8 * (3 - word), &values[i], 8);
		}
	}
}

/* ---- points ---- */

struct affine {
	struct number x, y; /* below 1.1 p */
};

/* x = X / Z^2, y = Y / Z^3. */
struct point {
	struct number x, y, z; /* below 1.01 p, 1.8 p, 1.3 p */
};

/*
 * a + b by eight multiplications and three squarings. Equal or opposite points would give Z = 0: they do not meet here.
 * A sum of lower digits is below 64^i and what is added is 64^i or more, so they are neither the same number nor
 * opposite ones; modulo n that leaves, at the highest digit, k = 15 2^253 - n and n less that. r is 0 then, and
 * refused.
 */
INLINE struct point add_affine(const struct point *a, const struct affine *b)
{
	struct point out;
	const struct number zz = square(a->z, &field);                                 /* 1.2 p */
	const struct number h = subtract(multiply(b->x, zz, &field), a->x, 2, &field); /* 3.1 p */
	const struct number r =
	    subtract(multiply(b->y, multiply(a->z, zz, &field), &field), a->y, 2, &field); /* 3.1 p */
	const struct number hh = square(h, &field);                                        /* 1.7 p */
	const struct number hhh = multiply(h, hh, &field);                                 /* 1.4 p */
	const struct number v = multiply(a->x, hh, &field);                                /* 1.2 p */
	const struct number twice = add(hhh, add(v, v));                                   /* 3.8 p */
	out.x = shrink(subtract(square(r, &field), twice, 4, &field), &field);
	const struct number zero = { { all(0), all(0), all(0), all(0), all(0) } };
	const struct number opposite = subtract(zero, a->y, 2, &field); /* 2 p */
	const struct number down = subtract(v, out.x, 2, &field);       /* 3.2 p */
	out.y = reduce(add_product(add_product(nothing(), r, down), opposite, hhh), &field);
	out.z = multiply(a->z, h, &field);
	return out;
}

/* One of the 32 that stand side by side, for each lane: all of them are in registers, whichever it is. */
INLINE __m512i pick(const uint64_t odds[P256_ODDS], __m512i index, __mmask8 upper)
{
	const __m512i low = _mm512_permutex2var_epi64(_mm512_load_si512(odds), index, _mm512_load_si512(odds + 8));
	const __m512i high =
	    _mm512_permutex2var_epi64(_mm512_load_si512(odds + 16), index, _mm512_load_si512(odds + 24));
	return _mm512_mask_mov_epi64(low, upper, high);
}

/* Bit i of k, odd, says whether 2^(i - 1) is added or taken away (the highest, 2^257, always is added): six such bits
 * are a digit. */
INLINE __m512i digit_bits(struct number k, unsigned digit)
{
	const unsigned from = DIGIT_BITS * digit + 1, limb = from / LIMB_BITS, shift = from % LIMB_BITS;
	__m512i bits = _mm512_srli_epi64(k.limb[limb], shift);
	if (shift + DIGIT_BITS > LIMB_BITS && limb + 1 < LIMBS)
		bits = _mm512_or_si512(bits, _mm512_slli_epi64(k.limb[limb + 1], LIMB_BITS - shift));
	if (digit + 1 == P256_DIGITS)
		bits = _mm512_or_si512(bits, all(INT64_C(1) << (DIGIT_BITS - 1)));
	return _mm512_and_si512(bits, all((INT64_C(1) << DIGIT_BITS) - 1));
}

INLINE struct affine look_up(const struct p256_table *table, struct number k, unsigned digit)
{
	const __m512i bits = digit_bits(k, digit);
	/* A digit is twice the bits, less 63: the lower half of them is negative, and counts down. */
	const __mmask8 negative = _mm512_cmplt_epi64_mask(bits, all(P256_ODDS));
	const __m512i index = _mm512_mask_xor_epi64(bits, negative, bits, all(P256_ODDS - 1));
	const __mmask8 upper = _mm512_test_epi64_mask(index, all(16));
	struct affine out;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
		out.x.limb[i] = pick(table->x[digit][i], index, upper);
		out.y.limb[i] = pick(table->y[digit][i], index, upper);
	}
	const struct number zero = { { all(0), all(0), all(0), all(0), all(0) } };
	out.y = choose(negative, out.y, subtract(zero, out.y, 1, &field));
	return out;
}

/* k G, for k from 1 to n - 1; or its opposite, which has the same x. */
static struct point multiply_generator(const struct p256_table *table, struct number k)
{
	const struct number zero = { { all(0), all(0), all(0), all(0), all(0) } };
	const struct number opposite = subtract(zero, k, 1, &order);
	const struct number odd = choose(_mm512_test_epi64_mask(k.limb[0], all(1)), opposite, k);
	const struct affine first = look_up(table, odd, 0);
	struct point sum = { first.x, first.y, constant(field.one) };
	for (unsigned digit = 1; digit < P256_DIGITS; digit++) {
		const struct affine next = look_up(table, odd, digit);
		sum = add_affine(&sum, &next);
	}
	return sum;
}

/* ---- signatures ---- */

INLINE struct number plain_one(void)
{
	const struct number one = { { all(1), all(0), all(0), all(0), all(0) } };
	return one;
}

/* 512 bits modulo n, times R; below 2.2 n. */
static struct number load_nonces(const uint8_t *octets)
{
	const struct number high = multiply(load(octets, P256_NONCE), constant(order.high), &order);
	const struct number low = multiply(load(octets + P256_SIZE, P256_NONCE), constant(order.square), &order);
	return add(high, low);
}

/* r = x modulo n. */
static struct number make_r(struct number x, struct number one_over_z)
{
	const struct number affine = multiply(x, square(one_over_z, &field), &field);
	return least(least(multiply(affine, plain_one(), &field), &field), &order);
}

/* s = (digest + r secret) / k. */
static struct number make_s(struct number r, struct number secret, struct number digest, struct number one_over_k)
{
	const struct number sum = add(multiply(r, secret, &order), digest); /* 2.2 n */
	return least(multiply(sum, one_over_k, &order), &order);
}

void p256_wide_sign(
    const struct p256_table *table, const uint8_t secret[P256_SIZE], struct p256_batch *batch, size_t count)
{
	const size_t groups = count > P256_LANES ? 2 : 1;
	const struct number key = multiply(load(secret, 0), constant(order.square), &order);
	uint8_t *const nonces = (uint8_t *)batch->nonces, *const digests = (uint8_t *)batch->digests;
	uint8_t *const signatures = (uint8_t *)batch->signatures;
	struct number k[2], one_over_k[2], one_over_z[2];
	struct point points[2];
	for (size_t g = 0; g < groups; g++) {
		k[g] = load_nonces(nonces + g * P256_LANES * P256_NONCE);
		points[g] = multiply_generator(table, least(multiply(k[g], plain_one(), &order), &order));
	}
	if (groups == 1) {
		one_over_k[0] = invert_in_order(k[0]);
		one_over_z[0] = invert_in_field(points[0].z);
	} else {
		/* One inversion for both: 1 / a is b / (a b). */
		const struct number over_k = invert_in_order(multiply(k[0], k[1], &order));
		const struct number over_z = invert_in_field(multiply(points[0].z, points[1].z, &field));
		for (size_t g = 0; g < 2; g++) {
			one_over_k[g] = multiply(over_k, k[1 - g], &order);
			one_over_z[g] = multiply(over_z, points[1 - g].z, &field);
		}
	}
	batch->good = 0;
	for (size_t g = 0; g < groups; g++) {
		const struct number r = make_r(points[g].x, one_over_z[g]);
		const struct number s =
		    make_s(r, key, load(digests + g * P256_LANES * P256_SIZE, P256_SIZE), one_over_k[g]);
		uint8_t *const out = signatures + g * P256_LANES * 2 * P256_SIZE;
		store(r, out, (size_t)2 * P256_SIZE);
		store(s, out + P256_SIZE, (size_t)2 * P256_SIZE);
		const unsigned good = (uint8_t)(~zero_lanes(r) & ~zero_lanes(s));
		batch->good |= (uint16_t)(good << g * P256_LANES);
	}
}

/* ---- the table ---- */

static void put_odds(uint64_t rows[][P256_LIMBS][P256_ODDS], struct number a, size_t odd, size_t count)
{
	for (size_t limb = 0; limb < LIMBS; limb++) {
		uint64_t values[P256_LANES];
		_mm512_storeu_si512(values, a.limb[limb]);
		for (size_t i = 0; i < count; i++)
			rows[i][limb][odd] = values[i];
	}
}

/* The odd multiples of eight digits at once: each is the one before it and twice the first. One inversion for all Z. */
static void fill_digits(
    const uint8_t *at, size_t count, uint64_t x[][P256_LIMBS][P256_ODDS], uint64_t y[][P256_LIMBS][P256_ODDS])
{
	enum { APART = 4 * P256_SIZE };
	const struct number square_r = constant(field.square);
	struct affine base = { load(at, APART), load(at + P256_SIZE, APART) };
	struct affine twice = { load(at + APART / 2, APART), load(at + APART / 2 + P256_SIZE, APART) };
	base.x = multiply(base.x, square_r, &field);
	base.y = multiply(base.y, square_r, &field);
	twice.x = multiply(twice.x, square_r, &field);
	twice.y = multiply(twice.y, square_r, &field);
	struct point sums[P256_ODDS];
	struct number products[P256_ODDS]; /* of the Z up to here */
	sums[0] = (struct point){ base.x, base.y, constant(field.one) };
	products[0] = sums[0].z;
	for (size_t i = 1; i < P256_ODDS; i++) {
		sums[i] = add_affine(&sums[i - 1], &twice);
		products[i] = multiply(products[i - 1], sums[i].z, &field);
	}
	struct number inverse = invert_in_field(products[P256_ODDS - 1]);
	for (size_t i = P256_ODDS; i-- > 0;) {
		const struct number one_over_z = i == 0 ? inverse : multiply(inverse, products[i - 1], &field);
		const struct number zz = square(one_over_z, &field);
		const struct number cube = multiply(zz, one_over_z, &field);
		put_odds(x, least(multiply(sums[i].x, zz, &field), &field), i, count);
		put_odds(y, least(multiply(sums[i].y, cube, &field), &field), i, count);
		inverse = multiply(inverse, sums[i].z, &field);
	}
}

void p256_wide_fill(const uint8_t points[2 * P256_DIGITS][2 * P256_SIZE], struct p256_table *out)
{
	for (size_t first = 0; first < P256_DIGITS; first += P256_LANES) {
		uint8_t some[2 * P256_LANES][2 * P256_SIZE];
		const size_t count = P256_DIGITS - first < P256_LANES ? P256_DIGITS - first : P256_LANES;
		for (size_t i = 0; i < 2 * P256_LANES; i++)
			memcpy(some[i], points[2 * first + (i < 2 * count ? i : i % 2)], sizeof(some[i]));
		fill_digits((const uint8_t *)some, count, out->x + first, out->y + first);
	}
}

/* y^2 = (x^2 - 3) x + b (SEC 2 2.4.2), for eight points. */
static __mmask8 on_curve(const uint64_t x[P256_LIMBS][P256_ODDS], const uint64_t y[P256_LIMBS][P256_ODDS], size_t odd)
{
	static const int64_t three[LIMBS] = { 0x0000000000030, 0xd000000000000, 0xfffffffffffff, 0xffcffffffffff,
		0x00000002fffff };
	static const int64_t b[LIMBS] = { 0xdf6229c4bddfd, 0xca8843090d89c, 0x212ed6acf005c, 0x83415a220abf7,
		0x0c30061dd4874 };
	struct affine point;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
		point.x.limb[i] = _mm512_load_si512(x[i] + odd);
		point.y.limb[i] = _mm512_load_si512(y[i] + odd);
	}
	const struct number slope = subtract(square(point.x, &field), constant(three), 1, &field); /* 2.1 p */
	const struct number right = add(multiply(slope, point.x, &field), constant(b));            /* 2.2 p */
	const struct number apart = subtract(right, square(point.y, &field), 2, &field);           /* 4.2 p */
	return zero_lanes(least(multiply(apart, plain_one(), &field), &field));
}

bool p256_wide_holds(const struct p256_table *table)
{
	for (size_t digit = 0; digit < P256_DIGITS; digit++)
		for (size_t odd = 0; odd < P256_ODDS; odd += P256_LANES)
			if (on_curve(table->x[digit], table->y[digit], odd) != UINT8_MAX)
				return false;
	return true;
}
