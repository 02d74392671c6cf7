/* SPDX-License-Identifier: MIT */
/* Requests and responses as texts: what is taken, what is refused, and that every bit counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony_check.h"

static const uint8_t apex[] = { 2, 'n', 'l', 4, 't', 'e', 's', 't', 0 };

struct world {
	struct arena *mem;
	struct policy policy;
	char *request, *response; /* our form, by the program (tests/fuzz/corpus/ceremony) */
	size_t request_size, response_size;
};

static char *take(const char *name, size_t *size)
{
	char path[300];
	snprintf(path, sizeof(path), TEST_ROOT "/fuzz/corpus/ceremony/%s", name);
	FILE *const file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is not there", path);
	char *const text = calloc(1, 1 << 20);
	*size = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	return text;
}

static int begin(void **state)
{
	struct world *const world = calloc(1, sizeof(*world));
	world->mem = arena_new(0);
	policy_defaults(&world->policy);
	world->policy.algorithm = 15;
	world->policy.offline_ksk = true;
	world->policy.skr_period.seconds = 20 * 86400;
	world->request = take("own.ksr", &world->request_size);
	world->response = take("own.skr", &world->response_size);
	*state = world;
	return 0;
}

static int end(void **state)
{
	struct world *const world = *state;
	arena_free(world->mem);
	free(world->request);
	free(world->response);
	free(world);
	return 0;
}

static enum status check_request(struct world *world, const char *text, size_t size, struct error *err)
{
	struct ceremony_file file;
	error_clear(err);
	enum status status = ceremony_read("1.ksr", text, size, apex, world->mem, &file, err);
	if (status != STATUS_OK)
		return status;
	const struct ceremony_rules rules = { .policy = &world->policy, .now = file.created };
	return ceremony_check_request(&file, &rules, world->mem, err);
}

static enum status check_response(struct world *world, const char *text, size_t size, struct error *err)
{
	struct ceremony_file file;
	struct ceremony_file request;
	error_clear(err);
	enum status status =
	    ceremony_read("1.ksr", world->request, world->request_size, apex, world->mem, &request, err);
	if (status == STATUS_OK)
		status = ceremony_read("1.skr", text, size, apex, world->mem, &file, err);
	if (status != STATUS_OK)
		return status;
	const struct ceremony_rules rules = { .policy = &world->policy, .now = request.created };
	return ceremony_check_response(&file, &request, &rules, world->mem, err);
}

