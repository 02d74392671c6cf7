/* SPDX-License-Identifier: MIT */
#include "signer/verify/vp256_wide.h"

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

/*
 * Numbers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1 (SEC 2 2.4.2), in five limbs of 52 bits, times R = 2^260
 * (Montgomery). A product of numbers below a p and b p comes out below (1 + a b / 16) p; comments give the bounds.
 */
enum { LIMBS = 5, LIMB_BITS = 52, STEPS = 2 * VP256_DIGITS };

static const int64_t LIMB_MASK = (INT64_C(1) << LIMB_BITS) - 1;

struct element {
	__m512i limb[LIMBS];
};

struct product {
	__m512i limb[2 * LIMBS];
};

/* The sum of the steps so far: x = X / Z^2, y = Y / Z^3. */
struct sum {
	struct element x, y, z; /* below 1.01 p, 1.8 p, 1.3 p */
	__mmask8 empty;         /* lanes with nothing in them yet: the point at infinity */
};

struct affine {
	struct element x, y;
};

static inline __m512i all(int64_t value)
{
	return _mm512_set1_epi64(value);
}

/* `times` p, not carried: limbs stay below 2^56 and may be added to. */
static inline struct element prime(int64_t times)
{
	const struct element p = { { all(times * LIMB_MASK), all(times * ((INT64_C(1) << 44) - 1)), all(0),
	    all(times * (INT64_C(1) << 36)), all(times * ((INT64_C(1) << 48) - (INT64_C(1) << 16))) } };
	return p;
}

/* Brings limbs, which may be negative, to 52 bits each; the whole is not negative. */
static inline struct element carry(struct element a)
{
#pragma GCC unroll 4
	for (unsigned i = 0; i + 1 < LIMBS; i++) {
		a.limb[i + 1] = _mm512_add_epi64(a.limb[i + 1], _mm512_srai_epi64(a.limb[i], LIMB_BITS));
		a.limb[i] = _mm512_and_si512(a.limb[i], all(LIMB_MASK));
	}
	return a;
}

/* a - b + times p, carried: `times` p is at least b. */
static inline struct element subtract(struct element a, struct element b, int64_t times)
{
	const struct element more = prime(times);
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		a.limb[i] = _mm512_add_epi64(a.limb[i], _mm512_sub_epi64(more.limb[i], b.limb[i]));
	return carry(a);
}

/* Below 2^256 and a trifle, for a below 16 p: what is above bit 256 is worth 2^224 - 2^192 - 2^96 + 1 each. */
static inline struct element shrink(struct element a)
{
	const __m512i above = _mm512_srli_epi64(a.limb[4], 48);
	a.limb[4] = _mm512_and_si512(a.limb[4], all((INT64_C(1) << 48) - 1));
	a.limb[0] = _mm512_add_epi64(a.limb[0], above);
	a.limb[1] = _mm512_sub_epi64(a.limb[1], _mm512_slli_epi64(above, 44));
	a.limb[3] = _mm512_sub_epi64(a.limb[3], _mm512_slli_epi64(above, 36));
	a.limb[4] = _mm512_add_epi64(a.limb[4], _mm512_slli_epi64(above, 16));
	return carry(a);
}

static inline struct product nothing(void)
{
	struct product t;
#pragma GCC unroll 10
	for (unsigned i = 0; i < 2 * LIMBS; i++)
		t.limb[i] = _mm512_setzero_si512();
	return t;
}

/* t + a b: each limb of t gets at most ten terms of 52 bits. */
static inline struct product add_product(struct product t, struct element a, struct element b)
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

/*
 * t / R mod p. The lowest limb's 52 bits, q, are taken away by adding q p: as p ends in 96 ones, -1/p mod 2^52 is 1,
 * and q p = q (2^256 - 2^224) + q 2^192 + q 2^96 - q. The multiplications look at 52 bits alone, so q needs no mask.
 */
