/* SPDX-License-Identifier: MIT */
#include "policies/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "policies/rollover_rules.h"

enum { MOST_VERSIONS = 256 };

struct versions {
	struct cache_version items[MOST_VERSIONS];
	size_t count;
};

/* Keys that are wholly gone leave the array, so ten years of short lives fit; those that remain are at most CACHE_KEYS.
 */
struct run {
	const struct rollover_policy *policy;
	const struct simulate_world *world;
	struct rollover_key *keys;
	size_t count, capacity;
	int64_t last_id;
	uint8_t slot_of[CACHE_KEYS]; /* which keys[] hold a bit of the version sets: 1 if taken */
	int64_t slot_id[CACHE_KEYS];
	uint8_t algorithm[CACHE_KEYS];
	struct versions ds, dnskey, data;
	struct utc now;
	struct utc parent_acts; /* when the parent will show what is wanted; UTC_NEVER: nothing is asked */
	simulate_watcher *watcher;
	void *context;
};

/* ---- versions for the cache check ---- */

static unsigned bit_of(struct run *run, const struct rollover_key *key)
{
	unsigned free_slot = CACHE_KEYS;
	for (unsigned i = 0; i < CACHE_KEYS; i++) {
		if (run->slot_of[i] != 0 && run->slot_id[i] == key->key.id)
			return i;
		if (run->slot_of[i] == 0 && free_slot == CACHE_KEYS)
			free_slot = i;
	}
	if (free_slot < CACHE_KEYS) {
		run->slot_of[free_slot] = 1;
		run->slot_id[free_slot] = key->key.id;
		run->algorithm[free_slot] = key->key.algorithm;
	}
	return free_slot;
}

static void forget_expired(struct versions *versions, struct utc now, struct span propagation)
{
	size_t kept = 0;
	for (size_t i = 0; i < versions->count; i++) {
		const struct cache_version *const v = &versions->items[i];
		const bool served = v->until.seconds == UTC_NEVER.seconds;
		if (served || !utc_before(utc_add(utc_add(v->until, propagation), (struct span){ v->ttl }), now))
			versions->items[kept++] = *v;
	}
	versions->count = kept;
}

static enum status serve(
    struct versions *versions, struct utc now, uint64_t keys, uint64_t signers, uint32_t ttl, struct error *err)
{
	if (versions->count > 0) {
		struct cache_version *const last = &versions->items[versions->count - 1];
		if (last->keys == keys && last->signers == signers)
			return STATUS_OK;
		last->until = now;
	}
	if (versions->count == MOST_VERSIONS)
		return error_set(
		    err, STATUS_INTERNAL, "simulation: more than %d versions are in caches at once", MOST_VERSIONS);
	versions->items[versions->count++] = (struct cache_version){ now, UTC_NEVER, ttl, keys, signers };
	return STATUS_OK;
}

static bool is_in(const struct rollover_key *key, enum key_record record)
{
	return key->key.state[record] == KEY_RUMOURED || key->key.state[record] == KEY_OMNIPRESENT;
}

/* Slots of keys that no version in any cache names are free again. */
static void free_slots(struct run *run)
{
	uint64_t used = 0;
	const struct versions *const all[] = { &run->ds, &run->dnskey, &run->data };
	for (size_t v = 0; v < COUNT(all); v++)
		for (size_t i = 0; i < all[v]->count; i++)
			used |= all[v]->items[i].keys | all[v]->items[i].signers;
	for (unsigned i = 0; i < CACHE_KEYS; i++)
		if ((used >> i & 1) == 0)
			run->slot_of[i] = 0;
}

static enum status publish(struct run *run, struct error *err)
{
	uint64_t present = 0;
	uint64_t key_signers = 0;
	uint64_t data_signers = 0;
	const struct timing *const t = &run->policy->timing;
	forget_expired(&run->dnskey, run->now, t->propagation);
	forget_expired(&run->data, run->now, t->propagation);
	forget_expired(&run->ds, run->now, t->parent_propagation);
	free_slots(run);
	for (size_t i = 0; i < run->count; i++) {
		const struct rollover_key *const key = &run->keys[i];
		if (!is_in(key, KEY_DNSKEY) && !is_in(key, KEY_KRRSIG) && !is_in(key, KEY_ZRRSIG))
			continue;
		const unsigned slot = bit_of(run, key);
		if (slot == CACHE_KEYS)
			return error_set(
			    err, STATUS_INTERNAL, "simulation: more than %d keys are in caches at once", CACHE_KEYS);
		const uint64_t bit = UINT64_C(1) << slot;
		present |= is_in(key, KEY_DNSKEY) ? bit : 0;
		key_signers |= is_in(key, KEY_KRRSIG) ? bit : 0;
		data_signers |= is_in(key, KEY_ZRRSIG) ? bit : 0;
	}
	const uint32_t key_ttl = present == 0 ? run->world->negative_ttl : run->world->dnskey_ttl;
	enum status status = serve(&run->dnskey, run->now, present, key_signers, key_ttl, err);
	if (status == STATUS_OK)
		status = serve(&run->data, run->now, data_signers, 0, run->world->data_ttl, err);
	return status;
}

