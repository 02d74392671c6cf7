/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tests/unit/keystore/fixture.h"

static const uint8_t owner[] = "\7example\2nl";

static void tags_fingerprints_and_ds_are_those_of_bind_and_dnspython(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		print_message("%s\n", vectors[i].title);
		const struct key key = key_of_vector(&vectors[i]);
		uint8_t expected[64];
		uint8_t ds[DS_RDATA];
		assert_int_equal(key.tag, vectors[i].tag);
		assert_int_equal(key.revoked_tag, vectors[i].revoked_tag);
		unhex(vectors[i].fingerprint, expected, sizeof(expected));
		assert_memory_equal(key.fingerprint, expected, 32);
		size_t size = unhex(vectors[i].ds_sha256, expected, sizeof(expected));
		assert_int_equal(dnskey_ds(&key, owner, sizeof(owner), 2, ds), size);
		assert_memory_equal(ds, expected, size);
		size = unhex(vectors[i].ds_sha384, expected, sizeof(expected));
		assert_int_equal(dnskey_ds(&key, owner, sizeof(owner), 4, ds), size);
		assert_memory_equal(ds, expected, size);
	}
}

struct example {
	const char *title;
	uint8_t algorithm;
	uint16_t tag;
	uint8_t digest_type;
	const char *public_key; /* base64 */
	const char *digest;     /* hexadecimal */
};

static void examples_of_the_rfcs_have_their_tags_and_ds(void **state)
{
	(void)state;
	static const struct example examples[] = {
		{ "RFC 6605 6.1", 13, 55648, 2,
		    "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
		    "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17" },
		{ "RFC 6605 6.2", 14, 10771, 4,
		    "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8"
		    "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
		    "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d"
		    "6" },
	};
	static const uint8_t example_net[] = "\7example\3net";
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct key key = { .algorithm = examples[i].algorithm, .flags = 257 };
		uint8_t expected[48];
		uint8_t ds[DS_RDATA];
		const char *const text = examples[i].public_key;
		print_message("%s\n", examples[i].title);
		key.public_size =
		    (uint16_t)bytes_from_base64(text, strlen(text), key.public_key, sizeof(key.public_key));
		dnskey_identify(&key);
		assert_int_equal(key.tag, examples[i].tag);
		const size_t size = unhex(examples[i].digest, expected, sizeof(expected));
		assert_int_equal(
		    dnskey_ds(&key, example_net, sizeof(example_net), examples[i].digest_type, ds), 4 + size);
		assert_memory_equal(ds + 4, expected, size);
	}
}

static void signatures_of_others_verify_and_altered_ones_do_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		print_message("%s\n", vectors[i].title);
		const struct key key = key_of_vector(&vectors[i]);
		const struct algorithm *const algorithm = alg_by_number(key.algorithm);
		struct error err;
		EVP_PKEY *pkey = NULL;
		uint8_t signature[512];
		assert_int_equal(
		    dnskey_public_to_pkey(algorithm, key.public_key, key.public_size, &pkey, &err), STATUS_OK);
		const size_t size = unhex(vectors[i].signature, signature, sizeof(signature));
		const struct bytes data = { (const uint8_t *)VECTOR_MESSAGE, strlen(VECTOR_MESSAGE) };
		assert_true(dnskey_verify(algorithm, pkey, data, (struct bytes){ signature, size }));
		assert_false(dnskey_verify(
		    algorithm, pkey, (struct bytes){ data.data, data.size - 1 }, (struct bytes){ signature, size }));
		assert_false(dnskey_verify(algorithm, pkey, data, (struct bytes){ signature, size - 1 }));
		for (size_t at = 0; at < size; at += 7) {
			signature[at] ^= 0x40;
			assert_false(dnskey_verify(algorithm, pkey, data, (struct bytes){ signature, size }));
			signature[at] ^= 0x40;
		}
		memset(signature, 0, size);
		assert_false(dnskey_verify(algorithm, pkey, data, (struct bytes){ signature, size }));
		EVP_PKEY_free(pkey);
	}
}

