/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_sight.h"

#include "keystore/dnskey.h"
#include "signer/base/bytes.h"
#include "signer/dns/name.h"

enum { DS_HEAD = 4, DIGEST_SHA256 = 2, DIGEST_SHA384 = 4 };

/* What one address, or all of one name server's, say about a key. */
enum show { SHOW_UNKNOWN, SHOW_YES, SHOW_NO };

enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

static enum match match(const struct key *key, const uint8_t *apex, const struct parent_ds *ds)
{
	uint8_t own[DS_RDATA];
	uint8_t owner[NAME_WIRE];
	if (ds->tag != key->tag || ds->algorithm != key->algorithm)
		return MATCH_NO;
	/* Another digest type may be the same key's: it is not taken for "seen", nor its absence for "gone". */
	if (ds->digest_type != DIGEST_SHA256 && ds->digest_type != DIGEST_SHA384)
		return MATCH_MAYBE;
	const size_t size = dnskey_ds(key, owner, name_lower(apex, owner), ds->digest_type, own);
	const struct bytes wanted = { own + DS_HEAD, size - DS_HEAD };
	return bytes_equal(wanted, (struct bytes){ ds->digest, ds->digest_size }) ? MATCH_YES : MATCH_NO;
}

static enum show shown_by(const struct key *key, const uint8_t *apex, const struct parent_server *server)
{
	enum match best = MATCH_NO;
	if (server->answer == PARENT_NOT_KNOWN)
		return SHOW_UNKNOWN;
	for (size_t i = 0; i < server->count; i++) {
		const enum match one = match(key, apex, &server->ds[i]);
		best = one > best ? one : best;
	}
	if (best == MATCH_MAYBE)
		return SHOW_UNKNOWN;
	return best == MATCH_YES ? SHOW_YES : SHOW_NO;
}

static bool has_stranger(const struct parent_view *view, const uint8_t *apex, const struct parent_server *server)
{
	for (size_t i = 0; i < server->count; i++) {
		enum match best = MATCH_NO;
		for (size_t k = 0; k < view->key_count && best == MATCH_NO; k++)
			best = match(&view->keys[k].key, apex, &server->ds[i]);
		if (best == MATCH_NO)
			return true;
	}
	return false;
}

/* An address that this host has no route to says nothing, as long as another of the same name server answers. */
static bool counts(const struct parent_view *view, const struct parent_server *server)
{
	if (!server->no_route)
		return true;
	for (size_t i = 0; i < view->server_count; i++) {
		const struct parent_server *const other = &view->servers[i];
		if (other->group == server->group && other->answer != PARENT_NOT_KNOWN)
			return false;
	}
	return true;
}

/* Servers of one group that say yes, no, or nothing. */
struct tally {
	size_t yes, no, unknown;
};

static struct tally tally_group(
    const struct parent_view *view, const struct key *key, const uint8_t *apex, size_t group)
{
	struct tally tally = { 0 };
	for (size_t i = 0; i < view->server_count; i++) {
		const struct parent_server *const server = &view->servers[i];
		if (server->group != group || !counts(view, server))
			continue;
		const enum show show = shown_by(key, apex, server);
		tally.yes += show == SHOW_YES ? 1 : 0;
		tally.no += show == SHOW_NO ? 1 : 0;
		tally.unknown += show == SHOW_UNKNOWN ? 1 : 0;
	}
	return tally;
}

static void count_key(const struct parent_view *view, const uint8_t *apex, struct parent_key *out)
{
	struct tally all = { 0 };
	for (size_t group = 0; group < view->groups; group++) {
		const struct tally one = tally_group(view, &out->key, apex, group);
		all.yes += one.yes;
		all.no += one.no;
		all.unknown += one.unknown;
		if (one.unknown > 0 || (one.yes > 0 && one.no > 0) || one.yes + one.no == 0)
			out->unknown++;
		else if (one.yes > 0)
			out->shows++;
		else
			out->lacks++;
	}
	if (all.yes > 0 && all.no > 0)
		out->sight = PARENT_SIGHT_MIXED;
	else if (out->unknown > 0 || view->groups == 0)
		out->sight = PARENT_SIGHT_UNKNOWN;
	else
		out->sight = all.yes > 0 ? PARENT_SIGHT_SEEN : PARENT_SIGHT_GONE;
}

