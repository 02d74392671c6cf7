/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/zonetext_write.h"

static const uint8_t example[] = "\7example";

enum { COLUMNS = 6, MOST_WIRE = 4096 };

/* A line of tests/cases/good.tsv or bad.tsv, cut at its tabs. */
struct row {
	char *column[COLUMNS];
	unsigned columns;
	uint16_t type;
};

typedef void row_check(const struct row *row);

static bool cut(char *line, struct row *row)
{
	row->columns = 0;
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#' || line[0] == '\0')
		return false;
	for (char *at = line; at != NULL && row->columns < COLUMNS;)
		row->column[row->columns++] = strsep(&at, "\t");
	return true;
}

static size_t for_each_row(const char *name, unsigned columns, row_check *check)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/cases/%s", TEST_ROOT, name);
	FILE *const file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s", path);
	char line[8192];
	size_t count = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		struct row row;
		if (!cut(line, &row))
			continue;
		if (row.columns != columns)
			fail_msg("%s: %u columns in: %s %s", path, row.columns, row.column[0], row.column[1]);
		const int type = rrtype_from_text(row.column[0], strlen(row.column[0]));
		if (type < 0)
			fail_msg("%s", row.column[0]);
		row.type = (uint16_t)type;
		check(&row);
		count++;
	}
	fclose(file);
	return count;
}

static size_t hex(const char *text, uint8_t out[MOST_WIRE])
{
	const long size = bytes_from_hex(text, strlen(text), out, MOST_WIRE);
	if (size < 0)
		fail_msg("%s", text);
	return (size_t)size;
}

/* The RDATA as we write it, types by name. The caller frees it. */
static char *written(uint16_t type, const uint8_t *rdata, size_t size)
{
	struct zonetext_buffer buffer = { 0 };
	zonetext_write(&buffer, (const uint8_t *)"", 1, type, rdata, size, true);
	zonetext_buffer_reserve(&buffer, 1);
	buffer.data[buffer.size - 1] = '\0';
	char *at = buffer.data;
	for (int tabs = 0; tabs < 4; at++)
		tabs += *at == '\t';
	char *const text = strdup(at);
	zonetext_buffer_free(&buffer);
	return text;
}

static void text_gives_wire_and_back(const struct row *row)
{
	static uint8_t wire[RDATA_MAX];
	uint8_t expected[MOST_WIRE];
	const size_t expected_size = hex(row->column[2], expected);
	size_t size;
	struct error err = { 0 };
	const char *const text = row->column[1];
	if (rdata_parse(row->type, text, strlen(text), example, wire, &size, &err) != STATUS_OK)
		fail_msg("%s %s: %s", row->column[0], text, err.message);
	if (size != expected_size || memcmp(wire, expected, size) != 0) {
		char *const back = written(row->type, wire, size);
		fail_msg("%s %s: other wire form: %s", row->column[0], text, back);
	}
	assert_int_equal(rdata_check(row->type, wire, size, &err), STATUS_OK);
	char *const back = written(row->type, wire, size);
	if (strcmp(back, row->column[3]) != 0)
		fail_msg("%s %s: written as %s", row->column[0], text, back);
	if (rdata_parse(row->type, back, strlen(back), NULL, wire, &size, &err) != STATUS_OK)
		fail_msg("%s %s: %s", row->column[0], back, err.message);
	assert_int_equal(size, expected_size);
	assert_memory_equal(wire, expected, size);
	free(back);
}

static void canonical_form_is_that_of_dnspython(const struct row *row)
{
	if (strcmp(row->column[4], "-") == 0)
		return;
	uint8_t wire[MOST_WIRE];
	uint8_t expected[MOST_WIRE];
	uint8_t got[MOST_WIRE];
	const size_t size = hex(row->column[2], wire);
	assert_int_equal(hex(row->column[4], expected), size);
	rdata_canonical(row->type, wire, size, got);
	if (memcmp(got, expected, size) != 0)
		fail_msg("%s %s: other canonical form", row->column[0], row->column[1]);
	assert_int_equal(rdata_compare(row->type, wire, size, expected, size), 0);
	if (!rdata_has_canonical_names(row->type))
		assert_memory_equal(got, wire, size);
}

