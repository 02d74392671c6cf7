/* SPDX-License-Identifier: MIT */
#include "policies/rollover_rules.h"

enum key_state rollover_state(const struct rollover_view *view, size_t key, enum key_record record)
{
	const bool moves = key == view->moved && record == view->record;
	const struct key *const as_it_is = &view->keys[key].key;
	return moves ? view->to : as_it_is->state[record];
}

static struct utc since(const struct rollover_view *view, size_t key, enum key_record record)
{
	if (key == view->moved && record == view->record)
		return view->now;
	return view->keys[key].key.since[record];
}

static bool state_matches(enum key_state state, char letter)
{
	switch (letter) {
	case '*':
		return true;
	case 'H':
		return state == KEY_HIDDEN || state == KEY_NA;
	case 'R':
		return state == KEY_RUMOURED;
	case 'O':
		return state == KEY_OMNIPRESENT;
	case 'U':
		return state == KEY_UNRETENTIVE;
	default:
		return false;
	}
}

bool rollover_matches(const struct rollover_view *view, size_t key, const char mask[5])
{
	for (int i = 0; i < KEY_RECORDS; i++)
		if (!state_matches(rollover_state(view, key, (enum key_record)i), mask[i]))
			return false;
	return true;
}

static bool is_hidden(const struct rollover_view *view, size_t key)
{
	return rollover_matches(view, key, "HHHH");
}

static size_t predecessor(const struct rollover_view *view, size_t key)
{
	const int64_t id = view->keys[key].key.predecessor;
	for (size_t i = 0; id != 0 && i < view->count; i++)
		if (view->keys[i].key.id == id)
			return i;
	return SIZE_MAX;
}

/* The nearest key before `key` that is not wholly gone: it depends on `key`. Keys between that never left HIDDEN, or
 * are gone, pass the dependence on. SIZE_MAX if there is none; the count cuts a loop among predecessors. */
static size_t dependant(const struct rollover_view *view, size_t key)
{
	for (size_t steps = 0; steps < view->count; steps++) {
		key = predecessor(view, key);
		if (key == SIZE_MAX || !is_hidden(view, key))
			return key;
	}
	return SIZE_MAX;
}

static bool equal_states(const struct rollover_view *view, size_t a, size_t b)
{
	for (int i = 0; i < KEY_RECORDS; i++)
		if (rollover_state(view, a, (enum key_record)i) != rollover_state(view, b, (enum key_record)i))
			return false;
	return true;
}

bool rollover_is_successor(const struct rollover_view *view, size_t x, size_t z)
{
	if (dependant(view, x) != SIZE_MAX)
		return false;
	/* Walk back from z; each key between has z's states, so what holds for it holds for z. The walk ends: each step
	 * goes to an older key, and a loop among predecessors is cut by the count. */
	size_t at = z;
	for (size_t steps = 0; steps < view->count; steps++) {
		const size_t before = dependant(view, at);
		if (before == SIZE_MAX)
			return false;
		if (before == x)
			return true;
		if (!equal_states(view, before, z))
			return false;
		at = before;
	}
	return false;
}

static bool of_algorithm(const struct rollover_view *view, size_t key, uint8_t algorithm)
{
	return view->keys[key].key.algorithm == algorithm;
}

static bool any(const struct rollover_view *view, uint8_t algorithm, const char mask[5])
{
	for (size_t i = 0; i < view->count; i++)
		if (of_algorithm(view, i, algorithm) && rollover_matches(view, i, mask))
			return true;
	return false;
}

/* A record that is UNRETENTIVE was in every cache before. */
static bool record_was_full(const struct rollover_view *view, size_t key, enum key_record record)
{
	const struct key *const before = &view->keys[key].key;
	const bool moves = key == view->moved && record == view->record;
	return moves ? before->state[record] == KEY_OMNIPRESENT : before->was_full[record];
}

/* What p takes away was in every cache before. A record that only some caches ever had covers for nothing. */
static bool was_full(const struct rollover_view *view, size_t p)
{
	for (int i = 0; i < KEY_RECORDS; i++) {
		const enum key_record record = (enum key_record)i;
		if (rollover_state(view, p, record) == KEY_UNRETENTIVE && !record_was_full(view, p, record))
			return false;
	}
	return true;
}

/* What s brings was there no later than what p brought began to go. */
static bool in_step(const struct rollover_view *view, size_t p, size_t s)
{
	for (int i = 0; i < KEY_RECORDS; i++) {
		const enum key_record record = (enum key_record)i;
		if (rollover_state(view, p, record) == KEY_UNRETENTIVE &&
		    rollover_state(view, s, record) == KEY_RUMOURED &&
		    utc_before(since(view, p, record), since(view, s, record)))
			return false;
	}
	return true;
}

