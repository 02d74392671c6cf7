/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/dns/wire.h"

static const uint8_t nl[] = "\2nl";
static const struct wire_question question = { .name = nl, .type = 43, .id = 0x1234 };

enum { MOST = 4096 };

/* Hexadecimal with spaces between the parts; "*N" repeats the octet before it N times. */
static size_t octets_of(const char *text, uint8_t out[MOST])
{
	size_t size = 0;
	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text == '*') {
			char *end;
			const long times = strtol(text + 1, &end, 10);
			for (long i = 1; i < times; i++, size++)
				out[size] = out[size - 1];
			text = end - 1;
			continue;
		}
		assert_int_equal(bytes_from_hex(text, 2, out + size, 1), 1);
		size++;
		text++;
	}
	return size;
}

/* Header: ID, flags, counts. Question: nl. DS IN. */
#define HEAD(flags, answers, authority, additional) "1234 " flags " 0001 " answers " " authority " " additional
#define ASKED " 026e6c00 002b 0001"
#define DS_RDATA "0024 4f66 0d 02 ab*32"

static void good_answers_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *title, *text;
		size_t counts[WIRE_SECTIONS];
		uint16_t rcode;
		bool authoritative, truncated;
	} cases[] = {
		{ "nothing", HEAD("8400", "0000", "0000", "0000") ASKED, { 0, 0, 0 }, 0, true, false },
		{ "letters of the question in another case", HEAD("8400", "0000", "0000", "0000") " 024e4c00 002b 0001",
		    { 0, 0, 0 }, 0, true, false },
		{ "a DS", HEAD("8400", "0001", "0000", "0000") ASKED " c00c 002b 0001 00000e10 " DS_RDATA, { 1, 0, 0 },
		    0, true, false },
		{ "a referral, not authoritative",
		    HEAD("8000", "0000", "0001", "0001") ASKED " c00c 0002 0001 0000003c 0005 026e73c00c"
							       " c020 0001 0001 0000003c 0004 c0000201",
		    { 0, 1, 1 }, 0, false, false },
		{ "a denial with SOA",
		    HEAD("8403", "0000", "0001", "0000") ASKED " 00 0006 0001 0000003c 0018 c00cc00c 01*20",
		    { 0, 1, 0 }, 3, true, false },
		{ "OPT adds to the RCODE and is no record",
		    HEAD("8400", "0000", "0000", "0001") ASKED " 00 0029 04d0 01000000 0000", { 0, 0, 0 }, 16, true,
		    false },
		{ "cut by the server", HEAD("8600", "0000", "0000", "0000") ASKED, { 0, 0, 0 }, 0, true, true },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t message[MOST];
		struct wire_answer answer;
		struct error err = { 0 };
		struct arena *const mem = arena_new(0);
		const struct bytes in = { message, octets_of(cases[i].text, message) };
		if (wire_answer(in, &question, mem, &answer, &err) != STATUS_OK)
			fail_msg("%s: %s", cases[i].title, err.message);
		if (memcmp(answer.count, cases[i].counts, sizeof(answer.count)) != 0 ||
		    answer.rcode != cases[i].rcode || answer.authoritative != cases[i].authoritative ||
		    answer.truncated != cases[i].truncated)
			fail_msg("%s: read otherwise", cases[i].title);
		arena_free(mem);
	}
}

static void names_are_spelled_out(void **state)
{
	(void)state;
	uint8_t message[MOST];
	struct wire_answer answer;
	struct error err;
	struct arena *const mem = arena_new(0);
	const struct bytes in = { message,
		octets_of(HEAD("8000", "0000", "0001", "0001") ASKED " c00c 0002 0001 0000003c 0005 026e73c00c"
								     " c020 0001 0001 0000003c 0004 c0000201",
		    message) };
	assert_int_equal(wire_answer(in, &question, mem, &answer, &err), STATUS_OK);
	const struct record *const ns = answer.records[WIRE_AUTHORITY];
	assert_memory_equal(ns->owner, "\2nl", 4);
	assert_int_equal(ns->rdata_size, 7);
	assert_memory_equal(ns->rdata, "\2ns\2nl", 7);
	assert_int_equal(ns->ttl, 60);
	assert_memory_equal(answer.records[WIRE_ADDITIONAL]->owner, "\2ns\2nl", 7);
	arena_free(mem);
}

