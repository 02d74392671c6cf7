/* SPDX-License-Identifier: MIT */
#include "keystore/key.h"

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
		&key->signatures_complete, &key->revoked };
	for (size_t i = 0; i < COUNT(moments); i++)
		if (utc_before(now, *moments[i]))
			*moments[i] = now;
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

bool key_signs_zone(const struct key *key)
{
	return is_out(key->state[KEY_ZRRSIG]) && !key_is_revoked(key);
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