/* Whatever octets are accepted as RDATA, their text gives them back. */
static void is_stable(uint16_t type, const uint8_t *wire, size_t size)
{
	static uint8_t again[RDATA_MAX];
	uint8_t canonical[MOST_WIRE];
	rdata_canonical(type, wire, size, canonical);
	char *const text = written(type, wire, size);
	size_t got;
	struct error err = { 0 };
	const enum status parsed = rdata_parse(type, text, strlen(text), NULL, again, &got, &err);
	if (rdata_check(type, wire, size, NULL) != STATUS_OK) {
		assert_int_equal(parsed, STATUS_MALFORMED);
	} else {
		if (parsed != STATUS_OK)
			fail_msg("type %d %s: %s", type, text, err.message);
		if (got != size || memcmp(wire, again, size) != 0)
			fail_msg("type %d %s: text gives other octets", type, text);
	}
	free(text);
}

static void damaged_wire_is_refused_or_stable(const struct row *row)
{
	uint8_t wire[MOST_WIRE];
	const size_t size = hex(row->column[2], wire);
	for (size_t cut_at = 0; cut_at < size; cut_at++)
		is_stable(row->type, wire, cut_at);
	for (size_t i = 0; i < size; i++) {
		static const uint8_t flips[] = { 1, 0x80, 0xff, 0x40 };
		for (size_t j = 0; j < COUNT(flips); j++) {
			wire[i] ^= flips[j];
			is_stable(row->type, wire, size);
			wire[i] ^= flips[j];
		}
	}
	wire[size] = 7;
	is_stable(row->type, wire, size + 1);
}

static void text_is_refused_with_this_message(const struct row *row)
{
	static uint8_t wire[RDATA_MAX];
	size_t size;
	struct error err = { 0 };
	const char *const text = row->column[1];
	if (rdata_parse(row->type, text, strlen(text), example, wire, &size, &err) == STATUS_OK)
		fail_msg("%s %s: accepted", row->column[0], text);
	if (strcmp(err.message, row->column[2]) != 0)
		fail_msg("%s\t%s\ngot:      %s\nexpected: %s", row->column[0], text, err.message, row->column[2]);
}

static void every_type_has_the_wire_form_of_bind_or_dnspython(void **state)
{
	(void)state;
	assert_true(for_each_row("good.tsv", 6, text_gives_wire_and_back) > 100);
}

static void canonical_forms_agree_with_dnspython(void **state)
{
	(void)state;
	for_each_row("good.tsv", 6, canonical_form_is_that_of_dnspython);
}

static void no_damage_makes_text_and_wire_differ(void **state)
{
	(void)state;
	for_each_row("good.tsv", 6, damaged_wire_is_refused_or_stable);
}

static void malformed_text_is_refused(void **state)
{
	(void)state;
	for_each_row("bad.tsv", 3, text_is_refused_with_this_message);
}

/* Which types the two case files speak of. */
static bool seen[65536];

static void note(const struct row *row)
{
	seen[row->type] = true;
}

static void every_row_of_the_table_has_cases(void **state)
{
	(void)state;
	size_t count;
	const struct rrtype_row *const rows = rrtype_table(&count);
	static const char *const files[] = { "good.tsv", "bad.tsv" };
	for (size_t f = 0; f < COUNT(files); f++) {
		memset(seen, 0, sizeof(seen));
		for_each_row(files[f], f == 0 ? 6 : 3, note);
		for (size_t i = 0; i < count; i++) {
			/* Data without a text form of its own, and what is no data at all. */
			if (rows[i].fields[0] == FIELD_OPAQUE)
				continue;
			if (!seen[rows[i].number])
				fail_msg("%s has no line in %s", rows[i].name, files[f]);
		}
	}
}

