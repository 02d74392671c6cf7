/* SPDX-License-Identifier: MIT */
#include "keystore/algorithm.h"
#include "signer/engine/adopt_zone.h"

enum { FLAG_SEP = 1, ROLES = KEY_CSK + 1 };

static bool sep_key_signs_keys(const struct published *published)
{
	for (size_t i = 0; i < published->count; i++)
		if (published->keys[i].signs_keys && (published->keys[i].key.flags & FLAG_SEP) != 0)
			return true;
	return false;
}

/* A ZSK that signs the DNSKEY RRset beside a KSK, as some signers do, goes on as a ZSK. */
static void give_role(const struct published *published, struct adopted_key *adopted)
{
	struct key *const key = &adopted->key;
	const bool sep = (key->flags & FLAG_SEP) != 0;
	adopted->signs_keys = adopted->signs_keys && (sep || !sep_key_signs_keys(published));
	if (adopted->signs_keys && adopted->signs_zone)
		key->role = KEY_CSK;
	else if (adopted->signs_keys || (!adopted->signs_zone && sep))
		key->role = KEY_KSK;
	else
		key->role = KEY_ZSK;
}

bool adopted_is_idle(const struct adopted_key *adopted)
{
	return !adopted->signs_keys && !adopted->signs_zone;
}

/* ---- which of two keys is the new one ---- */

/* `wanted` unless it may be the one that goes: with the parent's DS the old algorithm must not be taken for the new
 * one. That the CDS records ask for it is true of both, early and late in the other signer's roll. */
static struct adopted_key *newer_algorithm(struct adopted_key *wanted, const struct adopted_key *other)
{
	if (wanted->told && other->told)
		return wanted->told_leaving || other->told_predecessor == wanted->key.tag ? NULL : wanted;
	return wanted->asked_for && !other->asked_for ? NULL : wanted;
}

/* Of two that sign, the one that goes on; NULL: nothing tells. A wrong answer would be a rollover that is turned back.
 */
static struct adopted_key *newer_of(struct adopted_key *a, struct adopted_key *b, uint8_t wanted)
{
	if (a->key.algorithm != b->key.algorithm)
		return a->key.algorithm == wanted   ? newer_algorithm(a, b)
		       : b->key.algorithm == wanted ? newer_algorithm(b, a)
						    : NULL;
	const bool follows_a = b->told && b->told_predecessor == a->key.tag;
	const bool follows_b = a->told && a->told_predecessor == b->key.tag;
	if (follows_a != follows_b)
		return follows_a ? b : a;
	if (a->told && b->told && a->told_leaving != b->told_leaving)
		return a->told_leaving ? b : a;
	if (a->key.role == KEY_ZSK)
		return a->signs_soa == b->signs_soa ? NULL : a->signs_soa ? a : b;
	return a->asked_for == b->asked_for ? NULL : a->asked_for ? a : b;
}

static void replace(struct adopted_key *newer, struct adopted_key *older)
{
	newer->replaces = older;
	older->leaving = true;
}

static enum status pair_signers(
    struct published *published, enum key_role role, uint8_t wanted, struct adopted_key **goes_on, struct error *err)
{
	struct adopted_key *signer[2] = { NULL, NULL };
	size_t count = 0;
	for (size_t i = 0; i < published->count; i++) {
		struct adopted_key *const key = &published->keys[i];
		if (key->key.role != role || adopted_is_idle(key))
			continue;
		if (count == 2)
			return error_set(err, STATUS_REFUSED,
			    "more than two %ss sign (%u, %u, %u): rollovers of the other signer overlap; adopt the "
			    "zone "
			    "when one has ended",
			    key_role_name(role), signer[0]->key.tag, signer[1]->key.tag, key->key.tag);
		signer[count++] = key;
	}
	*goes_on = signer[0];
	if (count < 2)
		return STATUS_OK;
	*goes_on = newer_of(signer[0], signer[1], wanted);
	if (*goes_on == NULL)
		return error_set(err, STATUS_REFUSED,
		    "both %s %u and %u sign, and nothing tells which one is new: a rollover of the other signer is "
		    "under "
		    "way; give its K*.state files too, or adopt the zone when it has ended",
		    key_role_name(role), signer[0]->key.tag, signer[1]->key.tag);
	replace(*goes_on, *goes_on == signer[0] ? signer[1] : signer[0]);
	return STATUS_OK;
}

