/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dns/text.h"

enum { WHOLE = 1 << 20 };

struct text_case {
	const char *title;
	const char *text;
	const char *expected;
};

static const struct text_case good[] = {
	{ "TTL and class stand in either order, and either may be left out",
	    "$TTL 60\n"
	    "a 5 IN A 192.0.2.1\n"
	    "b IN 6 A 192.0.2.2\n"
	    "c IN A 192.0.2.3\n"
	    "d 7 A 192.0.2.4\n"
	    "e A 192.0.2.5\n",
	    "a.example.\t5\tIN\tA\t192.0.2.1\n"
	    "b.example.\t6\tIN\tA\t192.0.2.2\n"
	    "c.example.\t60\tIN\tA\t192.0.2.3\n"
	    "d.example.\t7\tIN\tA\t192.0.2.4\n"
	    "e.example.\t60\tIN\tA\t192.0.2.5\n" },
	{ "a TTL that is left out is the one stated last when there is no $TTL",
	    "a 5 A 192.0.2.1\na A 192.0.2.2\nb A 192.0.2.3\nc 6 A 192.0.2.4\nc A 192.0.2.5\n",
	    "a.example.\t5\tIN\tA\t192.0.2.1\n"
	    "a.example.\t5\tIN\tA\t192.0.2.2\n"
	    "b.example.\t5\tIN\tA\t192.0.2.3\n"
	    "c.example.\t6\tIN\tA\t192.0.2.4\n"
	    "c.example.\t6\tIN\tA\t192.0.2.5\n" },
	{ "a blank owner is the one before, also after comments, empty lines and directives",
	    "a 5 A 192.0.2.1\n; comment\n\n\t\n A 192.0.2.2\n$TTL 9\n\tA 192.0.2.3\n$ORIGIN b.\n  A 192.0.2.4\n",
	    "a.example.\t5\tIN\tA\t192.0.2.1\n"
	    "a.example.\t5\tIN\tA\t192.0.2.2\n"
	    "a.example.\t9\tIN\tA\t192.0.2.3\n"
	    "a.example.\t9\tIN\tA\t192.0.2.4\n" },
	{ "parentheses join lines, and what looks like one in a string or comment does not",
	    "@ 1 SOA ns host ( 1 ; serial (\n 2 3\n\n4 ; ) \" \n5 )\nt 1 TXT \"(\" ( \";)\" ; \"\n a\\( )\nu 1 A "
	    "(\n192.0.2.1 )\n",
	    "example.\t1\tIN\tSOA\tns.example. host.example. 1 2 3 4 5\n"
	    "t.example.\t1\tIN\tTXT\t\"(\" \";)\" \"a(\"\n"
	    "u.example.\t1\tIN\tA\t192.0.2.1\n" },
	{ "units make a TTL", "a 1w2d3h4m5s A 192.0.2.1\n$TTL 1H30M\nb A 192.0.2.2\n",
	    "a.example.\t788645\tIN\tA\t192.0.2.1\nb.example.\t5400\tIN\tA\t192.0.2.2\n" },
	{ "lines may end with CRLF, and the last one with nothing",
	    "$TTL 1\r\na A 192.0.2.1\r\n\r\n A 192.0.2.2 ; x\r\nb TXT (\r\n\"x\"\r\n)\r\nc A 192.0.2.3",
	    "a.example.\t1\tIN\tA\t192.0.2.1\n"
	    "a.example.\t1\tIN\tA\t192.0.2.2\n"
	    "b.example.\t1\tIN\tTXT\t\"x\"\n"
	    "c.example.\t1\tIN\tA\t192.0.2.3\n" },
	{ "escapes stand for octets", "a\\.b\\032c 1 TXT \"q\\\"\\\\\\009\" \\065\\B\n\\@ 1 NS \\$x\n",
	    "a\\046b\\032c.example.\t1\tIN\tTXT\t\"q\\\"\\\\\\009\" \"AB\"\n"
	    "\\064.example.\t1\tIN\tNS\t\\036x.example.\n" },
	{ "generic types and generic RDATA are read (RFC 3597)",
	    "a 1 TYPE1 \\# 4 c0000201\nb CLASS1 2 TYPE65280 \\# 3 01 02 03\nc 1 TYPE65281 \\# 0\nd 1 A \\# 4 ( C0\n00 "
	    "0203 )\n",
	    "a.example.\t1\tIN\tA\t192.0.2.1\n"
	    "b.example.\t2\tIN\tTYPE65280\t\\# 3 010203\n"
	    "c.example.\t1\tIN\tTYPE65281\t\\# 0\n"
	    "d.example.\t1\tIN\tA\t192.0.2.3\n" },
	{ "$ORIGIN holds from its line on and may be relative",
	    "$TTL 1\n$ORIGIN x\na NS @\n$ORIGIN y.\na NS b\n@ NS a.\n",
	    "a.x.example.\t1\tIN\tNS\tx.example.\n"
	    "a.y.\t1\tIN\tNS\tb.y.\n"
	    "y.\t1\tIN\tNS\ta.\n" },
};