static const struct {
	const char *title, *text;
	enum status status;
	const char *says;
} bad[] = {
	{ "empty", "", STATUS_MALFORMED, "header that is cut" },
	{ "another ID", "4321 8400 0001 0000 0000 0000" ASKED, STATUS_NO, "another ID" },
	{ "a query", HEAD("0000", "0000", "0000", "0000") ASKED, STATUS_MALFORMED, "no answer to a query" },
	{ "a NOTIFY", HEAD("a400", "0000", "0000", "0000") ASKED, STATUS_MALFORMED, "no answer to a query" },
	{ "no question", "1234 8400 0000 0000 0000 0000", STATUS_NO, "0 questions" },
	{ "another name", HEAD("8400", "0000", "0000", "0000") " 02646500 002b 0001", STATUS_NO, "another question" },
	{ "another type", HEAD("8400", "0000", "0000", "0000") " 026e6c00 0001 0001", STATUS_NO, "another question" },
	{ "another class", HEAD("8400", "0000", "0000", "0000") " 026e6c00 002b 0003", STATUS_NO, "another question" },
	{ "a pointer in the question", HEAD("8400", "0000", "0000", "0000") " c00c 002b 0001", STATUS_MALFORMED,
	    "compressed name where none may be" },
	{ "a question that is cut", HEAD("8400", "0000", "0000", "0000") " 026e6c00 002b 00", STATUS_MALFORMED,
	    "question that is cut" },
	{ "octets behind", HEAD("8400", "0000", "0000", "0000") ASKED " 00", STATUS_MALFORMED,
	    "behind the last record" },
	{ "more records than octets", HEAD("8400", "ffff", "0000", "0000") ASKED, STATUS_MALFORMED,
	    "more records announced" },
	{ "a pointer to itself", HEAD("8400", "0001", "0000", "0000") ASKED " c014 002b 0001 00000e10 " DS_RDATA,
	    STATUS_MALFORMED, "does not lead backward" },
	{ "a pointer forward", HEAD("8400", "0001", "0000", "0000") ASKED " c020 002b 0001 00000e10 " DS_RDATA,
	    STATUS_MALFORMED, "does not lead backward" },
	{ "a pointer into the header", HEAD("8400", "0001", "0000", "0000") ASKED " c000 002b 0001 00000e10 " DS_RDATA,
	    STATUS_MALFORMED, "does not lead backward" },
	{ "a loop of a label and a pointer",
	    HEAD("8400", "0001", "0000", "0000") ASKED " 0161c014 002b 0001 00000e10 " DS_RDATA, STATUS_MALFORMED,
	    "does not lead backward" },
	{ "a label of an unknown kind",
	    HEAD("8400", "0001", "0000", "0000") ASKED " 4161*65 00 002b 0001 00000e10 " DS_RDATA, STATUS_MALFORMED,
	    "unknown kind" },
	{ "a name of 256 octets",
	    HEAD("8400", "0001", "0000", "0000") ASKED
	    " 3f61*63 3f61*63 3f61*63 3f61*63 00 002b 0001 00000e10 " DS_RDATA,
	    STATUS_MALFORMED, "over 255" },
	{ "class CH", HEAD("8400", "0001", "0000", "0000") ASKED " c00c 002b 0003 00000e10 " DS_RDATA, STATUS_MALFORMED,
	    "no data of class IN" },
	{ "a TTL with the highest bit", HEAD("8400", "0001", "0000", "0000") ASKED " c00c 002b 0001 80000000 " DS_RDATA,
	    STATUS_MALFORMED, "TTL over" },
	{ "a DS whose digest is short",
	    HEAD("8400", "0001", "0000", "0000") ASKED " c00c 002b 0001 00000e10 0023 4f66 0d 02 ab*31",
	    STATUS_MALFORMED, "" },
	{ "a record that is cut",
	    HEAD("8400", "0001", "0000", "0000") ASKED " c00c 002b 0001 00000e10 0024 4f66 0d 02 ab*31",
	    STATUS_MALFORMED, "record that is cut" },
	{ "a compressed name in an RRSIG",
	    HEAD("8400", "0001", "0000", "0000") ASKED
	    " c00c 002e 0001 00000e10 0016 002b 0d 01 00000e10 00000000 00000000 0001 c00c abcd",
	    STATUS_MALFORMED, "" },
	{ "two OPT records",
	    HEAD("8400", "0000", "0000", "0002") ASKED " 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000",
	    STATUS_MALFORMED, "OPT record out of place" },
	{ "OPT in the answer", HEAD("8400", "0001", "0000", "0000") ASKED " 00 0029 04d0 00000000 0000",
	    STATUS_MALFORMED, "OPT record out of place" },
};

