/* SPDX-License-Identifier: MIT */
#include "policies/simulate_run.h"

#include <stdlib.h>
#include <string.h>

#include "policies/policy_rollover.h"

/* ---- TTLs ---- */

uint32_t simulate_ttl_of(const struct ttl_ledger *ledger, uint32_t otherwise)
{
	uint32_t ttl = 0;
	for (size_t i = 0; i < ledger->count; i++)
		if (ledger->served[i].last.seconds == UTC_NEVER.seconds && ledger->served[i].ttl > ttl)
			ttl = ledger->served[i].ttl;
	return ttl != 0 ? ttl : otherwise;
}

/* What the world begins with; room for one TTL more. */
static void remember_ttls(struct simulate_run *run)
{
	const struct simulate_world *const world = run->world;
	const struct ttl_ledger none = { NULL, 0 };
	const struct rollover_facts *const facts = world->past != NULL ? &world->past->facts : NULL;
	const struct ttl_ledger past[TTLS] = { facts != NULL ? facts->dnskey_ttl : none,
		facts != NULL ? facts->data_ttl : none, facts != NULL ? facts->negative_ttl : none,
		facts != NULL ? facts->ds_ttl : none };
	const uint32_t now[TTLS] = { world->dnskey_ttl, world->data_ttl, world->negative_ttl, world->ds_ttl };
	for (int class = 0; class < TTLS; class ++) {
		run->served[class] = memory_calloc(past[class].count + 1, sizeof(**run->served));
		for (size_t i = 0; i < past[class].count; i++)
			run->served[class][run->served_count[class]++] = past[class].served[i];
		if (past[class].count == 0)
			run->served[class][run->served_count[class]++] = (struct ttl_served){ now[class], UTC_NEVER };
	}
}

/* From now on `ttl` is served, and no other of its class. */
static void serve_ttl(struct simulate_run *run, int class, uint32_t ttl)
{
	struct ttl_served *const served = run->served[class];
	bool known = false;
	for (size_t i = 0; i < run->served_count[class]; i++) {
		known = known || served[i].ttl == ttl;
		if (served[i].ttl == ttl)
			served[i].last = UTC_NEVER;
		else if (served[i].last.seconds == UTC_NEVER.seconds)
			served[i].last = run->now;
	}
	if (!known)
		served[run->served_count[class]++] = (struct ttl_served){ ttl, UTC_NEVER };
}

/* ---- versions for the cache check ---- */

/* What a zone version with `keys` adds to the history. */
static enum status begin_versions(
    const struct simulate_run *run, const struct rollover_key keys[], struct history *history, struct error *err)
{
	const struct simulate_world *const world = run->world;
	bool any = false;
	history_forget(history, run->now);
	for (size_t i = 0; i < run->count; i++)
		any = any || history_has(&keys[i].key, HISTORY_DNSKEY);
	enum status status = history_begin(
	    history, HISTORY_DNSKEY, keys, run->count, any ? world->dnskey_ttl : world->negative_ttl, run->now, err);
	if (status == STATUS_OK)
		status = history_begin(history, HISTORY_DATA, keys, run->count, world->data_ttl, run->now, err);
	if (status == STATUS_OK)
		status = history_begin(history, HISTORY_DS, keys, run->count, world->ds_ttl, run->now, err);
	return status;
}

static enum status publish(struct simulate_run *run, struct error *err)
{
	const struct simulate_world *const world = run->world;
	serve_ttl(run, TTL_DNSKEY, world->dnskey_ttl);
	serve_ttl(run, TTL_DATA, world->data_ttl);
	serve_ttl(run, TTL_NEGATIVE, world->negative_ttl);
	run->published = true;
	return begin_versions(run, run->keys, &run->history, err);
}

static enum status judge(struct simulate_run *run, struct arena *mem, struct error *err)
{
	struct cache_conflict conflict;
	history_give_up(&run->history, run->keys, run->count);
	if (history_judge(&run->history, run->now, &conflict) || !utc_before(run->tolerated, conflict.ends))
		return STATUS_OK;
	return error_set(err, STATUS_NO, "%s", history_words(&run->history, &conflict, run->keys, run->count, mem));
}

/* A real zone's past may forbid a step that a zone without it could take: then nothing moves, as in a run. `until` is
 * when caches allow it as far as waiting helps; 0: now. */
