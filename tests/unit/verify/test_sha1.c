/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/verify/vname.h"
#include "signer/verify/vsha1.h"

/* libcrypto is the oracle. */

enum { ROUNDS = 400, MOST_SALT = VSHA1_SHORT - VSHA1_SIZE };

static uint32_t dice = 1;

static uint32_t roll(uint32_t sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % sides;
}

/* A name of `size` octets: labels of octets of all kinds, capitals and what stands beside them in ASCII among them. */
static void make_name(uint8_t name[VNAME_MAX], size_t size)
{
	static const uint8_t edges[] = { 0, '@', 'A', 'Z', '[', '`', 'a', 'z', '{', 0xc1, 0xda, 0xff };
	size_t at = 0;
	while (at + 1 < size) {
		const size_t left = size - 1 - at;
		size_t label = left == 2 || left < 8 ? left - 1 : 1 + roll((uint32_t)left - 3);
		label = label > 63 ? 63 : label;
		name[at] = (uint8_t)label;
		for (size_t i = 1; i <= label; i++)
			name[at + i] = roll(2) == 0 ? edges[roll(sizeof(edges))] : (uint8_t)roll(256);
		at += label + 1;
	}
	name[at] = 0;
}

static void oracle(const struct vsha1_salt *salt, const uint8_t *name, uint8_t out[VSHA1_SIZE])
{
	uint8_t message[VNAME_MAX + 256];
	size_t size = vname_size(name);
	for (size_t i = 0; i < size; i++)
		message[i] = vname_lower(name[i]);
	for (unsigned round = 0; round <= salt->iterations; round++) {
		if (salt->size > 0)
			memcpy(message + size, salt->data, salt->size);
		assert_int_equal(EVP_Digest(message, size + salt->size, out, NULL, EVP_sha1(), NULL), 1);
		size = VSHA1_SIZE;
		memcpy(message, out, size);
	}
}

/* A name of one octet is the root; one of two there is not. */
static size_t roll_size(const struct vsha1_salt *salt)
{
	const size_t size = 1 + roll(VSHA1_SHORT - salt->size);
	return size == 2 ? 1 : size;
}

static void compare_group(enum vsha1_way way, const struct vsha1_salt *salt, unsigned count)
{
	uint8_t names[VSHA1_LANES][VNAME_MAX];
	const uint8_t *pointers[VSHA1_LANES];
	uint8_t hashes[VSHA1_LANES][VSHA1_SIZE];
	uint8_t wanted[VSHA1_SIZE];
	for (unsigned i = 0; i < count; i++) {
		make_name(names[i], roll_size(salt));
		pointers[i] = names[i];
		assert_true(vsha1_fits(salt, vname_size(names[i])));
	}
	vsha1_names_by(way, salt, pointers, count, hashes);
	for (unsigned i = 0; i < count; i++) {
		oracle(salt, names[i], wanted);
		assert_memory_equal(hashes[i], wanted, VSHA1_SIZE);
	}
}

static void each_way_hashes_names_as_libcrypto_does(void **state)
{
	uint8_t octets[MOST_SALT];
	(void)state;
	for (unsigned way = 0; way < VSHA1_WAYS; way++) {
		for (unsigned round = 0; vsha1_has((enum vsha1_way)way) && round < ROUNDS; round++) {
			struct vsha1_salt salt = { octets, 0, 0 };
			salt.size = (uint8_t)(round % 3 == 0 ? 0 : roll(MOST_SALT + 1));
			salt.iterations = (uint16_t)(round % 2 == 0 ? 0 : roll(5));
			for (unsigned i = 0; i < salt.size; i++)
				octets[i] = (uint8_t)roll(256);
			compare_group((enum vsha1_way)way, &salt, 1 + round % VSHA1_LANES);
		}
	}
	assert_true(vsha1_has(VSHA1_PLAIN));
}

/* RFC 5155 appendix A: the hash of "example", salt AABBCCDD, 12 iterations. */
static void the_best_way_hashes_as_the_rfc_says(void **state)
{
	static const uint8_t octets[] = { 0xaa, 0xbb, 0xcc, 0xdd };
	static const uint8_t name[] = "\7EXAMPLE";
	static const uint8_t wanted[VSHA1_SIZE] = { 0x06, 0x53, 0x68, 0xab, 0xee, 0xd7, 0xec, 0x6e, 0x9f, 0xeb, 0xa9,
		0x6b, 0x8c, 0x8b, 0xc3, 0xe8, 0xb7, 0x91, 0xf7, 0x16 };
	const struct vsha1_salt salt = { octets, sizeof(octets), 12 };
	const uint8_t *const names[] = { name };
	uint8_t hashes[VSHA1_LANES][VSHA1_SIZE];
	uint8_t again[VSHA1_SIZE];
	(void)state;
	vsha1_names(&salt, names, 1, hashes);
	oracle(&salt, name, again);
	assert_memory_equal(hashes[0], again, VSHA1_SIZE);
	assert_memory_equal(hashes[0], wanted, VSHA1_SIZE);
}

static void what_is_beyond_one_block_does_not_fit(void **state)
{
	const struct vsha1_salt none = { NULL, 0, 0 };
	const struct vsha1_salt some = { (const uint8_t *)"0123456789", 10, 0 };
	const struct vsha1_salt large = { (const uint8_t *)"0123456789abcdef0123456789abcdef0123", 36, 0 };
	(void)state;
	assert_true(vsha1_fits(&none, VSHA1_SHORT));
	assert_false(vsha1_fits(&none, VSHA1_SHORT + 1));
	assert_true(vsha1_fits(&some, VSHA1_SHORT - 10));
	assert_false(vsha1_fits(&some, VSHA1_SHORT - 9));
	assert_false(vsha1_fits(&large, 1)); /* a hash with it would not */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_hashes_names_as_libcrypto_does),
		cmocka_unit_test(the_best_way_hashes_as_the_rfc_says),
		cmocka_unit_test(what_is_beyond_one_block_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