static inline struct element reduce(struct product t)
{
	const __m512i low = all(INT64_C(1) << 44), middle = all(INT64_C(1) << 36);
	const __m512i high = all((INT64_C(1) << 48) - (INT64_C(1) << 16));
	struct element out;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++) {
		const __m512i q = t.limb[i];
		t.limb[i + 1] = _mm512_add_epi64(t.limb[i + 1], _mm512_srli_epi64(q, LIMB_BITS));
		t.limb[i + 1] = _mm512_madd52lo_epu64(t.limb[i + 1], q, low);
		t.limb[i + 2] = _mm512_madd52hi_epu64(t.limb[i + 2], q, low);
		t.limb[i + 3] = _mm512_madd52lo_epu64(t.limb[i + 3], q, middle);
		t.limb[i + 4] = _mm512_madd52hi_epu64(t.limb[i + 4], q, middle);
		t.limb[i + 4] = _mm512_madd52lo_epu64(t.limb[i + 4], q, high);
		t.limb[i + 5] = _mm512_madd52hi_epu64(t.limb[i + 5], q, high);
	}
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		out.limb[i] = t.limb[LIMBS + i];
	return carry(out);
}

static inline struct element multiply(struct element a, struct element b)
{
	return reduce(add_product(nothing(), a, b));
}

/* Products of different limbs are there twice. */
static inline struct element square(struct element a)
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
	return reduce(t);
}

static inline struct element choose(__mmask8 second, struct element a, struct element b)
{
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		a.limb[i] = _mm512_mask_mov_epi64(a.limb[i], second, b.limb[i]);
	return a;
}

/* Lanes in which a, below 16 p, is 0 modulo p. */
static __mmask8 zero_lanes(struct element a)
{
	const struct element p = carry(prime(1));
	const struct element small = shrink(a);
	__mmask8 zero = 0xff, equal = 0xff;
	for (unsigned i = 0; i < LIMBS; i++) {
		zero &= _mm512_cmpeq_epi64_mask(small.limb[i], _mm512_setzero_si512());
		equal &= _mm512_cmpeq_epi64_mask(small.limb[i], p.limb[i]);
	}
	return zero | equal;
}

/* R mod p: 2^228 - 2^196 - 2^100 + 16. */
static struct element one(void)
{
	const struct element r = { { all(16), all(-(INT64_C(1) << 48)), all(0), all(-(INT64_C(1) << 40)),
	    all(INT64_C(1) << 20) } };
	return carry(r);
}

/* Eight rows of eight words to eight words of eight rows. */
static inline void transpose(__m512i rows[8])
{
	__m512i pairs[8], fours[8];
#pragma GCC unroll 4
	for (unsigned i = 0; i < 8; i += 2) {
		pairs[i] = _mm512_unpacklo_epi64(rows[i], rows[i + 1]);
		pairs[i + 1] = _mm512_unpackhi_epi64(rows[i], rows[i + 1]);
	}
#pragma GCC unroll 2
	for (unsigned i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
		for (unsigned j = 0; j < 2; j++) {
			fours[i + j] = _mm512_shuffle_i64x2(pairs[i + j], pairs[i + j + 2], 0x88);
			fours[i + j + 2] = _mm512_shuffle_i64x2(pairs[i + j], pairs[i + j + 2], 0xdd);
		}
	}
#pragma GCC unroll 4
	for (unsigned i = 0; i < 4; i++) {
		rows[i] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0x88);
		rows[i + 4] = _mm512_shuffle_i64x2(fours[i], fours[i + 4], 0xdd);
	}
}

static inline struct element from_words(const __m512i words[4])
{
	const __m512i mask = all(LIMB_MASK);
	const struct element out = { { _mm512_and_si512(words[0], mask),
	    _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(words[0], 52), _mm512_slli_epi64(words[1], 12)), mask),
	    _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(words[1], 40), _mm512_slli_epi64(words[2], 24)), mask),
	    _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(words[2], 28), _mm512_slli_epi64(words[3], 36)), mask),
	    _mm512_srli_epi64(words[3], 16) } };
	return out;
}

