/* SPDX-License-Identifier: MIT */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "signer/verify/vsip.h"

/* OpenSSL's SipHash is the oracle, and the authors' vector of the empty message. */

enum { LONGEST = 80 };

static void oracle(const uint8_t key[VSIP_KEY], const uint8_t *data, size_t size, uint8_t out[16])
{
	size_t made = 0;
	size_t wanted = 16;
	EVP_MAC *const mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *const context = EVP_MAC_CTX_new(mac);
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wanted),
		OSSL_PARAM_construct_end() };
	assert_int_equal(EVP_MAC_init(context, key, VSIP_KEY, params), 1);
	assert_int_equal(EVP_MAC_update(context, data, size), 1);
	assert_int_equal(EVP_MAC_final(context, out, &made, 16), 1);
	assert_int_equal(made, 16);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
}

static void put(const uint64_t words[2], uint8_t out[16])
{
	for (unsigned i = 0; i < 16; i++)
		out[i] = (uint8_t)(words[i / 8] >> 8 * (i % 8));
}

/* Every length, cut at every place into two parts. */
static void hash_is_that_of_openssl_however_it_is_cut(void **state)
{
	uint8_t key[VSIP_KEY], data[LONGEST], expected[16], made[16];
	(void)state;
	for (unsigned i = 0; i < VSIP_KEY; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < LONGEST; i++)
		data[i] = (uint8_t)(7 * i + 200);
	for (size_t size = 0; size <= LONGEST; size++) {
		oracle(key, data, size, expected);
		for (size_t cut = 0; cut <= size; cut++) {
			struct vsip sip;
			uint64_t words[2];
			vsip_start(&sip, key);
			vsip_add(&sip, data, cut);
			vsip_add(&sip, data + cut, size - cut);
			vsip_end(&sip, words);
			put(words, made);
			if (memcmp(made, expected, sizeof(made)) != 0)
				fail_msg("%zu octets, cut at %zu", size, cut);
		}
	}
}

static void the_empty_message_has_the_hash_that_the_authors_give(void **state)
{
	static const uint8_t expected[16] = { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14,
		0xc7, 0x55, 0x02, 0x93 };
	uint8_t key[VSIP_KEY], made[16];
	struct vsip sip;
	uint64_t words[2];
	(void)state;
	for (unsigned i = 0; i < VSIP_KEY; i++)
		key[i] = (uint8_t)i;
	vsip_start(&sip, key);
	vsip_end(&sip, words);
	put(words, made);
	assert_memory_equal(made, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(hash_is_that_of_openssl_however_it_is_cut),
		cmocka_unit_test(the_empty_message_has_the_hash_that_the_authors_give) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
