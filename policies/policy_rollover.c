/* SPDX-License-Identifier: MIT */
#include "policies/policy_rollover.h"

#include <stdio.h>
#include <string.h>

struct span policy_sign_all(const struct policy *policy)
{
	const int64_t further = policy->roll_runs > 1 ? (int64_t)policy->roll_runs - 1 : 0;
	return (struct span){ further * policy->roll_interval.seconds };
}

struct rollover_policy policy_rollover(const struct policy *policy)
{
	struct rollover_policy out = {
		.csk = policy->csk,
		.algorithm = policy->algorithm,
		.insecure = policy->insecure,
		.no_ds = policy->ds == POLICY_DS_NONE,
		.strict = policy->strict,
		.standby = { [KEY_KSK] = policy->standby_ksk,
		    [KEY_ZSK] = policy->standby_zsk,
		    [KEY_CSK] = policy->standby_ksk },
		.pool = { [KEY_KSK] = policy->pool_ksk, [KEY_ZSK] = policy->pool_zsk, [KEY_CSK] = policy->pool_ksk },
		.backup_first = policy->require_backup,
		.parent_by_hand = policy->cds == POLICY_CDS_NONE && policy->hook_ds_submit[0] == '\0',
		.parts = policy->roll_runs,
		.part_interval = policy->roll_interval,
		.manual = policy->manual,
		.timing = {
		    .propagation = policy->zone_propagation,
		    .parent_propagation = policy->parent_propagation,
		    .registration = policy->registration,
		    .sign_all = policy_sign_all(policy),
		    .ttl_key = { policy->dnskey_ttl },
		    .ttl_ds = { policy->ds_ttl },
		    .ttl_sig = { policy->max_zone_ttl },
		    .negative = { policy->max_zone_ttl },
		    .publish_safety = policy->publish_safety,
		    .retire_safety = policy->retire_safety,
		},
	};
	for (int role = 0; role < POLICY_ROLES; role++) {
		out.minimize[role] = policy->method[role];
		out.lifetime[role] = policy->lifetime[role];
	}
	return out;
}

struct rollover_policy policy_rollover_served(
    const struct rollover_policy *policy, const struct rollover_facts *facts, bool published, struct utc now)
{
	struct rollover_policy out = *policy;
	const struct span keys = ttl_ledger_largest(&facts->dnskey_ttl, now);
	if (keys.seconds > out.timing.ttl_key.seconds)
		out.timing.ttl_key = keys;
	out.timing.ttl_ds = ttl_ledger_largest(&facts->ds_ttl, now);
	if (published) {
		out.timing.ttl_sig = ttl_ledger_largest(&facts->data_ttl, now);
		out.timing.negative = ttl_ledger_largest(&facts->negative_ttl, now);
	}
	return out;
}

/* ---- sums ---- */

struct span policy_sum_total(const struct policy_sum *sum)
{
	struct span total = { 0 };
	for (size_t i = 0; i < sum->count; i++)
		total.seconds += sum->term[i].span.seconds;
	return total;
}

void policy_sum_format(const struct policy_sum *sum, char out[POLICY_SUM_TEXT])
{
	char text[SPAN_TEXT];
	span_format_exact(policy_sum_total(sum), text);
	size_t used = (size_t)snprintf(out, POLICY_SUM_TEXT, "%s", text);
	const char *gap = " = ";
	for (size_t i = 0; i < sum->count && used < POLICY_SUM_TEXT; i++) {
		if (sum->term[i].span.seconds == 0)
			continue;
		span_format_exact(sum->term[i].span, text);
		used += (size_t)snprintf(out + used, POLICY_SUM_TEXT - used, "%s%s %s", gap, sum->term[i].name, text);
		gap = " + ";
	}
}

static struct policy_sum both(struct policy_sum a, struct policy_sum b)
{
	for (size_t i = 0; i < b.count && a.count < POLICY_TERMS; i++)
		a.term[a.count++] = b.term[i];
	return a;
}

static struct policy_sum longer(struct policy_sum a, struct policy_sum b)
{
	return policy_sum_total(&a).seconds >= policy_sum_total(&b).seconds ? a : b;
}

static struct policy_sum propagation_and(const struct policy *policy, struct policy_term a, struct policy_term b)
{
	return (struct policy_sum){ { { "zone.propagation-delay", policy->zone_propagation }, a, b }, 3 };
}

static struct policy_term publish_safety(const struct policy *policy)
{
	return (struct policy_term){ "keys.publish-safety", policy->publish_safety };
}

static struct policy_term retire_safety(const struct policy *policy)
{
	return (struct policy_term){ "keys.retire-safety", policy->retire_safety };
}

