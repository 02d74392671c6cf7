/* SPDX-License-Identifier: MIT */
#include "policies/rollover.h"

#include <string.h>

#include "policies/revoke.h"
#include "policies/rollover_births.h"
#include "policies/rollover_parts.h"
#include "policies/rollover_rules.h"

/* The work of one call: the keys as they become, and which records have moved. A record moves once in a plan, since all
 * moves go into one zone version and the next one is counted from its publication. */
struct planner {
	const struct rollover_policy *policy;
	const struct rollover_facts *facts;
	struct utc now;
	struct rollover_key *keys;
	size_t count;
	bool (*moved)[KEY_RECORDS];
	struct rollover_move *moves;
	size_t move_count;
};

static struct rollover_view present(const struct planner *p)
{
	return (struct rollover_view){ p->keys, p->count, p->count, KEY_RECORDS, KEY_NA, p->now };
}

static struct rollover_view with_move(const struct planner *p, size_t key, enum key_record record, enum key_state to)
{
	return (struct rollover_view){ p->keys, p->count, key, record, to, p->now };
}

static enum key_state state_of(const struct planner *p, size_t key, enum key_record record)
{
	return p->keys[key].key.state[record];
}

/* ---- where a record wants to go ---- */

static bool may_introduce(const struct planner *p, const struct rollover_key *key, enum key_record record)
{
	if (key->key.foreign)
		return record == KEY_DNSKEY; /* its own signer signs, and its own registry asks for its DS */
	if (record == KEY_DS)
		return !key->key.standby && !p->policy->no_ds;
	return !(key->key.standby && record == KEY_ZRRSIG);
}

static enum key_state next_state(const struct planner *p, size_t index, enum key_record record)
{
	const struct rollover_key *const key = &p->keys[index];
	const enum key_state state = key->key.state[record];
	const bool wanted = key->key.goal_present;
	switch (state) {
	case KEY_NA:
		return KEY_NA;
	case KEY_HIDDEN:
		return wanted && may_introduce(p, key, record) ? KEY_RUMOURED : KEY_HIDDEN;
	case KEY_RUMOURED:
		return wanted ? KEY_OMNIPRESENT : KEY_UNRETENTIVE;
	case KEY_OMNIPRESENT:
		return wanted ? KEY_OMNIPRESENT : KEY_UNRETENTIVE;
	case KEY_UNRETENTIVE:
		return wanted && may_introduce(p, key, record) ? KEY_RUMOURED : KEY_HIDDEN;
	}
	return state;
}

static bool begins(enum key_state to)
{
	return to == KEY_RUMOURED || to == KEY_UNRETENTIVE;
}

/* ---- what the method wants first ---- */

static unsigned minimize_bit(enum key_record record)
{
	static const unsigned bits[KEY_RECORDS] = {
		[KEY_DNSKEY] = ROLLOVER_FEW_DNSKEY,
		[KEY_ZRRSIG] = ROLLOVER_FEW_RRSIG,
		[KEY_KRRSIG] = ROLLOVER_FEW_DNSKEY, /* it travels with its DNSKEY */
		[KEY_DS] = ROLLOVER_FEW_DS,
	};
	return bits[record];
}

static bool is_full(const struct planner *p, size_t key, enum key_record record)
{
	const enum key_state state = state_of(p, key, record);
	return state == KEY_OMNIPRESENT || state == KEY_NA;
}

/* Some key of the algorithm answers for the data alone. As long as no cache has a DS nobody can find the zone bogus,
 * but whoever has a key of it as an anchor could, so signatures keep to their method there too. */
static bool has_usable_zsk(const struct rollover_view *view, uint8_t algorithm)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.algorithm == algorithm && rollover_matches(view, i, "OO**"))
			return true;
	return rollover_has_usable(view, algorithm);
}