static enum status judge(const struct run *run, struct error *err)
{
	struct cache_history history = { .ds = run->ds.items,
		.ds_count = run->ds.count,
		.dnskey = run->dnskey.items,
		.dnskey_count = run->dnskey.count,
		.data = run->data.items,
		.data_count = run->data.count,
		.propagation = run->policy->timing.propagation,
		.parent_propagation = run->policy->timing.parent_propagation,
		.strict = run->policy->strict };
	memcpy(history.algorithm, run->algorithm, sizeof(history.algorithm));
	struct cache_conflict conflict;
	if (cache_proof(&history, run->now, &conflict))
		return STATUS_OK;
	char begins[UTC_TEXT];
	char ends[UTC_TEXT];
	utc_format(conflict.begins, begins);
	utc_format(conflict.ends, ends);
	return error_set(err, STATUS_NO, "from %s to %s some caches could find the zone bogus", begins, ends);
}

/* ---- keys ---- */

static void tell(
    const struct run *run, size_t key, bool made, enum key_record record, enum key_state from, enum key_state to)
{
	const struct simulate_event event = { run->now, &run->keys[key], made, record, from, to };
	run->watcher(run->context, &event);
}

static void add_key(struct run *run, const struct rollover_birth *birth)
{
	if (run->count == run->capacity) {
		run->capacity = run->capacity == 0 ? 16 : 2 * run->capacity;
		run->keys = memory_resize(run->keys, run->capacity, sizeof(*run->keys));
	}
	struct rollover_key *const key = &run->keys[run->count++];
	memset(key, 0, sizeof(*key));
	key->key.id = ++run->last_id;
	key->key.algorithm = birth->algorithm;
	key->key.created = run->now;
	rollover_key_init(key, birth->role, birth->predecessor);
	tell(run, run->count - 1, true, KEY_RECORDS, KEY_NA, KEY_NA);
}

static bool is_gone(const struct rollover_key *key)
{
	for (int r = 0; r < KEY_RECORDS; r++)
		if (key->key.state[r] != KEY_HIDDEN && key->key.state[r] != KEY_NA)
			return false;
	return !key->key.goal_present;
}

/* A key that is gone may leave once nobody's predecessor chain leads through it to one that is not: then it says
 * nothing any more. */
static void bury(struct run *run)
{
	size_t kept = 0;
	for (size_t i = 0; i < run->count; i++) {
		bool needed = !is_gone(&run->keys[i]);
		for (size_t j = 0; j < i && !needed; j++)
			needed = !is_gone(&run->keys[j]) && run->keys[i].key.predecessor != 0;
		if (needed)
			run->keys[kept++] = run->keys[i];
	}
	run->count = kept;
}

static enum status step(struct run *run, struct arena *mem, struct utc *next, struct error *err)
{
	const struct ttl_served served[] = { { run->world->dnskey_ttl, UTC_NEVER }, { run->world->data_ttl, UTC_NEVER },
		{ run->world->negative_ttl, UTC_NEVER }, { run->world->ds_ttl, UTC_NEVER } };
	struct rollover_facts facts = { .dnskey_ttl = { &served[0], 1 },
		.data_ttl = { &served[1], 1 },
		.negative_ttl = { &served[2], 1 },
		.ds_ttl = { &served[3], 1 },
		.first_dnskey_set = true };
	for (size_t i = 0; i < run->count; i++)
		if (run->keys[i].key.state[KEY_DNSKEY] == KEY_OMNIPRESENT ||
		    run->keys[i].key.state[KEY_DNSKEY] == KEY_UNRETENTIVE)
			facts.first_dnskey_set = false;
	struct rollover_plan plan;
	for (;;) {
		arena_reset(mem);
		const enum status status =
		    rollover_plan(run->policy, run->keys, run->count, &facts, run->now, mem, &plan, err);
		if (status != STATUS_OK)
			return status;
		if (plan.birth_count == 0)
			break;
		for (size_t i = 0; i < plan.birth_count; i++)
			add_key(run, &plan.births[i]);
	}
	if (run->count > 0)
		memcpy(run->keys, plan.keys, run->count * sizeof(*run->keys));
	for (size_t i = 0; i < plan.move_count; i++)
		tell(run, plan.moves[i].key, false, plan.moves[i].record, plan.moves[i].from, plan.moves[i].to);
	*next = plan.next;
	return publish(run, err);
}

