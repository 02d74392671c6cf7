/* SPDX-License-Identifier: MIT */
/*
 * A small DNS client: one question over TCP to each of many servers at the same time, under one deadline.
 *
 * TCP alone: an answer over it cannot be forged by somebody who only guesses, is never cut, and RFC 7766 wants every
 * server to speak it. Whatever goes wrong with one server is that server's outcome and nobody else's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/dns/wire.h"

enum { QUERY_PORT = 53, QUERY_SERVER_TEXT = 64, QUERY_WORDS = 200, QUERY_SERVERS = 256 };

/* An address and a port. */
struct query_server {
	struct sockaddr_storage address;
	socklen_t address_size;
	char text[QUERY_SERVER_TEXT]; /* as query_server_parse takes it; without @53 */
};

/* "192.0.2.1", "2001:db8::1", each perhaps with "@PORT". STATUS_USAGE says what is wrong. */
enum status query_server_parse(const char *text, struct query_server *out, struct error *err) MUST_CHECK;

/* Of the RDATA of an A (4 octets) or AAAA (16) record, port 53. */
void query_server_of(const uint8_t *octets, size_t size, struct query_server *out);

enum query_outcome {
	QUERY_ANSWERED,    /* whatever it says: see job.answer */
	QUERY_NO_ROUTE,    /* this host cannot reach that kind of address at all */
	QUERY_UNREACHABLE, /* refused, reset, or not reachable */
	QUERY_LATE,        /* no whole answer before the deadline */
	QUERY_MALFORMED,   /* not a DNS answer */
	QUERY_FOREIGN,     /* an answer to another question: forged, or the server is confused */
};

struct query_job {
	struct query_server server;
	const uint8_t *name;
	uint16_t type;
	bool recursion;
	/* What came of it. */
	enum query_outcome outcome;
	struct wire_answer answer; /* valid if QUERY_ANSWERED */
	char words[QUERY_WORDS];   /* why there is no answer: "no answer within 5s"; else "" */
};

/* Asks all at once; no later than `timeout_milliseconds` from now every job has its outcome. At most QUERY_SERVERS
 * jobs. STATUS_INTERNAL without randomness. */
enum status query_ask(
    struct query_job jobs[], size_t count, int timeout_milliseconds, struct arena *mem, struct error *err) MUST_CHECK;