/* A key that signs nothing is kept ready, unless the other signer says that it comes or goes. */
static void pair_idle(struct published *published, enum key_role role, struct adopted_key *signer)
{
	for (size_t i = 0; i < published->count; i++) {
		struct adopted_key *const key = &published->keys[i];
		if (key->key.role != role || !adopted_is_idle(key) || !key->told || signer->replaces != NULL ||
		    signer->leaving || key->key.algorithm != signer->key.algorithm)
			continue;
		if (key->told_leaving)
			replace(signer, key);
		else if (key->told_predecessor == signer->key.tag)
			replace(key, signer);
	}
}

/* ---- states ---- */

/* What went before the adoption may still be in caches; what is here may not be in them yet. */
static enum key_state state_of(bool has, bool is, bool was)
{
	return !has ? KEY_NA : is ? KEY_RUMOURED : was ? KEY_UNRETENTIVE : KEY_HIDDEN;
}

static void give_states(struct adopted_key *adopted, struct utc now)
{
	struct key *const key = &adopted->key;
	const bool idle = adopted_is_idle(adopted), was = idle && adopted->leaving;
	const bool ksk = key->role != KEY_ZSK, zsk = key->role != KEY_KSK;
	/* While the old key signs too, the DS that is known to be there is the old one's. Where the CDS records alone
	 * tell them apart, it may be that of the key that they name: it is the old one early in a roll. */
	const bool first =
	    adopted->replaces == NULL || !adopted->replaces->signs_keys || (adopted->asked_for && !adopted->told);
	key->goal_present = !adopted->leaving;
	key->standby = idle && !adopted->leaving && adopted->replaces == NULL;
	key->created = now;
	key->active = idle ? (struct utc){ 0 } : now;
	key->state[KEY_DNSKEY] = KEY_RUMOURED;
	key->state[KEY_ZRRSIG] = state_of(zsk, adopted->signs_zone, was);
	key->state[KEY_KRRSIG] = state_of(ksk, adopted->signs_keys, was);
	/* Whether the parent shows its DS is asked, or told, after the adoption. */
	key->state[KEY_DS] = state_of(ksk, adopted->signs_keys && first, was);
	for (int i = 0; i < KEY_RECORDS; i++)
		key->since[i] = now;
}

enum status published_roles(struct published *published, uint8_t wanted, struct utc now, struct error *err)
{
	struct adopted_key *signer[ROLES] = { NULL };
	for (size_t i = 0; i < published->count; i++)
		give_role(published, &published->keys[i]);
	for (int r = 0; r < ROLES; r++) {
		const enum status status = pair_signers(published, (enum key_role)r, wanted, &signer[r], err);
		if (status != STATUS_OK)
			return status;
		if (signer[r] != NULL)
			pair_idle(published, (enum key_role)r, signer[r]);
	}
	const bool csk = signer[KEY_CSK] != NULL, split = signer[KEY_KSK] != NULL && signer[KEY_ZSK] != NULL;
	const bool part = signer[KEY_KSK] != NULL || signer[KEY_ZSK] != NULL;
	if (csk ? part : !split)
		return error_set(err, STATUS_REFUSED,
		    "the zone is signed by neither CSKs nor KSKs and ZSKs: no roles can be told from that");
	for (size_t i = 0; i < published->count; i++)
		give_states(&published->keys[i], now);
	return STATUS_OK;
}