/* What each lane adds in one step. */
struct step {
	const struct vp256_entry *entries[VP256_LANES]; /* of a digit of 0: any */
	__mmask8 adds;                                  /* lanes whose digit is not 0 */
	__mmask8 negative;
};

static inline struct affine look_up(const struct step *step)
{
	__m512i rows[VP256_LANES];
	struct affine point;
#pragma GCC unroll 8
	for (unsigned i = 0; i < VP256_LANES; i++)
		rows[i] = _mm512_load_si512(step->entries[i]->words);
	transpose(rows);
	point.x = from_words(rows);
	point.y = from_words(rows + 4);
	const struct element zero = { { all(0), all(0), all(0), all(0), all(0) } };
	point.y = choose(step->negative, point.y, subtract(zero, point.y, 1));
	return point;
}

/* sum + point by eight multiplications and three squarings. Equal or opposite points give Z = 0, and it stays 0. */
static inline struct sum add(const struct sum *sum, const struct affine *point)
{
	struct sum out;
	const struct element zz = square(sum->z);                                               /* below 1.2 p */
	const struct element h = subtract(multiply(point->x, zz), sum->x, 2);                   /* 3.1 p */
	const struct element r = subtract(multiply(point->y, multiply(sum->z, zz)), sum->y, 2); /* 3.1 p */
	const struct element hh = square(h);                                                    /* 1.7 p */
	const struct element hhh = multiply(h, hh);                                             /* 1.4 p */
	const struct element v = multiply(sum->x, hh);                                          /* 1.2 p */
	struct element twice = hhh;
#pragma GCC unroll 5
	for (unsigned i = 0; i < LIMBS; i++)
		twice.limb[i] = _mm512_add_epi64(twice.limb[i], _mm512_add_epi64(v.limb[i], v.limb[i]));
	out.x = shrink(subtract(square(r), twice, 4)); /* of 5.7 p */
	const struct element zero = { { all(0), all(0), all(0), all(0), all(0) } };
	const struct element opposite = subtract(zero, sum->y, 2);
	const struct element down = subtract(v, out.x, 2); /* 3.2 p */
	out.y = reduce(add_product(add_product(nothing(), r, down), opposite, hhh));
	out.z = multiply(sum->z, h);
	out.empty = 0;
	return out;
}

static inline void take_step(struct sum *sum, const struct step *step, const struct element *unit)
{
	const struct affine point = look_up(step);
	const struct sum next = add(sum, &point);
	const __mmask8 first = step->adds & sum->empty;
	const __mmask8 later = step->adds & (__mmask8)~sum->empty;
	sum->x = choose(first, choose(later, sum->x, next.x), point.x);
	sum->y = choose(first, choose(later, sum->y, next.y), point.y);
	sum->z = choose(first, choose(later, sum->z, next.z), *unit);
	sum->empty &= (__mmask8)~step->adds;
}

/* Digits of -127 to 128, so that a table of 128 multiples does; the last takes what is carried into it. */
static void set_digits(const struct vp256_lane *lane, unsigned at, unsigned half, struct step steps[VP256_DIGITS])
{
	const struct vp256_entry *row = lane->tables[half];
	int carried = 0;
	for (unsigned i = 0; i < VP256_DIGITS; i++, row += VP256_ROW) {
		int digit = lane->factors[half][i] + carried;
		carried = digit > VP256_ROW && i + 1 < VP256_DIGITS;
		digit -= carried * 256;
		steps[i].entries[at] = row + (digit == 0 ? 0 : (digit < 0 ? -digit : digit) - 1);
		steps[i].adds |= (__mmask8)((digit != 0) << at);
		steps[i].negative |= (__mmask8)((digit < 0) << at);
	}
}

