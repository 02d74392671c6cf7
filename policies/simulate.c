/* SPDX-License-Identifier: MIT */
#include "policies/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "policies/history.h"

/* Keys that are wholly gone leave the array, so ten years of short lives fit; those that remain are at most CACHE_KEYS.
 */
struct run {
	const struct rollover_policy *policy;
	const struct simulate_world *world;
	struct rollover_key *keys;
	size_t count, capacity;
	int64_t last_id;
	struct history history;
	struct utc now;
	struct utc parent_acts; /* when the parent will show what is wanted; UTC_NEVER: nothing is asked */
	simulate_watcher *watcher;
	void *context;
};

/* ---- versions for the cache check ---- */

static enum status publish(struct run *run, struct error *err)
{
	const struct simulate_world *const world = run->world;
	bool any = false;
	history_forget(&run->history, run->now);
	for (size_t i = 0; i < run->count; i++)
		any = any || history_has(&run->keys[i].key, HISTORY_DNSKEY);
	enum status status = history_begin(&run->history, HISTORY_DNSKEY, run->keys, run->count,
	    any ? world->dnskey_ttl : world->negative_ttl, run->now, err);
	if (status == STATUS_OK)
		status =
		    history_begin(&run->history, HISTORY_DATA, run->keys, run->count, world->data_ttl, run->now, err);
	if (status == STATUS_OK)
		status = history_begin(&run->history, HISTORY_DS, run->keys, run->count, world->ds_ttl, run->now, err);
	return status;
}

static enum status judge(const struct run *run, struct arena *mem, struct error *err)
{
	struct cache_conflict conflict;
	if (history_judge(&run->history, run->now, &conflict))
		return STATUS_OK;
	return error_set(err, STATUS_NO, "%s", history_words(&run->history, &conflict, run->keys, run->count, mem));
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
	const size_t candidate = rollover_candidate(run->keys, run->count, birth);
	if (candidate != SIZE_MAX) {
		rollover_take(&run->keys[candidate].key, birth);
		return;
	}
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
	key->key.standby = birth->standby;
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
		.first_dnskey_set = rollover_is_first_key_set(run->keys, run->count) };
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
	struct utc since;
	for (size_t i = 0; i < run->count; i++) {
		struct rollover_key *const key = &run->keys[i];
		if (key->key.state[KEY_DS] == KEY_RUMOURED && key->key.ds_seen.seconds == 0)
			key->key.ds_seen = run->now;
		if (key->key.state[KEY_DS] == KEY_UNRETENTIVE && key->key.ds_gone.seconds == 0)
			key->key.ds_gone = run->now;
	}
	if (!history_ds_is_settled(run->keys, run->count, &since))
		return STATUS_OK;
	return history_settle(&run->history, run->keys, run->count, run->now, err);
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
			status = judge(run, mem, err);
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
	history_init(&run->history, policy);
	enum status status =
	    history_begin(&run->history, HISTORY_DS, run->keys, count, world->ds_ttl, world->start, err);
	if (status == STATUS_OK)
		status = run_until_end(run, mem, err);
	arena_free(mem);
	free(run->keys);
	free(run);
	return status;
}
