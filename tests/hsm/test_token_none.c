/* SPDX-License-Identifier: MIT */
/* A build without p11-kit: keys in files work as ever, and whoever wants tokens is told how to get them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore/token.h"

enum { PATH = 256 };

struct world {
	char folder[PATH];
	char conf[PATH + 16];
};

static int begin(void **state)
{
	struct world *const world = calloc(1, sizeof(*world));
	assert_non_null(world);
	snprintf(world->folder, sizeof(world->folder), "/tmp/zoneseal-none-XXXXXX");
	assert_non_null(mkdtemp(world->folder));
	snprintf(world->conf, sizeof(world->conf), "%s/stores.conf", world->folder);
	*state = world;
	return 0;
}

static int end(void **state)
{
	struct world *const world = *state;
	(void)unlink(world->conf);
	(void)rmdir(world->folder);
	free(world);
	return 0;
}

static void keys_in_files_work(void **state)
{
	const struct world *const world = *state;
	struct token *token = NULL;
	struct token_signer *signer = NULL;
	struct key key = { .role = KEY_ZSK, .algorithm = 13, .flags = 256 };
	struct error err;
	uint8_t signature[512];
	size_t size = 0;
	assert_int_equal(token_open_soft(world->folder, NULL, &token, &err), STATUS_OK);
	assert_int_equal(token_generate(token, &key, &err), STATUS_OK);
	assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
	assert_int_equal(token_sign(signer, (const uint8_t *)"x", 1, signature, &size, &err), STATUS_OK);
	assert_int_equal(size, 64);
	token_signer_free(signer);
	assert_int_equal(token_discard(token, &key, &err), STATUS_OK);
	token_close(token);
}

static void stores_that_are_configured_are_refused_in_words(void **state)
{
	const struct world *const world = *state;
	struct token *token = NULL;
	struct error err;
	FILE *const file = fopen(world->conf, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(token_open_soft(world->folder, NULL, &token, &err), STATUS_KEY);
	assert_null(token);
	assert_non_null(strstr(err.message, "stores.conf: this build has no PKCS#11: install libp11-kit-dev"));
}

static void a_key_on_tokens_is_refused_in_words(void **state)
{
	const struct world *const world = *state;
	struct token *token = NULL;
	struct token_signer *signer = NULL;
	struct key key = { .role = KEY_ZSK, .algorithm = 13, .flags = 256 };
	struct error err;
	assert_int_equal(token_open_soft(world->folder, NULL, &token, &err), STATUS_OK);
	assert_int_equal(token_generate(token, &key, &err), STATUS_OK);
	struct key remote = key;
	snprintf(remote.locator, sizeof(remote.locator), "pkcs11:hsm-a,hsm-b");
	assert_int_equal(token_signer_new(token, &remote, &signer, &err), STATUS_KEY);
	assert_null(signer);
	assert_non_null(strstr(err.message, "this build has no PKCS#11"));
	assert_int_equal(token_discard(token, &remote, &err), STATUS_KEY);
	assert_int_equal(token_discard(token, &key, &err), STATUS_OK);
	token_close(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_in_files_work, begin, end),
		cmocka_unit_test_setup_teardown(stores_that_are_configured_are_refused_in_words, begin, end),
		cmocka_unit_test_setup_teardown(a_key_on_tokens_is_refused_in_words, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
