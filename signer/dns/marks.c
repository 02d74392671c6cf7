/* SPDX-License-Identifier: MIT */
#include "signer/dns/marks.h"

#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/dns/octet.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Marks of `blocks` blocks of MARKS_BLOCK octets. */
typedef void marks_maker(const char *text, size_t blocks, uint8_t *ends, uint8_t *dots);

static void put_block(uint8_t *bits, size_t block, uint64_t some)
{
	memcpy(bits + 8 * block, &some, sizeof(some));
}

static void make_plainly(const char *text, size_t blocks, uint8_t *ends, uint8_t *dots)
{
	for (size_t block = 0; block < blocks; block++, text += MARKS_BLOCK) {
		uint64_t end = 0;
		uint64_t dot = 0;
		for (unsigned i = 0; i < MARKS_BLOCK; i++) {
			end |= (uint64_t)(octet_class[(uint8_t)text[i]] != OCTET_WORD) << i;
			dot |= (uint64_t)(text[i] == '.') << i;
		}
		put_block(ends, block, end);
		put_block(dots, block, dot);
	}
}

#if defined(__x86_64__)

/* Every x86-64 has these. The octets up to the blank, and the seven above it that are no OCTET_WORD. */
static uint64_t ends_of_16(__m128i octets)
{
	__m128i found = _mm_cmpeq_epi8(_mm_min_epu8(octets, _mm_set1_epi8(' ')), octets);
	found = _mm_or_si128(found, _mm_cmpeq_epi8(octets, _mm_set1_epi8('"')));
	/* "(" is 40 and ")" 41 */
	found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_or_si128(octets, _mm_set1_epi8(1)), _mm_set1_epi8(')')));
	found = _mm_or_si128(found, _mm_cmpeq_epi8(octets, _mm_set1_epi8(';')));
	found = _mm_or_si128(found, _mm_cmpeq_epi8(octets, _mm_set1_epi8('\\')));
	found = _mm_or_si128(found, _mm_cmpeq_epi8(octets, _mm_set1_epi8(127)));
	return (uint16_t)_mm_movemask_epi8(found);
}

static void make_by_sse2(const char *text, size_t blocks, uint8_t *ends, uint8_t *dots)
{
	for (size_t block = 0; block < blocks; block++, text += MARKS_BLOCK) {
		uint64_t end = 0;
		uint64_t dot = 0;
		for (unsigned i = 0; i < MARKS_BLOCK; i += 16) {
			const __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
			const __m128i dots_here = _mm_cmpeq_epi8(octets, _mm_set1_epi8('.'));
			end |= ends_of_16(octets) << i;
			dot |= (uint64_t)(uint16_t)_mm_movemask_epi8(dots_here) << i;
		}
		put_block(ends, block, end);
		put_block(dots, block, dot);
	}
}

/* The low digits of the seven above the blank differ, so a table by the low digit tells them from all others. */
__attribute__((target("avx2"))) static uint64_t ends_of_32(__m256i octets)
{
	const __m256i special = _mm256_setr_epi8(0, 0, '"', 0, 0, 0, 0, 0, '(', ')', 0, ';', '\\', 0, 0, 127, 0, 0, '"',
	    0, 0, 0, 0, 0, '(', ')', 0, ';', '\\', 0, 0, 127);
	const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(octets, _mm256_set1_epi8(' ')), octets);
	const __m256i found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(special, octets), octets);
	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, found));
}

__attribute__((target("avx2"))) static uint64_t dots_of_32(__m256i octets)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(octets, _mm256_set1_epi8('.')));
}

__attribute__((target("avx2"))) static void make_by_avx2(const char *text, size_t blocks, uint8_t *ends, uint8_t *dots)
{
	for (size_t block = 0; block < blocks; block++, text += MARKS_BLOCK) {
		const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)text);
		const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
		put_block(ends, block, ends_of_32(a) | ends_of_32(b) << 32);
		put_block(dots, block, dots_of_32(a) | dots_of_32(b) << 32);
	}
}

bool marks_has(enum marks_kind kind)
{
	return kind != MARKS_AVX2 || __builtin_cpu_supports("avx2") != 0;
}

static marks_maker *const makers[MARKS_KINDS] = {
	[MARKS_PLAIN] = make_plainly,
	[MARKS_SSE2] = make_by_sse2,
	[MARKS_AVX2] = make_by_avx2,
};

#else

bool marks_has(enum marks_kind kind)
{
	const uint16_t one = 1;
	uint8_t first;
	memcpy(&first, &one, 1);
	return kind == MARKS_NONE || (kind == MARKS_PLAIN && first == 1);
}

static marks_maker *const makers[MARKS_KINDS] = { [MARKS_PLAIN] = make_plainly };

#endif

enum marks_kind marks_best(void)
{
	enum marks_kind kind = MARKS_AVX2;
	while (!marks_has(kind))
		kind--;
	return kind;
}

void marks_make(struct marks *marks, const char *text, size_t size)
{
	const size_t blocks = (size + MARKS_PAD) / MARKS_BLOCK;
	if (marks->room < 8 * blocks) {
		marks_free(marks);
		marks->ends = memory_alloc(8 * blocks);
		marks->dots = memory_alloc(8 * blocks);
		marks->room = 8 * blocks;
	}
	makers[marks->kind](text, blocks, marks->ends, marks->dots);
}

void marks_free(struct marks *marks)
{
	free(marks->ends);
	free(marks->dots);
	marks->ends = NULL;
	marks->dots = NULL;
	marks->room = 0;
}
