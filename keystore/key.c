/* SPDX-License-Identifier: MIT */
#include "keystore/key.h"

#include <string.h>

#include "signer/base/error.h"

const char *key_role_name(enum key_role role)
{
	static const char *const names[] = { [KEY_KSK] = "KSK", [KEY_ZSK] = "ZSK", [KEY_CSK] = "CSK" };
	return names[role];
}

const char *key_state_name(enum key_state state)
{
	static const char *const names[] = {
		[KEY_NA] = "n/a",
		[KEY_HIDDEN] = "hidden",
		[KEY_RUMOURED] = "rumoured",
		[KEY_OMNIPRESENT] = "omnipresent",
		[KEY_UNRETENTIVE] = "unretentive",
	};
	return names[state];
}

/* "In all caches" and "in no cache" are conclusions from time that has passed; back to what they were drawn from. A key
 * whose record was hidden from the beginning was in no cache at any time. */
static enum key_state without_conclusion(enum key_state state, bool from_the_beginning)
{
	if (state == KEY_OMNIPRESENT)
		return KEY_RUMOURED;
	return state == KEY_HIDDEN && !from_the_beginning ? KEY_UNRETENTIVE : state;
}

void key_forget_future(struct key *key, struct utc now)
{
	for (int i = 0; i < KEY_RECORDS; i++) {
		if (!utc_before(now, key->since[i]))
			continue;
		bool from_the_beginning = key->since[i].seconds == key->created.seconds;
		key->state[i] = without_conclusion(key->state[i], from_the_beginning);
		key->since[i] = now;
	}
	struct utc *const moments[] = { &key->created, &key->active, &key->ds_seen, &key->ds_gone,
		&key->signatures_complete, &key->revoked, &key->dropped };
	for (size_t i = 0; i < COUNT(moments); i++)
		if (utc_before(now, *moments[i]))
			*moments[i] = now;
}

void key_hide(struct key *key, struct utc since)
{
	key->state[KEY_DNSKEY] = KEY_HIDDEN;
	key->state[KEY_ZRRSIG] = key->role == KEY_KSK ? KEY_NA : KEY_HIDDEN;
	key->state[KEY_KRRSIG] = key->role == KEY_ZSK ? KEY_NA : KEY_HIDDEN;
	key->state[KEY_DS] = key->role == KEY_ZSK ? KEY_NA : KEY_HIDDEN;
	for (int i = 0; i < KEY_RECORDS; i++)
		key->since[i] = since;
}

bool key_is_hidden(const struct key *key)
{
	for (int i = 0; i < KEY_RECORDS; i++)
		if (key->state[i] != KEY_HIDDEN && key->state[i] != KEY_NA)
			return false;
	return true;
}

static bool is_out(enum key_state state)
{
	return state == KEY_RUMOURED || state == KEY_OMNIPRESENT;
}

bool key_is_published(const struct key *key)
{
	return is_out(key->state[KEY_DNSKEY]);
}

bool key_signs_keys(const struct key *key)
{
	return is_out(key->state[KEY_KRRSIG]);
}

bool key_stays_on_zone(const struct key *key)
{
	return key->signatures_left > 0 && key->state[KEY_ZRRSIG] == KEY_UNRETENTIVE && key_is_published(key) &&
	       !key_is_revoked(key) && key->dropped.seconds == 0;
}

bool key_takes_over_from(const struct key *key, const struct key *old)
{
	return key->signatures_left > 0 && key->predecessor == old->id && key->algorithm == old->algorithm &&
	       key_signs_zone(key) && key_stays_on_zone(old);
}

bool key_signs_zone(const struct key *key)
{
	return is_out(key->state[KEY_ZRRSIG]) && !key_is_revoked(key);
}

bool key_is_offline(const struct key *key)
{
	return strncmp(key->locator, KEY_OFFLINE, sizeof(KEY_OFFLINE) - 1) == 0;
}

bool key_is_revoked(const struct key *key)
{
	return key->revoked.seconds != 0;
}

uint16_t key_published_flags(const struct key *key)
{
	return (uint16_t)(key_is_revoked(key) ? key->flags | KEY_FLAG_REVOKE : key->flags);
}

uint16_t key_published_tag(const struct key *key)
{
	return key_is_revoked(key) ? key->revoked_tag : key->tag;
}