static const struct text_case bad[] = {
	{ "an empty file", "", "zone: the input is empty\n" },
	{ "a file without records", "; nothing\n\n$TTL 3\n", "zone: the input has no records\n" },
	{ "another class", "a 1 CH A 192.0.2.1\nb 1 CLASS3 TXT x\n",
	    "zone:1:5: class other than IN: only IN zones are signed (RFC 1035 5.2)\n"
	    "zone:2:5: class other than IN: only IN zones are signed (RFC 1035 5.2)\n" },
	{ "two TTLs, two classes", "a 1 2 A 192.0.2.1\na IN IN A 192.0.2.1\n",
	    "zone:1:5: a second TTL (RFC 1035 5.1)\nzone:2:6: a second class (RFC 1035 5.1)\n" },
	{ "no TTL anywhere", "a A 192.0.2.1\n",
	    "zone:1:1: no TTL: neither the record nor $TTL nor a record before it states one (RFC 2308 4)\n" },
	{ "no owner", "  1 A 192.0.2.1\n", "zone:1:1: no owner: no record before this one states it (RFC 1035 5.1)\n" },
	{ "$GENERATE", "$GENERATE 1-2 a$ A 192.0.2.$\n",
	    "zone:1:1: $GENERATE is BIND's own and not read here: write the records out, e.g. with "
	    "named-compilezone\n" },
	{ "unknown directive", "$ORIGEN x.\n",
	    "zone:1:1: \"$ORIGEN\" is not a directive: $ORIGIN, $TTL or $INCLUDE (RFC 1035 5.1)\n" },
	{ "unknown type", "a 1 FOO x\n", "zone:1:5: \"FOO\" is not a TTL, a class or a record type\n" },
	{ "type of a query", "a 1 ANY x\na 1 TYPE255 \\# 0\n",
	    "zone:1:5: \"ANY\" is not a type that can be data in a zone (RFC 6895 3.1)\n"
	    "zone:2:5: \"TYPE255\" is not a type that can be data in a zone (RFC 6895 3.1)\n" },
	{ "parentheses left open", "a 1 TXT ( x\ny",
	    "zone:2:2: TXT: the text ends within the parentheses opened on line 1 (RFC "
	    "1035 5.1)\n" },
	{ "parenthesis too many", "a 1 TXT x )\nb 1 TXT y\n", "zone:1:11: TXT: \")\" without \"(\" (RFC 1035 5.1)\n" },
	{ "string left open", "a 1 TXT \"x\nb 1 A 1\n",
	    "zone:1:9: TXT: the quoted string is not closed on its line (RFC 1035 5.1)\n"
	    "zone:2:7: A: \"1\" is not an IPv4 address (RFC 1035 3.4.1)\n" },
	{ "too much", "a 1 A 192.0.2.1 x\n", "zone:1:17: \"x\" after the end of the record\n" },
	{ "too little", "a 1 MX 1\na 1\n",
	    "zone:1:9: MX: the record ends before a domain name (RFC 1035 3.3.9)\n"
	    "zone:2:4: the record ends before a record type\n" },
	{ "control octets", "a 1 TXT x\001\n", "zone:1:10: TXT: control octet 1: write it as \\DDD (RFC 1035 5.1)\n" },
	{ "carriage return", "a 1 TXT x\ry\n", "zone:1:10: TXT: carriage return within a line (RFC 1035 5.1)\n" },
	{ "carriage return in a comment", "a 1 TXT x ; y\rb 1 A 192.0.2.1\nc 1 A x\n",
	    "zone:1:14: TXT: carriage return within a line (RFC 1035 5.1)\n"
	    "zone:2:7: A: \"x\" is not an IPv4 address (RFC 1035 3.4.1)\n" },
	{ "TTL too large", "a 2147483648 A 192.0.2.1\n",
	    "zone:1:3: \"2147483648\" is not a TTL: seconds or 1w2d3h4m5s, at most 2147483647 seconds (RFC 2181 8)\n" },
	{ "generic length", "a 1 A \\# 5 c0000201\na 1 A \\# 3 c00002\na 1 TYPE999 x\n",
	    "zone:1:20: 4 octets of RDATA, but \\# says 5 (RFC 3597 5)\n"
	    "zone:2:7: A: an IPv4 address is missing or malformed in the RDATA (RFC 1035 3.4.1)\n"
	    "zone:3:13: TYPE999 has no text form known here: write the RDATA as \\# length hex (RFC 3597 5)\n" },
	{ "$INCLUDE without a folder", "$INCLUDE x\n",
	    "zone:1:1: $INCLUDE in an input that has no folder, e.g. a pipe\n" },
};

