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

static enum status read_text(const char *text, size_t size, unsigned threads, struct vfile *out, struct error *err)
{
	const struct vsource source = { .name = "text", .descriptor = -1, .data = (const uint8_t *)text, .size = size };
	error_clear(err);
	return vread_file(&source, NULL, threads, out, err);
}

/* The wire form of the only record in `text`, in hexadecimal. */
static bool wire_of(const char *text, char *out, char *why, size_t why_size)
{
	struct vfile file;
	struct error err;
	if (read_text(text, strlen(text), 1, &file, &err) != STATUS_OK) {
		snprintf(why, why_size, "%s", err.message);
		return false;
	}
	bytes_to_hex((struct bytes){ file.records[0].rdata, file.records[0].size }, false, out);
	vread_free(&file);
	return true;
}

static bool reads_as(const char *prefix, const char *text, const char *wire)
{
	static char line[8192];
	static char hex[8192];
	char why[256] = "";
	snprintf(line, sizeof(line), "%s%s\n", prefix, text);
	if (wire_of(line, hex, why, sizeof(why)) && strcmp(hex, strcmp(wire, "-") == 0 ? "" : wire) == 0)
		return true;
	print_error("%s\n  has %s %s\n  not %s\n", line, hex, why, wire);
	return false;
}

/* rdata.txt: wire form, who says so, text. Each is read as written, and again from its generic form. */
static void each_type_reads_as_others_read_it(void **state)
{
	static char line[8192];
	char generic[8192];
	unsigned wrong = 0;
	unsigned count = 0;
	(void)state;
	FILE *const list = fopen(TEST_ROOT "/unit/verify/rdata.txt", "r");
	assert_non_null(list);
	while (fgets(line, sizeof(line), list) != NULL) {
		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		char *const judge = strchr(line, ' ') + 1;
		char *const text = strchr(judge, ' ') + 1;
		judge[-1] = '\0';
		wrong += !reads_as("x. 0 IN ", text, line);
		const size_t size = strcmp(line, "-") == 0 ? 0 : strlen(line) / 2;
		snprintf(generic, sizeof(generic), "%.*s \\# %zu %s", (int)strcspn(text, " "), text, size,
		    size == 0 ? "" : line);
		wrong += !reads_as("x. 0 IN ", generic, line);
		count++;
	}
	fclose(list);
	assert_int_equal(wrong, 0);
	assert_true(count > 100);
}

struct pair {
	const char *text;
	const char *wire;
};

static void names_in_rdata_are_lower_cased_where_canonical_form_says_so(void **state)
{
	static const struct pair pairs[] = {
		{ "NS A.Example.", "0161076578616d706c6500" },
		{ "MX 1 A.Example.", "00010161076578616d706c6500" },
		{ "SRV 1 2 3 A.Example.", "0001000200030161076578616d706c6500" },
		{ "DNAME A.Example.", "0161076578616d706c6500" },
		{ "NSEC A.Example. A", "0141074578616d706c6500000140" },
		{ "SVCB 0 A.Example.", "00000141074578616d706c6500" },
		{ "TALINK A. b.", "0141000162 00" },
		{ "NS \\# 3 014100", "016100" },
		{ "TYPE65280 \\# 3 014100", "014100" },
		{ "LP 1 A.", "0001014100" },
		{ "NS \\.\\046\\\\\\@.", "042e2e5c40 00" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		char wire[128];
		size_t used = 0;
		for (const char *c = pairs[i].wire; *c != '\0'; c++)
			if (*c != ' ')
				wire[used++] = *c;
		wire[used] = '\0';
		assert_true(reads_as("x. 0 IN ", pairs[i].text, wire));
	}
}

static void master_file_forms_are_understood(void **state)
{
	static const struct pair pairs[] = {
		{ "x. A 1.2.3.4 ; no TTL before SOA\n", NULL },
		{ "$TTL 1h\nx. A 1.2.3.4\n", "01020304" },
		{ "x. 1h IN A 1.2.3.4\n", "01020304" },
		{ "x. IN 1h A 1.2.3.4\n", "01020304" },
		{ "x. CLASS1 5 TYPE1 1.2.3.4\n", "01020304" },
		{ "$ORIGIN Example.\n@ 1 NS a\n", "0161076578616d706c6500" },
		{ "$ORIGIN example.\n$ORIGIN b\nx 1 NS @\n", "0162076578616d706c6500" },
		{ "x. 1 TXT ( \"a\" ; comment )\n b\n\t\"c;)\" )\n", "0161016203633b29" },
		{ "x. 1 A 1.2.3.4\r\n", "01020304" },
		{ "; c\r\nx. 1 A ( ; c\r\n1.2.3.4 )\r\n\r\n", "01020304" },
		{ "x. 1 A 1.2.3.4 ; c\r", "01020304" },
		{ "x. 1 A 1.2.3.4", "01020304" },
		{ "\\120. 1 A 1.2.3.4\n", "01020304" },
		{ "\n \n;\n  ; c\nx. 1 A 1.2.3.4\n\n", "01020304" },
		{ "x. 1 SOA a. b. 1 2 3 4 5\n", "016100016200"
						"0000000100000002000000030000000400000005" },
		{ "x. 1 SVCB 0 . no-default-alpn mandatory=port\n", "000000"
								    "000000020003"
								    "00020000" },
		{ "x. 1 DS 1 8 2\n", "00010802" },
		{ "x. 1 IPSECKEY 10 0 0 .\n", "0a0000" },
		{ "x. SOA a. b. 1 2 3 4 5\n", "016100016200"
					      "0000000100000002000000030000000400000005" },
	};
	static char hex[256];
	char why[256];
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const bool read = wire_of(pairs[i].text, hex, why, sizeof(why));
		if (read != (pairs[i].wire != NULL) || (read && strcmp(hex, pairs[i].wire) != 0))
			fail_msg("%s: %s", pairs[i].text, read ? hex : why);
	}
}

