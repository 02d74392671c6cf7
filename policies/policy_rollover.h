/* SPDX-License-Identifier: MIT */
/*
 * What a policy means for rollovers: the value that the planner takes, and each wait as a sum with its terms, so that a
 * person can check it by hand. The sums are those of timing.h (tests compare them), with the policy's names.
 */
#pragma once

#include <stddef.h>

#include "policies/policy.h"
#include "policies/rollover.h"

/* Dsgn (RFC 7583 3.2.1): from the first part of the zone that a new key signs to the last. */
struct span policy_sign_all(const struct policy *policy);

/* The planner's view of a policy. TTLs in its timing are the policy's, so they are upper bounds for the zone's own and
 * only a guess for the DS; the engine's facts replace them. */
struct rollover_policy policy_rollover(const struct policy *policy);

/* The same with the TTLs that caches may hold at `now`: what was served is what counts, and the policy's own DNSKEY TTL
 * where it is larger, since it may be served next. Before a first publication only the DS was served. */
struct rollover_policy policy_rollover_served(
    const struct rollover_policy *policy, const struct rollover_facts *facts, bool published, struct utc now);

enum { POLICY_TERMS = 10, POLICY_SUM_TEXT = 400 };

struct policy_term {
	const char *name; /* path of the field */
	struct span span;
};

struct policy_sum {
	struct policy_term term[POLICY_TERMS];
	size_t count;
};

struct span policy_sum_total(const struct policy_sum *sum);

/* "2h5m = zone.propagation-delay 5m + keys.dnskey-ttl 1h + keys.publish-safety 1h"; terms of 0 are left out. */
void policy_sum_format(const struct policy_sum *sum, char out[POLICY_SUM_TEXT]);

/* How long a rollover of the role takes at least by the policy's method, from the first record of the new key to the
 * last that the old one is needed for. */
struct policy_sum policy_roll_length(const struct policy *policy, enum key_role role);

/* A wait of the policy's methods. */
struct policy_interval {
	const char *symbol; /* of RFC 7583: "Ipub", "IpubC", "IpubP", "Iret" */
	const char *what;   /* "a new ZSK signs this long after it is published (pre-publication, RFC 7583 3.2.1)" */
	struct policy_sum sum;
};

enum { POLICY_INTERVALS = 8 };

/* The waits of the roles that the policy has, in order of a rollover; returns how many. */
size_t policy_intervals(const struct policy *policy, struct policy_interval out[POLICY_INTERVALS]);