/* What the keystore expects: the DS of a key that signs the DNSKEY RRset may come before it is asked for. */
static enum parent_wish wish_for(const struct key *key)
{
	const enum key_state ds = key->state[KEY_DS];
	if (ds == KEY_RUMOURED || ds == KEY_OMNIPRESENT)
		return PARENT_MUST;
	return ds == KEY_HIDDEN && key->goal_present && key_signs_keys(key) ? PARENT_MAY : PARENT_MUST_NOT;
}

/* A registry changes the DS set in one step: where all servers show the DS of a key whose DNSKEY and signature every
 * cache has, that of the key which it replaces is not missed. Of what is gone nothing is noted before it is to be
 * withdrawn. */
static void allow_for_a_swap(struct parent_view *view)
{
	bool replaced = false;
	for (size_t i = 0; i < view->key_count; i++) {
		const struct parent_key *const one = &view->keys[i];
		replaced |= one->key.goal_present && one->wish == PARENT_MUST && one->sight == PARENT_SIGHT_SEEN &&
			    one->key.state[KEY_DNSKEY] == KEY_OMNIPRESENT &&
			    one->key.state[KEY_KRRSIG] == KEY_OMNIPRESENT;
	}
	for (size_t i = 0; replaced && i < view->key_count; i++) {
		struct parent_key *const one = &view->keys[i];
		if (!one->key.goal_present && one->wish == PARENT_MUST && one->sight == PARENT_SIGHT_GONE)
			one->wish = PARENT_MAY;
	}
}

static void note_servers(struct parent_view *view, const uint8_t *apex)
{
	for (size_t group = 0; group < view->groups; group++) {
		bool strange = false;
		bool unknown = false;
		for (size_t i = 0; i < view->server_count; i++) {
			const struct parent_server *const server = &view->servers[i];
			if (server->group != group || !counts(view, server))
				continue;
			unknown |= server->answer == PARENT_NOT_KNOWN;
			strange |= has_stranger(view, apex, server);
			if (server->answer == PARENT_SHOWS && (!view->has_ttl || server->ttl > view->largest_ttl))
				view->largest_ttl = server->ttl;
			view->has_ttl |= server->answer == PARENT_SHOWS;
		}
		view->strangers += strange ? 1 : 0;
		view->not_known += unknown ? 1 : 0;
	}
}

void parent_sight(
    struct parent_view *view, const uint8_t *apex, const struct key keys[], size_t count, struct arena *mem)
{
	view->keys = arena_calloc(mem, count + 1, sizeof(*view->keys));
	for (size_t i = 0; i < count; i++) {
		if (keys[i].role != KEY_ZSK)
			view->keys[view->key_count++] =
			    (struct parent_key){ .key = keys[i], .wish = wish_for(&keys[i]) };
	}
	note_servers(view, apex);
	view->differs = view->strangers > 0;
	bool agreed = true;
	for (size_t i = 0; i < view->key_count; i++)
		count_key(view, apex, &view->keys[i]);
	allow_for_a_swap(view);
	for (size_t i = 0; i < view->key_count; i++) {
		const struct parent_key *const one = &view->keys[i];
		const bool mixed = one->sight == PARENT_SIGHT_MIXED;
		view->differs |= one->wish == PARENT_MUST && (one->lacks > 0 || mixed);
		view->differs |= one->wish == PARENT_MUST_NOT && (one->shows > 0 || mixed);
		agreed &= one->sight == PARENT_SIGHT_SEEN || one->sight == PARENT_SIGHT_GONE;
	}
	view->as_expected = !view->differs && view->not_known == 0 && agreed && view->groups > 0;
}

const char *parent_sight_name(enum parent_sight sight)
{
	switch (sight) {
	case PARENT_SIGHT_UNKNOWN:
		return "not known";
	case PARENT_SIGHT_SEEN:
		return "seen";
	case PARENT_SIGHT_GONE:
		return "gone";
	case PARENT_SIGHT_MIXED:
		return "mixed";
	}
	return "?";
}