static bool method_lets_in(const struct planner *p, size_t key, enum key_record record)
{
	const uint8_t algorithm = p->keys[key].key.algorithm;
	const enum key_role role = p->keys[key].key.role;
	const unsigned bits = p->policy->minimize[role];
	const struct rollover_view view = present(p);
	const bool usable = record == KEY_ZRRSIG || role == KEY_ZSK ? has_usable_zsk(&view, algorithm)
								    : rollover_has_usable(&view, algorithm);
	switch (record) {
	case KEY_DNSKEY:
		if ((bits & ROLLOVER_FEW_DNSKEY) == 0 || !usable || p->keys[key].key.standby)
			return true;
		return is_full(p, key, KEY_ZRRSIG) && (is_full(p, key, KEY_DS) || p->policy->no_ds);
	case KEY_ZRRSIG:
		return (bits & ROLLOVER_FEW_RRSIG) == 0 || !usable || is_full(p, key, KEY_DNSKEY);
	case KEY_KRRSIG:
		return state_of(p, key, KEY_DNSKEY) == KEY_RUMOURED || state_of(p, key, KEY_DNSKEY) == KEY_OMNIPRESENT;
	case KEY_DS:
		return (bits & ROLLOVER_FEW_DS) == 0 || (is_full(p, key, KEY_DNSKEY) && is_full(p, key, KEY_KRRSIG));
	case KEY_RECORDS:
		break;
	}
	return false;
}

static bool successor_is_full(const struct planner *p, size_t successor)
{
	for (int i = 0; i < KEY_RECORDS; i++) {
		const enum key_record record = (enum key_record)i;
		if (record == KEY_DS && p->policy->no_ds)
			continue;
		if (!is_full(p, successor, record))
			return false;
	}
	return true;
}

static bool method_lets_out(const struct planner *p, size_t key, enum key_record record)
{
	const size_t successor = rollover_successor(p->keys, p->count, key);
	if (successor == SIZE_MAX || p->policy->insecure)
		return true;
	if (record == KEY_DS && p->policy->parent_by_hand && p->keys[successor].key.state[KEY_DS] != KEY_NA &&
	    p->keys[successor].key.ds_seen.seconds == 0)
		return false;
	const unsigned bits = p->policy->minimize[p->keys[key].key.role];
	if ((bits & minimize_bit(record)) != 0)
		return state_of(p, successor, record) != KEY_HIDDEN; /* one comes as the other goes */
	return successor_is_full(p, successor);
}

/* ---- the three rules ---- */

/* Decision 5's one exception: a DS whose key cannot answer helps nobody, and its going can only help. */
static bool is_repair(const struct planner *p, size_t key, enum key_record record)
{
	const struct rollover_view view = present(p);
	if (record != KEY_DS || rollover_matches(&view, key, "O*O*"))
		return false;
	if (p->policy->insecure)
		return true;
	for (size_t i = 0; i < p->count; i++)
		if (i != key && p->keys[i].key.algorithm == p->keys[key].key.algorithm &&
		    (rollover_matches(&view, i, "O*OO") || rollover_matches(&view, i, "O*OR")))
			return true;
	return false;
}

/* A rule that holds must go on to hold; one that does not may be left so by what is introduced, and nothing is
 * withdrawn meanwhile. */
static bool rule_allows(bool before, bool after, enum key_state to, bool repair)
{
	if (before)
		return after;
	return after || to != KEY_UNRETENTIVE || repair;
}

static bool is_shown(const struct rollover_view *view, enum key_record record)
{
	for (size_t i = 0; i < view->count; i++) {
		const enum key_state state = rollover_state(view, i, record);
		if (state == KEY_RUMOURED || state == KEY_OMNIPRESENT)
			return true;
	}
	return false;
}

/* A zone that is to be signed has DNSKEY records, signatures over them and over its data: while no cache has a DS the
 * rules hold without, but nobody could sign it, and nothing would be published any more. */
static bool is_whole(const struct rollover_view *view)
{
	return is_shown(view, KEY_DNSKEY) && is_shown(view, KEY_KRRSIG) && is_shown(view, KEY_ZRRSIG);
}

