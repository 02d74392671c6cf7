/* SPDX-License-Identifier: MIT */
/*
 * The gate's contract: the table of checks, and the verdict that zoneseal-verify writes and the engine reads.
 *
 * The verdict's JSON ("zoneseal.verdict/1") is one object:
 *   schema, build (id of the verifier's build), zone, serial, verdict ("pass" | "fail"), sha256 (of the file as read,
 * hex), size, time (RFC 3339) and time_epoch, records, signatures (all verified), safe_until + safe_until_epoch (until
 * when every check that depends on time holds; null if unknown), unsigned (true: judged as a zone that has no DNSSEC,
 * because --expect-unsigned said so; a zone without signatures passes in no other way), checks: [{id, alias, home,
 * severity, result ("ok" | "fail" | "warn" | "not asked" | "nothing to check"), checked, failed, rfc}], findings: [{id,
 * severity, result ("fail" | "warn" | "expected"), count, what, examples: [{owner, type, line, detail}], cause, advice,
 * limit (the change limit that is passed, or null), expected (result "expected": reason, who, when)}], counts:
 * {signatures, computed, from_memo, sampled} (of the signatures that hold: computed in this run, taken from the proof
 * memo, of those computed all the same), memo (null without one: {used, full: why all was computed, last_full +
 * last_full_epoch, written, problem}), previous: [serial] (of all that --previous gave, in that order), threads,
 * seconds, sandbox: {landlock_abi (0: the kernel has none), seccomp (true | false)}, complete (true; written last, so
 * that a cut verdict has none). A run that ends without a verdict (65, 66, 70, 74, 77) writes {schema, build, verdict:
 * "none", error, file, line, column, exit} without "complete".
 *
 * --policy FILE is a JSON object ("zoneseal.limits/1"); every member but `schema` may be left out, unknown ones are
 * refused:
 *   schema             "zoneseal.limits/1"
 *   max_ttl            largest TTL, seconds
 *   min_remaining      each signature's remaining validity at --now, seconds (0 switches the floor off)
 *   dnskey_ttl         TTL of the DNSKEY RRset
 *   inception_offset   seconds that signatures of zone data begin before --now, at least
 *   max_validity       seconds that they end after --now, at most
 *   algorithms         numbers of the algorithms that keys may have
 *   rsa_min_bits       shortest RSA modulus
 *   denial             "nsec" | "nsec3"
 *   iterations, salt   most iterations (0), salt in hexadecimal ("")
 *   opt_out            true | false: the flag of every NSEC3
 *   zonemd             true: a ZONEMD that can be checked must be there
 *   full_verify_every  seconds after which a proof memo is not used, so that all is computed again (86400)
 *   cds_delete         true: a CDS/CDNSKEY delete form is wanted
 *   require_sandbox    true: no verdict where the kernel lacks Landlock or seccomp
 *   serial             {policy, floor}: how the serial follows from that of --unsigned: "keep" it, or "increment",
 *                      "unixtime", "date-counter": that of the input, of --now or of its day, or the first after
 *                      `floor`, the greatest one that was used before (left out: none was)
 *   warn               ids of checks of severity "policy" that only warn
 *   change             limits against the newest --previous, each {ppm, floor}: allowed are floor + ppm / 1,000,000
 *                      of the published number. Members: records, removed (delegations), added (delegations), ns
 *                      (delegations with another NS set; glue with other addresses), ds (signed delegations whose
 *                      DS set was removed or changed). Left out: 100,000 ppm with a floor of 100 (ds: 50,000 with 20)
 *   expected           planned changes, each {limit, serial, reason, who, given}: that one limit of `change` may be
 *                      passed by the zone with that serial; the finding stays, and refuses nothing. No other check
 *                      knows them
 *
 * --expect-keys FILE: a line per key, "FLAGS 3 ALGORITHM BASE64 [use...]", the DNSKEY RDATA with its key in one word;
 * then its uses: "publish" (its DNSKEY must be in the zone), "ksk" (must sign the DNSKEY RRset), "zsk" (may sign
 * everything else), "standby" (published, but signs nothing, or with "ksk" the DNSKEY RRset), "old" (not published, but
 * signatures by it may stand in the zone: the outer stages of an algorithm roll), "dropped" (nothing of it may be in
 * the zone, and what caches hold of it is given up: it may be stolen), "instead" (signs at once for a dropped key,
 * though caches do not know it). No use at all means publish. Empty lines and those that begin with ; or # do not
 * count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/utc.h"

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

/* An input: an open descriptor that is read to its end, or octets in memory if `descriptor` is -1; not given if `name`
 * is NULL. */
