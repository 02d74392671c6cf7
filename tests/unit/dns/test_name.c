/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "signer/dns/name.h"

static const uint8_t example[] = "\7example";

/* A fixed stream of numbers (xorshift), the same in every run. */
static uint32_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

static void good_names_have_this_wire_form_and_this_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *wire;
		size_t size;
		const char *back;
	} cases[] = {
		{ ".", "", 1, "." },
		{ "@", "\7example", 9, "example." },
		{ "a.", "\1a", 3, "a." },
		{ "a", "\1a\7example", 11, "a.example." },
		{ "A.b", "\1A\1b\7example", 13, "A.b.example." },
		{ "\\@.", "\1@", 3, "\\064." },
		{ "a\\.b.", "\3a.b", 5, "a\\046b." },
		{ "\\000\\255.", "\2\0\377", 4, "\\000\\255." },
		{ "\\\\.", "\1\\", 3, "\\092." },
		{ "*.", "\1*", 3, "*." },
		{ "_x-y.", "\4_x-y", 6, "_x-y." },
		{ "a/+=.", "\4a/+=", 6, "a/\\043\\061." }, /* Knot reads neither + nor = bare */
		{ "\\a.", "\1a", 3, "a." },
		{ "a\\032b.", "\3a b", 5, "a\\032b." },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t wire[NAME_WIRE];
		size_t size;
		char text[NAME_TEXT];
		struct error err = { 0 };
		if (name_parse(cases[i].text, strlen(cases[i].text), example, wire, &size, &err) != STATUS_OK)
			fail_msg("%s: %s", cases[i].text, err.message);
		if (size != cases[i].size || memcmp(wire, cases[i].wire, size) != 0)
			fail_msg("%s: other wire form, %zu octets", cases[i].text, size);
		name_to_text(wire, text);
		assert_string_equal(text, cases[i].back);
		assert_int_equal(name_size(wire), size);
		assert_int_equal(name_from_wire(wire, size), size);
	}
}

static void bad_names_are_refused_with_the_rule(void **state)
{
	(void)state;
	static const char l63[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk";
	char l64[80];
	char long_name[300];
	snprintf(l64, sizeof(l64), "%sx.", l63);
	snprintf(long_name, sizeof(long_name), "%s.%s.%s.%s.", l63, l63, l63, l63);
	const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "", "empty name (RFC 1035 5.1)" },
		{ "a..b", "empty label in a name (RFC 1035 3.1)" },
		{ ".a", "empty label in a name (RFC 1035 3.1)" },
		{ "..", "empty label in a name (RFC 1035 3.1)" },
		{ "\\256.", "bad escape, \\DDD is 000 to 255 (RFC 1035 5.1)" },
		{ "\\25", "bad escape, \\DDD is 000 to 255 (RFC 1035 5.1)" },
		{ "\\2x5.", "bad escape, \\DDD is 000 to 255 (RFC 1035 5.1)" },
		{ "\\", "bad escape, \\DDD is 000 to 255 (RFC 1035 5.1)" },
		{ l64, "label of 64 octets, at most 63 (RFC 1035 2.3.4)" },
		{ long_name, "name over 255 octets (RFC 1035 2.3.4)" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t wire[NAME_WIRE] = { 77 };
		size_t size = 99;
		struct error err = { 0 };
		assert_int_equal(
		    name_parse(cases[i].text, strlen(cases[i].text), example, wire, &size, &err), STATUS_MALFORMED);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(size, 99);
		assert_int_equal(wire[0], 77);
	}
	struct error err = { 0 };
	uint8_t wire[NAME_WIRE];
	size_t size;
	assert_int_equal(name_parse("a", 1, NULL, wire, &size, &err), STATUS_MALFORMED);
	assert_string_equal(err.message, "relative name, but no origin is known here (RFC 1035 5.1)");
}

/* 255 octets are a name, also with an origin; 256 are not. */
static void a_name_may_have_255_octets_and_no_more(void **state)
{
	(void)state;
	for (size_t octets = 240; octets < 262; octets++) {
		char text[300];
		size_t used = 0;
		/* Labels of one letter, two octets each, then a longer one; the origin takes 9. */
		while (used + 2 * 2 + 9 < octets) {
			text[used++] = 'a';
			text[used++] = '.';
		}
		const size_t last = octets - 9 - used - 1;
		memset(text + used, 'b', last);
		used += last;
		uint8_t wire[NAME_WIRE];
		size_t size = 0;
		const enum status status = name_parse(text, used, example, wire, &size, NULL);
		assert_int_equal(status, octets <= 255 ? STATUS_OK : STATUS_MALFORMED);
		if (status == STATUS_OK)
			assert_int_equal(size, octets);
	}
}