static void the_table_is_sorted_and_reads_its_own_names(void **state)
{
	(void)state;
	size_t count;
	const struct rrtype_row *const rows = rrtype_table(&count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			assert_true(rows[i].number > rows[i - 1].number);
		assert_ptr_equal(rrtype_find(rows[i].number), &rows[i]);
		assert_int_equal(rrtype_from_text(rows[i].name, strlen(rows[i].name)), rows[i].number);
		char text[RRTYPE_TEXT];
		assert_int_equal(rrtype_to_text(rows[i].number, true, text), strlen(rows[i].name));
		assert_string_equal(text, rows[i].name);
	}
	size_t found = 0;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		const struct rrtype_row *const row = rrtype_find((uint16_t)type);
		assert_true(row == NULL || row->number == type);
		found += row != NULL;
	}
	assert_int_equal(found, count);
	assert_null(rrtype_find(65280));
	assert_null(rrtype_find(65535));
	char text[RRTYPE_TEXT];
	rrtype_to_text(65535, true, text);
	assert_string_equal(text, "TYPE65535");
}

static void type_names_are_read_in_any_case_and_nothing_else_is(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int number;
	} cases[] = { { "a", 1 }, { "nSeC3PaRaM", 51 }, { "TYPE0", 0 }, { "type65535", 65535 }, { "TYPE65536", -1 },
		{ "TYPE", -1 }, { "TYPE1x", -1 }, { "TYPE-1", -1 }, { "TYPE000001", -1 }, { "", -1 }, { "AA", -1 },
		{ "NSEC3PARAMNSEC3PARAM", -1 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (rrtype_from_text(cases[i].text, strlen(cases[i].text)) != cases[i].number)
			fail_msg("%s", cases[i].text);
	}
	assert_true(rrtype_is_meta(0) && rrtype_is_meta(41) && rrtype_is_meta(128) && rrtype_is_meta(255));
	assert_false(rrtype_is_meta(1) || rrtype_is_meta(127) || rrtype_is_meta(256) || rrtype_is_meta(65535));
}

static void rdata_order_is_by_canonical_octets_shorter_first(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *a;
		size_t a_size;
		const char *b;
		size_t b_size;
		int order;
	} cases[] = {
		{ RRTYPE_NS, "\1A\0", 3, "\1a\0", 3, 0 },
		{ RRTYPE_NS, "\1A\0", 3, "\1b\0", 3, -1 },
		{ RRTYPE_NS, "\14abcdefgHijkl\0", 14, "\14abcdefghijkL\0", 14, 0 },
		{ RRTYPE_NS, "\14abcdefghijkZ\0", 14, "\14abcdefghijk[\0", 14, 1 },
		{ RRTYPE_NS, "\14abcdefghijkl\0", 14, "\14abcdefghiJkl\1a\0", 16, -1 },
		{ RRTYPE_NSEC, "\1A\0", 3, "\1a\0", 3, -1 },
		{ RRTYPE_TXT, "\1a", 2, "\1a\1b", 4, -1 },
		{ RRTYPE_A, "\300\0\2\1", 4, "\12\0\0\1", 4, 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const int order = rdata_compare(cases[i].type, (const uint8_t *)cases[i].a, cases[i].a_size,
		    (const uint8_t *)cases[i].b, cases[i].b_size);
		assert_int_equal(order, cases[i].order);
	}
	/* Too large for the stack: two SRV-like names behind 600 octets are no NS, so compared as they are. */
	uint8_t large[2][700];
	memset(large, 'A', sizeof(large));
	large[1][699] = 'B';
	assert_int_equal(rdata_compare(RRTYPE_NS, large[0], 700, large[1], 700), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_the_wire_form_of_bind_or_dnspython),
		cmocka_unit_test(canonical_forms_agree_with_dnspython),
		cmocka_unit_test(no_damage_makes_text_and_wire_differ),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(every_row_of_the_table_has_cases),
		cmocka_unit_test(the_table_is_sorted_and_reads_its_own_names),
		cmocka_unit_test(type_names_are_read_in_any_case_and_nothing_else_is),
		cmocka_unit_test(rdata_order_is_by_canonical_octets_shorter_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