static void good_ones_are_taken(void **state)
{
	struct world *const world = *state;
	struct error err;
	if (check_request(world, world->request, world->request_size, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	if (check_response(world, world->response, world->response_size, &err) != STATUS_OK)
		fail_msg("%s", err.message);
}

typedef enum status checker(struct world *world, const char *text, size_t size, struct error *err);

/* Writes the last line anew, as an enemy can: then only proofs and signatures are left to notice. */
static size_t end_anew(char *text, size_t size, size_t body)
{
	char hex[65];
	uint8_t digest[32];
	bytes_sha256((struct bytes){ (const uint8_t *)text, body }, digest);
	bytes_to_hex((struct bytes){ digest, 32 }, false, hex);
	memcpy(text + body + 7, hex, 64);
	return size;
}

static void every_bit_counts(struct world *world, const char *good, size_t size, checker *check, bool anew)
{
	struct error err;
	const size_t body = (size_t)(strstr(good, ";; end ") - good);
	char *const text = malloc(size + 1);
	for (size_t bit = 0; bit < 8 * (anew ? body : size); bit++) {
		memcpy(text, good, size + 1);
		text[bit / 8] ^= (char)(1 << bit % 8);
		if (anew)
			end_anew(text, size, body);
		arena_reset(world->mem);
		if (check(world, text, size, &err) != STATUS_NO)
			fail_msg("bit %zu of %zu is not missed", bit, 8 * size);
	}
	free(text);
}

static void no_bit_of_a_request_can_be_changed(void **state)
{
	struct world *const world = *state;
	every_bit_counts(world, world->request, world->request_size, check_request, false);
}

static void no_bit_of_a_request_can_be_changed_by_who_writes_its_end_anew(void **state)
{
	struct world *const world = *state;
	every_bit_counts(world, world->request, world->request_size, check_request, true);
}

static void no_bit_of_a_response_can_be_changed(void **state)
{
	struct world *const world = *state;
	every_bit_counts(world, world->response, world->response_size, check_response, false);
}

static void no_bit_of_a_response_can_be_changed_by_who_writes_its_end_anew(void **state)
{
	struct world *const world = *state;
	every_bit_counts(world, world->response, world->response_size, check_response, true);
}

static void no_cut_of_a_file_is_a_file(void **state)
{
	struct world *const world = *state;
	struct error err;
	for (size_t size = 0; size < world->request_size; size++) {
		arena_reset(world->mem);
		assert_int_equal(check_request(world, world->request, size, &err), STATUS_NO);
	}
	for (size_t size = 0; size < world->response_size; size += 7) {
		arena_reset(world->mem);
		assert_int_equal(check_response(world, world->response, size, &err), STATUS_NO);
	}
}

/* ---- BIND's form ---- */

static void bind_request_is_split_into_bundles_of_the_policy(void **state)
{
	struct world *const world = *state;
	struct ceremony_file file;
	struct error err;
	size_t size;
	char *const text = take("bind.ksr", &size);
	error_clear(&err);
	if (ceremony_read("bind.ksr", text, size, apex, world->mem, &file, &err) != STATUS_OK)
		fail_msg("%lu: %s", (unsigned long)err.line, err.message);
	assert_int_equal(file.form, CEREMONY_BIND);
	assert_int_equal(file.kind, CEREMONY_REQUEST);
	const size_t before = file.bundle_count;
	const struct utc until = utc_add(file.from, (struct span){ 20 * 86400 });
	assert_int_equal(ceremony_complete(&file, &world->policy, until, world->mem, &err), STATUS_OK);
	assert_true(file.bundle_count >= before);
	for (size_t i = 0; i < file.bundle_count; i++)
		assert_true(file.bundles[i].until.seconds - file.bundles[i].from.seconds <= 10 * 86400);
	struct ceremony_rules rules = { .policy = &world->policy, .now = file.from };
	assert_int_equal(ceremony_check_request(&file, &rules, world->mem, &err), STATUS_NO);
	assert_non_null(strstr(err.message, "no proof"));
	rules.unproven = true;
	if (ceremony_check_request(&file, &rules, world->mem, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	free(text);
}

static const struct {
	const char *text, *says;
} bad[] = {
	{ ";; KeySigningRequest 2.0 20261124120000 (x)\n", "a header of another kind or version" },
	{ ";; KeySigningRequest 1.0 20261324120000 (x)\n", "a bundle whose begin is no time" },
	{ ";; KeySigningRequest 1.0 2026112412000 (x)\n", "a bundle whose begin is no time" },
	{ ";; KeySigningRequest 1.0 20261124120000x\n", "a bundle whose begin is no time" },
	{ ";; KeySigningRequest 1.0 generated at x\n", "no bundle" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\n", "cut short" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\n;; KeySigningRequest 1.0 20261124120000 (x)\n",
	    "does not begin after the one before it" },
	{ ";; KeySigningRequest 1.0 generated at x\nnl.test. IN DNSKEY 256 3 13 AAAA\n", "something behind the line" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nse.test. 3600 IN DNSKEY 256 3 13 AAAA\n", "of another zone" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nnl.test. 3600 IN A 192.0.2.1\n",
	    "a type that no key ceremony" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nnl.test. 3600 CH DNSKEY 256 3 13 AAAA\n", "a type that no" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nnl.test. 3600 IN\n", "ends before its type" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nnl.test. 3600 IN 1 2 3\n",
	    "whose data is not that of its type" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nnl.test. 3600 IN DNSKEY 256 3 13 !\n", "whose data is not" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\nnl.test. IN CDS 1 13 2 "
	  "0F8B4D325C9009D4BABEF37FC69FBDE3688D5A650E2D6D0EE855F4D02496FC64\n",
	    "nothing but DNSKEY" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\n IN DNSKEY 256 3 13 AAAA\n", "neither a record" },
	{ ";; KeySigningRequest 1.0 20261124120000 (x)\n@ IN DNSKEY 256 3 13 AAAA\n", "neither a record" },
	{ ";; SignedKeyResponse 1.0 20261124120000 (x)\n;; KeySigningRequest 1.0 20261125120000 (x)\n",
	    "a header of another kind" },
};

static void each_bad_line_has_its_words(void **state)
{
	struct world *const world = *state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ceremony_file file;
		struct error err;
		error_clear(&err);
		const enum status status =
		    ceremony_read("bad", bad[i].text, strlen(bad[i].text), apex, world->mem, &file, &err);
		if (status != STATUS_NO || strstr(err.message, bad[i].says) == NULL)
			fail_msg("%s\n%s\nnot\n%s", bad[i].text, err.message, bad[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_ones_are_taken, begin, end),
		cmocka_unit_test_setup_teardown(no_bit_of_a_request_can_be_changed, begin, end),
		cmocka_unit_test_setup_teardown(
		    no_bit_of_a_request_can_be_changed_by_who_writes_its_end_anew, begin, end),
		cmocka_unit_test_setup_teardown(no_bit_of_a_response_can_be_changed, begin, end),
		cmocka_unit_test_setup_teardown(
		    no_bit_of_a_response_can_be_changed_by_who_writes_its_end_anew, begin, end),
		cmocka_unit_test_setup_teardown(no_cut_of_a_file_is_a_file, begin, end),
		cmocka_unit_test_setup_teardown(bind_request_is_split_into_bundles_of_the_policy, begin, end),
		cmocka_unit_test_setup_teardown(each_bad_line_has_its_words, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