struct refusal {
	const char *text;
	uint64_t line;
	const char *says; /* part of the message */
};

static const struct refusal refusals[] = {
	{ "", 0, "empty" },
	{ "; nothing\n", 0, "no record" },
	{ "x. 1 A 1.2.3.4\ny. 1 A 1.2.3\n", 2, "IPv4" },
	{ "x. 1 A\n", 1, "missing" },
	{ "x. 1 A 1.2.3.4 5\n", 1, "more fields" },
	{ "x. 1 AAAA 1.2.3.4\n", 1, "IPv6" },
	{ "x. 1 NOTYPE 1\n", 1, "unknown type" },
	{ "x. 1 ANY 1\n", 1, "unknown type" },
	{ "x. 1 TYPE255 \\# 0\n", 1, "meta" },
	{ "x. 1 NULL abc\n", 1, "3597" },
	{ "x. 1 MX x a.\n", 1, "number" },
	{ "x. 1 MX 65536 a.\n", 1, "number" },
	{ " 1 A 1.2.3.4\n", 1, "no owner" },
	{ "x 1 A 1.2.3.4\n", 1, "relative" },
	{ "x. 1 NS y\n", 1, "relative" },
	{ "$ORIGIN x\n", 1, "relative" },
	{ "$INCLUDE file\n", 1, "$INCLUDE" },
	{ "$GENERATE 1-2 a A 1.2.3.4\n", 1, "$GENERATE" },
	{ "$WHAT x\n", 1, "directive" },
	{ "$TTL\n", 1, "directive" },
	{ "$TTL x\n", 1, "TTL" },
	{ "$TTL 5 6\n", 1, "more words" },
	{ "x. 1 TXT ( a\n", 2, "parentheses" },
	{ "x. 1 TXT a )\n", 1, "parenthesis" },
	{ "x. 1 TXT \"a\n", 1, "quoted" },
	{ "x. 1 TXT a\\", 1, "backslash" },
	{ "x. 1 TXT \\256\n", 1, "escape" },
	{ "x. 1 TXT a\ry. 1 A 6.6.6.6\n", 1, "carriage return" },
	{ "x. 1 TXT a ; b\ry. 1 A 6.6.6.6\n", 1, "carriage return" },
	{ "x. 1 TXT ( a ; b\r\r\n)\n", 1, "carriage return" },
	{ "x. 1\rA 1.2.3.4\n", 1, "carriage return" },
	{ "x. 1 A 1.2.3.4\n\r x. 1 A 1.2.3.5\n", 2, "carriage return" },
	{ "x. 1 TXT \"a\rb\"\n", 1, "quoted" },
	{ "x. 1 TXT \"a\\\rb\"\n", 1, "quoted" },
	{ "x. 1 TXT a\\\rb\n", 1, "backslash" },
	{ "\"x.\" 1 A 1.2.3.4\n", 1, "quoted" },
	{ "x..y. 1 A 1.2.3.4\n", 1, "empty label" },
	{ "x. 1 NS a\\256.\n", 1, "bad escape" },
	{ "x. 1 NS a\\25.\n", 1, "bad escape" },
	{ "x. 1 NS a.\\2\n", 1, "bad escape" },
	{ "x. 1 NS a\\1x1.\n", 1, "bad escape" },
	{ "x. 1 DS 1 8 2 abc\n", 1, "odd number" },
	{ "x. 1 DS 1 8 2 xyz\n", 1, "hexadecimal" },
	{ "x. 1 DNSKEY 1 3 8 AA=A\n", 1, "base64" },
	{ "x. 1 DNSKEY 1 3 8 AAB", 1, "cut in the middle" },
	{ "x. 1 RRSIG A 8 1 1 20309901000000 1 1 x. AAAA\n", 1, "time" },
	{ "x. 1 RRSIG A 8 1 1 203001010000000 1 1 x. AAAA\n", 1, "time" },
	{ "x. 1 NSEC x. NOTYPE\n", 1, "type of record" },
	{ "x. 1 NSEC3 1 0 0 - w A\n", 1, "hashed" },
	{ "x. 1 NSEC3 1 0 0 abc 00 A\n", 1, "salt" },
	{ "x. 1 LOC 91 N 0 E 0\n", 1, "latitude" },
	{ "x. 1 LOC 1 N 0 E 0 99999999999\n", 1, "metres" },
	{ "x. 1 APL 3:1.2.3.4/8\n", 1, "prefix" },
	{ "x. 1 APL 1:1.2.3.4/33\n", 1, "prefix" },
	{ "x. 1 IPSECKEY 1 4 1 . AAAA\n", 1, "gateway" },
	{ "x. 1 IPSECKEY 1 0 1 x. AAAA\n", 1, "gateway" },
	{ "x. 1 AMTRELAY 1 2 1 x.\n", 1, "discovery" },
	{ "x. 1 SVCB 1 . nokey=1\n", 1, "unknown service" },
	{ "x. 1 SVCB 1 . port=1 port=2\n", 1, "twice" },
	{ "x. 1 SVCB 1 . port=x\n", 1, "port" },
	{ "x. 1 SVCB 1 . ipv4hint=1.2.3\n", 1, "value" },
	{ "x. 1 SVCB 1 . alpn=\n", 1, "empty" },
	{ "x. 1 SVCB 1 . no-default-alpn=1\n", 1, "no value" },
	{ "x. 1 TLSA 3 1 1\n", 1, "missing" },
	{ "x. 1 SSHFP 1 1\n", 1, "missing" },
	{ "x. 1 CERT 1 1 8\n", 1, "missing" },
	{ "x. 1 DHCID\n", 1, "missing" },
	{ "x. 1 OPENPGPKEY\n", 1, "missing" },
	{ "x. 1 SMIMEA 3 1 1\n", 1, "missing" },
	{ "x. 1 NIMLOC\n", 1, "missing" },
	{ "x. 1 TLSA 3 1 1 \"\"\n", 1, "missing" },
	{ "x. 1 TLSA \\# 3 030101\n", 1, "3597" },
	{ "x. 1 SVCB 1 . key3=abc\n", 1, "two octets" },
	{ "x. 1 SVCB 1 . key4=abc\n", 1, "whole addresses" },
	{ "x. 1 SVCB 1 . key6=abc\n", 1, "whole addresses" },
	{ "x. 1 SVCB 1 . key1=abc\n", 1, "identifier" },
	{ "x. 1 SVCB 1 . alpn=h2 key2=a\n", 1, "has a value" },
	{ "x. 1 SVCB 1 . key5=\n", 1, "ech is empty" },
	{ "x. 1 SVCB 1 . key8=a\n", 1, "has a value" },
	{ "x. 1 SVCB 1 . no-default-alpn\n", 1, "without alpn" },
	{ "x. 1 HTTPS 1 . mandatory=mandatory\n", 1, "itself" },
	{ "x. 1 HTTPS 1 . mandatory=alpn,alpn alpn=h2\n", 1, "twice" },
	{ "x. 1 HTTPS 1 . mandatory=port\n", 1, "not there" },
	{ "x. 1 HTTPS 1 . mandatory=port,key9 port=1 key8\n", 1, "not there" },
	{ "x. 1 HTTPS 1 . key0=a\n", 1, "whole keys" },
	{ "x. 1 HTTPS 1 . dohpath=foo\n", 1, "{?dns}" },
	{ "x. 1 HTTPS 1 . dohpath=/foo\n", 1, "{?dns}" },
	{ "x. 1 HTTPS 1 . dohpath=a{?dns}\n", 1, "{?dns}" },
	{ "x. 1 HTTPS \\# 9 000100 0003 0002 50\n", 1, "size" },
	{ "x. 1 HTTPS \\# 8 000100 0003 0001 50\n", 1, "two octets" },
	{ "x. 1 HTTPS \\# 7 000100 0001 0000\n", 1, "identifier" },
	{ "x. 1 HTTPS \\# 8 000100 0001 0001 02\n", 1, "identifier" },
	{ "x. 1 HTTPS \\# 8 000100 0004 0001 01\n", 1, "whole addresses" },
	{ "x. 1 HTTPS \\# 15 000100 0000 0002 0003 0001 0002 0141\n", 1, "not there" },
	{ "x. 1 CAA \\# 2 0000\n", 1, "tag" },
	{ "x. 1 CAA \\# 3 00012d\n", 1, "tag" },
	{ "x. 1 NAPTR 1 1 u s 1a1b1 .\n", 1, "delimiter" },
	{ "x. 1 NAPTR 1 1 u s iaibi .\n", 1, "delimiter" },
	{ "x. 1 NAPTR 1 1 u s !a!b .\n", 1, "three delimiters" },
	{ "x. 1 NAPTR 1 1 u s !a!b\\\\! .\n", 1, "three delimiters" },
	{ "x. 1 NAPTR 1 1 u s !a!b!! .\n", 1, "fourth" },
	{ "x. 1 NAPTR 1 1 u s !a!b!x .\n", 1, "flags" },
	{ "x. 1 NAPTR 1 1 u s \"!(!b!\" .\n", 1, "open group" },
	{ "x. 1 NAPTR 1 1 u s ![!b! .\n", 1, "open group" },
	{ "x. 1 NAPTR 1 1 u s \"!(a)!\\\\2!\" .\n", 1, "not there" },
	{ "x. 1 NAPTR \\# 11 0001000100 00 03 216121 00\n", 1, "three delimiters" },
	{ "x. 1 X25 abc\n", 1, "four digits" },
	{ "x. 1 X25 12a4\n", 1, "digits only" },
	{ "x. 1 IPSECKEY 10 3 2 a.\n", 1, "RFC 4025" },
	{ "x. 1 IPSECKEY 10 1 0 1.2.3.4 AAAA\n", 1, "RFC 4025" },
	{ "x. 1 IPSECKEY \\# 3 0a0002\n", 1, "RFC 4025" },
	{ "x. 1 NSEC a.\n", 1, "names no types" },
	{ "x. 1 RRSIG A 8 3 5m 20300101000000 20200101000000 1 x. AAAA\n", 1, "number" },
	{ "x. 1 EUI48 00-00-5e-00-53\n", 1, "EUI" },
	{ "x. 1 NID 1 1:2:3\n", 1, "groups" },
	{ "x. 1 WKS 1.2.3.4 tcp smtp\n", 1, "WKS" },
	{ "x. 1 NSAP 47\n", 1, "NSAP" },
	{ "x. 1 NXT x. TYPE200\n", 1, "below 128" },
	{ "x. 1 A6 129 x.\n", 1, "prefix" },
	{ "x. 1 CAA 1 a-b c\n", 1, "tag" },
	{ "x. 1 A \\# 3 010203\n", 1, "3597" },
	{ "x. 1 A \\# 4 010203\n", 1, "size" },
	{ "x. 1 MX \\# 3 0001c0\n", 1, "3597" },
	{ "x. 1 NSEC \\# 3 000000\n", 1, "3597" },
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct vfile file;
		struct error err;
		const enum status status = read_text(refusals[i].text, strlen(refusals[i].text), 1, &file, &err);
		if (status != STATUS_MALFORMED || err.line != refusals[i].line ||
		    strstr(err.message, refusals[i].says) == NULL)
			fail_msg("\"%s\": status %d, line %lu, %s", refusals[i].text, status, (unsigned long)err.line,
			    err.message);
	}
}

