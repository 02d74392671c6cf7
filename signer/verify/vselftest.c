/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/verify/verdict.h"
#include "signer/verify/vselftest_p256.h"
#include "signer/verify/vselftest_zones.h"

/* Each run first judges these: whoever cannot tell a good tiny zone from a broken one gives no verdict. */

enum { NOW = 1768003200 }; /* 2026-01-10, within the zones' signatures */

struct trial {
	const char *zone;
	const char *find; /* NULL: the zone as it is */
	const char *put;
	int64_t now;
	const char *expected; /* check that must fail; NULL: the zone must pass */
};

/* The same with options. */
struct unsigned_trial {
	struct trial trial;
	bool expect_unsigned;
	const char *anchor; /* or NULL */
};

static const char built_in_unsigned[] = "zs.test. 300 IN SOA ns1.zs.test. host.zs.test. 1 7200 3600 86400 3600\n"
					"zs.test. 300 IN NS ns.other.test.\n"
					"in.zs.test. 300 IN NS ns.other.test.\n";

static const char built_in_anchor[] =
    "zs.test. IN DS 1 15 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static const struct trial trials[] = {
	{ built_in_nsec, NULL, NULL, NOW, NULL },
	{ built_in_nsec3, NULL, NULL, NOW, NULL },
	{ built_in_nsec, "192.0.2.80", "192.0.2.81", NOW, "sig.valid" },
	{ built_in_nsec, "192.0.2.80", "192.0.2.81", NOW, "zonemd.digest" },
	{ built_in_nsec, "www.zs.test. 300 IN A", "www.zs.test. 301 IN A", NOW, "sig.ttl" },
	{ built_in_nsec, "se.zs.test. 300 IN RRSIG DS ", "; ", NOW, "sig.covered" },
	{ built_in_nsec, "in.zs.test. 300 IN NSEC ", "; ", NOW, "denial.nsec.owners" },
	{ built_in_nsec, " A RRSIG NSEC", " MX RRSIG NSEC", NOW, "denial.nsec.bitmap" },
	{ built_in_nsec, "IN SOA ", "IN TYPE65280 \\# 1 00 ; ", NOW, "structure.soa" },
	{ built_in_nsec, " 257 3 15 ", " 256 3 15 ", NOW, "sig.algorithms" },
	{ built_in_nsec, NULL, NULL, NOW + 86400 * 365, "time.valid" },
	{ built_in_nsec, NULL, NULL, NOW - 86400 * 365, "time.valid" },
	{ built_in_nsec3, "IN NSEC3 1 1 0", "IN NSEC3 1 0 0", NOW, "sig.valid" },
	{ built_in_nsec3, "IN NSEC3 1 1 0", "IN TYPE65280 \\# 1 00 ;", NOW, "denial.nsec3.chain" },
	{ built_in_nsec3, "in.zs.test. 300 IN NS ", "out.test. 300 IN NS ", NOW, "structure.bailiwick" },
};

/* A zone without signatures passes only where it is expected. */
static const struct unsigned_trial unsigned_trials[] = {
	{ { built_in_unsigned, NULL, NULL, NOW, NULL }, true, NULL },
	{ { built_in_unsigned, NULL, NULL, NOW, "key.present" }, false, NULL },
	{ { built_in_unsigned, NULL, NULL, NOW, "chain.signed" }, true, built_in_anchor },
	{ { built_in_unsigned, "in.zs.test. 300 IN NS ", "in.zs.test. 300 IN NSEC zs.test. NS ; ", NOW,
	      "unsigned.plain" },
	    true, NULL },
	{ { built_in_nsec, NULL, NULL, NOW, "unsigned.plain" }, true, NULL },
};

/* Tried when tables are about to be used: all signatures but one of this zone are good, and a table proves them. */
static const struct trial table_trial = { built_in_p256, "192.0.2.80", "192.0.2.81", NOW, "sig.valid" };
enum { TABLE_PROVES = 9 };

/* The zone's text with its first `find` replaced; malloc'd. */
static char *alter(const struct trial *trial, size_t *size)
{
	const size_t length = strlen(trial->zone);
	const char *const at = trial->find == NULL ? NULL : strstr(trial->zone, trial->find);
	const size_t cut = at == NULL ? 0 : strlen(trial->find);
	const size_t put = at == NULL ? 0 : strlen(trial->put);
	const size_t before = at == NULL ? length : (size_t)(at - trial->zone);
	char *const text = memory_alloc(length - cut + put + 1);
	memcpy(text, trial->zone, before);
	if (put > 0)
		memcpy(text + before, trial->put, put);
	memcpy(text + before + put, trial->zone + before + cut, length - before - cut + 1);
	*size = length - cut + put;
	return text;
}