static bool rules_allow(
    const struct planner *p, size_t key, enum key_record record, enum key_state to, enum rollover_obstacle *why)
{
	const uint8_t algorithm = p->keys[key].key.algorithm;
	const struct rollover_view before = present(p);
	const struct rollover_view after = with_move(p, key, record, to);
	const bool repair = to == KEY_UNRETENTIVE && is_repair(p, key, record);
	if (!p->policy->insecure &&
	    !rule_allows(rollover_rule_ds_exists(&before), rollover_rule_ds_exists(&after), to, repair)) {
		*why = ROLLOVER_WAITS_DS_EXISTS;
		return false;
	}
	if (!rule_allows(
		rollover_rule_key_chain(&before, algorithm), rollover_rule_key_chain(&after, algorithm), to, repair)) {
		*why = ROLLOVER_WAITS_KEY_CHAIN;
		return false;
	}
	if (!rule_allows(rollover_rule_signatures(&before, algorithm), rollover_rule_signatures(&after, algorithm), to,
		repair)) {
		*why = ROLLOVER_WAITS_SIGNATURES;
		return false;
	}
	if (!p->policy->insecure && to == KEY_UNRETENTIVE && is_whole(&before) && !is_whole(&after)) {
		*why = ROLLOVER_WAITS_SIGNATURES;
		return false;
	}
	if (p->policy->strict &&
	    !rule_allows(rollover_rule_every_algorithm(&before), rollover_rule_every_algorithm(&after), to, repair)) {
		*why = ROLLOVER_WAITS_SIGNATURES;
		return false;
	}
	return true;
}

/* ---- time ---- */

static struct utc later_by(struct utc from, struct span a, struct span b, struct span c)
{
	return utc_add(utc_add(utc_add(from, a), b), c);
}

static struct utc key_set_time(const struct planner *p, struct utc since, enum key_state to)
{
	const struct timing *const t = &p->policy->timing;
	struct span ttl = ttl_ledger_wait(&p->facts->dnskey_ttl, since);
	if (to == KEY_HIDDEN)
		return later_by(since, ttl, t->propagation, t->retire_safety);
	if (p->facts->first_dnskey_set) {
		const struct span negative = ttl_ledger_wait(&p->facts->negative_ttl, since);
		ttl = negative.seconds > ttl.seconds ? negative : ttl;
	}
	return later_by(since, ttl, t->propagation, t->publish_safety);
}

static struct utc signatures_time(const struct planner *p, const struct rollover_key *key)
{
	const struct timing *const t = &p->policy->timing;
	const struct utc since = key->key.since[KEY_ZRRSIG];
	struct utc complete =
	    key->key.signatures_complete.seconds != 0 ? key->key.signatures_complete : utc_add(since, t->sign_all);
	/* Dsgn of RFC 7583 3.2.1, as far as it can be known: runs that come late make it longer. */
	if (key->key.signatures_left > 0)
		complete = rollover_parts_end(p->policy, &key->key, p->now);
	return later_by(complete, ttl_ledger_wait(&p->facts->data_ttl, since), t->propagation, t->retire_safety);
}

/* A DS change counts from the moment that all parent servers showed it (RFC 7583 3.3.1). */
static struct utc ds_time(const struct planner *p, const struct rollover_key *key, enum key_state to)
{
	const struct timing *const t = &p->policy->timing;
	const struct utc observed = to == KEY_OMNIPRESENT ? key->key.ds_seen : key->key.ds_gone;
	if (observed.seconds == 0)
		return UTC_NEVER;
	return later_by(
	    observed, ttl_ledger_wait(&p->facts->ds_ttl, observed), t->parent_propagation, t->retire_safety);
}

static struct utc due(const struct planner *p, size_t index, enum key_record record, enum key_state to)
{
	const struct rollover_key *const key = &p->keys[index];
	if (to == KEY_UNRETENTIVE && key_is_revoked(&key->key))
		return revoke_ends(&key->key);
	if (begins(to))
		return p->now;
	switch (record) {
	case KEY_DNSKEY:
	case KEY_KRRSIG:
		return key_set_time(p, key->key.since[record], to);
	case KEY_ZRRSIG:
		return signatures_time(p, key);
	case KEY_DS:
		return ds_time(p, key, to);
	case KEY_RECORDS:
		break;
	}
	return UTC_NEVER;
}