static void a_nul_octet_and_a_long_name_are_refused(void **state)
{
	struct vfile file;
	struct error err;
	char text[600];
	(void)state;
	assert_int_equal(read_text("x. 1 A \0 1.2.3.4\n", 17, 1, &file, &err), STATUS_MALFORMED);
	memset(text, 'a', sizeof(text));
	for (size_t i = 60; i < 255; i += 60)
		text[i] = '.';
	memcpy(text + 254, ". 1 A 1.2.3.4\n", 15);
	assert_int_equal(read_text(text, strlen(text), 1, &file, &err), STATUS_MALFORMED);
	assert_non_null(strstr(err.message, "255"));
	memset(text, 'a', 64);
	memcpy(text + 64, ". 1 A 1.2.3.4\n", 15);
	assert_int_equal(read_text(text, strlen(text), 1, &file, &err), STATUS_MALFORMED);
	assert_non_null(strstr(err.message, "63"));
}

/* Several megabytes with everything that could confuse a cut: blank owners, parentheses, quotes, comments, changing
 * origins and TTLs. */
static char *hard_text(size_t *size)
{
	static const char *const forms[] = { "n%u IN A 1.2.3.4\n", "n%u 60 IN TXT \"a ( b\" ; ( \"\n\tMX 10 m\n",
		"n%u IN TXT ( a\nb ; )\n\n c )\n   60 A 1.2.3.4\n", "\\010%u.example. 5 A 1.2.3.4\n\n; x\n A 1.2.3.5\n",
		"$ORIGIN o%u.example.\n", "$TTL %u\n", "n%u TXT \\\" \\( \\; x\\\\\n" };
	char *const text = malloc(5 * 1024 * 1024);
	uint32_t seed = 1;
	size_t used = 0;
	assert_non_null(text);
	used += (size_t)sprintf(text, "$ORIGIN example.\n$TTL 3600\n");
	for (unsigned i = 0; used < 4 * 1024 * 1024; i++) {
		seed = seed * 1664525u + 1013904223u;
		const unsigned pick = seed >> 24;
		const unsigned form = pick < 2 ? 4 : pick < 4 ? 5 : pick % 5 == 4 ? 6 : pick % 4;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		used += (size_t)sprintf(text + used, forms[form], i);
#pragma GCC diagnostic pop
	}
	*size = used;
	return text;
}