static void wire_names_must_end_within_their_octets(void **state)
{
	(void)state;
	assert_int_equal(name_from_wire((const uint8_t *)"", 0), 0);
	assert_int_equal(name_from_wire((const uint8_t *)"\1", 1), 0);
	assert_int_equal(name_from_wire((const uint8_t *)"\1a", 2), 0);
	assert_int_equal(name_from_wire((const uint8_t *)"\1a\0x", 4), 3);
	assert_int_equal(name_from_wire((const uint8_t *)"\300\14", 2), 0);
	uint8_t long_name[257];
	for (size_t i = 0; i < sizeof(long_name); i += 2) {
		long_name[i] = 1;
		if (i + 1 < sizeof(long_name))
			long_name[i + 1] = 'a';
	}
	long_name[256] = 0;
	assert_int_equal(name_from_wire(long_name, sizeof(long_name)), 0);
	long_name[254] = 0;
	assert_int_equal(name_from_wire(long_name, sizeof(long_name)), 255);
}

static const char *wire_of(const char *text, uint8_t out[NAME_WIRE])
{
	size_t size;
	if (name_parse(text, strlen(text), example, out, &size, NULL) != STATUS_OK)
		fail_msg("%s", text);
	return (const char *)out;
}

static void names_know_their_ancestors(void **state)
{
	(void)state;
	static const struct {
		const char *name, *ancestor;
		bool within;
	} cases[] = {
		{ "a.b.", "b.", true },
		{ "a.B.", "b.", true },
		{ "b.", "b.", true },
		{ "b.", "a.b.", false },
		{ "ab.", "b.", false },
		{ "a.b.", ".", true },
		{ ".", ".", true },
		{ ".", "b.", false },
		{ "a\\.b.", "b.", false },
		{ "x.ac.", "b.c.", false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t a[NAME_WIRE];
		uint8_t b[NAME_WIRE];
		wire_of(cases[i].name, a);
		wire_of(cases[i].ancestor, b);
		if (name_is_within(a, b) != cases[i].within)
			fail_msg("%s within %s", cases[i].name, cases[i].ancestor);
	}
	uint8_t name[NAME_WIRE];
	wire_of("*.a.b.", name);
	assert_true(name_is_wildcard(name));
	assert_int_equal(name_labels(name), 3);
	assert_false(name_is_wildcard(name_skip(name, 1)));
	assert_true(name_is_root(name_skip(name, 3)));
	assert_true(name_is_root(name_skip(name, 9)));
	uint8_t lower[NAME_WIRE];
	wire_of("\\065.AbZ\\200.", name);
	assert_int_equal(name_lower(name, lower), 8);
	assert_memory_equal(lower, "\1a\4abz\310", 8);
}

/* RFC 4034 6.1: the labels of both from the right, as octet strings in lower case, a missing one first. */
static int plain_compare(const uint8_t *a, const uint8_t *b)
{
	const unsigned a_labels = name_labels(a);
	const unsigned b_labels = name_labels(b);
	for (unsigned i = 1; i <= a_labels && i <= b_labels; i++) {
		const uint8_t *const x = name_skip(a, a_labels - i);
		const uint8_t *const y = name_skip(b, b_labels - i);
		for (unsigned j = 1; j <= *x && j <= *y; j++) {
			const int p = x[j] >= 'A' && x[j] <= 'Z' ? x[j] + 32 : x[j];
			const int q = y[j] >= 'A' && y[j] <= 'Z' ? y[j] + 32 : y[j];
			if (p != q)
				return p < q ? -1 : 1;
		}
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return (a_labels > b_labels) - (a_labels < b_labels);
}

/* Few different octets, those where an order goes wrong, so that neighbours are common. */
static void draw_name(uint64_t *seed, uint8_t out[NAME_WIRE])
{
	static const uint8_t octets[] = { 0, 1, 2, 'A', 'a', 'b', 'Z', 'z', '[', '.', 255 };
	size_t used = 0;
	for (uint32_t labels = draw(seed) % 4; labels > 0; labels--) {
		const uint32_t size = draw(seed) % 50 == 0 ? 63 : 1 + draw(seed) % 3;
		out[used++] = (uint8_t)size;
		for (uint32_t i = 0; i < size; i++)
			out[used++] = octets[draw(seed) % COUNT(octets)];
	}
	out[used] = 0;
}

/* A name of long labels, and another that differs from it in case or in one octet of a label. */
static void draw_pair(uint64_t *seed, uint8_t a[NAME_WIRE], uint8_t b[NAME_WIRE])
{
	size_t used = 0;
	for (uint32_t labels = 1 + draw(seed) % 3; labels > 0; labels--) {
		const uint32_t size = 6 + draw(seed) % 20;
		a[used++] = (uint8_t)size;
		for (uint32_t i = 0; i < size; i++)
			a[used++] = (uint8_t)("aAzZ["[draw(seed) % 5]);
	}
	a[used] = 0;
	memcpy(b, a, used + 1);
	for (size_t i = 0; i < used; i += 1U + b[i])
		for (size_t k = i + 1; k <= i + b[i]; k++)
			if (draw(seed) % 16 == 0 && b[k] != '[')
				b[k] ^= 0x20;
	if (draw(seed) % 2 == 0)
		b[1 + draw(seed) % b[0]] = (uint8_t)("aAzZ["[draw(seed) % 5]);
}

static int sign_of(int order)
{
	return (order > 0) - (order < 0);
}

static void comparing_sort_keys_and_the_rfc_agree(void **state)
{
	(void)state;
	uint64_t seed = 20261124;
	for (int i = 0; i < 200000; i++) {
		uint8_t a[NAME_WIRE];
		uint8_t b[NAME_WIRE];
		uint8_t a_key[NAME_KEY];
		uint8_t b_key[NAME_KEY];
		draw_name(&seed, a);
		draw_name(&seed, b);
		if (i % 4 == 0)
			draw_pair(&seed, a, b);
		const int order = plain_compare(a, b);
		assert_int_equal(name_compare(a, b), order);
		assert_int_equal(name_compare(b, a), -order);
		assert_int_equal(name_equal(a, b), order == 0);
		const struct bytes x = { a_key, name_sort_key(a, 0, a_key) };
		const struct bytes y = { b_key, name_sort_key(b, 0, b_key) };
		assert_int_equal(sign_of(bytes_compare(x, y)), order);
	}
}

static void a_sort_key_leaves_out_the_apex(void **state)
{
	(void)state;
	uint8_t name[NAME_WIRE];
	uint8_t key[NAME_KEY];
	wire_of("x.Ab.example.", name);
	assert_int_equal(name_sort_key(name, 1, key), 5);
	assert_memory_equal(key, "ab\0x\0", 5);
	assert_int_equal(name_sort_key(name, 3, key), 0);
	assert_int_equal(name_sort_key(name, 9, key), 0);
	/* The largest key there is: three full labels and one of 61 octets, all escaped. */
	uint8_t worst[NAME_WIRE] = { 0 };
	worst[0] = worst[64] = worst[128] = 63;
	worst[192] = 61;
	assert_int_equal(name_size(worst), 255);
	assert_int_equal(name_sort_key(worst, 0, key), 504);
}

static void any_name_survives_text(void **state)
{
	(void)state;
	uint64_t seed = 7;
	for (int i = 0; i < 20000; i++) {
		uint8_t name[NAME_WIRE];
		size_t used = 0;
		for (uint32_t labels = draw(&seed) % 6; labels > 0; labels--) {
			const uint32_t size = 1 + draw(&seed) % 12;
			name[used++] = (uint8_t)size;
			for (uint32_t j = 0; j < size; j++)
				name[used++] = (uint8_t)draw(&seed);
		}
		name[used++] = 0;
		char text[NAME_TEXT];
		const size_t length = name_to_text(name, text);
		uint8_t back[NAME_WIRE];
		size_t size;
		assert_int_equal(name_parse(text, length, NULL, back, &size, NULL), STATUS_OK);
		assert_int_equal(size, used);
		assert_memory_equal(name, back, used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names_have_this_wire_form_and_this_text),
		cmocka_unit_test(bad_names_are_refused_with_the_rule),
		cmocka_unit_test(a_name_may_have_255_octets_and_no_more),
		cmocka_unit_test(wire_names_must_end_within_their_octets),
		cmocka_unit_test(names_know_their_ancestors),
		cmocka_unit_test(comparing_sort_keys_and_the_rfc_agree),
		cmocka_unit_test(a_sort_key_leaves_out_the_apex),
		cmocka_unit_test(any_name_survives_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