static enum status veto(
    struct simulate_run *run, const struct rollover_plan *plan, struct arena *mem, struct utc *until, struct error *err)
{
	struct cache_conflict conflict;
	struct history *const after = arena_calloc(mem, 1, sizeof(*after));
	*until = (struct utc){ 0 };
	if (run->world->past == NULL || plan->move_count == 0)
		return STATUS_OK;
	*after = run->history;
	const enum status status = begin_versions(run, plan->keys, after, err);
	if (status != STATUS_OK)
		return status;
	history_give_up(after, plan->keys, run->count);
	if (history_judge(after, run->now, &conflict) || !utc_before(run->tolerated, conflict.ends))
		return STATUS_OK;
	*until = history_conflict_over(after, &conflict, run->now);
	if (until->seconds == run->vetoed_until.seconds)
		return STATUS_OK;
	run->vetoed_until = *until;
	run->watcher(run->context, &(struct simulate_event){ .when = run->now,
				       .kind = SIMULATE_VETOED,
				       .key = &run->keys[plan->moves[0].key],
				       .reason = history_words(after, &conflict, plan->keys, run->count, mem),
				       .earliest = *until });
	return STATUS_OK;
}

/* ---- keys ---- */

static void tell(const struct simulate_run *run, enum simulate_kind kind, size_t key)
{
	run->watcher(run->context, &(struct simulate_event){ .when = run->now, .kind = kind, .key = &run->keys[key] });
}

static void tell_moves(const struct simulate_run *run, const struct rollover_plan *plan)
{
	for (size_t i = 0; i < plan->move_count; i++) {
		const struct rollover_move *const move = &plan->moves[i];
		run->watcher(run->context, &(struct simulate_event){ .when = run->now,
					       .kind = SIMULATE_MOVED,
					       .key = &run->keys[move->key],
					       .record = move->record,
					       .from = move->from,
					       .to = move->to });
	}
}