/* A lane that is not used looks where the first does, and adds nothing. */
static void set_steps(const struct vp256_lane lanes[VP256_LANES], struct step steps[STEPS])
{
	for (unsigned i = 0; i < STEPS; i++)
		steps[i].adds = steps[i].negative = 0;
	for (unsigned at = 0; at < VP256_LANES; at++) {
		for (unsigned half = 0; half < 2 && lanes[at].used; half++)
			set_digits(&lanes[at], at, half, steps + half * VP256_DIGITS);
		for (unsigned i = 0; i < STEPS && !lanes[at].used; i++)
			steps[i].entries[at] = steps[i].entries[0];
	}
}

static void fetch_ahead(const struct step *step)
{
#pragma GCC unroll 8
	for (unsigned i = 0; i < VP256_LANES; i++)
		_mm_prefetch((const char *)step->entries[i], _MM_HINT_T0);
}

static void settle(const struct sum *sum, struct vp256_lane lanes[VP256_LANES])
{
	const struct element plain = { { all(1), all(0), all(0), all(0), all(0) } };
	__m512i words[4];
	for (unsigned word = 0; word < 4; word++) {
		uint64_t values[VP256_LANES] = { 0 };
		for (unsigned i = 0; i < VP256_LANES; i++)
			if (lanes[i].used)
				memcpy(&values[i], lanes[i].r + (size_t)8 * word, 8);
		words[word] = _mm512_loadu_si512(values);
	}
	/* X = r Z^2; both sides lose a factor of R. */
	const struct element right = multiply(square(sum->z), from_words(words));
	const __mmask8 equal = zero_lanes(subtract(multiply(sum->x, plain), right, 2));
	const __mmask8 lost = zero_lanes(sum->z) & (__mmask8)~sum->empty;
	for (unsigned i = 0; i < VP256_LANES; i++) {
		const bool infinite = sum->empty >> i & 1, unsure = lost >> i & 1;
		lanes[i].unsure = lanes[i].used && unsure;
		lanes[i].good = lanes[i].used && (equal >> i & 1) != 0 && !infinite && !unsure;
	}
}

/* a, below 16 p, to what is below p. */
static struct element least(struct element a)
{
	const struct element small = shrink(a);
	struct element less = small;
	const struct element p = prime(1);
	for (unsigned i = 0; i < LIMBS; i++)
		less.limb[i] = _mm512_sub_epi64(less.limb[i], p.limb[i]);
	less = carry(less);
	return choose(_mm512_cmpge_epi64_mask(less.limb[LIMBS - 1], _mm512_setzero_si512()), small, less);
}

/* 1 / a, which is a^(p - 2) (Fermat). */
static struct element invert(struct element a)
{
	static const uint64_t exponent[4] = { UINT64_MAX - 2, UINT32_MAX, 0, UINT64_C(0xffffffff00000001) };
	struct element out = one();
	for (unsigned bit = 256; bit-- > 0;) {
		out = square(out);
		if ((exponent[bit / 64] >> bit % 64 & 1) != 0)
			out = multiply(out, a);
	}
	return out;
}

static void to_words(struct element a, __m512i out[4])
{
	out[0] = _mm512_or_si512(a.limb[0], _mm512_slli_epi64(a.limb[1], 52));
	out[1] = _mm512_or_si512(_mm512_srli_epi64(a.limb[1], 12), _mm512_slli_epi64(a.limb[2], 40));
	out[2] = _mm512_or_si512(_mm512_srli_epi64(a.limb[2], 24), _mm512_slli_epi64(a.limb[3], 28));
	out[3] = _mm512_or_si512(_mm512_srli_epi64(a.limb[3], 36), _mm512_slli_epi64(a.limb[4], 16));
}

