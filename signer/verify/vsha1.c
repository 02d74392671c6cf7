/* SPDX-License-Identifier: MIT */
#include "signer/verify/vsha1.h"

#include <string.h>

#include "signer/base/bytes.h"
#include "signer/verify/vname.h"

enum { BLOCK = 64, WORDS = 16, STATE = 5, ROUNDS = 80 };

/* One word of each lane. The compiler makes of it what the processor has: one register, or several narrower ones. */
typedef uint32_t lanes __attribute__((vector_size(4 * VSHA1_LANES)));

struct group {
	lanes words[WORDS]; /* one block of each */
	lanes hash[STATE];
};

static const uint32_t begin[STATE] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };

/* The working variables a to e of FIPS 180-4 6.1.2. They change places from round to round, which costs nothing when
 * the rounds are written out one after the other. */
struct working {
	lanes v[STATE];
};

enum function { CHOOSE, PARITY, MAJORITY };

static inline __attribute__((always_inline)) void do_rounds(
    struct working *w, lanes words[WORDS], unsigned first, enum function function, uint32_t constant)
{
#pragma GCC unroll 20
	for (unsigned t = first; t < first + 20; t++) {
		lanes *const word = &words[t % WORDS];
		if (t >= WORDS) {
			const lanes mixed =
			    words[(t + 13) % WORDS] ^ words[(t + 8) % WORDS] ^ words[(t + 2) % WORDS] ^ *word;
			*word = mixed << 1 | mixed >> 31;
		}
		const lanes a = w->v[0];
		const lanes b = w->v[1];
		const lanes c = w->v[2];
		const lanes d = w->v[3];
		const lanes f = function == CHOOSE   ? d ^ (b & (c ^ d))
				: function == PARITY ? b ^ c ^ d
						     : (b & c) | (d & (b | c));
		const lanes next = (a << 5 | a >> 27) + f + w->v[4] + constant + *word;
		w->v[4] = d;
		w->v[3] = c;
		w->v[2] = b << 30 | b >> 2;
		w->v[1] = a;
		w->v[0] = next;
	}
}

static inline __attribute__((always_inline)) void do_block(struct group *group)
{
	struct working w;
	for (unsigned i = 0; i < STATE; i++)
		w.v[i] = (lanes){ 0 } + begin[i];
	do_rounds(&w, group->words, 0, CHOOSE, 0x5a827999);
	do_rounds(&w, group->words, 20, PARITY, 0x6ed9eba1);
	do_rounds(&w, group->words, 40, MAJORITY, 0x8f1bbcdc);
	do_rounds(&w, group->words, 60, PARITY, 0xca62c1d6);
	for (unsigned i = 0; i < STATE; i++)
		group->hash[i] = w.v[i] + begin[i];
}

static void hash_plain(struct group *group)
{
	do_block(group);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void hash_avx2(struct group *group)
{
	do_block(group);
}

__attribute__((target("avx512f"))) static void hash_avx512(struct group *group)
{
	do_block(group);
}

bool vsha1_has(enum vsha1_way way)
{
	return way == VSHA1_PLAIN || (way == VSHA1_AVX2 && __builtin_cpu_supports("avx2")) ||
	       (way == VSHA1_AVX512 && __builtin_cpu_supports("avx512f"));
}

static void hash(enum vsha1_way way, struct group *group)
{
	if (way == VSHA1_AVX512)
		hash_avx512(group);
	else if (way == VSHA1_AVX2)
		hash_avx2(group);
	else
		hash_plain(group);
}
#else
bool vsha1_has(enum vsha1_way way)
{
	return way == VSHA1_PLAIN;
}

static void hash(enum vsha1_way way, struct group *group)
{
	(void)way;
	hash_plain(group);
}
#endif

/* The blocks of all lanes, made step by step for all of them: octets just written are read again much later. */
struct blocks {
	uint8_t octets[VSHA1_LANES][BLOCK];
	uint8_t sizes[VSHA1_LANES];
};

static void put_names(struct blocks *blocks, const uint8_t *const names[], unsigned count)
{
	memset(blocks, 0, sizeof(*blocks));
	for (unsigned lane = 0; lane < count; lane++) {
		blocks->sizes[lane] = (uint8_t)vname_size(names[lane]);
		memcpy(blocks->octets[lane], names[lane], blocks->sizes[lane]);
	}
	uint8_t *const all = blocks->octets[0];
	for (size_t i = 0; i < sizeof(blocks->octets); i++)
		all[i] = (uint8_t)(all[i] + ((uint8_t)(all[i] - 'A') < 26 ? 'a' - 'A' : 0));
}

/* The hashes go in again (RFC 5155 5). */
static void put_hashes(struct blocks *blocks, uint8_t hashes[][VSHA1_SIZE], unsigned count)
{
	memset(blocks, 0, sizeof(*blocks));
	for (unsigned lane = 0; lane < count; lane++) {
		blocks->sizes[lane] = VSHA1_SIZE;
		memcpy(blocks->octets[lane], hashes[lane], VSHA1_SIZE);
	}
}

/* The salt, and what pads a message: a bit, zeros, and its length in bits (FIPS 180-4 5.1.1). */
static void finish(struct blocks *blocks, const struct vsha1_salt *salt, unsigned count)
{
	for (unsigned lane = 0; lane < count; lane++) {
		uint8_t *const block = blocks->octets[lane];
		const unsigned size = blocks->sizes[lane] + (unsigned)salt->size;
		for (unsigned i = 0; i < salt->size; i++)
			block[size - salt->size + i] = salt->data[i];
		block[size] = 0x80;
		bytes_put_u16(block + BLOCK - 2, (uint16_t)(8 * size));
	}
}

static void hash_blocks(enum vsha1_way way, const struct blocks *blocks, unsigned count, uint8_t hashes[][VSHA1_SIZE])
{
	struct group group;
	for (unsigned i = 0; i < WORDS; i++)
		for (unsigned lane = 0; lane < VSHA1_LANES; lane++)
			group.words[i][lane] = bytes_get_u32(blocks->octets[lane] + (size_t)4 * i);
	hash(way, &group);
	for (unsigned lane = 0; lane < count; lane++)
		for (unsigned i = 0; i < STATE; i++)
			bytes_put_u32(hashes[lane] + (size_t)4 * i, group.hash[i][lane]);
}

bool vsha1_fits(const struct vsha1_salt *salt, size_t name_size)
{
	return name_size + salt->size <= VSHA1_SHORT && VSHA1_SIZE + (size_t)salt->size <= VSHA1_SHORT;
}

void vsha1_names_by(enum vsha1_way way, const struct vsha1_salt *salt, const uint8_t *const names[], unsigned count,
    uint8_t hashes[VSHA1_LANES][VSHA1_SIZE])
{
	struct blocks blocks;
	put_names(&blocks, names, count);
	finish(&blocks, salt, count);
	hash_blocks(way, &blocks, count, hashes);
	for (unsigned round = 0; round < salt->iterations; round++) {
		put_hashes(&blocks, hashes, count);
		finish(&blocks, salt, count);
		hash_blocks(way, &blocks, count, hashes);
	}
}

void vsha1_names(const struct vsha1_salt *salt, const uint8_t *const names[], unsigned count,
    uint8_t hashes[VSHA1_LANES][VSHA1_SIZE])
{
	const enum vsha1_way way = vsha1_has(VSHA1_AVX512) ? VSHA1_AVX512
				   : vsha1_has(VSHA1_AVX2) ? VSHA1_AVX2
							   : VSHA1_PLAIN;
	vsha1_names_by(way, salt, names, count, hashes);
}
