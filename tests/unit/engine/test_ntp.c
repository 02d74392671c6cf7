/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <string.h>

#include "signer/engine/ntp.h"

#define SECOND INT64_C(1000000000)
#define MILLISECOND INT64_C(1000000)
#define EPOCH INT64_C(2208988800)
#define NOON INT64_C(1795953600) /* 2026-11-29T12:00:00Z */

static const uint8_t nonce[NTP_NONCE] = "zonesea1";

static void put_u32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

struct reply {
	const char *title;
	uint8_t first, stratum;
	const char *reference;
	uint32_t received, sent; /* seconds of NTP */
	size_t size;
	enum status status;
	const char *words; /* in the message */
};

enum { GOOD = 0x24, NOW = (uint32_t)(NOON + EPOCH) };

static const struct reply replies[] = {
	{ "an answer is taken", GOOD, 2, "", NOW, NOW, 48, STATUS_OK, "" },
	{ "a warning of a leap second is no fault", 0x64, 1, "GPS", NOW, NOW, 48, STATUS_OK, "" },
	{ "what follows the packet is not looked at", GOOD, 15, "", NOW, NOW, 68, STATUS_OK, "" },
	{ "an older server's answer is taken", 0x1c, 2, "", NOW, NOW, 48, STATUS_OK, "" },
	{ "one that is cut answers nothing", GOOD, 2, "", NOW, NOW, 47, STATUS_NO, "not an answer" },
	{ "leap indicator 3 is no time", 0xe4, 2, "", NOW, NOW, 48, STATUS_REFUSED, "not synchronised" },
	{ "stratum 16 is no time", GOOD, 16, "", NOW, NOW, 48, STATUS_REFUSED, "stratum 16" },
	{ "a kiss-o'-death is told with its code", 0xe4, 0, "RATE", NOW, NOW, 48, STATUS_REFUSED, "\"RATE\"" },
	{ "its code is escaped", 0xe4, 0, "\033[2J", NOW, NOW, 48, STATUS_REFUSED, "\"\\027[2J\"" },
	{ "stratum 0 without a code is no time", 0xe4, 0, "", NOW, NOW, 48, STATUS_REFUSED, "stratum 0, RFC 4330 4" },
	{ "a client's packet is no answer", 0x23, 2, "", NOW, NOW, 48, STATUS_MALFORMED, "mode 3" },
	{ "a broadcast is no answer", 0x25, 2, "", NOW, NOW, 48, STATUS_MALFORMED, "mode 5" },
	{ "a version to come is not read", 0x3c, 2, "", NOW, NOW, 48, STATUS_MALFORMED, "version 7" },
	{ "no time of sending is no time", GOOD, 2, "", NOW, 0, 48, STATUS_MALFORMED, "without a time" },
	{ "no time of receipt is no time", GOOD, 2, "", 0, NOW, 48, STATUS_MALFORMED, "without a time" },
};

static void make(const struct reply *reply, uint8_t out[68])
{
	memset(out, 0, 68);
	out[0] = reply->first;
	out[1] = reply->stratum;
	put_u32(out + 4, 1 << 15); /* root delay: half a second */
	put_u32(out + 8, 1 << 14); /* root dispersion: a quarter */
	memcpy(out + 12, reply->reference, strlen(reply->reference));
	memcpy(out + 24, nonce, NTP_NONCE);
	put_u32(out + 32, reply->received);
	put_u32(out + 40, reply->sent);
}

static void an_answer_counts_only_if_the_server_has_a_time_to_tell(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(replies); i++) {
		const struct reply *const c = &replies[i];
		uint8_t packet[68];
		struct ntp_answer answer = { .stratum = 99 };
		struct error err;
		error_clear(&err);
		make(c, packet);
		const enum status status = ntp_answer_read((struct bytes){ packet, c->size }, nonce, &answer, &err);
		if (status != c->status || strstr(err.message, c->words) == NULL)
			fail_msg("%s: %d, \"%s\"", c->title, status, err.message);
		if (status == STATUS_OK) {
			assert_int_equal(answer.sent, NOON * SECOND);
			assert_int_equal(answer.doubt, SECOND / 2);
			assert_int_equal(answer.stratum, c->stratum);
		} else {
			assert_int_equal(answer.stratum, 99);
		}
	}
}