static void bad_answers_are_not_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t message[MOST];
		struct wire_answer answer = { .rcode = 99 };
		struct error err = { 0 };
		struct arena *const mem = arena_new(0);
		const struct bytes in = { message, octets_of(bad[i].text, message) };
		const enum status status = wire_answer(in, &question, mem, &answer, &err);
		if (status != bad[i].status || strstr(err.message, bad[i].says) == NULL)
			fail_msg("%s: status %d, \"%s\"", bad[i].title, (int)status, err.message);
		assert_int_equal(answer.rcode, 99);
		arena_free(mem);
	}
}

/* Each prefix of a good message is refused. */
static void no_cut_message_is_taken(void **state)
{
	(void)state;
	uint8_t message[MOST];
	const size_t size = octets_of(HEAD("8400", "0001", "0000", "0001") ASKED " c00c 002b 0001 00000e10 " DS_RDATA
										 " 00 0029 04d0 00008000 0000",
	    message);
	for (size_t cut = 0; cut <= size; cut++) {
		struct wire_answer answer;
		struct error err;
		struct arena *const mem = arena_new(0);
		const enum status status = wire_answer((struct bytes){ message, cut }, &question, mem, &answer, &err);
		assert_int_equal(status, cut == size ? STATUS_OK : STATUS_MALFORMED);
		arena_free(mem);
	}
}

static void a_question_asks_for_dnssec_records(void **state)
{
	(void)state;
	uint8_t out[WIRE_QUESTION];
	uint8_t wanted[MOST];
	const struct wire_question recursive = { .name = nl, .type = 2, .id = 1, .recursion = true };
	size_t size = octets_of("1234 0000 0001 0000 0000 0001 026e6c00 002b 0001 00 0029 04d0 00008000 0000", wanted);
	assert_int_equal(wire_question(&question, out), size);
	assert_memory_equal(out, wanted, size);
	size = octets_of("0001 0100 0001 0000 0000 0001 026e6c00 0002 0001 00 0029 04d0 00008000 0000", wanted);
	assert_int_equal(wire_question(&recursive, out), size);
	assert_memory_equal(out, wanted, size);
}

static void rcodes_have_names(void **state)
{
	(void)state;
	char text[WIRE_RCODE];
	wire_rcode_text(WIRE_SERVFAIL, text);
	assert_string_equal(text, "SERVFAIL");
	wire_rcode_text(4095, text);
	assert_string_equal(text, "RCODE4095");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_answers_are_read),
		cmocka_unit_test(names_are_spelled_out),
		cmocka_unit_test(bad_answers_are_not_answers),
		cmocka_unit_test(no_cut_message_is_taken),
		cmocka_unit_test(a_question_asks_for_dnssec_records),
		cmocka_unit_test(rcodes_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