/* ---- one record ---- */

/* Keys of an algorithm that is new to the zone come together: without its KSK a ZSK would be in an unsigned set. */
static bool waits_for_backup(const struct planner *p, size_t key)
{
	const uint8_t algorithm = p->keys[key].key.algorithm;
	bool waits = false;
	if (!p->policy->backup_first || rollover_needs_backup(p->policy, &p->keys[key].key))
		return p->policy->backup_first;
	for (size_t i = 0; i < p->count; i++) {
		const struct key *const other = &p->keys[i].key;
		if (other->algorithm != algorithm)
			continue;
		if (key_is_published(other))
			return false;
		waits = waits || (other->goal_present && rollover_needs_backup(p->policy, other));
	}
	return waits;
}

/* Whether the record may move to `to` now; if not, `wait` says why. */
static bool may_move(
    const struct planner *p, size_t key, enum key_record record, enum key_state to, struct rollover_wait *wait)
{
	*wait = (struct rollover_wait){ key, record, to, ROLLOVER_WAITS_TIME, UTC_NEVER };
	if (rollover_key_is_missing(p->keys, p->count)) {
		wait->why = ROLLOVER_WAITS_KEY_MISSING;
		return false;
	}
	if ((to == KEY_RUMOURED && !method_lets_in(p, key, record)) ||
	    (to == KEY_UNRETENTIVE && !method_lets_out(p, key, record))) {
		wait->why = ROLLOVER_WAITS_METHOD;
		return false;
	}
	if (!rules_allow(p, key, record, to, &wait->why))
		return false;
	const struct utc when = due(p, key, record, to);
	/* What is left ends with a publication, and with no date. */
	const bool left = record == KEY_ZRRSIG && !begins(to) && p->keys[key].key.signatures_left > 0;
	if (left || utc_before(p->now, when)) {
		wait->why = when.seconds == UTC_NEVER.seconds ? ROLLOVER_WAITS_PARENT : ROLLOVER_WAITS_TIME;
		wait->earliest = when;
		return false;
	}
	if (to == KEY_RUMOURED && waits_for_backup(p, key)) {
		wait->why = ROLLOVER_WAITS_BACKUP;
		return false;
	}
	if (to == KEY_RUMOURED && record != KEY_DS && record != KEY_ZRRSIG &&
	    utc_before(p->now, p->keys[key].not_before)) {
		wait->why = ROLLOVER_WAITS_BUNDLE;
		wait->earliest = p->keys[key].not_before;
		return false;
	}
	if (begins(to) && utc_before(p->now, p->facts->not_before)) {
		wait->why = ROLLOVER_WAITS_WINDOW;
		wait->earliest = p->facts->not_before;
		return false;
	}
	if (begins(to) && p->policy->manual && !p->facts->step) {
		wait->why = ROLLOVER_WAITS_OPERATOR;
		return false;
	}
	return true;
}

void rollover_move(struct key *key, enum key_record record, enum key_state to, struct utc when)
{
	if (to == KEY_UNRETENTIVE)
		key->was_full[record] = key->state[record] == KEY_OMNIPRESENT;
	key->state[record] = to;
	key->since[record] = when;
	if (record == KEY_DS && to == KEY_RUMOURED)
		key->ds_seen = (struct utc){ 0 };
	if (record == KEY_DS && to == KEY_UNRETENTIVE)
		key->ds_gone = (struct utc){ 0 };
	if (record == KEY_ZRRSIG) {
		key->signatures_left = 0;
		if (begins(to))
			key->signatures_complete = (struct utc){ 0 };
	}
	const enum key_record first_use = key->role == KEY_KSK ? KEY_KRRSIG : KEY_ZRRSIG;
	if (record == first_use && to == KEY_RUMOURED && key->active.seconds == 0)
		key->active = when;
}

static void move(struct planner *p, size_t index, enum key_record record, enum key_state to)
{
	struct key *const key = &p->keys[index].key;
	p->moves[p->move_count++] = (struct rollover_move){ index, record, key->state[record], to };
	p->moved[index][record] = true;
	rollover_move(key, record, to, p->now);
}

