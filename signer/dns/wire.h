/* SPDX-License-Identifier: MIT */
/*
 * DNS messages (RFC 1035 4): a question as octets, and an answer read strictly.
 *
 * An answer comes from a stranger. Whatever is not exactly as the RFCs say makes the whole message malformed; nothing
 * of it is used then. The work is linear in its size.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"
#include "signer/dns/name.h"
#include "signer/dns/rrset.h"

/* A question fits with its OPT record; the largest message (RFC 1035 4.2.2). */
enum { WIRE_QUESTION = 12 + NAME_WIRE + 4 + 11, WIRE_MESSAGE = 65535 };

enum wire_rcode { WIRE_NOERROR = 0, WIRE_SERVFAIL = 2, WIRE_NXDOMAIN = 3, WIRE_REFUSED = 5 };

enum wire_section { WIRE_ANSWER, WIRE_AUTHORITY, WIRE_ADDITIONAL, WIRE_SECTIONS };

struct wire_question {
	const uint8_t *name;
	uint16_t type;
	uint16_t id;
	bool recursion; /* RD: for resolvers; authoritative servers are asked without */
};

/* An answer to a question. Owners and RDATA are uncompressed and live in the arena; record.line is 0. */
struct wire_answer {
	bool authoritative;                          /* AA */
	bool truncated;                              /* TC */
	bool authentic;                              /* AD */
	uint16_t rcode;                              /* with the upper bits of EDNS (RFC 6891 6.1.3) */
	const struct record *records[WIRE_SECTIONS]; /* in the message's order, without OPT */
	size_t count[WIRE_SECTIONS];
};

/* Writes the question, class IN, with an OPT record that asks for DNSSEC records (RFC 3225); returns its size. */
size_t wire_question(const struct wire_question *question, uint8_t out[WIRE_QUESTION]);

/* Reads the answer to `question`. STATUS_MALFORMED: it is none, STATUS_NO: it is one, but to another question (ID,
 * name, type or class differ). Names in RDATA may be compressed for the types of RFC 1035 only (RFC 3597 4). */
enum status wire_answer(struct bytes message, const struct wire_question *question, struct arena *mem,
    struct wire_answer *out, struct error *err) MUST_CHECK;

/* "SERVFAIL", "RCODE17"; out holds WIRE_RCODE characters. */
enum { WIRE_RCODE = 16 };
void wire_rcode_text(uint16_t rcode, char out[WIRE_RCODE]);