/* `options` without the zone and the time. */
static bool judge_by(const struct trial *trial, struct verify_options options, uint64_t *proven, struct error *err)
{
	size_t size;
	if (trial->find != NULL && strstr(trial->zone, trial->find) == NULL)
		return false;
	char *const text = alter(trial, &size);
	struct verify_verdict *verdict = NULL;
	options.origin = "zs.test.";
	options.zone = (struct verify_input){ "built-in zone", -1, (const uint8_t *)text, size };
	options.times[0].seconds = trial->now;
	options.time_count = 1;
	options.threads = 1;
	bool right = verify_run(&options, &verdict, err) == STATUS_OK;
	*proven = right ? verdict->run.stats.proven : 0;
	if (right && trial->expected == NULL)
		right = verify_passed(verdict);
	else if (right)
		right = !verify_passed(verdict) && verify_found(verdict, trial->expected);
	verify_free(verdict);
	free(text);
	return right;
}

static bool judge(const struct trial *trial, bool expect_unsigned, const char *anchor, struct error *err)
{
	uint64_t proven;
	const struct verify_options options = {
		.trust_anchor = { anchor == NULL ? NULL : "built-in anchor", -1, (const uint8_t *)anchor,
		    anchor == NULL ? 0 : strlen(anchor) },
		.expect_unsigned = expect_unsigned,
		.tables = VERIFY_TABLES_NEVER,
	};
	return judge_by(trial, options, &proven, err);
}

static enum status misjudged(const struct trial *trial, size_t number, struct error *err)
{
	return error_set(err, STATUS_INTERNAL,
	    "the verifier judged built-in zone %zu wrongly (%s), so it judges nothing: reinstall it, and check this "
	    "machine "
	    "and its OpenSSL",
	    number, trial->expected == NULL ? "a good zone was refused" : trial->expected);
}

enum status verify_self_test(struct error *err)
{
	struct error ignored;
	for (size_t i = 0; i < COUNT(trials); i++)
		if (!judge(&trials[i], false, NULL, &ignored))
			return misjudged(&trials[i], i, err);
	for (size_t i = 0; i < COUNT(unsigned_trials); i++) {
		const struct unsigned_trial *const one = &unsigned_trials[i];
		if (!judge(&one->trial, one->expect_unsigned, one->anchor, &ignored))
			return misjudged(&one->trial, COUNT(trials) + i, err);
	}
	return STATUS_OK;
}

/* Judges the zone with the memo `old`; a new one is written to `out`, if that is not NULL. */
static bool judge_with_memo(
    const char *zone, struct verify_octets old, struct verify_octets *out, uint64_t *recalled, bool *passed)
{
	struct verify_verdict *verdict = NULL;
	struct error ignored;
	const struct verify_options options = { .origin = "zs.test.",
		.zone = { "built-in zone", -1, (const uint8_t *)zone, strlen(zone) },
		.times = { { NOW } },
		.time_count = 1,
		.threads = 1,
		.tables = VERIFY_TABLES_NEVER,
		.testing_itself = true,
		.memo = { "built-in memo", -1, old.data, old.size },
		.memo_out = out };
	*recalled = 0;
	*passed = false;
	if (verify_run(&options, &verdict, &ignored) != STATUS_OK)
		return false;
	*recalled = verdict->run.stats.recalled;
	*passed = verify_passed(verdict);
	verify_free(verdict);
	return true;
}

/* What the memo knows is taken from it, what it does not know is not, and what is bad stays bad beside it. */
static bool memo_is_judged_rightly(void)
{
	const struct trial bad = { built_in_nsec, "192.0.2.80", "192.0.2.81", NOW, NULL };
	struct verify_octets memo = { NULL, 0 }, none = { NULL, 0 };
	uint64_t known, again, rest;
	bool passed;
	size_t size;
	char *const altered = alter(&bad, &size);
	bool right = judge_with_memo(built_in_nsec, none, &memo, &known, &passed) && passed && known == 0;
	right = right && judge_with_memo(built_in_nsec, memo, NULL, &again, &passed) && passed && again > 1;
	right = right && judge_with_memo(altered, memo, NULL, &rest, &passed) && !passed && rest + 1 == again;
	right = right && memo.size > 0;
	if (right) {
		memo.data[memo.size / 2] ^= 1;
		right = judge_with_memo(built_in_nsec, memo, NULL, &known, &passed) && passed && known == 0;
	}
	free(memo.data);
	free(altered);
	return right;
}

enum status verify_self_test_memo(struct error *err)
{
	return memo_is_judged_rightly()
		   ? STATUS_OK
		   : error_set(err, STATUS_INTERNAL,
			 "the verifier judged its built-in zone wrongly by a memo, so it judges nothing: reinstall it, "
			 "and check this machine and its OpenSSL");
}

enum status verify_self_test_tables(struct error *err)
{
	struct error ignored;
	uint64_t proven;
	const struct verify_options options = { .tables = VERIFY_TABLES_ALWAYS };
	if (judge_by(&table_trial, options, &proven, &ignored) && proven == TABLE_PROVES)
		return STATUS_OK;
	return error_set(err, STATUS_INTERNAL,
	    "the verifier judged its built-in P-256 zone wrongly by a table of the key's multiples, so it judges "
	    "nothing: "
	    "reinstall it, and check this machine and its OpenSSL");
}
