/* SPDX-License-Identifier: MIT */
#include "policies/rollover_parts.h"

/* Of a million RRsets, how many a run may sign anew only because of a roll. */
static uint32_t part_of(const struct rollover_policy *policy)
{
	const uint32_t parts = policy->parts > 1 ? policy->parts : 1;
	return (KEY_ALL_PPM + parts - 1) / parts;
}

unsigned rollover_parts_left(const struct rollover_policy *policy, const struct key *key)
{
	const uint32_t part = part_of(policy);
	return (key->signatures_left + part - 1) / part;
}

struct utc rollover_parts_next(const struct rollover_policy *policy, const struct key *key)
{
	return utc_add(key->signatures_complete, policy->part_interval);
}

struct utc rollover_parts_end(const struct rollover_policy *policy, const struct key *key, struct utc now)
{
	const int64_t further = (int64_t)rollover_parts_left(policy, key) - 1;
	const struct utc next = utc_later(now, rollover_parts_next(policy, key));
	return utc_add(next, (struct span){ further * policy->part_interval.seconds });
}

static void sign_part(struct key *key, uint32_t left, struct utc now)
{
	key->signatures_left = left;
	key->signatures_complete = now;
}

/* ---- parts to come ---- */

/* Whether the other key of such a roll still does its part. */
static bool is_paired(const struct rollover_key keys[], size_t count, const struct key *key)
{
	for (size_t i = 0; i < count; i++) {
		const struct key *const other = &keys[i].key;
		if (key_takes_over_from(key, other) || key_takes_over_from(other, key))
			return true;
	}
	return false;
}

bool rollover_parts_sign(
    const struct rollover_policy *policy, struct rollover_key keys[], size_t count, struct utc now, bool on)
{
	const uint32_t part = part_of(policy);
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		struct key *const key = &keys[i].key;
		if (key->signatures_left == 0)
			continue;
		const bool paired = is_paired(keys, count, key);
		if (paired && (!on || utc_before(now, rollover_parts_next(policy, key))))
			continue;
		sign_part(key, paired && key->signatures_left > part ? key->signatures_left - part : 0, now);
		any = true;
	}
	return any;
}

/* ---- the first one ---- */

static bool went(const struct rollover_move moves[], size_t count, size_t key, enum key_state to)
{
	for (size_t i = 0; i < count; i++)
		if (moves[i].key == key && moves[i].record == KEY_ZRRSIG && moves[i].to == to)
			return true;
	return false;
}

/* The signatures of the old key go as those of the new one come, while caches have both keys: each RRset may carry
 * either, so they may go over part by part (RFC 7583 3.2.1, Dsgn). */
static bool takes_over_at_leisure(const struct key *key, const struct key *old)
{
	return old->id != 0 && old->id == key->predecessor && old->algorithm == key->algorithm &&
	       key->state[KEY_DNSKEY] == KEY_OMNIPRESENT && old->state[KEY_DNSKEY] == KEY_OMNIPRESENT &&
	       old->was_full[KEY_ZRRSIG] && old->dropped.seconds == 0 && !key_is_revoked(old);
}

void rollover_parts_begin(const struct rollover_policy *policy, struct rollover_key keys[], size_t count,
    const struct rollover_move moves[], size_t move_count, struct utc now)
{
	const uint32_t left = KEY_ALL_PPM - part_of(policy);
	if (policy->parts < 2)
		return;
	/* All else that comes or goes does so in one version. */
	for (size_t i = 0; i < count; i++)
		if (went(moves, move_count, i, KEY_RUMOURED) || went(moves, move_count, i, KEY_UNRETENTIVE))
			keys[i].key.signatures_complete = now;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count && went(moves, move_count, i, KEY_RUMOURED); j++) {
			if (!went(moves, move_count, j, KEY_UNRETENTIVE) ||
			    !takes_over_at_leisure(&keys[i].key, &keys[j].key))
				continue;
			sign_part(&keys[i].key, left, now);
			sign_part(&keys[j].key, left, now);
		}
	}
}