static void a_public_key_survives_the_way_through_openssl(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct key key = key_of_vector(&vectors[i]);
		const struct algorithm *const algorithm = alg_by_number(key.algorithm);
		struct error err;
		EVP_PKEY *pkey = NULL;
		uint8_t again[KEY_PUBLIC_MAX];
		uint16_t size = 0;
		assert_int_equal(
		    dnskey_public_to_pkey(algorithm, key.public_key, key.public_size, &pkey, &err), STATUS_OK);
		assert_int_equal(dnskey_public_from_pkey(algorithm, pkey, again, &size, &err), STATUS_OK);
		assert_int_equal(size, key.public_size);
		assert_memory_equal(again, key.public_key, size);
		EVP_PKEY_free(pkey);
	}
}

/* RFC 3110 2: the length of an exponent above 255 octets takes a zero and two octets. */
static void long_exponents_use_the_long_form_of_the_length(void **state)
{
	(void)state;
	uint8_t field[1 + 2 + 256 + 257] = { 0, 1, 0 };
	memset(field + 3, 0x55, 256);
	memset(field + 3 + 256, 0x77, 256);
	const struct algorithm *const algorithm = alg_by_number(8);
	EVP_PKEY *pkey = NULL;
	struct error err;
	const size_t size = 3 + 256 + 256;
	assert_int_equal(dnskey_public_to_pkey(algorithm, field, size, &pkey, &err), STATUS_OK);
	uint8_t again[KEY_PUBLIC_MAX];
	uint16_t again_size = 0;
	assert_int_equal(dnskey_public_from_pkey(algorithm, pkey, again, &again_size, &err), STATUS_OK);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, field, size);
	EVP_PKEY_free(pkey);
	struct key key = { .algorithm = 8, .flags = 256, .public_size = (uint16_t)size };
	memcpy(key.public_key, field, size);
	dnskey_identify(&key);
	assert_int_equal(key.bits, 2047);
}

struct bad_key {
	const char *title;
	uint8_t algorithm;
	const char *head; /* octets at the start, in hexadecimal */
	size_t size;      /* of the field; the rest is 0x77 */
	const char *message;
};

static void bad_public_keys_are_refused_with_the_rule(void **state)
{
	(void)state;
	static const struct bad_key cases[] = {
		{ "empty", 8, "", 0, "RFC 3110 2" },
		{ "exponent longer than the field", 8, "ff0101", 100, "RFC 3110 2" },
		{ "long form for a short exponent", 8, "000003010001", 262, "RFC 3110 2" },
		{ "long form cut", 8, "0001", 2, "RFC 3110 2" },
		{ "no modulus", 8, "03010001", 4, "RFC 3110 2" },
		{ "leading zero in the exponent", 8, "0400010001", 261, "RFC 3110 2" },
		{ "leading zero in the modulus", 8, "0301000100", 261, "RFC 3110 2" },
		{ "exponent 1", 8, "0101", 258, "exponent" },
		{ "even exponent", 8, "0110", 258, "must be odd" },
		{ "512 bits", 8, "03010001", 4 + 64, "modulus of 511 bits, accepted are 1024 to 4096" },
		{ "1016 bits", 10, "03010001", 4 + 127, "modulus of 1015 bits" },
		{ "exponent above the modulus", 8, "83", 1 + 131 + 129, "below the modulus" },
		{ "4103 bits", 10, "03010001", 4 + 513, "accepted are 1024 to 4096" },
		{ "longer than any", 8, "03010001", 521, "too long" },
		{ "P-256 point off the curve", 13, "", 64, "not on the curve" },
		{ "P-256 zeros", 13,
		    "0000000000000000000000000000000000000000000000000000000000000000"
		    "0000000000000000000000000000000000000000000000000000000000000000",
		    64, "not on the curve" },
		{ "P-256 with a leading 04", 13, "04", 65, "65 octets, must be 64 (RFC 6605 4)" },
		{ "P-384 short", 14, "", 95, "95 octets, must be 96 (RFC 6605 4)" },
		{ "P-384 point off the curve", 14, "", 96, "not on the curve" },
		{ "Ed25519 short", 15, "", 31, "31 octets, must be 32 (RFC 8080 3)" },
		{ "Ed25519 neutral element", 15, "0100000000000000000000000000000000000000000000000000000000000000", 32,
		    "not on the curve" },
		{ "Ed25519 y = 2 has no x", 15, "0200000000000000000000000000000000000000000000000000000000000000", 32,
		    "not on the curve" },
		{ "Ed25519 y above the prime", 15, "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		    32, "not on the curve" },
		{ "Ed448 long", 16, "", 58, "58 octets, must be 57 (RFC 8080 3)" },
		{ "Ed448 y above the prime", 16,
		    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
		    57, "not on the curve" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t field[600];
		memset(field, 0x77, sizeof(field));
		unhex(cases[i].head, field, sizeof(field));
		EVP_PKEY *pkey = NULL;
		struct error err;
		const enum status status =
		    dnskey_public_to_pkey(alg_by_number(cases[i].algorithm), field, cases[i].size, &pkey, &err);
		print_message("%s: %s\n", cases[i].title, status == STATUS_OK ? "accepted" : err.message);
		assert_int_equal(status, STATUS_KEY);
		assert_null(pkey);
		assert_non_null(strstr(err.message, cases[i].message));
	}
}

static void a_key_of_another_algorithm_gives_no_public_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct key key = key_of_vector(&vectors[i]);
		EVP_PKEY *pkey = NULL;
		struct error err;
		assert_int_equal(
		    dnskey_public_to_pkey(alg_by_number(key.algorithm), key.public_key, key.public_size, &pkey, &err),
		    STATUS_OK);
		size_t count;
		const struct algorithm *const table = alg_table(&count);
		for (size_t j = 0; j < count; j++) {
			const bool both_rsa = table[j].least_bits > 0 && alg_by_number(key.algorithm)->least_bits > 0;
			uint8_t out[KEY_PUBLIC_MAX];
			uint16_t size;
			if (table[j].number != key.algorithm && !both_rsa)
				assert_int_equal(
				    dnskey_public_from_pkey(&table[j], pkey, out, &size, &err), STATUS_KEY);
		}
		EVP_PKEY_free(pkey);
	}
}

