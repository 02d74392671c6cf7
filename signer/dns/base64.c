/* SPDX-License-Identifier: MIT */
#include "signer/dns/base64.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* clang-format off */
const uint8_t base64_values[256] = {
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 62, 255, 255, 255, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255, 255, 255, 255, 255, 255,
	255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 255, 255, 255, 255, 255,
	255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};
/* clang-format on */

static size_t groups_plainly(const char *text, size_t size, uint8_t *out)
{
	size_t i = 0;
	for (; size - i >= 4; i += 4, out += 3) {
		const uint32_t a = base64_values[(uint8_t)text[i]];
		const uint32_t b = base64_values[(uint8_t)text[i + 1]];
		const uint32_t c = base64_values[(uint8_t)text[i + 2]];
		const uint32_t d = base64_values[(uint8_t)text[i + 3]];
		if (((a | b | c | d) & 0x80) != 0)
			break;
		out[0] = (uint8_t)(a << 2 | b >> 4);
		out[1] = (uint8_t)(b << 4 | c >> 2);
		out[2] = (uint8_t)(c << 6 | d);
	}
	return i;
}

#if defined(__x86_64__)

/* All ones where an octet is one of the `count` from `first` on. */
__attribute__((target("avx2"))) static __m256i within(__m256i octets, char first, char count)
{
	const __m256i from = _mm256_sub_epi8(octets, _mm256_set1_epi8(first));
	return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)(count - 1))), from);
}

/* What to add to a digit to get its value; *all: whether each octet is a digit. */
__attribute__((target("avx2"))) static __m256i to_values(__m256i octets, int *all)
{
	const __m256i upper = within(octets, 'A', 26);
	const __m256i lower = within(octets, 'a', 26);
	const __m256i digit = within(octets, '0', 10);
	const __m256i plus = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('+'));
	const __m256i slash = _mm256_cmpeq_epi8(octets, _mm256_set1_epi8('/'));
	const __m256i letter = _mm256_or_si256(upper, lower);
	*all =
	    _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(letter, digit), _mm256_or_si256(plus, slash))) == -1;
	__m256i add = _mm256_and_si256(upper, _mm256_set1_epi8(-'A'));
	add = _mm256_or_si256(add, _mm256_and_si256(lower, _mm256_set1_epi8(26 - 'a')));
	add = _mm256_or_si256(add, _mm256_and_si256(digit, _mm256_set1_epi8(52 - '0')));
	add = _mm256_or_si256(add, _mm256_and_si256(plus, _mm256_set1_epi8(62 - '+')));
	return _mm256_or_si256(add, _mm256_and_si256(slash, _mm256_set1_epi8(63 - '/')));
}

/* 32 digits to 24 octets at a time: two values to 12 bits, two of those to 24, then the octets in their order. */
__attribute__((target("avx2"))) static size_t groups_by_avx2(const char *text, size_t size, uint8_t *out)
{
	const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5, 4,
	    10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	size_t i = 0;
	for (; size - i >= 32; i += 32, out += 24) {
		const __m256i octets = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
		int all;
		__m256i values = _mm256_add_epi8(octets, to_values(octets, &all));
		if (!all)
			break;
		values = _mm256_maddubs_epi16(values, _mm256_set1_epi16(0x0140));
		values = _mm256_madd_epi16(values, _mm256_set1_epi32(0x00011000));
		values = _mm256_shuffle_epi8(values, order);
		_mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(values));
		_mm_storeu_si128((__m128i *)(void *)(out + 12), _mm256_extracti128_si256(values, 1));
	}
	return i;
}

#endif

size_t base64_groups(enum marks_kind kind, const char *text, size_t size, uint8_t *out)
{
	size_t done = 0;
#if defined(__x86_64__)
	if (kind == MARKS_AVX2)
		done = groups_by_avx2(text, size, out);
#else
	(void)kind;
#endif
	return done + groups_plainly(text + done, size - done, out + done / 4 * 3);
}
