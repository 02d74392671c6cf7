/* SPDX-License-Identifier: MIT */
/* Lines that are read at once, and all that must not be; marks and decoders of each kind against the plain ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/dns/base64.h"
#include "signer/dns/octet.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/swar.h"
#include "signer/dns/zonetext_fast.h"
#include "tests/unit/dns/text.h"

/* Knuth's constants: the same numbers on each machine. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*state >> 33) % below;
}

static bool mark_of(const uint8_t *bits, size_t at)
{
	return (bits[at / 8] >> at % 8 & 1) != 0;
}

static void assert_marks(enum marks_kind kind, const char *text, size_t size)
{
	struct marks marks = { .kind = kind };
	marks_make(&marks, text, size);
	for (size_t i = 0; i <= size; i++) {
		assert_int_equal(mark_of(marks.ends, i), octet_class[(uint8_t)text[i]] != OCTET_WORD);
		assert_int_equal(mark_of(marks.dots, i), text[i] == '.');
	}
	marks_free(&marks);
}

static void each_octet_is_marked_alike_by_all_kinds_wherever_it_stands(void **state)
{
	(void)state;
	char text[3 * MARKS_BLOCK + MARKS_PAD];
	for (enum marks_kind kind = MARKS_PLAIN; kind < MARKS_KINDS; kind++) {
		for (unsigned octet = 0; marks_has(kind) && octet < 256; octet++) {
			for (size_t at = 0; at < 2 * MARKS_BLOCK; at++) {
				memset(text, 'a', sizeof(text));
				text[at] = (char)octet;
				text[at + 1] = '.';
				memset(text + at + 2, 0, MARKS_PAD);
				assert_marks(kind, text, at + 2);
			}
		}
	}
}

static void processors_of_today_have_a_kind_of_marks(void **state)
{
	(void)state;
	const uint16_t one = 1;
	assert_int_equal(marks_best() != MARKS_NONE, *(const uint8_t *)&one == 1);
	assert_true(marks_has(marks_best()));
}

/* Against the table, digit by digit. */
static void assert_base64(enum marks_kind kind, const char *text, size_t size)
{
	uint8_t out[400 + BASE64_SLACK];
	size_t good = 0;
	while (good < size && base64_values[(uint8_t)text[good]] != 255)
		good++;
	const size_t done = base64_groups(kind, text, size, out);
	assert_int_equal(done, good / 4 * 4);
	for (size_t i = 0; i < done; i++) {
		const size_t bit = 6 * i;
		const unsigned two = (unsigned)out[bit / 8] << 8 | out[bit / 8 + 1];
		assert_int_equal(two >> (10 - bit % 8) & 63, base64_values[(uint8_t)text[i]]);
	}
}

static void base64_ends_at_the_first_octet_that_is_no_digit(void **state)
{
	(void)state;
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[400];
	uint64_t seed = 1;
	for (enum marks_kind kind = MARKS_PLAIN; kind < MARKS_KINDS; kind++) {
		for (unsigned round = 0; marks_has(kind) && round < 500; round++) {
			const size_t size = draw(&seed, sizeof(text));
			for (size_t i = 0; i < size; i++)
				text[i] = digits[draw(&seed, 64)];
			assert_base64(kind, text, size);
			if (size > 0)
				text[draw(&seed, (uint32_t)size)] = (char)draw(&seed, 256);
			assert_base64(kind, text, size);
		}
	}
}