struct rollover_key *simulate_add_key(struct simulate_run *run, const struct rollover_birth *birth)
{
	const size_t candidate = rollover_candidate(run->keys, run->count, birth);
	if (candidate != SIZE_MAX) {
		rollover_take(&run->keys[candidate].key, birth);
		tell(run, SIMULATE_TAKEN, candidate);
		return &run->keys[candidate];
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
	rollover_take(&key->key, birth);
	key->key.backed_up = run->now; /* whoever wants a backup first makes it at once */
	tell(run, SIMULATE_MADE, run->count - 1);
	return key;
}

/* A key that was made ahead by hand is not gone: it may be taken. */
static bool is_gone(const struct rollover_key *key)
{
	const bool prepared = key->key.active.seconds == 0 && key->key.predecessor == 0;
	return key_is_hidden(&key->key) && !key->key.goal_present && !prepared;
}

static size_t index_of(const struct simulate_run *run, int64_t id)
{
	size_t i = 0;
	while (i < run->count && (id == 0 || run->keys[i].key.id != id))
		i++;
	return i;
}

/* Whether keys[at] is between keys[key], which lives, and the living one that it goes back to. */
static bool is_between(const struct simulate_run *run, size_t key, size_t at)
{
	bool passed = false;
	for (size_t steps = 0; steps < run->count; steps++) {
		key = index_of(run, run->keys[key].key.predecessor);
		if (key == run->count)
			return false;
		if (!is_gone(&run->keys[key]))
			return passed;
		passed = passed || key == at;
	}
	return false;
}

static bool is_needed(const struct simulate_run *run, size_t at)
{
	if (!is_gone(&run->keys[at]))
		return true;
	for (size_t key = 0; key < run->count; key++)
		if (!is_gone(&run->keys[key]) && is_between(run, key, at))
			return true;
	return false;
}

/* A key that is gone leaves once no living key's chain of predecessors leads through it to another living one: then it
 * says nothing any more. */
static void bury(struct simulate_run *run, struct arena *mem)
{
	size_t kept = 0;
	bool *const needed = arena_calloc(mem, run->count, sizeof(*needed));
	for (size_t i = 0; i < run->count; i++)
		needed[i] = is_needed(run, i);
	for (size_t i = 0; i < run->count; i++)
		if (needed[i])
			run->keys[kept++] = run->keys[i];
	run->count = kept;
}

/* A key that may be stolen is not kept by the calendar, until nothing of it is left. */
static bool is_urgent(const struct simulate_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		if (run->keys[i].key.id == run->urgent)
			return !key_is_hidden(&run->keys[i].key);
	return false;
}

static struct utc not_before(const struct simulate_run *run)
{
	const struct policy_windows *const windows = run->world->windows;
	const bool free = windows == NULL || !run->published || is_urgent(run);
	return free ? run->now : policy_windows_end(windows, run->now);
}

static struct rollover_facts facts_of(const struct simulate_run *run)
{
	struct ttl_ledger ledgers[TTLS];
	for (int class = 0; class < TTLS; class ++)
		ledgers[class] = (struct ttl_ledger){ run->served[class], run->served_count[class] };
	return (struct rollover_facts){ .dnskey_ttl = ledgers[TTL_DNSKEY],
		.data_ttl = ledgers[TTL_DATA],
		.negative_ttl = ledgers[TTL_NEGATIVE],
		.ds_ttl = ledgers[TTL_DS],
		.step = run->step_asked,
		.not_before = not_before(run),
		.first_dnskey_set = rollover_is_first_key_set(run->keys, run->count) };
}

/* A real zone's plans follow what it served, as the engine's do. */
static struct rollover_policy rules_of(const struct simulate_run *run, const struct rollover_facts *facts)
{
	struct rollover_policy rules = run->policy;
	if (run->world->past != NULL)
		rules = policy_rollover_served(&run->policy, facts, run->published, run->now);
	rules.manual = rules.manual && run->published;
	return rules;
}

enum status simulate_plan(
    const struct simulate_run *run, struct arena *mem, struct rollover_plan *plan, struct error *err)
{
	const struct rollover_facts facts = facts_of(run);
	const struct rollover_policy rules = rules_of(run, &facts);
	return rollover_plan(&rules, run->keys, run->count, &facts, run->now, mem, plan, err);
}

/* Plans until no key has to be made first. */
static enum status plan_now(struct simulate_run *run, struct arena *mem, struct rollover_plan *plan, struct error *err)
{
	for (;;) {
		arena_reset(mem);
		const enum status status = simulate_plan(run, mem, plan, err);
		if (status != STATUS_OK || plan->birth_count == 0)
			return status;
		for (size_t i = 0; i < plan->birth_count; i++)
			(void)simulate_add_key(run, &plan->births[i]);
	}
}

static enum status step(struct simulate_run *run, struct arena *mem, struct utc *next, struct error *err)
{
	struct rollover_plan plan;
	struct utc until = { 0 };
	enum status status = plan_now(run, mem, &plan, err);
	if (status == STATUS_OK)
		status = veto(run, &plan, mem, &until, err);
	if (status == STATUS_OK && until.seconds != 0)
		*next = until;
	if (status != STATUS_OK || until.seconds != 0)
		return status;
	run->step_asked = false;
	if (run->count > 0)
		memcpy(run->keys, plan.keys, run->count * sizeof(*run->keys));
	tell_moves(run, &plan);
	*next = plan.next;
	return publish(run, err);
}

/* ---- the parent ---- */

static bool parent_is_asked(const struct simulate_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		const struct rollover_key *const key = &run->keys[i];
		if ((key->key.state[KEY_DS] == KEY_RUMOURED && key->key.ds_seen.seconds == 0) ||
		    (key->key.state[KEY_DS] == KEY_UNRETENTIVE && key->key.ds_gone.seconds == 0))
			return true;
	}
	return false;
}

static enum status show_ds(struct simulate_run *run, struct error *err)
{
	struct utc since;
	for (size_t i = 0; i < run->count; i++) {
		struct rollover_key *const key = &run->keys[i];
		if (key->key.state[KEY_DS] == KEY_RUMOURED && key->key.ds_seen.seconds == 0) {
			key->key.ds_seen = run->now;
			tell(run, SIMULATE_SEEN, i);
		}
		if (key->key.state[KEY_DS] == KEY_UNRETENTIVE && key->key.ds_gone.seconds == 0) {
			key->key.ds_gone = run->now;
			tell(run, SIMULATE_GONE, i);
		}
	}
	if (!history_ds_is_settled(run->keys, run->count, &since))
		return STATUS_OK;
	return history_settle(&run->history, run->keys, run->count, run->now, err);
}

/* The parent answers a wanted change once, `ds_delay` after it was first wanted. */
static void ask_parent(struct simulate_run *run, struct utc wanted)
{
	if (!parent_is_asked(run) || run->ds_delay.seconds < 0)
		run->parent_acts = UTC_NEVER;
	else if (run->parent_acts.seconds == UTC_NEVER.seconds)
		run->parent_acts = utc_later(run->now, utc_add(wanted, run->ds_delay));
}

/* When the last change of the DS set that the parent does not show yet was wanted. */
static struct utc last_wanted(const struct simulate_run *run)
{
	struct utc last = { 0 };
	for (size_t i = 0; i < run->count; i++) {
		const struct key *const key = &run->keys[i].key;
		if (key->state[KEY_DS] == KEY_RUMOURED || key->state[KEY_DS] == KEY_UNRETENTIVE)
			last = utc_later(last, key->since[KEY_DS]);
	}
	return last;
}

