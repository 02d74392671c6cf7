/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "signer/base/arena.h"
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

enum { BLOCKS = 9, BLOCK_SIZE = 5000 };

/* The file of some blocks that come in the order in which threads happen to end; terminated text. */
static char *write_blocks(const struct fixture *fixture, struct sigfile_draft *draft)
{
	static const size_t order[] = { 4, 0, 8, 1, 7, 3, 5, 6 }; /* none for the third */
	char octets[BLOCK_SIZE];
	struct publish publish = PUBLISH_NONE;
	struct error err = { 0 };
	for (size_t i = 0; i < COUNT(order); i++) {
		const struct zonetext_buffer block = { octets, BLOCK_SIZE - order[i], BLOCK_SIZE };
		memset(octets, 'a' + (int)order[i], sizeof(octets));
		assert_int_equal(sigfile_draft_take(draft, order[i], &block, 1, &err), STATUS_OK);
	}
	char *const path = memory_alloc(200);
	snprintf(path, 200, "%s/draft", fixture->zone.folder);
	assert_int_equal(publish_open(path, 0600, &publish, &err), STATUS_OK);
	assert_int_equal(sigfile_write(draft, &fixture->whose, &publish, &err), STATUS_OK);
	assert_int_equal(publish_rename(&publish, &err), STATUS_OK);
	FILE *const in = fopen(path, "rb");
	assert_non_null(in);
	char *const text_of = memory_calloc(BLOCKS * BLOCK_SIZE * 2, 1);
	assert_in_range(fread(text_of, 1, BLOCKS * BLOCK_SIZE * 2, in), 8 * BLOCK_SIZE - 100, 9 * BLOCK_SIZE);
	fclose(in);
	assert_int_equal(unlink(path), 0);
	free(path);
	return text_of;
}

static size_t in_memory(const struct sigfile_draft *draft)
{
	size_t blocks = 0;
	for (size_t i = 0; i < draft->count; i++)
		blocks += draft->blocks[i].octets != NULL ? 1U : 0U;
	return blocks;
}

static void a_draft_that_waits_on_a_disk_becomes_the_same_file_as_one_in_memory(void **state)
{
	(void)state;
	struct fixture fixture;
	open_fixture(&fixture);
	struct sigfile_draft draft = { .folder = NULL };
	sigfile_draft_begin(&draft, BLOCKS);
	char *const expected = write_blocks(&fixture, &draft);
	assert_int_equal(in_memory(&draft), 8);
	draft.folder = "/nowhere/at/all";
	sigfile_draft_begin(&draft, BLOCKS);
	char *const without = write_blocks(&fixture, &draft);
	assert_int_equal(in_memory(&draft), 8);
	draft.folder = fixture.zone.folder;
	sigfile_draft_begin(&draft, BLOCKS);
	char *const with = write_blocks(&fixture, &draft);
	assert_int_equal(in_memory(&draft), draft.has_file ? 0 : 8);
	assert_true(draft.has_file);
	assert_memory_equal(with, expected, BLOCKS * BLOCK_SIZE * 2);
	assert_memory_equal(without, expected, BLOCKS * BLOCK_SIZE * 2);
	sigfile_draft_free(&draft);
	free(with);
	free(without);
	free(expected);
	signed_close(&fixture.zone);
}

static void what_a_full_disk_does_not_take_waits_in_memory(void **state)
{
	(void)state;
	struct fixture fixture;
	char octets[BLOCK_SIZE] = { 0 };
	struct rlimit before;
	open_fixture(&fixture);
	struct sigfile_draft draft = { .folder = fixture.zone.folder };
	sigfile_draft_begin(&draft, BLOCKS);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	const struct rlimit limit = { 2 * BLOCK_SIZE + 10, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (size_t i = 0; i < BLOCKS; i++) {
		const struct zonetext_buffer block = { octets, BLOCK_SIZE, BLOCK_SIZE };
		struct error err = { 0 };
		assert_int_equal(sigfile_draft_take(&draft, i, &block, 1, &err), STATUS_OK);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(in_memory(&draft), BLOCKS - 2);
	sigfile_draft_free(&draft);
	signed_close(&fixture.zone);
}

static void a_draft_that_cannot_be_read_again_is_told_of(void **state)
{
	(void)state;
	struct fixture fixture;
	struct publish publish = PUBLISH_NONE;
	struct error err = { 0 };
	char octets[100] = { 0 }, path[200];
	open_fixture(&fixture);
	struct sigfile_draft draft = { .folder = fixture.zone.folder };
	sigfile_draft_begin(&draft, 1);
	const struct zonetext_buffer block = { octets, sizeof(octets), sizeof(octets) };
	assert_int_equal(sigfile_draft_take(&draft, 0, &block, 1, &err), STATUS_OK);
	assert_int_equal(ftruncate(draft.file, 50), 0);
	snprintf(path, sizeof(path), "%s/draft", fixture.zone.folder);
	assert_int_equal(publish_open(path, 0600, &publish, &err), STATUS_OK);
	assert_int_equal(sigfile_write(&draft, &fixture.whose, &publish, &err), STATUS_IO);
	assert_non_null(strstr(err.message, "its temporary file in "));
	assert_non_null(strstr(err.message, "it is too short"));
	publish_abort(&publish);
	sigfile_draft_free(&draft);
	signed_close(&fixture.zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signature_but_those_of_soa_and_zonemd_is_in_it),
		cmocka_unit_test(every_octet_that_changes_is_noticed),
		cmocka_unit_test(every_length_but_the_whole_is_refused),
		cmocka_unit_test(a_file_of_another_version_or_zone_is_refused_in_words),
		cmocka_unit_test(a_draft_that_waits_on_a_disk_becomes_the_same_file_as_one_in_memory),
		cmocka_unit_test(what_a_full_disk_does_not_take_waits_in_memory),
		cmocka_unit_test(a_draft_that_cannot_be_read_again_is_told_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
