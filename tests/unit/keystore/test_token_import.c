/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/token.h"
#include "signer/base/bytes.h"
#include "tests/unit/keystore/fixture.h"

/* Made by dnssec-keygen 9.18, with the DNSKEY that it wrote beside. */
static const char bind_p256[] = "Private-key-format: v1.3\n"
				"Algorithm: 13 (ECDSAP256SHA256)\n"
				"PrivateKey: QVmU30Yly1lRzCXX/95Eir5qHV151OpIQHeU1KHNBBU=\n"
				"Created: 20261125021856\n";
static const char public_p256[] =
    "lWI7uJcqyjx0kZ7Dtie7XYgxBQnQG3rg97tuSrS8bCiPlJW3utQOolEf2pLibSxN4kFwOSuRLsOHRICAHi58Yw==";
enum { TAG_P256 = 37603 };

static int make_folder(void **state)
{
	char *const folder = malloc(64);
	fixture_folder(folder);
	*state = folder;
	return 0;
}

static int remove_folder(void **state)
{
	folder_remove(*state);
	free(*state);
	return 0;
}

static enum status import(const char *folder, const char *text, struct key *key, struct error *err)
{
	char path[160];
	struct token *token = NULL;
	snprintf(path, sizeof(path), "%s/foreign", folder);
	file_make(path, text, strlen(text), 0600);
	assert_int_equal(token_open_soft(folder, NULL, &token, err), STATUS_OK);
	const enum status status = token_import(token, path, key, err);
	token_close(token);
	return status;
}

static struct key published(void)
{
	struct key key = { .role = KEY_KSK, .flags = 257, .algorithm = 13 };
	const long size = bytes_from_base64(public_p256, strlen(public_p256), key.public_key, sizeof(key.public_key));
	assert_int_equal(size, 64);
	key.public_size = (uint16_t)size;
	return key;
}

static void a_key_of_bind_is_known_by_its_private_half_alone(void **state)
{
	struct key key = { .role = KEY_KSK, .flags = 257 };
	const struct key wanted = published();
	struct error err;
	if (import(*state, bind_p256, &key, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	assert_int_equal(key.algorithm, 13);
	assert_int_equal(key.tag, TAG_P256);
	assert_int_equal(key.public_size, wanted.public_size);
	assert_memory_equal(key.public_key, wanted.public_key, wanted.public_size);
}

static void it_signs_after_that_and_may_be_taken_twice(void **state)
{
	struct key key = published();
	struct token *token = NULL;
	struct token_signer *signer = NULL;
	struct error err;
	assert_int_equal(import(*state, bind_p256, &key, &err), STATUS_OK);
	assert_int_equal(import(*state, bind_p256, &key, &err), STATUS_OK);
	assert_int_equal(token_open_soft(*state, NULL, &token, &err), STATUS_OK);
	assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
	token_signer_free(signer);
	token_close(token);
}

static void another_keys_private_half_is_refused(void **state)
{
	struct key key = published();
	struct error err;
	key.public_key[0] ^= 1;
	assert_int_equal(import(*state, bind_p256, &key, &err), STATUS_KEY);
	assert_non_null(strstr(err.message, "another key"));
}

static void what_is_no_key_is_refused_and_says_nothing_of_its_content(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "1 to 65536" },
		{ "junk\n", "which DNSSEC algorithm" },
		{ "Private-key-format: v1.3\nAlgorithm: 13\n", "no field PrivateKey" },
		{ "Private-key-format: v1.3\nPrivateKey: QVmU\n", "names no algorithm" },
		{ "Private-key-format: v1.3\nAlgorithm: 5\nPrivateKey: QVmU\n", "none that zoneseal signs with" },
		{ "Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: QV!U\n", "no base64" },
		{ "Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: AAAA\n", "no private key" },
		{ "Private-key-format: v1.3\nAlgorithm: 15\nPrivateKey: QVmU\n", "no private key" },
		{ "Private-key-format: v1.3\nAlgorithm: 8\nModulus: QVmU\n", "a part of the RSA key" },
		{ "Private-key-format: v1.3\nAlgorithm: 13\nEngine: cGtjczExAA==\nLabel: eA==\n", "token" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct key key = { .role = KEY_KSK, .flags = 257 };
		struct error err;
		assert_int_equal(import(*state, cases[i].text, &key, &err), STATUS_KEY);
		if (strstr(err.message, cases[i].words) == NULL || strstr(err.message, "QV") != NULL)
			fail_msg("case %zu: %s", i, err.message);
	}
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_key_of_bind_is_known_by_its_private_half_alone),
		WITH_FOLDER(it_signs_after_that_and_may_be_taken_twice),
		WITH_FOLDER(another_keys_private_half_is_refused),
		WITH_FOLDER(what_is_no_key_is_refused_and_says_nothing_of_its_content),
	};
	return cmocka_run_group_tests_name("token_import", tests, NULL, NULL);
}