/* Moves whatever may move until nothing does. Each record moves at most once, so this ends. */
static void settle(struct planner *p)
{
	struct rollover_wait wait;
	bool changed = true;
	while (changed) {
		changed = false;
		for (size_t key = 0; key < p->count; key++) {
			for (int r = 0; r < KEY_RECORDS; r++) {
				const enum key_record record = (enum key_record)r;
				const enum key_state to = next_state(p, key, record);
				if (to == state_of(p, key, record) || p->moved[key][record])
					continue;
				if (!may_move(p, key, record, to, &wait))
					continue;
				move(p, key, record, to);
				changed = true;
			}
		}
	}
}

/* ---- what is dropped on demand ---- */

bool rollover_is_dropping(const struct rollover_key *key)
{
	if (key->key.dropped.seconds == 0)
		return false;
	for (int r = 0; r < KEY_RECORDS; r++)
		if (key->key.state[r] == KEY_RUMOURED || key->key.state[r] == KEY_OMNIPRESENT)
			return true;
	return false;
}

/* All that the key has goes, and all that its successor has comes, in one version. */
static void drop(struct planner *p, size_t index)
{
	const size_t successor = rollover_successor(p->keys, p->count, index);
	for (int r = 0; r < KEY_RECORDS; r++) {
		const enum key_record record = (enum key_record)r;
		const enum key_state state = state_of(p, index, record);
		if (state == KEY_RUMOURED || state == KEY_OMNIPRESENT)
			move(p, index, record, KEY_UNRETENTIVE);
		if (successor == SIZE_MAX || !may_introduce(p, &p->keys[successor], record))
			continue;
		const enum key_state other = state_of(p, successor, record);
		if ((other == KEY_HIDDEN || other == KEY_UNRETENTIVE) && !p->moved[successor][record])
			move(p, successor, record, KEY_RUMOURED);
	}
}

static bool successor_waits_for_backup(const struct planner *p, size_t index)
{
	const size_t successor = rollover_successor(p->keys, p->count, index);
	return successor != SIZE_MAX && waits_for_backup(p, successor);
}

/* A stolen key may be one that is no longer here, and what does not sign is not needed for its leaving. */
static bool drop_all(struct planner *p)
{
	const bool lacks = rollover_drop_lacks(p->keys, p->count) != SIZE_MAX;
	for (size_t i = 0; i < p->count && !lacks; i++)
		if (rollover_is_dropping(&p->keys[i]) && !p->keys[i].key.goal_present &&
		    !successor_waits_for_backup(p, i))
			drop(p, i);
	return p->move_count > 0;
}

/* ---- the plan ---- */

/* No cache has a DS of the zone, and none is to come: all of it leaves in one version. */
static bool leaves_for_good(struct planner *p)
{
	struct rollover_wait wait;
	bool leaves = p->policy->insecure;
	for (size_t key = 0; key < p->count && leaves; key++) {
		if (state_of(p, key, KEY_DS) == KEY_UNRETENTIVE && may_move(p, key, KEY_DS, KEY_HIDDEN, &wait))
			move(p, key, KEY_DS, KEY_HIDDEN);
		leaves = state_of(p, key, KEY_DS) == KEY_HIDDEN || state_of(p, key, KEY_DS) == KEY_NA;
	}
	return leaves;
}

/* What time has made true of a key is said before its new goal makes it leave: a run may come late. Not of a zone that
 * goes unsigned: what is said here would stay while the rest leaves, and no zone is signed in part. */
static void conclude(struct planner *p, const struct rollover_key before[])
{
	struct rollover_wait wait;
	if (leaves_for_good(p))
		return;
	for (size_t key = 0; key < p->count; key++) {
		if (!before[key].key.goal_present || p->keys[key].key.goal_present)
			continue;
		for (int r = 0; r < KEY_RECORDS; r++) {
			const enum key_record record = (enum key_record)r;
			if (state_of(p, key, record) == KEY_RUMOURED &&
			    may_move(p, key, record, KEY_OMNIPRESENT, &wait))
				move(p, key, record, KEY_OMNIPRESENT);
		}
	}
}