struct verify_input {
	const char *name;
	int descriptor;
	const uint8_t *data;
	size_t size;
};

/* Octets that a run writes for a test; malloc'd. */
struct verify_octets {
	uint8_t *data;
	size_t size;
};

enum { VERIFY_TIMES = 16, VERIFY_INCLUDES = 300, VERIFY_PREVIOUS = 16 };

/* A version that was published before. Caches hold what they have of it for its TTL after `replaced`, when the last
 * server has stopped to give it; without that all of it may be there. */
struct verify_previous {
	struct verify_input file;
	bool was_replaced;
	struct utc replaced;
};

struct vinclude; /* vread.h */

/* Whether keys get tables to verify their P-256 signatures by (vproof.h): those that sign enough for it to pay, all, or
 * none. The verdict is the same. */
enum verify_tables { VERIFY_TABLES_AUTO, VERIFY_TABLES_ALWAYS, VERIFY_TABLES_NEVER };

/* What stands between this process and everything that it has not open (sandbox.h). */
struct verify_door {
	int landlock_abi; /* 0: no Landlock */
	bool seccomp;
};

struct verify_options {
	const char *origin; /* or NULL */
	struct verify_input zone;
	struct verify_input trust_anchor, unsigned_zone, expect_keys, policy;
	struct verify_previous previous[VERIFY_PREVIOUS]; /* in any order; the serial tells the newest (RFC 1982) */
	unsigned previous_count;
	bool expect_unsigned; /* the zone is to have no DNSSEC at all; a signed one is refused, and any trust anchor too
			       */
	const struct vinclude *includes; /* files that $INCLUDE lines of unsigned_zone name */
	size_t include_count;
	struct utc times[VERIFY_TIMES]; /* the first is now */
	unsigned time_count;            /* at least 1 */
	unsigned threads;               /* at least 1 */
	enum verify_tables tables;      /* for tests */
	struct verify_door door;        /* what the caller has closed; told in the verdict */

	/* The proof memo (vmemo_use.h): the old one, and where a new one is written after a good verdict. */
	struct verify_input memo, memo_new;
	const char *memo_state;         /* what else must be as it was when the old one was written, or NULL */
	const char *memo_problem;       /* why there is no old one although one was named, or NULL */
	bool testing_itself;            /* a run of the self-test starts none */
	struct verify_octets *memo_out; /* instead of memo_new, for tests; or NULL */
};

/* The change limits of --policy, by the names that it has for them. */
enum verify_limit { VERIFY_RECORDS, VERIFY_REMOVED, VERIFY_ADDED, VERIFY_NS, VERIFY_DS, VERIFY_LIMITS };
#define VERIFY_LIMIT_NAMES                                                                                             \
	{                                                                                                              \
		"records", "removed", "added", "ns", "ds"                                                              \
	}

struct verify_verdict; /* made by verify_run */

/* Judges. STATUS_OK: there is a verdict, see verify_passed. Anything else: no verdict, which means no. */
enum status verify_run(const struct verify_options *options, struct verify_verdict **out, struct error *err) MUST_CHECK;
void verify_free(struct verify_verdict *verdict);

bool verify_passed(const struct verify_verdict *verdict);

/* Whether this check failed or warned; for tests. */
bool verify_found(const struct verify_verdict *verdict, const char *id);

/* The verdict as JSON or as text for people, both malloc'd and terminated. */
char *verify_json(const struct verify_verdict *verdict);
char *verify_text(const struct verify_verdict *verdict);

/* The JSON of a run without a verdict. */
char *verify_json_error(const struct error *err);

/* Lets libraries open now what they would open at their first use: once, before the sandbox closes. */
void verify_prepare(void);

/* Judges the built-in tiny zones, good ones and mutants; STATUS_INTERNAL if any verdict is not the known one. */
enum status verify_self_test(struct error *err) MUST_CHECK;