static struct policy_term dnskey_ttl(const struct policy *policy)
{
	return (struct policy_term){ "keys.dnskey-ttl", { policy->dnskey_ttl } };
}

/* The new DNSKEY RRset in all caches: Ipub, IpubC. */
static struct policy_sum key_arrives(const struct policy *policy)
{
	return propagation_and(policy, dnskey_ttl(policy), publish_safety(policy));
}

/* The old DNSKEY RRset out of all caches: Iret of double-DS. */
static struct policy_sum key_leaves(const struct policy *policy)
{
	return propagation_and(policy, dnskey_ttl(policy), retire_safety(policy));
}

/* All signatures of the old ZSK out of caches, and all of the new one in them: Iret of a ZSK. */
static struct policy_sum signatures_change(const struct policy *policy)
{
	const struct policy_term ttl = { "zone.max-ttl", { policy->max_zone_ttl } };
	struct policy_sum sum = propagation_and(policy, ttl, retire_safety(policy));
	sum.term[sum.count++] = (struct policy_term){ "signatures.roll-runs", policy_sign_all(policy) };
	return sum;
}

/* A change of the DS RRset that all parent servers show is in all caches: Iret of a KSK, IpubP. */
static struct policy_sum ds_changes(const struct policy *policy)
{
	if (policy->ds == POLICY_DS_NONE)
		return (struct policy_sum){ .count = 0 };
	return (struct policy_sum){ { { "parent.propagation-delay", policy->parent_propagation },
					{ "parent.ds-ttl", { policy->ds_ttl } }, retire_safety(policy) },
		3 };
}

/* The same, from handing it in. */
static struct policy_sum ds_registers(const struct policy *policy)
{
	const struct policy_sum change = ds_changes(policy);
	if (change.count == 0)
		return change;
	return both((struct policy_sum){ { { "parent.registration-delay", policy->registration } }, 1 }, change);
}

/* What is minimized waits until what it takes the place of is not needed: signatures and DS for the DNSKEY, the DNSKEY
 * for signatures and DS. The slowest record makes the length. */
struct policy_sum policy_roll_length(const struct policy *policy, enum key_role role)
{
	const struct policy_sum none = { .count = 0 };
	const struct policy_sum key = key_arrives(policy);
	const struct policy_sum data = role == KEY_KSK ? none : signatures_change(policy);
	const struct policy_sum ds = role == KEY_ZSK ? none : ds_registers(policy);
	const unsigned bits = policy->method[role];
	if ((bits & ROLLOVER_FEW_DNSKEY) != 0)
		return both(longer(data, ds), key);
	const bool data_waits = (bits & ROLLOVER_FEW_RRSIG) != 0 && data.count > 0;
	const bool ds_waits = (bits & ROLLOVER_FEW_DS) != 0 && ds.count > 0;
	return longer(key, longer(data_waits ? both(key, data) : data, ds_waits ? both(key, ds) : ds));
}

/* ---- for people ---- */

static void add(struct policy_interval out[POLICY_INTERVALS], size_t *count, const char *symbol, const char *what,
    struct policy_sum sum)
{
	if (sum.count > 0 && *count < POLICY_INTERVALS)
		out[(*count)++] = (struct policy_interval){ symbol, what, sum };
}

size_t policy_intervals(const struct policy *policy, struct policy_interval out[POLICY_INTERVALS])
{
	size_t count = 0;
	add(out, &count, "Ipub",
	    "a new DNSKEY is in all caches this long after it is published (RFC 7583 3.2.1, 3.3.1)",
	    key_arrives(policy));
	add(out, &count, "Iret",
	    "signatures of an old ZSK have left all caches this long after a new one signs (RFC 7583 3.2.1)",
	    signatures_change(policy));
	add(out, &count, "IpubP",
	    "a new DS is in all caches, and an old one in none, this long after all parent servers show the "
	    "change (RFC 7583 3.3.1, 3.3.2)",
	    ds_changes(policy));
	add(out, &count, "IretC", "an old DNSKEY has left all caches this long after it left the zone (RFC 7583 3.3.2)",
	    key_leaves(policy));
	if (policy->csk) {
		add(out, &count, "CSK roll", "a CSK rollover takes at least", policy_roll_length(policy, KEY_CSK));
		return count;
	}
	add(out, &count, "ZSK roll", "a ZSK rollover takes at least", policy_roll_length(policy, KEY_ZSK));
	add(out, &count, "KSK roll", "a KSK rollover takes at least", policy_roll_length(policy, KEY_KSK));
	return count;
}