static void a_question_holds_a_random_number_and_not_our_time(void **state)
{
	(void)state;
	uint8_t packet[NTP_PACKET], zeros[NTP_PACKET] = { 0x23 };
	ntp_question(nonce, packet);
	assert_memory_equal(packet, zeros, NTP_PACKET - NTP_NONCE);
	assert_memory_equal(packet + NTP_PACKET - NTP_NONCE, nonce, NTP_NONCE);
}

static void an_answer_to_another_question_is_ignored(void **state)
{
	(void)state;
	uint8_t packet[68];
	struct ntp_answer answer;
	struct error err;
	for (size_t octet = 0; octet < NTP_NONCE; octet++) {
		make(&replies[0], packet);
		packet[24 + octet] ^= 1;
		assert_int_equal(
		    ntp_answer_read((struct bytes){ packet, NTP_PACKET }, nonce, &answer, &err), STATUS_NO);
	}
}

/* 2036-02-07T06:28:16Z is where seconds since 1900 begin again. */
static void time_goes_on_where_the_era_ends(void **state)
{
	(void)state;
	static const struct {
		uint32_t ntp;
		int64_t expected;
	} moments[] = {
		{ UINT32_C(0x80000000), -61505152 },
		{ (uint32_t)EPOCH, 0 },
		{ UINT32_MAX, INT64_C(2085978495) },
		{ 1, INT64_C(2085978497) },
		{ UINT32_C(0x7fffffff), INT64_C(4233462143) },
	};
	for (size_t i = 0; i < COUNT(moments); i++) {
		struct reply reply = replies[0];
		uint8_t packet[68];
		struct ntp_answer answer;
		struct error err;
		reply.received = reply.sent = moments[i].ntp;
		make(&reply, packet);
		assert_int_equal(
		    ntp_answer_read((struct bytes){ packet, NTP_PACKET }, nonce, &answer, &err), STATUS_OK);
		assert_int_equal(answer.sent, moments[i].expected * SECOND);
	}
}

struct exchange {
	const char *title;
	int64_t received, sent, asked, took; /* milliseconds after NOON; `took` a length */
	enum status status;
	int64_t offset, delay;
};

static const struct exchange exchanges[] = {
	{ "clocks that agree", 10, 10, 0, 20, STATUS_OK, 0, 20 },
	{ "what the server keeps the question for is no delay", 10, 40, 0, 50, STATUS_OK, 0, 20 },
	{ "the server is a day ahead", 86400010, 86400010, 0, 20, STATUS_OK, 86400000, 20 },
	{ "the server is a day behind", -86399990, -86399990, 0, 20, STATUS_OK, -86400000, 20 },
	{ "an answer that took its time on one way is off by half of that, as the delay says", 1500, 1500, 0, 1520,
	    STATUS_OK, 740, 1520 },
	{ "a server's coarse clock makes no negative delay", 0, 60, 0, 20, STATUS_OK, 20, 0 },
	{ "no answer leaves before the question came", 10, 9, 0, 20, STATUS_MALFORMED, 0, 0 },
	{ "no question is kept for longer than its answer took", 10, 300, 0, 20, STATUS_MALFORMED, 0, 0 },
};

static void offset_and_delay_follow_from_four_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(exchanges); i++) {
		const struct exchange *const c = &exchanges[i];
		const struct ntp_answer answer = { .received = NOON * SECOND + c->received * MILLISECOND,
			.sent = NOON * SECOND + c->sent * MILLISECOND };
		struct ntp_offset offset = { .offset = 0 };
		struct error err;
		const enum status status = ntp_offset_of(
		    &answer, NOON * SECOND + c->asked * MILLISECOND, c->took * MILLISECOND, &offset, &err);
		if (status != c->status || offset.offset != c->offset * MILLISECOND ||
		    offset.delay != c->delay * MILLISECOND)
			fail_msg("%s: status %d, offset %lldns, delay %lldns", c->title, status,
			    (long long)offset.offset, (long long)offset.delay);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_counts_only_if_the_server_has_a_time_to_tell),
		cmocka_unit_test(a_question_holds_a_random_number_and_not_our_time),
		cmocka_unit_test(an_answer_to_another_question_is_ignored),
		cmocka_unit_test(time_goes_on_where_the_era_ends),
		cmocka_unit_test(offset_and_delay_follow_from_four_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
