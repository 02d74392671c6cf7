/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <string.h>

#include "policies/cache_proof.h"
#include "signer/base/error.h"

enum { NEVER = -1, K1 = 1, K2 = 2, Z1 = 4, Z2 = 8, OTHER = 16 };

struct version {
	int64_t from, until; /* NEVER: still served */
	uint32_t ttl;
	uint64_t keys, signers;
};

struct history {
	const char *title;
	struct version ds[3], dnskey[3], data[3]; /* ended by one without TTL */
	int64_t now;
	bool strict;
	bool good;
	int64_t ends; /* of the conflict */
};

/* K1 and Z1 are of algorithm 13, K2 and Z2 of algorithm 15. One unit of time is a second; propagation is 10 for the
 * zone and 5 for the parent. */
static const struct history histories[] = {
	{ "one key of each kind, for ever", { { 0, NEVER, 100, K1, 0 } }, { { 0, NEVER, 50, K1 | Z1, K1 } },
	    { { 0, NEVER, 70, Z1, 0 } }, 1000, true, true, 0 },
	{ "an empty DS set is never bogus", { { 0, NEVER, 100, 0, 0 } }, { { 0, NEVER, 50, 0, 0 } },
	    { { 0, NEVER, 70, 0, 0 } }, 1000, true, true, 0 },
	{ "a DS for an unsigned zone is bogus", { { 0, NEVER, 100, K1, 0 } }, { { 0, NEVER, 50, 0, 0 } },
	    { { 0, NEVER, 70, 0, 0 } }, 1000, false, false, INT64_MAX },
	{ "a DS whose key does not sign the DNSKEY RRset is bogus", { { 0, NEVER, 100, K2, 0 } },
	    { { 0, NEVER, 50, K1 | K2 | Z1, K1 } }, { { 0, NEVER, 70, Z1, 0 } }, 1000, false, false, INT64_MAX },
	{ "new signatures meet the old DNSKEY RRset in caches: the standby signer with other keys",
	    { { 0, NEVER, 100, K1, 0 } }, { { 0, 1000, 50, K1 | Z1, K1 }, { 1000, NEVER, 50, K1 | Z2, K1 } },
	    { { 0, 1000, 70, Z1, 0 }, { 1000, NEVER, 70, Z2, 0 } }, 1000, false, false, 1080 },
	{ "after the old versions have left all caches it is good again", { { 0, NEVER, 100, K1, 0 } },
	    { { 0, 1000, 50, K1 | Z1, K1 }, { 1000, NEVER, 50, K1 | Z2, K1 } },
	    { { 0, 1000, 70, Z1, 0 }, { 1000, NEVER, 70, Z2, 0 } }, 1080, false, true, 0 },
	{ "a DNSKEY that was published long enough may sign", { { 0, NEVER, 100, K1, 0 } },
	    { { 0, 900, 50, K1 | Z1, K1 }, { 900, NEVER, 50, K1 | Z1 | Z2, K1 } },
	    { { 0, 960, 70, Z1, 0 }, { 960, NEVER, 70, Z2, 0 } }, 960, false, true, 0 },
	{ "one second too early it may not", { { 0, NEVER, 100, K1, 0 } },
	    { { 0, 900, 50, K1 | Z1, K1 }, { 900, NEVER, 50, K1 | Z1 | Z2, K1 } },
	    { { 0, 959, 70, Z1, 0 }, { 959, NEVER, 70, Z2, 0 } }, 959, false, false, 960 },
	{ "the old DS stays in caches for its TTL and the parent's propagation",
	    { { 0, 500, 100, K1, 0 }, { 500, NEVER, 100, K2, 0 } },
	    { { 0, 604, 50, K1 | K2 | Z1, K1 | K2 }, { 604, NEVER, 50, K2 | Z1, K2 } }, { { 0, NEVER, 70, Z1, 0 } },
	    604, false, false, 605 },
	{ "an algorithm in the DNSKEY RRset that does not sign is good for any one path", { { 0, NEVER, 100, K1, 0 } },
	    { { 0, NEVER, 50, K1 | Z1 | Z2, K1 } }, { { 0, NEVER, 70, Z1, 0 } }, 1000, false, true, 0 },
	{ "and bogus for a validator that wants each algorithm", { { 0, NEVER, 100, K1, 0 } },
	    { { 0, NEVER, 50, K1 | Z1 | Z2, K1 } }, { { 0, NEVER, 70, Z1, 0 } }, 1000, true, false, INT64_MAX },
};

static size_t take(const struct version in[3], struct cache_version out[3])
{
	size_t count = 0;
	for (; count < 3 && in[count].ttl != 0; count++)
		out[count] = (struct cache_version){ { in[count].from },
			in[count].until == NEVER ? UTC_NEVER : (struct utc){ in[count].until }, in[count].ttl,
			in[count].keys, in[count].signers };
	return count;
}

static void histories_are_judged_to_the_second(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(histories); i++) {
		const struct history *const h = &histories[i];
		struct cache_version ds[3];
		struct cache_version dnskey[3];
		struct cache_version data[3];
		struct cache_history history = { .ds = ds,
			.dnskey = dnskey,
			.data = data,
			.propagation = { 10 },
			.parent_propagation = { 5 },
			.algorithm = { 13, 15, 13, 15 },
			.strict = h->strict };
		history.ds_count = take(h->ds, ds);
		history.dnskey_count = take(h->dnskey, dnskey);
		history.data_count = take(h->data, data);
		struct cache_conflict conflict;
		const bool good = cache_proof(&history, (struct utc){ h->now }, &conflict);
		if (good != h->good)
			fail_msg("%s: judged %s", h->title, good ? "good" : "bogus");
		if (!good && conflict.ends.seconds != h->ends)
			fail_msg("%s: ends at %lld, not %lld", h->title, (long long)conflict.ends.seconds,
			    (long long)h->ends);
		history.given_up = OTHER;
		if (cache_proof(&history, (struct utc){ h->now }, &conflict) != good)
			fail_msg("%s: judged otherwise since a key that is in no version is given up", h->title);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_are_judged_to_the_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