/* Some p of the mask `from` and its successor s of the mask `to`. */
static bool any_swap(const struct rollover_view *view, uint8_t algorithm, const char from[5], const char to[5])
{
	for (size_t p = 0; p < view->count; p++) {
		if (!of_algorithm(view, p, algorithm) || !rollover_matches(view, p, from) || !was_full(view, p))
			continue;
		for (size_t s = 0; s < view->count; s++)
			if (s != p && of_algorithm(view, s, algorithm) && rollover_matches(view, s, to) &&
			    in_step(view, p, s) && rollover_is_successor(view, p, s))
				return true;
	}
	return false;
}

bool rollover_has_usable(const struct rollover_view *view, uint8_t algorithm)
{
	return any(view, algorithm, "O*OO") || any_swap(view, algorithm, "O*OU", "O*OR") ||
	       any_swap(view, algorithm, "U**O", "R**O");
}

static bool every_ds_is_hidden(const struct rollover_view *view, uint8_t algorithm, bool all_algorithms)
{
	for (size_t i = 0; i < view->count; i++)
		if ((all_algorithms || of_algorithm(view, i, algorithm)) && !rollover_matches(view, i, "***H"))
			return false;
	return true;
}

/* Without "or every DS hidden" nothing could ever be withdrawn from a zone that never had a DS. */
bool rollover_rule_ds_exists(const struct rollover_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (rollover_matches(view, i, "***O") || rollover_matches(view, i, "***R"))
			return true;
	return every_ds_is_hidden(view, 0, true);
}

static bool any_dnskey_swap(const struct rollover_view *view, uint8_t algorithm)
{
	static const char *const from[] = { "U*UO", "O*UO", "U*OO" };
	static const char *const to[] = { "R*RO", "O*RO", "R*OO" };
	for (size_t i = 0; i < COUNT(from); i++)
		for (size_t j = 0; j < COUNT(to); j++)
			if (any_swap(view, algorithm, from[i], to[j]))
				return true;
	return false;
}

/* Every key of the algorithm has no DS, or can itself be reached by it. */
static bool each_ds_has_its_key(const struct rollover_view *view, uint8_t algorithm)
{
	for (size_t i = 0; i < view->count; i++)
		if (of_algorithm(view, i, algorithm) && !rollover_matches(view, i, "***H") &&
		    !rollover_matches(view, i, "O*O*"))
			return false;
	return true;
}

bool rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm)
{
	return any(view, algorithm, "O*OO") || any_swap(view, algorithm, "O*OU", "O*OR") ||
	       any_dnskey_swap(view, algorithm) || each_ds_has_its_key(view, algorithm);
}

/* Every cached version of the DNSKEY RRset that holds a holds b: b is in all, or they came together, or went together
 * after b had been in all. Two that went together may have come one after the other. */
static bool same_key_sets(const struct rollover_view *view, size_t a, size_t b)
{
	const enum key_state state = rollover_state(view, a, KEY_DNSKEY);
	if (a == b)
		return true;
	if (rollover_state(view, b, KEY_DNSKEY) != state)
		return false;
	if (state == KEY_UNRETENTIVE && !record_was_full(view, b, KEY_DNSKEY))
		return false;
	return state == KEY_OMNIPRESENT || since(view, a, KEY_DNSKEY).seconds == since(view, b, KEY_DNSKEY).seconds;
}

/* Every key whose DNSKEY caches may hold has beside it, in the same versions, one whose signatures all caches hold. */
static bool each_key_set_has_signatures(const struct rollover_view *view, uint8_t algorithm)
{
	for (size_t i = 0; i < view->count; i++) {
		if (!of_algorithm(view, i, algorithm) || rollover_matches(view, i, "H***"))
			continue;
		bool found = false;
		for (size_t j = 0; j < view->count && !found; j++)
			found = of_algorithm(view, j, algorithm) && same_key_sets(view, i, j) &&
				rollover_state(view, j, KEY_ZRRSIG) == KEY_OMNIPRESENT;
		if (!found)
			return false;
	}
	return true;
}

static bool signatures_hold(const struct rollover_view *view, uint8_t algorithm)
{
	return any(view, algorithm, "OO**") || any_swap(view, algorithm, "UO**", "RO**") ||
	       any_swap(view, algorithm, "OU**", "OR**") || each_key_set_has_signatures(view, algorithm);
}

bool rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm)
{
	return every_ds_is_hidden(view, algorithm, false) || signatures_hold(view, algorithm);
}

bool rollover_rule_every_algorithm(const struct rollover_view *view)
{
	if (every_ds_is_hidden(view, 0, true))
		return true;
	for (size_t i = 0; i < view->count; i++)
		if (!signatures_hold(view, view->keys[i].key.algorithm))
			return false;
	return true;
}
