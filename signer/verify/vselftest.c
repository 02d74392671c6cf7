/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/verify/verify.h"
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

static bool judge(const struct trial *trial, struct error *err)
{
	size_t size;
	if (trial->find != NULL && strstr(trial->zone, trial->find) == NULL)
		return false;
	char *const text = alter(trial, &size);
	struct verify_verdict *verdict = NULL;
	const struct verify_options options = {
		.origin = "zs.test.",
		.zone = { "built-in zone", -1, (const uint8_t *)text, size },
		.times = { { trial->now } },
		.time_count = 1,
		.threads = 1,
	};
	bool right = verify_run(&options, &verdict, err) == STATUS_OK;
	if (right && trial->expected == NULL)
		right = verify_passed(verdict);
	else if (right)
		right = !verify_passed(verdict) && verify_found(verdict, trial->expected);
	verify_free(verdict);
	free(text);
	return right;
}

enum status verify_self_test(struct error *err)
{
	for (size_t i = 0; i < COUNT(trials); i++) {
		struct error ignored;
		if (!judge(&trials[i], &ignored))
			return error_set(err, STATUS_INTERNAL,
			    "the verifier judged built-in zone %zu wrongly (%s), so it judges nothing: reinstall it, "
			    "and check "
			    "this machine and its OpenSSL",
			    i, trials[i].expected == NULL ? "a good zone was refused" : trials[i].expected);
	}
	return STATUS_OK;
}