static void eight_characters_at_once_are_what_they_are_one_by_one(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (unsigned round = 0; round < 100000; round++) {
		static const char most[] = "0123456789abcdefABCDEFghijklmnopqrstuvGHIJKLMNOPQRSTUV0123456789";
		char text[9] = { 0 };
		for (int i = 0; i < 8; i++)
			text[i] = round % 4 == 0 ? most[draw(&seed, 10)] : most[draw(&seed, round % 4 == 1 ? 22 : 64)];
		if (round % 3 == 0)
			text[draw(&seed, 8)] = (char)draw(&seed, 256);
		bool words = true;
		for (int i = 0; i < 8; i++)
			words = words && octet_class[(uint8_t)text[i]] == OCTET_WORD;
		if (!words)
			continue;
		uint8_t one[8];
		uint8_t other[8];
		assert_int_equal(swar_hex(text, one), bytes_from_hex(text, 8, other, 4) == 4);
		assert_true(!swar_hex(text, one) || memcmp(one, other, 4) == 0);
		assert_int_equal(swar_base32hex(text, one), bytes_from_base32hex(text, 8, other, 5) == 5);
		assert_true(!swar_base32hex(text, one) || memcmp(one, other, 5) == 0);
		const unsigned size = 1 + draw(&seed, 8);
		uint32_t number = 0;
		bool digits = true;
		for (unsigned i = 0; i < size; i++)
			digits = digits && octet_is_digit(text[i]);
		assert_int_equal(swar_number(text, size, &number), digits);
		text[size] = '\0';
		assert_true(!digits || number == strtoul(text, NULL, 10));
	}
}

static void eight_octets_at_once_are_what_they_are_one_by_one(void **state)
{
	(void)state;
	uint64_t seed = 7;
	for (unsigned round = 0; round < 256 * 8 * 40; round++) {
		static const char most[] = "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ/";
		uint8_t octets[SWAR_SIZE];
		uint8_t lower[SWAR_SIZE];
		bool plain = true, usual = true;
		for (int i = 0; i < SWAR_SIZE; i++)
			octets[i] = (uint8_t)most[draw(&seed, 64)];
		octets[round % SWAR_SIZE] = (uint8_t)(round / SWAR_SIZE % 256);
		if (round % 5 == 0)
			octets[draw(&seed, SWAR_SIZE)] = (uint8_t)draw(&seed, 256);
		swar_store(lower, swar_lower(swar_octets(octets)));
		const uint64_t capitals = swar_capitals(swar_octets(octets));
		for (int i = 0; i < SWAR_SIZE; i++) {
			const bool is_capital = octets[i] >= 'A' && octets[i] <= 'Z';
			assert_int_equal(lower[i], octet_lower[octets[i]]);
			assert_int_equal(capitals >> (8 * i) & 0xff, is_capital ? 0x80 : 0);
			plain = plain && octet_is_plain(octets[i]);
			usual = usual && octets[i] != 0 && strchr(most, octets[i]) != NULL;
		}
		assert_true(!swar_plain(swar_octets(octets)) || plain);
		assert_true(swar_plain(swar_octets(octets)) || !usual);
	}
}

/* Whether the second line is read at once, the first one having been read the general way. */
static bool is_read_fast(const char *head, uint16_t type, const char *line, struct zonetext_fast_record *out)
{
	char text[1024] = { 0 };
	uint8_t room[FAST_ROOM];
	struct zonetext_fast fast;
	struct error err = { 0 };
	static const uint8_t origin[] = "\7example";
	const size_t size = strlen(line);
	bool read = false;
	memcpy(text, line, size);
	for (enum marks_kind kind = MARKS_PLAIN; kind < MARKS_KINDS; kind++) {
		struct marks marks = { .kind = kind };
		if (!marks_has(kind))
			continue;
		marks_make(&marks, text, size);
		zonetext_fast_begin(&fast, text, &marks);
		char padded[FAST_TEXT + 8] = { 0 };
		memcpy(padded, head, strlen(head));
		zonetext_fast_learn(&fast, padded, strlen(head), &(struct zonetext_head){ .type = type });
		const struct scan scan = { .at = text, .end = text + size, .line = 1, .origin = origin, .err = &err };
		const bool now = zonetext_fast_read(&fast, &scan, &(struct token){ NULL, 0 }, room, out);
		assert_true(kind == MARKS_PLAIN || now == read);
		read = now;
		marks_free(&marks);
	}
	return read;
}

