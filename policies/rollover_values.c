/* SPDX-License-Identifier: MIT */
/* What keys are to the planner, without planning: rollover.h. */
#include "policies/rollover.h"

#include "policies/rollover_births.h"

bool rollover_minimize_is_valid(enum key_role role, unsigned bits)
{
	static const unsigned valid[3] = {
		[KEY_KSK] = 1u << 0 | 1u << 2 | 1u << 4,
		[KEY_ZSK] = 1u << 0 | 1u << 1 | 1u << 2,
		[KEY_CSK] = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5,
	};
	return bits < 8 && (valid[role] >> bits & 1) != 0;
}

void rollover_key_init(struct rollover_key *key, enum key_role role, int64_t predecessor)
{
	key->key.predecessor = predecessor;
	key->key.role = role;
	key->key.goal_present = true;
	key_hide(&key->key, key->key.created);
}

bool rollover_is_first_key_set(const struct rollover_key keys[], size_t count)
{
	struct utc came = UTC_NEVER;
	for (size_t i = 0; i < count; i++)
		if (keys[i].key.state[KEY_DNSKEY] == KEY_RUMOURED && utc_before(keys[i].key.since[KEY_DNSKEY], came))
			came = keys[i].key.since[KEY_DNSKEY];
	/* One that was taken back before it was everywhere has not driven the absence out of any cache; after one that
	 * left before others came there was absence. */
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i].key;
		if (key->state[KEY_DNSKEY] == KEY_OMNIPRESENT ||
		    (key->state[KEY_DNSKEY] == KEY_UNRETENTIVE && key->was_full[KEY_DNSKEY] &&
			!utc_before(key->since[KEY_DNSKEY], came)))
			return false;
	}
	return true;
}

static bool is_used(const struct key *key, enum key_record record)
{
	return key->state[record] == KEY_RUMOURED || key->state[record] == KEY_OMNIPRESENT;
}

const char *rollover_drop_obstacle(const struct rollover_key keys[], size_t count, size_t which)
{
	static const enum key_record needed[] = { KEY_ZRRSIG, KEY_KRRSIG };
	const struct key *const key = &keys[which].key;
	if (key->standby || rollover_successor(keys, count, which) != SIZE_MAX)
		return NULL;
	for (size_t r = 0; r < COUNT(needed); r++) {
		bool covered = !is_used(key, needed[r]);
		for (size_t i = 0; i < count && !covered; i++)
			covered = i != which && keys[i].key.algorithm == key->algorithm && keys[i].key.goal_present &&
				  is_used(&keys[i].key, needed[r]);
		if (!covered)
			return "no other key takes its place, and the zone would be without signatures";
	}
	return NULL;
}

const char *rollover_obstacle_text(enum rollover_obstacle why)
{
	static const char *const texts[] = {
		[ROLLOVER_WAITS_TIME] = "caches in the world may still hold what was before",
		[ROLLOVER_WAITS_METHOD] = "the rollover method wants another record first",
		[ROLLOVER_WAITS_DS_EXISTS] = "the zone would be left without a DS",
		[ROLLOVER_WAITS_KEY_CHAIN] =
		    "some cache would find no way from a DS to a key that signs the DNSKEY RRset",
		[ROLLOVER_WAITS_SIGNATURES] = "some cache would hold signatures that no DNSKEY in it can check",
		[ROLLOVER_WAITS_PARENT] = "the parent's servers do not all show the change of the DS yet",
		[ROLLOVER_WAITS_OPERATOR] = "the policy is manual: an operator starts each step",
		[ROLLOVER_WAITS_WINDOW] = "the policy wants no key event on these days",
		[ROLLOVER_WAITS_BACKUP] = "no backup is said to hold the key, which the policy wants before it is used",
		[ROLLOVER_WAITS_BUNDLE] = "no response of a key ceremony has the key in the DNSKEY RRset before",
		[ROLLOVER_WAITS_KEY_MISSING] = "a private key of the zone cannot be used; nothing moves without it",
	};
	return texts[why];
}
