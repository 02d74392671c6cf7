/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/base/bytes.h"
#include "signer/verify/vname.h"
#include "signer/verify/vread.h"
#include "signer/verify/vsum.h"
#include "tests/unit/verify/same_records.h"

static bool same_as_zone(const struct vzone *zone, const char *text, size_t size, unsigned threads)
{
	const struct vsource source = {
		.name = "other", .descriptor = -1, .data = (const uint8_t *)text, .size = size
	};
	struct error err;
	struct vsum sum;
	bool same = false;
	if (vsum_same(zone, &source, threads, &same, &sum, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return same;
}

/* Owners and name servers, absolute and relative, under changing origins, some servers again and again. */
static char *server_text(size_t *size, size_t most)
{
	static const char *const forms[] = { "d%u NS ns%u.provider.example.\n", "d%u NS ns%u.provider\n",
		"d%u NS ( NS%u.PROVIDER.example.\n ) ; again\n", "d%u NS ns%u.provider\\.\n" };
	char *const text = malloc(most * 80);
	uint32_t seed = 7;
	unsigned origin = 0;
	size_t used = (size_t)sprintf(text, "$TTL 60\n$ORIGIN o0.\n");
	assert_non_null(text);
	for (unsigned i = 0; i < most; i++) {
		seed = seed * 1664525u + 1013904223u;
		const unsigned form = (seed >> 20) % 4;
		const unsigned server = (seed >> 28) == 0 ? i : (seed >> 8) % 3000;
		if (i % 5000 == 4999)
			used += (size_t)sprintf(text + used, "$ORIGIN o%u.\n", ++origin);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		used += (size_t)sprintf(text + used, forms[form], i, server);
#pragma GCC diagnostic pop
	}
	*size = used;
	return text;
}

/* Letters and digits changed here and there, so that most names are still the zone's. */
static char *misspelled(const char *text, size_t size)
{
	char *const other = malloc(size);
	uint32_t seed = 3;
	assert_non_null(other);
	memcpy(other, text, size);
	for (size_t at = 40; at < size; at += 1 + (seed >> 22)) {
		seed = seed * 1664525u + 1013904223u;
		if (other[at] >= 'a' && other[at] <= 'z' && other[at - 1] != '\\')
			other[at] = (seed & 1) != 0 ? (char)(other[at] - 'a' + 'A') : 'x';
		else if (other[at] >= '1' && other[at] <= '8' && other[at - 1] != '\\')
			other[at]++;
	}
	return other;
}

static enum status read_like(
    const char *text, size_t size, const struct vzone *like, unsigned threads, struct vfile *out, struct error *err)
{
	const struct vsource source = {
		.name = "text", .descriptor = -1, .data = (const uint8_t *)text, .size = size, .like = like
	};
	error_clear(err);
	return vread_file(&source, NULL, threads, out, err);
}

static size_t shared_with(const struct vfile *file, const struct vzone *zone)
{
	size_t shared = 0;
	for (size_t i = 0; i < file->count && i < zone->file.count; i++)
		shared += file->records[i].rdata == zone->records[i].rdata;
	return shared;
}

static void read_beside(const struct vzone *zone, const char *text, size_t size, size_t least)
{
	struct error err;
	struct vfile alone;
	assert_int_equal(read_like(text, size, NULL, 2, &alone, &err), STATUS_OK);
	for (unsigned threads = 1; threads <= 3; threads++) {
		struct vfile beside;
		assert_int_equal(read_like(text, size, zone, threads, &beside, &err), STATUS_OK);
		assert_true(same_records(&alone, &beside));
		assert_true(shared_with(&beside, zone) >= least);
		vread_free(&beside);
	}
	vread_free(&alone);
}

static void a_file_read_beside_a_zone_comes_to_the_records_that_it_has_alone(void **state)
{
	enum { SERVERS = 100000, LINES = 100000 };
	static const uint8_t apex[] = "";
	struct error err;
	struct vzone zone;
	size_t size;
	char line[80];
	(void)state;
	char *const text = server_text(&size, SERVERS);
	char *const sorted = malloc(LINES * sizeof(line));
	size_t used = 0;
	for (unsigned i = 0; i < LINES && sorted != NULL; i++)
		used += (size_t)sprintf(sorted + used, "d%06u.example. 60 IN NS ns%u.provider%u.example.\n", i / 2,
		    i % 2, i * 7919u % 977u);
	const char *const texts[] = { text, sorted };
	const size_t sizes[] = { size, used };
	const size_t shared[] = { 0, LINES - 100 };
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct vsource source = {
			.name = "text", .descriptor = -1, .data = (const uint8_t *)texts[i], .size = sizes[i]
		};
		char *const other = misspelled(texts[i], sizes[i]);
		assert_int_equal(vzone_load(&source, apex, 2, &zone, &err), STATUS_OK);
		read_beside(&zone, texts[i], sizes[i], shared[i]);
		read_beside(&zone, other, sizes[i], 0);
		vzone_free(&zone);
		free(other);
	}
	free(sorted);
	free(text);
}

#define SOA(serial) "z. 60 IN SOA a. b. " serial " 1 1 1 1\nz. 60 IN NS ns1.d.z.\n"
#define ONE "d.z. 60 IN NS ns1.d.z.\n"
#define TWO "d.z. 60 IN NS ns2.d.z.\n"
#define DOT "d.z. 60 IN NS ns\\.3.z.\n"
#define REST "ns1.d.z. 60 IN A 1.2.3.4\nw.z. 60 IN TXT a\n"

static void what_is_ticked_off_in_the_zone_is_there_once_and_is_the_same(void **state)
{
	static const uint8_t apex[] = "\1z";
	static const char zone_text[] =
	    SOA("7") ONE TWO DOT REST "z. 60 IN ZONEMD 1 1 1 0123456789012345678901234567890"
				      "12345678901234567890123456789012345678901234567890123456789012345\n";
	static const struct {
		const char *text;
		bool same;
	} others[] = { { SOA("7") ONE TWO DOT REST, true }, { SOA("9") ONE TWO DOT REST, true },
		{ SOA("7") REST DOT TWO ONE, true }, { SOA("7") "D.z. 60 NS NS1.d.Z.\n NS ns2.d.z.\n" DOT REST, true },
		{ SOA("7") ONE ONE TWO DOT REST, false }, { SOA("7") ONE ONE DOT REST, false },
		{ SOA("7") ONE TWO REST, false }, { SOA("7") ONE TWO DOT REST REST, false },
		{ SOA("7") "d.z. 61 IN NS ns1.d.z.\n" TWO DOT REST, false },
		{ SOA("7") "d.z. 60 CH NS ns1.d.z.\n" TWO DOT REST, false },
		{ SOA("7") ONE TWO "d.z. 60 IN NS ns.3.z.\n" REST, false },
		{ SOA("7") ONE "d.z. 60 IN NS ns2.d.z\n" DOT REST, false },
		{ SOA("7") ONE TWO "d.z. 60 IN NS ns\\0463.z.\n" REST, true },
		{ SOA("7") SOA("7") ONE TWO DOT REST, false } };
	const struct vsource source = {
		.name = "text", .descriptor = -1, .data = (const uint8_t *)zone_text, .size = sizeof(zone_text) - 1
	};
	struct vzone zone;
	struct error err;
	(void)state;
	assert_int_equal(vzone_load(&source, apex, 1, &zone, &err), STATUS_OK);
	for (size_t i = 0; i < COUNT(others); i++)
		if (same_as_zone(&zone, others[i].text, strlen(others[i].text), 1) != others[i].same)
			fail_msg("text %zu", i);
	vzone_free(&zone);
}

static void an_error_beside_a_zone_is_the_error_alone(void **state)
{
	static const uint8_t apex[] = "\1z";
	static const char zone_text[] = SOA("7") ONE TWO REST;
	static const char *const bad[] = { ONE "d.z. 60 IN NS ns1.d.z. more\n", ONE "d.z. 60 IN NS\n",
		ONE "d.z. 60 IN\n", ONE "d.z. 60 IN NS \"ns1.d.z.\n", ONE "d.z. 60 IN NS ns1.d.z.)\n",
		ONE "d.z. 60 IN NS ns1..z.\n", ONE "d.z.", ONE "d.z. 60 IN NS ns1.d.z.\r x\n" };
	const struct vsource source = {
		.name = "text", .descriptor = -1, .data = (const uint8_t *)zone_text, .size = sizeof(zone_text) - 1
	};
	struct vzone zone;
	struct vfile file;
	struct error alone;
	struct error beside;
	(void)state;
	assert_int_equal(vzone_load(&source, apex, 1, &zone, &alone), STATUS_OK);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(read_like(bad[i], strlen(bad[i]), NULL, 1, &file, &alone), STATUS_MALFORMED);
		assert_int_equal(read_like(bad[i], strlen(bad[i]), &zone, 1, &file, &beside), STATUS_MALFORMED);
		assert_string_equal(alone.message, beside.message);
		assert_int_equal(alone.line, beside.line);
		assert_int_equal(alone.column, beside.column);
	}
	vzone_free(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
						a_file_read_beside_a_zone_comes_to_the_records_that_it_has_alone),
		cmocka_unit_test(what_is_ticked_off_in_the_zone_is_there_once_and_is_the_same),
		cmocka_unit_test(an_error_beside_a_zone_is_the_error_alone) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