static enum status parent_answers(struct simulate_run *run, struct error *err)
{
	if (utc_before(run->now, run->parent_acts))
		return STATUS_OK;
	run->parent_acts = UTC_NEVER;
	return show_ds(run, err);
}

/* ---- time ---- */

static struct utc earliest(struct utc a, struct utc b)
{
	return utc_before(a, b) ? a : b;
}

static bool in_outage(const struct simulate_run *run)
{
	return !utc_before(run->now, run->world->outage_from) && utc_before(run->now, run->world->outage_until);
}

static struct utc next_order(const struct simulate_run *run)
{
	const struct simulate_world *const world = run->world;
	return run->next_command < world->command_count ? world->commands[run->next_command].when : UTC_NEVER;
}

/* What does not move at the end, and why. */
static enum status tell_waits(struct simulate_run *run, struct arena *mem, struct error *err)
{
	struct rollover_plan plan;
	const enum status status = plan_now(run, mem, &plan, err);
	for (size_t i = 0; status == STATUS_OK && i < plan.wait_count; i++) {
		const struct rollover_wait *const wait = &plan.waits[i];
		run->watcher(run->context, &(struct simulate_event){ .when = run->now,
					       .kind = SIMULATE_WAITS,
					       .key = &run->keys[wait->key],
					       .record = wait->record,
					       .to = wait->to,
					       .why = wait->why,
					       .earliest = wait->earliest });
	}
	return status;
}

static enum status run_until_end(struct simulate_run *run, struct arena *mem, struct error *err)
{
	while (utc_before(run->now, run->world->until)) {
		struct utc next = UTC_NEVER;
		simulate_obey(run);
		enum status status = parent_answers(run, err);
		if (status == STATUS_OK && in_outage(run))
			next = run->world->outage_until;
		else if (status == STATUS_OK && (!run->held || !run->published))
			status = step(run, mem, &next, err);
		if (status == STATUS_OK)
			status = judge(run, mem, err);
		if (status != STATUS_OK)
			return status;
		bury(run, mem);
		ask_parent(run, run->now);
		next = earliest(earliest(next, run->parent_acts), next_order(run));
		/* A wait that has just ended is over at the next second: each zone version is published before the next
		 * is planned. */
		run->now = utc_before(run->now, next) ? next : utc_add(run->now, (struct span){ 1 });
	}
	run->now = run->world->until;
	/* A hold at the end keeps keys from being made as well, and ends by a person. */
	return run->held && run->published ? STATUS_OK : tell_waits(run, mem, err);
}

struct simulate_world simulate_world_of(const struct policy *policy, struct utc start, struct utc until)
{
	return (struct simulate_world){ .start = start,
		.until = until,
		.ds_delay = policy->registration,
		.dnskey_ttl = policy->dnskey_ttl,
		.data_ttl = policy->max_zone_ttl,
		.negative_ttl = policy->max_zone_ttl,
		.ds_ttl = policy->ds_ttl,
		.windows = &policy->no_key_events };
}

/* What was before the start. What a cache may find bogus then, the simulation did not bring about. */
static enum status begin(struct simulate_run *run, struct error *err)
{
	const struct simulate_past *const past = run->world->past;
	struct cache_conflict conflict;
	run->published = past == NULL ? run->count > 0 : past->published;
	remember_ttls(run);
	if (past == NULL) {
		history_init(&run->history, &run->policy);
		return history_begin(
		    &run->history, HISTORY_DS, run->keys, run->count, run->world->ds_ttl, run->now, err);
	}
	run->held = past->held;
	run->step_asked = past->facts.step;
	run->history = *past->history;
	if (!history_judge(&run->history, run->now, &conflict))
		run->tolerated = conflict.ends;
	ask_parent(run, last_wanted(run));
	return STATUS_OK;
}

enum status simulate_run(const struct rollover_policy *policy, const struct rollover_key keys[], size_t count,
    const struct simulate_world *world, simulate_watcher *watcher, void *context, struct error *err)
{
	struct simulate_run *const run = memory_calloc(1, sizeof(*run));
	struct arena *const mem = arena_new(0);
	run->policy = *policy;
	run->world = world;
	run->ds_delay = world->ds_delay;
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
	enum status status = begin(run, err);
	if (status == STATUS_OK)
		status = run_until_end(run, mem, err);
	arena_free(mem);
	for (int class = 0; class < TTLS; class ++)
		free(run->served[class]);
	free(run->keys);
	free(run);
	return status;
}