/* ---- the parent ---- */

static bool parent_is_asked(const struct run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		const struct rollover_key *const key = &run->keys[i];
		if ((key->key.state[KEY_DS] == KEY_RUMOURED && key->key.ds_seen.seconds == 0) ||
		    (key->key.state[KEY_DS] == KEY_UNRETENTIVE && key->key.ds_gone.seconds == 0))
			return true;
	}
	return false;
}

static enum status show_ds(struct run *run, struct error *err)
{
	uint64_t set = 0;
	for (size_t i = 0; i < run->count; i++) {
		struct rollover_key *const key = &run->keys[i];
		if (is_in(key, KEY_DS)) {
			const unsigned slot = bit_of(run, key);
			set |= slot < CACHE_KEYS ? UINT64_C(1) << slot : 0;
		}
		if (key->key.state[KEY_DS] == KEY_RUMOURED && key->key.ds_seen.seconds == 0)
			key->key.ds_seen = run->now;
		if (key->key.state[KEY_DS] == KEY_UNRETENTIVE && key->key.ds_gone.seconds == 0)
			key->key.ds_gone = run->now;
	}
	return serve(&run->ds, run->now, set, 0, run->world->ds_ttl, err);
}

/* The parent answers a wanted change once, `ds_delay` after it was first wanted. */
static void ask_parent(struct run *run)
{
	if (!parent_is_asked(run) || run->world->ds_delay.seconds < 0)
		run->parent_acts = UTC_NEVER;
	else if (run->parent_acts.seconds == UTC_NEVER.seconds)
		run->parent_acts = utc_add(run->now, run->world->ds_delay);
}

static enum status parent_answers(struct run *run, struct error *err)
{
	if (utc_before(run->now, run->parent_acts))
		return STATUS_OK;
	run->parent_acts = UTC_NEVER;
	return show_ds(run, err);
}

static struct utc earliest(struct utc a, struct utc b)
{
	return utc_before(a, b) ? a : b;
}

static bool in_outage(const struct run *run)
{
	return !utc_before(run->now, run->world->outage_from) && utc_before(run->now, run->world->outage_until);
}

static enum status run_until_end(struct run *run, struct arena *mem, struct error *err)
{
	while (utc_before(run->now, run->world->until)) {
		struct utc next = UTC_NEVER;
		enum status status = parent_answers(run, err);
		if (status == STATUS_OK && in_outage(run))
			next = run->world->outage_until;
		else if (status == STATUS_OK)
			status = step(run, mem, &next, err);
		if (status == STATUS_OK)
			status = judge(run, err);
		if (status != STATUS_OK)
			return status;
		bury(run);
		ask_parent(run);
		next = earliest(next, run->parent_acts);
		/* A wait that has just ended is over at the next second: each zone version is published before the next
		 * is planned. */
		run->now = utc_before(run->now, next) ? next : utc_add(run->now, (struct span){ 1 });
	}
	return STATUS_OK;
}

enum status simulate_run(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct simulate_world *world, simulate_watcher *watcher, void *context, struct error *err)
{
	struct run *const run = memory_calloc(1, sizeof(*run));
	struct arena *const mem = arena_new(0);
	run->policy = policy;
	run->world = world;
	run->now = world->start;
	run->parent_acts = UTC_NEVER;
	run->watcher = watcher;
	run->context = context;
	run->capacity = count;
	run->count = count;
	run->keys = memory_calloc(count, sizeof(*keys));
	for (size_t i = 0; i < count; i++) {
		run->keys[i] = keys[i];
		run->last_id = keys[i].key.id > run->last_id ? keys[i].key.id : run->last_id;
	}
	uint64_t ds = 0;
	for (size_t i = 0; i < count; i++)
		if (keys[i].key.state[KEY_DS] == KEY_OMNIPRESENT)
			ds |= UINT64_C(1) << bit_of(run, &run->keys[i]) % CACHE_KEYS;
	enum status status = serve(&run->ds, world->start, ds, 0, world->ds_ttl, err);
	if (status == STATUS_OK)
		status = run_until_end(run, mem, err);
	arena_free(mem);
	free(run->keys);
	free(run);
	return status;
}