static void chunks_on_any_number_of_threads_give_the_same_records(void **state)
{
	size_t size;
	char *const text = hard_text(&size);
	struct vfile one;
	struct error err;
	(void)state;
	assert_int_equal(read_text(text, size, 1, &one, &err), STATUS_OK);
	assert_true(one.count > 50000);
	for (unsigned threads = 2; threads <= 5; threads += 3) {
		struct vfile many;
		assert_int_equal(read_text(text, size, threads, &many, &err), STATUS_OK);
		assert_true(same_records(&one, &many));
		assert_memory_equal(one.sha256, many.sha256, sizeof(one.sha256));
		vread_free(&many);
	}
	vread_free(&one);
	free(text);
}

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

static void sums_tell_equal_records_from_others(void **state)
{
	static const uint8_t apex[] = "\7example";
	size_t size;
	char *const text = hard_text(&size);
	const struct vsource source = { .name = "text", .descriptor = -1, .data = (const uint8_t *)text, .size = size };
	struct vzone zone;
	struct error err;
	(void)state;
	assert_int_equal(vzone_load(&source, apex, 3, &zone, &err), STATUS_OK);
	assert_true(same_as_zone(&zone, text, size, 1));
	assert_true(same_as_zone(&zone, text, size, 4));
	for (size_t at = size / 7; at < size - size / 7; at += size / 7) {
		char *const digit = strstr(text + at, "1.2.3.4") + 6;
		*digit = '5';
		assert_false(same_as_zone(&zone, text, size, 2));
		*digit = '4';
	}
	char *const line = strstr(text + size / 2, "\nn");
	assert_false(same_as_zone(&zone, text, (size_t)(line - text) + 1, 2));
	vzone_free(&zone);
	free(text);
}

