/* SPDX-License-Identifier: MIT */
/*
 * Planned changes: the one change limit that one serial may pass, and what to say when a limit refuses.
 *
 * A planned change names the serial that is to be published. Under serial policy unixtime nobody knows that beforehand,
 * so it names the serial of the unsigned input there.
 */
#pragma once

#include <stdint.h>

#include "keystore/store_expect.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"
#include "signer/verify/verify.h"

/* A day is enough for a change that is planned; a month is a hole. */
enum { EXPECT_SECONDS = 86400, EXPECT_MOST_SECONDS = 30 * 86400, EXPECT_REASON = 200 };

/* "removed"; VERIFY_LIMITS if no limit has that name. */
const char *expect_limit_name(enum verify_limit limit);
enum verify_limit expect_limit(const char *name);

/* The planned changes of a zone, and how one publication stands to them. */
struct expect {
	const struct store_expected *all;
	size_t count;
	uint32_t serial; /* that a planned change has to name */
	struct utc now;
};

/* Those that hold for this publication, by limit; NULL: none does. */
void expect_open(const struct expect *expect, const struct store_expected *out[VERIFY_LIMITS]);

/* The ids of those that the verdict says were needed, in `mem`. */
const int64_t *expect_ids(const struct store_expected *const open[VERIFY_LIMITS], const bool needed[VERIFY_LIMITS],
    struct arena *mem, size_t *count);

/* What follows a refusal by these limits alone: the command that lets the change pass, and why those that were given do
 * not. */
char *expect_next(const struct expect *expect, const char *zone, const bool refused[VERIFY_LIMITS], struct arena *mem);

/* What an operator asks for. */
struct expect_request {
	uint32_t serial;
	const char *limit, *reason;
	struct span length; /* how long it holds */
	struct utc now;
	bool withdraw, dry_run;
};

/* One line of text that says why, for the log; else STATUS_USAGE. NULL: none was given. */
enum status expect_check_reason(const char *reason, struct error *err) MUST_CHECK;

/* STATUS_USAGE for what is no limit, reason or length; STATUS_REFUSED if it could never be used, is there already, or
 * is not there to be withdrawn. */
enum status expect_change(struct store *store, const struct store_zone *zone, const struct expect_request *request,
    struct arena *mem, struct store_expected *out, struct error *err) MUST_CHECK;
