/* SPDX-License-Identifier: MIT */
/*
 * Asks time servers what time it is: all at once, each a second time if its answer does not come, none for longer than
 * two seconds. Whatever goes wrong with one server is that server's answer and nobody else's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/policy.h"
#include "signer/base/error.h"
#include "signer/dns/query.h"
#include "signer/engine/ntp.h"

enum { CLOCK_PATIENCE = 1000, CLOCK_TRIES = 2 }; /* milliseconds for each try */

/* What came of one server. */
struct clock_voice {
	char source[QUERY_SERVER_TEXT]; /* as the policy names it */
	bool answered;
	struct ntp_offset offset; /* valid if it answered */
	int64_t doubt;            /* nanoseconds that it may be off by its own account */
	char words[QUERY_WORDS];  /* why there is no answer, else "" */
};

/* The clock that signatures are made by, and one that goes on alike and that nobody can set, in nanoseconds. The
 * difference of the two changes only where the first is set. */
int64_t clock_real(void);
int64_t clock_steady(void);

/* At most POLICY_SOURCES of them. STATUS_USAGE for what is no address, STATUS_INTERNAL without randomness. */
enum status clock_ask(
    const char *const sources[], size_t count, struct clock_voice voices[], struct error *err) MUST_CHECK;
