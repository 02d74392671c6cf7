/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "tests/unit/sign/signed.h"

static const char text[] = "$ORIGIN example.\n$TTL 3600\n"
			   "@ SOA ns.example. admin.example. 7 7200 3600 1209600 300\n"
			   "@ NS ns\nns A 192.0.2.1\na NS ns.a\nns.a A 192.0.2.2\nb NS ns\nb DS 1 13 2 "
			   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\nm TXT m\nm A 192.0.2.9\n";

struct fixture {
	struct signed_zone zone;
	struct sigfile_identity whose;
	uint8_t *octets; /* a file that is good */
	size_t size;
};

static void open_fixture(struct fixture *fixture)
{
	signed_open(&fixture->zone, "example.", 15, false);
	if (signed_make(&fixture->zone, text, NULL) != STATUS_OK)
		fail_msg("%s", fixture->zone.err.message);
	const struct signed_file *const file = &fixture->zone.files[0];
	fixture->whose = (struct sigfile_identity){ fixture->zone.apex, fixture->zone.result.sha256, 1 };
	fixture->octets = file->octets;
	fixture->size = file->size;
}

static enum status read_it(const struct fixture *fixture, size_t size, struct error *err)
{
	struct sigfile file = { .blocks = NULL };
	error_clear(err);
	const enum status status =
	    sigfile_open((struct bytes){ fixture->octets, size }, &fixture->whose, 2, &file, err);
	sigfile_close(&file);
	return status;
}

static void every_signature_but_those_of_soa_and_zonemd_is_in_it(void **state)
{
	(void)state;
	struct fixture fixture;
	struct sigfile file = { .blocks = NULL };
	struct error err;
	open_fixture(&fixture);
	assert_int_equal(
	    sigfile_open((struct bytes){ fixture.octets, fixture.size }, &fixture.whose, 2, &file, &err), STATUS_OK);
	assert_int_equal(file.entries, fixture.zone.result.signatures - 2);
	sigfile_close(&file);
	signed_close(&fixture.zone);
}

static void every_octet_that_changes_is_noticed(void **state)
{
	(void)state;
	struct fixture fixture;
	struct error err;
	open_fixture(&fixture);
	assert_int_equal(read_it(&fixture, fixture.size, &err), STATUS_OK);
	for (size_t i = 0; i < fixture.size; i++) {
		fixture.octets[i] ^= 4;
		if (read_it(&fixture, fixture.size, &err) != STATUS_MALFORMED || err.message[0] == '\0')
			fail_msg("octet %zu of %zu changed: taken as good", i, fixture.size);
		fixture.octets[i] ^= 4;
	}
	signed_close(&fixture.zone);
}

static void every_length_but_the_whole_is_refused(void **state)
{
	(void)state;
	struct fixture fixture;
	struct error err;
	open_fixture(&fixture);
	for (size_t size = 0; size < fixture.size; size++)
		if (read_it(&fixture, size, &err) != STATUS_MALFORMED)
			fail_msg("%zu of %zu octets: taken as good", size, fixture.size);
	signed_close(&fixture.zone);
}

static void a_file_of_another_version_or_zone_is_refused_in_words(void **state)
{
	(void)state;
	struct fixture fixture;
	struct error err;
	uint8_t sha256[32];
	open_fixture(&fixture);
	memcpy(sha256, fixture.whose.sha256, sizeof(sha256));
	sha256[31] ^= 1;
	fixture.whose.sha256 = sha256;
	assert_int_equal(read_it(&fixture, fixture.size, &err), STATUS_MALFORMED);
	assert_string_equal(err.message, "it is of another version of the zone than the one published last");
	fixture.whose.sha256 = fixture.zone.result.sha256;
	fixture.whose.serial = 2;
	assert_int_equal(read_it(&fixture, fixture.size, &err), STATUS_MALFORMED);
	assert_string_equal(err.message, "it is of another version of the zone than the one published last");
	fixture.whose.serial = 1;
	fixture.whose.apex = (const uint8_t *)"\7another";
	assert_int_equal(read_it(&fixture, fixture.size, &err), STATUS_MALFORMED);
	assert_string_equal(err.message, "it is of another zone");
	signed_close(&fixture.zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signature_but_those_of_soa_and_zonemd_is_in_it),
		cmocka_unit_test(every_octet_that_changes_is_noticed),
		cmocka_unit_test(every_length_but_the_whole_is_refused),
		cmocka_unit_test(a_file_of_another_version_or_zone_is_refused_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