static struct affine load_points(const struct vp256_entry points[], size_t apart)
{
	__m512i rows[VP256_LANES];
	for (unsigned i = 0; i < VP256_LANES; i++)
		rows[i] = _mm512_loadu_si512(points[i * apart].words);
	transpose(rows);
	const struct affine out = { from_words(rows), from_words(rows + 4) };
	return out;
}

/* Multiple `number` of each of eight rows; the last has as many as it wants, the others VP256_ROW. */
static void store_points(struct element x, struct element y, size_t number, struct vp256_entry *rows)
{
	__m512i words[VP256_LANES];
	to_words(least(x), words);
	to_words(least(y), words + 4);
	transpose(words);
	for (size_t i = number > VP256_ROW ? VP256_LANES - 1 : 0; i < VP256_LANES; i++)
		_mm512_store_si512(rows[i * VP256_ROW + number - 1].words, words[i]);
}

enum { PIECE = 32 }; /* of a row: so much stays on the stack */
_Static_assert(VP256_ROW % PIECE == 0 && VP256_LAST_ROW % PIECE == 0, "rows are whole pieces");

/* PIECE multiples of eight rows, from the one at `first` on: one inversion for all their Z. */
static void store_piece(const struct sum sums[PIECE], size_t first, struct vp256_entry *rows)
{
	struct element products[PIECE]; /* of the Z up to here */
	products[0] = sums[0].z;
	for (size_t i = 1; i < PIECE; i++)
		products[i] = multiply(products[i - 1], sums[i].z);
	struct element inverse = invert(products[PIECE - 1]);
	for (size_t i = PIECE; i-- > 0;) {
		const struct element one_over_z = i == 0 ? inverse : multiply(inverse, products[i - 1]);
		const struct element zz = square(one_over_z);
		store_points(
		    multiply(sums[i].x, zz), multiply(sums[i].y, multiply(zz, one_over_z)), first + i + 1, rows);
		inverse = multiply(inverse, sums[i].z);
	}
}

/* Eight rows, of `count` multiples: each is the one before it and the point. */
static void fill_rows(const struct vp256_entry points[], size_t count, struct vp256_entry *rows)
{
	struct sum sums[PIECE];
	const struct affine base = load_points(points, 2);
	const struct affine twice = load_points(points + 1, 2);
	const struct element unit = one();
	for (size_t first = 0; first < count; first += PIECE) {
		sums[0] = first == 0 ? (struct sum){ base.x, base.y, unit, 0 } : add(&sums[PIECE - 1], &base);
		sums[1] = first == 0 ? (struct sum){ twice.x, twice.y, unit, 0 } : add(&sums[0], &base);
		for (size_t i = 2; i < PIECE; i++)
			sums[i] = add(&sums[i - 1], &base);
		store_piece(sums, first, rows);
	}
}

void vp256_wide_fill(const struct vp256_entry points[2 * VP256_DIGITS], struct vp256_entry table[VP256_ENTRIES])
{
	for (size_t first = 0; first < VP256_DIGITS; first += VP256_LANES)
		fill_rows(points + 2 * first, first + VP256_LANES < VP256_DIGITS ? VP256_ROW : VP256_LAST_ROW,
		    table + first * VP256_ROW);
}

bool vp256_wide_built_in(void)
{
	return true;
}

void vp256_wide_check(struct vp256_lane lanes[VP256_LANES])
{
	struct step steps[STEPS];
	const struct element zero = { { all(0), all(0), all(0), all(0), all(0) } };
	const struct element unit = one();
	struct sum sum = { zero, zero, zero, 0xff };
	if (!lanes[0].used) {
		for (unsigned i = 0; i < VP256_LANES; i++)
			lanes[i].good = lanes[i].unsure = false;
		return;
	}
	set_steps(lanes, steps);
	for (unsigned i = 0; i < STEPS; i++) {
		if (i + 1 < STEPS)
			fetch_ahead(&steps[i + 1]);
		take_step(&sum, &steps[i], &unit);
	}
	settle(&sum, lanes);
}
