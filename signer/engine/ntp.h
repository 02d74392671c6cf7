/* SPDX-License-Identifier: MIT */
/*
 * What a time server is asked and what its answer means (SNTP, RFC 4330).
 *
 * Pure: octets and numbers in, octets and numbers out. NTP as it is used here proves nothing about who answered, so an
 * answer only ever says for or against the clock that is there; it never sets one.
 */
#pragma once

#include <stdint.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum {
	NTP_PORT = 123,
	NTP_PACKET = 48, /* octets; what may follow (key, digest) is not looked at */
	NTP_NONCE = 8
};

/* Times in nanoseconds since 1970, by the server's clock. */
struct ntp_answer {
	int64_t received; /* when the question came to it */
	int64_t sent;     /* when the answer left it */
	int64_t doubt;    /* how far it may be off by its own account, in nanoseconds */
	uint8_t stratum;  /* 1 to 15 */
};

/* How far the server's clock is ahead of ours, in nanoseconds; half of `delay` is what the way there and back hides. */
struct ntp_offset {
	int64_t offset, delay;
};

/* A client's question. Its time is a random number: the server gives it back, and who does not see the question cannot
 * answer it; nor does it tell anybody what our clock says. */
void ntp_question(const uint8_t nonce[NTP_NONCE], uint8_t out[NTP_PACKET]);

/* STATUS_NO: it answers no question with this nonce, so it may be from anybody and is to be ignored. STATUS_REFUSED:
 * the server says that it has no time to tell. STATUS_MALFORMED: it tells none. */
enum status ntp_answer_read(
    struct bytes packet, const uint8_t nonce[NTP_NONCE], struct ntp_answer *out, struct error *err) MUST_CHECK;

/* `asked` is our clock when the question left, `took` how long the answer took by a clock that nobody sets, both in
 * nanoseconds and neither negative. STATUS_MALFORMED if the server had the question for longer than that. */
enum status ntp_offset_of(
    const struct ntp_answer *answer, int64_t asked, int64_t took, struct ntp_offset *out, struct error *err) MUST_CHECK;