/* A record that is to go, and may not, while no key of its algorithm is to stay: that algorithm's chain must be whole
 * before it goes, and time makes it so. Such a zone was taken over in the middle of an algorithm roll. */
static bool ripens(const struct planner *p, size_t key, enum key_record record)
{
	if (p->keys[key].key.goal_present || state_of(p, key, record) != KEY_RUMOURED || p->moved[key][record])
		return false;
	for (size_t i = 0; i < p->count; i++)
		if (p->keys[i].key.goal_present && p->keys[i].key.algorithm == p->keys[key].key.algorithm)
			return false;
	return !p->policy->insecure;
}

static void ripen(struct planner *p)
{
	struct rollover_wait wait;
	for (size_t key = 0; key < p->count; key++)
		for (int r = 0; r < KEY_RECORDS; r++)
			if (ripens(p, key, (enum key_record)r) &&
			    may_move(p, key, (enum key_record)r, KEY_OMNIPRESENT, &wait))
				move(p, key, (enum key_record)r, KEY_OMNIPRESENT);
}

static void collect_waits(const struct planner *p, struct rollover_plan *out)
{
	for (size_t key = 0; key < p->count; key++) {
		const struct utc part = rollover_parts_next(p->policy, &p->keys[key].key);
		if (p->keys[key].key.signatures_left > 0 && utc_before(part, out->next))
			out->next = utc_later(part, p->now);
		for (int r = 0; r < KEY_RECORDS; r++) {
			const enum key_record record = (enum key_record)r;
			const enum key_state to = next_state(p, key, record);
			if (to == state_of(p, key, record))
				continue;
			struct rollover_wait *const wait = &out->waits[out->wait_count++];
			/* What has moved in this plan, and may move again at once, waits for the publication. */
			if (may_move(p, key, record, to, wait))
				wait->earliest = p->now;
			if (utc_before(wait->earliest, out->next))
				out->next = wait->earliest;
			const struct utc full =
			    ripens(p, key, record) ? due(p, key, record, KEY_OMNIPRESENT) : UTC_NEVER;
			if (utc_before(p->now, full) && utc_before(full, out->next))
				out->next = full;
		}
	}
}

enum status rollover_plan(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct rollover_facts *facts, struct utc now, struct arena *mem, struct rollover_plan *out, struct error *err)
{
	if (count > 4096)
		return error_set(
		    err, STATUS_INTERNAL, "rollover: %zu keys in one zone are beyond what a plan takes", count);
	struct planner p = { .policy = policy, .facts = facts, .now = now, .count = count };
	p.keys = arena_calloc(mem, count, sizeof(*p.keys));
	p.moved = arena_calloc(mem, count, sizeof(*p.moved));
	p.moves = arena_calloc(mem, count * KEY_RECORDS, sizeof(*p.moves));
	if (count > 0)
		memcpy(p.keys, keys, count * sizeof(*keys));
	rollover_set_goals(policy, p.keys, count);
	const bool dropping = drop_all(&p);
	if (!dropping) {
		conclude(&p, keys);
		settle(&p);
		ripen(&p);
	}
	const bool on = !dropping && !rollover_key_is_missing(p.keys, count);
	const bool signs_part = rollover_parts_sign(policy, p.keys, count, now, on);
	if (!dropping)
		rollover_parts_begin(policy, p.keys, count, p.moves, p.move_count, now);
	struct rollover_plan plan = { .signs_part = signs_part,
		.dropping = dropping,
		.keys = p.keys,
		.count = count,
		.moves = p.moves,
		.move_count = p.move_count };
	plan.waits = arena_calloc(mem, count * KEY_RECORDS, sizeof(*plan.waits));
	plan.next = UTC_NEVER;
	collect_waits(&p, &plan);
	rollover_plan_births(policy, p.keys, count, facts, now, mem, &plan);
	*out = plan;
	return STATUS_OK;
}
