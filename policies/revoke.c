/* SPDX-License-Identifier: MIT */
#include "policies/revoke.h"

enum { STAYS_DAYS = 30, DAY = 86400 };

static bool is_gone(enum key_state state)
{
	return state == KEY_NA || state == KEY_HIDDEN;
}

/* Another key by which caches find the DNSKEY RRset signed. */
static bool another_signs(const struct key keys[], size_t count, size_t which)
{
	for (size_t i = 0; i < count; i++)
		if (i != which && keys[i].algorithm == keys[which].algorithm && !key_is_revoked(&keys[i]) &&
		    keys[i].state[KEY_DNSKEY] == KEY_OMNIPRESENT && keys[i].state[KEY_KRRSIG] == KEY_OMNIPRESENT)
			return true;
	return false;
}

static const char *obstacle_of_key(const struct key *key)
{
	if (key_is_revoked(key))
		return "it is revoked already";
	if (key->purged.seconds != 0)
		return "its private half was destroyed, and only that can revoke it (RFC 5011 2.1)";
	if (key->foreign)
		return "its private half is another signer's, and only that can revoke it (RFC 5011 2.1)";
	if (key->role == KEY_ZSK)
		return "no resolver takes a ZSK for a trust anchor: only keys with the SEP flag are (RFC 5011 2)";
	if (!is_gone(key->state[KEY_DS]))
		return "a DS of it is or may be at the parent or in caches, and it would lead nowhere (RFC 5011 2.1); "
		       "first roll to another key and have the DS withdrawn";
	if (!key_is_published(key) || !key_signs_keys(key))
		return "it does not stand in the zone and sign the DNSKEY RRset, so no resolver would learn of it "
		       "(RFC 5011 2.1)";
	if (!is_gone(key->state[KEY_ZRRSIG]))
		return "its signatures over the zone's data are in use or in caches; first roll to another key";
	return NULL;
}

const char *revoke_obstacle(const struct key keys[], size_t count, size_t which)
{
	const char *const obstacle = obstacle_of_key(&keys[which]);
	if (obstacle != NULL)
		return obstacle;
	if (!another_signs(keys, count, which))
		return "no other key of its algorithm signs the DNSKEY RRset in all caches: the zone would rest on a "
		       "revoked key";
	if (keys[which].goal_present && !keys[which].standby)
		return "it is to be used: its DS is yet to be handed in; first end the rollover that introduces it "
		       "(zoneseal roll abort)";
	return NULL;
}

void revoke_key(struct key *key, struct utc when)
{
	key->revoked = when;
	key->goal_present = false;
	key->standby = false;
}

struct utc revoke_ends(const struct key *key)
{
	return utc_add(key->revoked, (struct span){ (int64_t)STAYS_DAYS * DAY });
}