#define L56 "a2345678901234567890123456789012345678901234567890123456"
#define SIGNATURE "A 13 2 3600 20300101000000 20260101000000 4711 example. "
#define HASH "2vptu5timamqttgl4luu9kg21e0aor3s"

static const struct {
	const char *title;
	const char *head;
	uint16_t type;
	const char *line;
	bool fast;
} lines[] = {
	{ "NS", " 1 IN NS ", RRTYPE_NS, "a.b. 1 IN NS c.d.\n", true },
	{ "relative names", " NS ", RRTYPE_NS, "a NS c\n", true },
	{ "tabs", "\t1\tIN\tNS\t", RRTYPE_NS, "a\t1\tIN\tNS\tb.\n", true },
	{ "columns", "   1 NS ", RRTYPE_NS, "a \t 1 NS b.\n", true },
	{ "columns behind an owner left out", "   1 NS ", RRTYPE_NS, " 1 NS b.\n", true },
	{ "a line of another system", " 1 NS ", RRTYPE_NS, "a 1 NS b.\r\n", true },
	{ "owner left out", "  1 NS ", RRTYPE_NS, "  1 NS b.\n", true },
	{ "A", " A ", RRTYPE_A, "a A 192.0.2.255\n", true },
	{ "AAAA", " AAAA ", RRTYPE_AAAA, "a AAAA 2001:db8::1\n", true },
	{ "DS", " DS ", RRTYPE_DS, "a DS 1 13 1 0123456789abcdefABCDEF000000000000000000\n", true },
	{ "RRSIG", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AAAA\n", true },
	{ "a signature in words", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AAAA AAAA AA==\n", true },
	{ "NSEC", " NSEC ", RRTYPE_NSEC, "a NSEC b NS DS TYPE1234 RRSIG\n", true },
	{ "NSEC3", " NSEC3 ", RRTYPE_NSEC3, "a NSEC3 1 1 0 - " HASH " NS DS\n", true },
	{ "56 octets of a name", " NS ", RRTYPE_NS, L56 " NS b.\n", true },
	{ "no newline at the end", " 1 NS ", RRTYPE_NS, "a 1 NS b.", false },
	{ "a carriage return alone", " 1 NS ", RRTYPE_NS, "a 1 NS b.\r", false },
	{ "a comment", " 1 NS ", RRTYPE_NS, "a 1 NS b.;c\n", false },
	{ "parentheses", " 1 NS ", RRTYPE_NS, "a 1 NS (b.)\n", false },
	{ "an escape in the owner", " NS ", RRTYPE_NS, "\\097 NS b.\n", false },
	{ "an escape in the RDATA", " NS ", RRTYPE_NS, "a NS b\\.\n", false },
	{ "a quote behind a name", " NS ", RRTYPE_NS, "a NS b\"\n", false },
	{ "the generic form", " NS ", RRTYPE_NS, "a NS \\# 1 00\n", false },
	{ "the origin", " NS ", RRTYPE_NS, "@ NS b\n", false },
	{ "the origin in the RDATA", " NS ", RRTYPE_NS, "a NS @\n", false },
	{ "the root", " NS ", RRTYPE_NS, "a NS .\n", false },
	{ "an empty label", " NS ", RRTYPE_NS, "a NS b..c.\n", false },
	{ "a dot in front", " NS ", RRTYPE_NS, "a NS .b\n", false },
	{ "a label of 64 octets", " NS ", RRTYPE_NS, "a NS a" L56 "0123456\n", false },
	{ "another head", " 1 NS ", RRTYPE_NS, "a 2 NS b.\n", false },
	{ "more blanks than before", " NS ", RRTYPE_NS, "a NS  b.\n", false },
	{ "two names", " NS ", RRTYPE_NS, "a NS b. c.\n", false },
	{ "a number over 255", " A ", RRTYPE_A, "a A 192.0.2.256\n", false },
	{ "a digest too short", " DS ", RRTYPE_DS, "a DS 1 13 1 0123456789abcdefABCDEF0000000000000000\n", false },
	{ "a digest of another size", " DS ", RRTYPE_DS, "a DS 1 13 2 0123456789abcdefABCDEF000000000000000000\n",
	    false },
	{ "a digest of a type unknown", " DS ", RRTYPE_DS, "a DS 1 13 9 0123456789abcdef\n", false },
	{ "an algorithm by name", " DS ", RRTYPE_DS, "a DS 1 ED448 1 0123456789abcdefABCDEF000000000000000000\n",
	    false },
	{ "no base64 digit", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AA*A\n", false },
	{ "bits behind the end", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AB==\n", false },
	{ "bits behind the end of three", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AAB=\n", false },
	{ "padding of three", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "A===\n", false },
	{ "padding in between", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AA==AAAA\n", false },
	{ "data behind the padding", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AA== AAAA\n", false },
	{ "a group cut in two words", " RRSIG ", RRTYPE_RRSIG, "a RRSIG " SIGNATURE "AA AA\n", false },
	{ "a day that is none", " RRSIG ", RRTYPE_RRSIG,
	    "a RRSIG A 13 2 3600 20300230000000 20260101000000 4711 example. AAAA\n", false },
	{ "an hour that is none", " RRSIG ", RRTYPE_RRSIG,
	    "a RRSIG A 13 2 3600 20300101240000 20260101000000 4711 example. AAAA\n", false },
	{ "a year of letters", " RRSIG ", RRTYPE_RRSIG,
	    "a RRSIG A 13 2 3600 2030x101000000 20260101000000 4711 example. AAAA\n", false },
	{ "seconds for a time", " RRSIG ", RRTYPE_RRSIG,
	    "a RRSIG A 13 2 3600 1893456000 20260101000000 4711 example. AAAA\n", false },
	{ "a tag over 65535", " RRSIG ", RRTYPE_RRSIG,
	    "a RRSIG A 13 2 3600 20300101000000 20260101000000 65536 example. AAAA\n", false },
	{ "a salt", " NSEC3 ", RRTYPE_NSEC3, "a NSEC3 1 1 0 ab " HASH " NS DS\n", false },
	{ "a hash with a w", " NSEC3 ", RRTYPE_NSEC3, "a NSEC3 1 1 0 - wvptu5timamqttgl4luu9kg21e0aor3s NS\n", false },
	{ "a hash too long", " NSEC3 ", RRTYPE_NSEC3, "a NSEC3 1 1 0 - " HASH "00000000 NS\n", false },
	{ "no type", " NSEC ", RRTYPE_NSEC, "a NSEC b NOTYPE\n", false },
	{ "types on two lines", " NSEC ", RRTYPE_NSEC, "a NSEC b NS ( \n DS )\n", false },
	{ "a type that is rare", " MX ", RRTYPE_MX, "a MX 1 b.\n", false },
};

static void lines_of_the_usual_form_are_read_at_once_and_no_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct zonetext_fast_record out;
		if (is_read_fast(lines[i].head, lines[i].type, lines[i].line, &out) != lines[i].fast)
			fail_msg("%s: read at once: %d", lines[i].title, !lines[i].fast);
		if (lines[i].fast)
			assert_int_equal(*out.end, '\n');
	}
}

/* Whatever stands across a border of 16, 32 or 64 octets is the same: text_read compares. */
static void borders_of_blocks_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		for (size_t before = 0; before < 64; before += lines[i].fast ? 1 : 5) {
			char text[1200];
			int size = snprintf(text, sizeof(text), "$TTL 1\n;%*s\nq%s%s\n", (int)before, "", lines[i].head,
			    lines[i].type == RRTYPE_NS ? "x" : "\\# 0");
			size += snprintf(text + size, sizeof(text) - (size_t)size, "%s", lines[i].line);
			free(text_read(text, (size_t)size, 1 << 16, 1, NULL));
		}
	}
}

static const char *const seeds[] = {
	"a.example. 3600 IN NS ns1.b.example.\na.example. 3600 IN NS ns2.b.example.\na.example. 3600 IN DS 4711 13 2 "
	"0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789ABCDEF\nb.example. 3600 IN A 192.0.2.1\n"
	"b.example. 3600 IN AAAA 2001:db8::1\n",
	"a.example.\t3600\tIN\tRRSIG\tDS 13 2 3600 20300101000000 20260101000000 4711 example. "
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==\n"
	"b.example.\t3600\tIN\tRRSIG\tNS 8 2 3600 20300101000000 20260101000000 4711 example. AAEC AwQF AA==\n",
	HASH ".example.\t300\tIN\tNSEC3\t1 1 0 - " HASH " NS DS RRSIG\n" HASH ".example.\t300\tIN\tNSEC3\t1 1 0 - " HASH
	     " A RRSIG\n" HASH ".example.\t300\tIN\tNSEC3\t1 1 0 - " HASH " NS DS RRSIG\n",
	"$ORIGIN b\n$TTL 300\nx NS y\n NS z\nx TXT \"a;b\" c ; d\ny ( A ) 192.0.2.1\n\tAAAA ::1\nz NSEC x NS RRSIG\n"
	"z NSEC x NS RRSIG\n",
};

/* One octet is changed, left out, or doubled, or some of the text is written once more in another place. */
static size_t mutate(char *text, size_t size, uint64_t *seed)
{
	static const char octets[] = " \t\n\r;()\"\\.@$=-09azAZ*\0\177\200\001";
	const size_t at = draw(seed, (uint32_t)size);
	switch (draw(seed, 5)) {
	case 0:
		text[at] = octets[draw(seed, sizeof(octets) - 1)];
		return size;
	case 1:
		text[at] = (char)draw(seed, 256);
		return size;
	case 2:
		memmove(text + at, text + at + 1, size - at - 1);
		return size - 1;
	case 3:
		memmove(text + at + 1, text + at, size - at);
		text[at] = octets[draw(seed, sizeof(octets) - 1)];
		return size + 1;
	default: {
		const size_t from = draw(seed, (uint32_t)size);
		size_t count = 1 + draw(seed, 40);
		count = count < size - from ? count : size - from;
		char some[40];
		memcpy(some, text + from, count);
		memmove(text + at + count, text + at, size - at);
		memcpy(text + at, some, count);
		return size + count;
	}
	}
}

static void texts_changed_at_random_are_the_same_by_marks_and_without(void **state)
{
	(void)state;
	enum { ROUNDS = 2000, CHANGES = 3 };
	uint64_t seed = 20261129;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char text[2048];
		size_t size = strlen(seeds[round % COUNT(seeds)]);
		memcpy(text, seeds[round % COUNT(seeds)], size);
		for (uint32_t left = draw(&seed, CHANGES + 1); left > 0 && size > 1; left--)
			size = mutate(text, size, &seed);
		const size_t chunk = round % 2 == 0 ? 1 << 16 : 1 + draw(&seed, 200);
		free(text_read(text, size, chunk, 1, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_octet_is_marked_alike_by_all_kinds_wherever_it_stands),
		cmocka_unit_test(processors_of_today_have_a_kind_of_marks),
		cmocka_unit_test(base64_ends_at_the_first_octet_that_is_no_digit),
		cmocka_unit_test(eight_characters_at_once_are_what_they_are_one_by_one),
		cmocka_unit_test(eight_octets_at_once_are_what_they_are_one_by_one),
		cmocka_unit_test(lines_of_the_usual_form_are_read_at_once_and_no_others),
		cmocka_unit_test(borders_of_blocks_change_nothing),
		cmocka_unit_test(texts_changed_at_random_are_the_same_by_marks_and_without),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