static void algorithms_are_found_by_name_and_number(void **state)
{
	(void)state;
	size_t count;
	const struct algorithm *const table = alg_table(&count);
	assert_int_equal(count, 6);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(alg_by_number(table[i].number), &table[i]);
		assert_ptr_equal(alg_by_name(table[i].name), &table[i]);
	}
	assert_ptr_equal(alg_by_name("ecdsap256sha256"), alg_by_number(13));
	assert_ptr_equal(alg_by_name("13"), alg_by_number(13));
	static const uint8_t unknown[] = { 0, 1, 3, 5, 6, 7, 12, 17, 252, 255 };
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_null(alg_by_number(unknown[i]));
	assert_null(alg_by_name("RSASHA1"));
	assert_null(alg_by_name(""));
	assert_null(alg_by_name("013"));
}

static void a_key_does_what_its_record_states_say(void **state)
{
	(void)state;
	struct key key = { .role = KEY_CSK };
	static const enum key_state all[] = { KEY_NA, KEY_HIDDEN, KEY_RUMOURED, KEY_OMNIPRESENT, KEY_UNRETENTIVE };
	for (size_t i = 0; i < COUNT(all); i++) {
		const bool out = all[i] == KEY_RUMOURED || all[i] == KEY_OMNIPRESENT;
		for (size_t record = 0; record < KEY_RECORDS; record++)
			key.state[record] = all[i];
		assert_int_equal(key_is_published(&key), out);
		assert_int_equal(key_signs_keys(&key), out);
		assert_int_equal(key_signs_zone(&key), out);
		assert_true(strlen(key_state_name(all[i])) > 0);
	}
	assert_string_equal(key_role_name(KEY_CSK), "CSK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_fingerprints_and_ds_are_those_of_bind_and_dnspython),
		cmocka_unit_test(examples_of_the_rfcs_have_their_tags_and_ds),
		cmocka_unit_test(signatures_of_others_verify_and_altered_ones_do_not),
		cmocka_unit_test(a_public_key_survives_the_way_through_openssl),
		cmocka_unit_test(long_exponents_use_the_long_form_of_the_length),
		cmocka_unit_test(bad_public_keys_are_refused_with_the_rule),
		cmocka_unit_test(a_key_of_another_algorithm_gives_no_public_key),
		cmocka_unit_test(algorithms_are_found_by_name_and_number),
		cmocka_unit_test(a_key_does_what_its_record_states_say),
	};
	return cmocka_run_group_tests_name("dnskey", tests, NULL, NULL);
}
