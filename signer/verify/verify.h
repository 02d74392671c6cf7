/* SPDX-License-Identifier: MIT */
/*
 * The gate's contract: the table of checks, and the verdict that zoneseal-verify writes and the engine reads.
 *
 * The verdict's JSON ("zoneseal.verdict/1") is one object:
 *   schema, build (id of the verifier's build), complete (true; written last, so that a cut verdict has none), zone,
 * serial, verdict ("pass" | "fail"), sha256 (of the file as read, hex), size, time (RFC 3339) and time_epoch, records,
 * signatures (all verified), safe_until + safe_until_epoch (until when every check that depends on time holds), checks:
 * [{id, alias, home, severity, result ("ok" | "fail" | "warn" | "not asked"), checked, failed, rfc}], findings: [{id,
 * severity, count, what, examples: [{owner, type, line, detail}], cause, advice}], threads, seconds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum verify_home { VERIFY_FILE, VERIFY_GIVEN, VERIFY_ENGINE, VERIFY_OUTSIDE };
enum verify_severity { VERIFY_RFC, VERIFY_POLICY };

/* A row of the check table: the ids are kept for ever. */
struct verify_check {
	const char *id;    /* "sig.valid" */
	const char *alias; /* "S1" */
	enum verify_home home;
	enum verify_severity severity;
	const char *rfc;     /* "RFC 4035 5.3.3" */
	const char *counts;  /* what was counted: "signatures" */
	const char *explain; /* one sentence */
	const char *outage;  /* what it would have stopped, or NULL */
};

const struct verify_check *verify_checks(size_t *count);

/* By id or alias; NULL if there is none. */
const struct verify_check *verify_check_find(const char *id);