static void an_entry_larger_than_a_piece_is_read(void **state)
{
	const size_t room = 8 * 1024 * 1024;
	char *const text = malloc(room);
	struct vfile file;
	struct error err;
	size_t used;
	(void)state;
	assert_non_null(text);
	used = (size_t)sprintf(text, "x. 1 A ( 1.2.3.4\n");
	while (used < room - 100)
		used += (size_t)sprintf(text + used, " ; a comment in parentheses\n");
	used += (size_t)sprintf(text + used, ")\ny. 1 A 1.2.3.4\n");
	assert_int_equal(read_text(text, used, 2, &file, &err), STATUS_OK);
	assert_int_equal(file.count, 2);
	vread_free(&file);
	free(text);
}

/* Name servers that stand again and again, some as often as never, absolute and relative, under changing origins. What
 * each must come to is formed here anew. */
static char *server_text(size_t *size, uint8_t (*wire)[VNAME_MAX], size_t most)
{
	static const char *const forms[] = { "d%u NS ns%u.provider.example.\n", "d%u NS ns%u.provider\n",
		"d%u NS ( NS%u.PROVIDER.example.\n ) ; again\n", "d%u NS ns%u.provider\\.\n" };
	char *const text = malloc(most * 80);
	uint32_t seed = 7;
	unsigned origin = 0;
	size_t used = (size_t)sprintf(text, "$TTL 60\n$ORIGIN o0.\n");
	assert_non_null(text);
	for (unsigned i = 0; i < most; i++) {
		char name[80];
		bool relative;
		const char *why;
		seed = seed * 1664525u + 1013904223u;
		const unsigned form = (seed >> 20) % 4;
		const unsigned server = (seed >> 28) == 0 ? i : (seed >> 8) % 3000;
		if (i % 5000 == 4999)
			used += (size_t)sprintf(text + used, "$ORIGIN o%u.\n", ++origin);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		used += (size_t)sprintf(text + used, forms[form], i, server);
#pragma GCC diagnostic pop
		if (form % 2 == 0)
			sprintf(name, "ns%u.provider.example.", server);
		else
			sprintf(name, "ns%u.provider%s.o%u.", server, form == 3 ? "\\." : "", origin);
		assert_true(vname_parse(name, strlen(name), NULL, wire[i], &relative, &why) > 0);
	}
	*size = used;
	return text;
}

