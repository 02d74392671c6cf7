/* SPDX-License-Identifier: MIT */
#include "keystore/key.h"

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
	return is_out(key->state[KEY_ZRRSIG]);
}
