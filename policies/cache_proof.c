/* SPDX-License-Identifier: MIT */
#include "policies/cache_proof.h"

static struct utc earlier(struct utc a, struct utc b)
{
	return utc_before(a, b) ? a : b;
}

/* The last moment at which a cache may hold the version. */
static struct utc expiry(const struct cache_version *version, struct span propagation)
{
	if (version->until.seconds == UTC_NEVER.seconds)
		return UTC_NEVER;
	return utc_add(utc_add(version->until, propagation), (struct span){ version->ttl });
}

/* Each algorithm of the keys in `wanted` has a key in `have`. */
static bool covers_algorithms(const struct cache_history *history, uint64_t wanted, uint64_t have)
{
	bool present[256] = { false };
	for (unsigned i = 0; i < CACHE_KEYS; i++)
		if ((have >> i & 1) != 0)
			present[history->algorithm[i]] = true;
	for (unsigned i = 0; i < CACHE_KEYS; i++)
		if ((wanted >> i & 1) != 0 && !present[history->algorithm[i]])
			return false;
	return true;
}

static bool validates(const struct cache_history *history, const struct cache_version *ds,
    const struct cache_version *dnskey, const struct cache_version *data)
{
	if (ds->keys == 0)
		return true;
	const uint64_t proven = dnskey->keys & dnskey->signers;
	if ((ds->keys & proven) == 0 || (dnskey->keys & data->keys) == 0)
		return false;
	if (!history->strict)
		return true;
	return covers_algorithms(history, ds->keys, proven) &&
	       covers_algorithms(history, dnskey->keys, dnskey->keys & data->keys);
}

static bool is_given_up(const struct cache_history *history, const struct cache_version *ds,
    const struct cache_version *dnskey, const struct cache_version *data)
{
	return ((ds->keys | dnskey->keys | dnskey->signers | data->keys) & history->given_up) != 0;
}

/* When caches may hold all three; false if they never may, or no longer at `now`. */
static bool overlap(const struct cache_history *history, const struct cache_conflict *which, struct utc now,
    struct utc *begins, struct utc *ends)
{
	const struct cache_version *const ds = &history->ds[which->ds];
	const struct cache_version *const dnskey = &history->dnskey[which->dnskey];
	const struct cache_version *const data = &history->data[which->data];
	*begins = utc_later(now, utc_later(ds->from, utc_later(dnskey->from, data->from)));
	*ends = earlier(expiry(ds, history->parent_propagation),
	    earlier(expiry(dnskey, history->propagation), expiry(data, history->propagation)));
	/* A record with a TTL of n seconds is used for n seconds, and no longer at the n-th. */
	return utc_before(*begins, *ends);
}

bool cache_proof(const struct cache_history *history, struct utc now, struct cache_conflict *out)
{
	bool good = true;
	struct cache_conflict at;
	for (at.ds = 0; at.ds < history->ds_count; at.ds++) {
		for (at.dnskey = 0; at.dnskey < history->dnskey_count; at.dnskey++) {
			for (at.data = 0; at.data < history->data_count; at.data++) {
				if (!overlap(history, &at, now, &at.begins, &at.ends))
					continue;
				if (validates(history, &history->ds[at.ds], &history->dnskey[at.dnskey],
					&history->data[at.data]) ||
				    is_given_up(history, &history->ds[at.ds], &history->dnskey[at.dnskey],
					&history->data[at.data]))
					continue;
				if (good || utc_before(out->ends, at.ends))
					*out = at;
				good = false;
			}
		}
	}
	return good;
}