static void name_servers_seen_before_are_read_as_if_for_the_first_time(void **state)
{
	enum { SERVERS = 200000 };
	static const uint8_t apex[] = "";
	uint8_t(*const wire)[VNAME_MAX] = malloc(SERVERS * sizeof(*wire));
	size_t size;
	struct error err;
	struct vzone zone;
	(void)state;
	assert_non_null(wire);
	char *const text = server_text(&size, wire, SERVERS);
	for (unsigned threads = 1; threads <= 3; threads += 2) {
		struct vfile file;
		assert_int_equal(read_text(text, size, threads, &file, &err), STATUS_OK);
		assert_int_equal(file.count, SERVERS);
		for (size_t i = 0; i < SERVERS; i++)
			if (file.records[i].size != vname_size(wire[i]) ||
			    memcmp(file.records[i].rdata, wire[i], file.records[i].size) != 0)
				fail_msg("%u threads, record %zu has another name server", threads, i);
		vread_free(&file);
	}
	const struct vsource source = { .name = "text", .descriptor = -1, .data = (const uint8_t *)text, .size = size };
	assert_int_equal(vzone_load(&source, apex, 2, &zone, &err), STATUS_OK);
	assert_true(same_as_zone(&zone, text, size, 1)); /* by several waves, each forgotten */
	char *const last = strstr(text + size - 200, "NS ") + 4;
	*last = 'x';
	assert_false(same_as_zone(&zone, text, size, 2));
	vzone_free(&zone);
	free(text);
	free(wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_type_reads_as_others_read_it),
		cmocka_unit_test(names_in_rdata_are_lower_cased_where_canonical_form_says_so),
		cmocka_unit_test(master_file_forms_are_understood),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(a_nul_octet_and_a_long_name_are_refused),
		cmocka_unit_test(chunks_on_any_number_of_threads_give_the_same_records),
		cmocka_unit_test(sums_tell_equal_records_from_others),
		cmocka_unit_test(an_entry_larger_than_a_piece_is_read),
		cmocka_unit_test(name_servers_seen_before_are_read_as_if_for_the_first_time) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