static void expect(const struct text_case *it, size_t chunk, unsigned threads)
{
	char *const got = text_read(it->text, strlen(it->text), chunk, threads, NULL);
	if (strcmp(got, it->expected) != 0)
		fail_msg("%s (pieces of %zu, %u threads)\ngot:\n%s\nexpected:\n%s", it->title, chunk, threads, got,
		    it->expected);
	free(got);
}

static void good_text_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		expect(&good[i], WHOLE, 1);
}

static void bad_text_is_refused_with_place_and_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		expect(&bad[i], WHOLE, 1);
}

static void pieces_and_threads_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good) + COUNT(bad); i++) {
		const struct text_case *const it = i < COUNT(good) ? &good[i] : &bad[i - COUNT(good)];
		for (size_t chunk = 1; chunk <= strlen(it->text) + 1; chunk++)
			expect(it, chunk, (unsigned)(chunk % 4 + 1));
	}
}

static void twenty_errors_are_enough(void **state)
{
	(void)state;
	static char text[100000];
	size_t used = 0;
	while (used + 10 < sizeof(text)) {
		memcpy(text + used, "a 1 A x\n", 8);
		used += 8;
	}
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		char *const got = text_read(text, used, threads == 1 ? WHOLE : 100, threads, NULL);
		size_t lines = 0;
		for (const char *at = got; *at != '\0'; at++)
			lines += *at == '\n';
		assert_int_equal(lines, ZONETEXT_ERRORS);
		assert_non_null(strstr(got, "zone:20:7: A: "));
		free(got);
	}
}

static void a_nul_octet_is_refused(void **state)
{
	(void)state;
	static const char text[] = "a 1 A 192.0.2.1\nb\0 1 A 192.0.2.1\n";
	char *const got = text_read(text, sizeof(text) - 1, WHOLE, 1, NULL);
	assert_string_equal(got, "zone:2:2: NUL octet: this is no text (RFC 1035 5.1)\n");
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_text_is_read),
		cmocka_unit_test(bad_text_is_refused_with_place_and_rule),
		cmocka_unit_test(pieces_and_threads_change_nothing),
		cmocka_unit_test(twenty_errors_are_enough),
		cmocka_unit_test(a_nul_octet_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
