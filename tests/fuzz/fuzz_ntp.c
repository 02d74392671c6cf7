/* SPDX-License-Identifier: MIT */
/* Answers of time servers: what is taken has a time of 1968 to 2104, and the offset is no further than that. */
#include <stdlib.h>
#include <string.h>

#include "signer/engine/ntp.h"
#include "tests/fuzz/fuzz.h"

#define SECOND INT64_C(1000000000)
#define FIRST (INT64_C(-61505152) * SECOND)  /* 1968-01-20T03:14:08Z */
#define LAST (INT64_C(4233462144) * SECOND)  /* 2104-02-26T09:42:24Z */
#define ASKED (INT64_C(1795954200) * SECOND) /* 2026-11-29T12:10:00Z */
#define TOOK (SECOND / 50)
#define LATEST (INT64_C(9000000000) * SECOND)

static void must(int holds)
{
	if (!holds)
		abort();
}

static void offset_is_bound(const struct ntp_answer *answer, int64_t asked)
{
	struct ntp_offset offset = { .delay = -1 };
	struct error err;
	error_clear(&err);
	if (ntp_offset_of(answer, asked, TOOK, &offset, &err) != STATUS_OK) {
		must(offset.delay == -1 && err.code == STATUS_MALFORMED && err.message[0] != '\0');
		return;
	}
	must(offset.delay >= 0 && offset.delay <= TOOK);
	must(offset.offset + asked >= FIRST - SECOND && offset.offset + asked <= LAST + SECOND);
}

/* The nonce is what stands in its place, or another one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t other[NTP_NONCE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t nonce[NTP_NONCE], question[NTP_PACKET];
	struct ntp_answer answer = { .stratum = 99 };
	struct error err;
	error_clear(&err);
	memcpy(nonce, size >= 32 ? data + 24 : other, NTP_NONCE);
	ntp_question(nonce, question);
	must(ntp_answer_read((struct bytes){ question, NTP_PACKET }, nonce, &answer, &err) != STATUS_OK);
	const enum status status = ntp_answer_read((struct bytes){ data, size }, nonce, &answer, &err);
	if (status != STATUS_OK) {
		must(answer.stratum == 99 && err.code == status && err.message[0] != '\0');
		must(status == STATUS_NO || status == STATUS_MALFORMED || status == STATUS_REFUSED);
		must((status == STATUS_NO) == (size < NTP_PACKET));
		return 0;
	}
	must(size >= NTP_PACKET && answer.stratum >= 1 && answer.stratum <= 15);
	must(answer.sent >= FIRST && answer.sent <= LAST && answer.received >= FIRST && answer.received <= LAST);
	must(answer.doubt >= 0);
	offset_is_bound(&answer, ASKED);
	offset_is_bound(&answer, 0);
	offset_is_bound(&answer, LATEST);
	nonce[0] ^= 1;
	must(ntp_answer_read((struct bytes){ data, size }, nonce, &answer, &err) == STATUS_NO);
	return 0;
}
