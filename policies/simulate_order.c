/* SPDX-License-Identifier: MIT */
/* What an operator orders during a simulation. */
#include "policies/simulate_run.h"

/* The key that is on its way to replace the one of a role. */
static const struct rollover_key *coming_key(const struct simulate_run *run, enum key_role role)
{
	for (size_t i = run->count; i-- > 0;)
		if (run->keys[i].key.role == role && run->keys[i].key.goal_present && !run->keys[i].key.standby)
			return &run->keys[i];
	return NULL;
}

static const char *order_roll(struct simulate_run *run, const struct simulate_command *command)
{
	const bool urgent = command->verb == SIMULATE_EMERGENCY;
	run->has_ordered = rollover_start(run->keys, run->count, command->role, &run->policy, &run->ordered);
	if (run->has_ordered && urgent)
		run->urgent = run->ordered.predecessor;
	if (run->has_ordered)
		return NULL;
	const struct rollover_key *const coming = coming_key(run, command->role);
	if (coming == NULL)
		return "no key of that role is in use";
	if (!urgent || coming->key.predecessor == 0)
		return "a roll of that role is under way, and its new key is not in use yet";
	run->urgent = coming->key.predecessor;
	return NULL;
}

static const char *order_drop(struct simulate_run *run, const struct simulate_command *command)
{
	struct rollover_key *const key = rollover_in_use(run->keys, run->count, command->role);
	if (key == NULL)
		return "no key of that role is in use";
	if (key->key.goal_present) {
		run->has_ordered = rollover_start(run->keys, run->count, command->role, &run->policy, &run->ordered) &&
				   run->ordered.predecessor == key->key.id;
		if (!run->has_ordered)
			return "a roll of that role is under way, and its new key is not in use yet";
	}
	key->key.dropped = run->now;
	return NULL;
}

static const char *order_abort(struct simulate_run *run, const struct simulate_command *command)
{
	for (size_t i = run->count; i-- > 0;) {
		const struct key *const key = &run->keys[i].key;
		if (key->role != command->role || !key->goal_present || key->predecessor == 0)
			continue;
		return rollover_abort(run->keys, run->count, key->id)
			   ? NULL
			   : "the old key is already on its way out: a new roll is the only way back";
	}
	return "no roll of that role is under way";
}

static const char *order_algorithm(struct simulate_run *run, const struct simulate_command *command)
{
	for (size_t i = 0; i < run->count; i++)
		if (!key_is_hidden(&run->keys[i].key) && run->keys[i].key.algorithm != run->policy.algorithm)
			return "an algorithm roll is under way";
	run->policy.algorithm = command->algorithm;
	return NULL;
}

static const char *order_policy(struct simulate_run *run, const struct simulate_command *command)
{
	if (command->verb == SIMULATE_SCHEME)
		run->policy.csk = command->csk;
	else
		run->policy.insecure = command->insecure;
	return NULL;
}

static bool waits_for_operator(const struct simulate_run *run)
{
	struct arena *const mem = arena_new(0);
	struct rollover_plan plan;
	struct error ignored;
	bool waits = false;
	if (simulate_plan(run, mem, &plan, &ignored) == STATUS_OK)
		for (size_t i = 0; i < plan.wait_count; i++)
			waits = waits || plan.waits[i].why == ROLLOVER_WAITS_OPERATOR;
	arena_free(mem);
	return waits;
}

static const char *order_step(struct simulate_run *run, const struct simulate_command *command)
{
	(void)command;
	if (!run->policy.manual)
		return "the policy takes each step by itself";
	run->step_asked = waits_for_operator(run);
	return run->step_asked ? NULL : "no step waits for an operator";
}

static const char *order_run(struct simulate_run *run, const struct simulate_command *command)
{
	run->held = command->verb == SIMULATE_HOLD;
	return NULL;
}

static const char *order_parent(struct simulate_run *run, const struct simulate_command *command)
{
	run->ds_delay = command->delay;
	run->parent_acts = UTC_NEVER; /* asked anew */
	return NULL;
}

/* What a person wants of keys is refused while they are held: release first. */
static bool is_held_off(const struct simulate_run *run, enum simulate_verb verb)
{
	return run->held && (verb == SIMULATE_ROLL || verb == SIMULATE_EMERGENCY || verb == SIMULATE_DROP ||
				verb == SIMULATE_ABORT || verb == SIMULATE_STEP);
}

static void carry_out(struct simulate_run *run, const struct simulate_command *command)
{
	typedef const char *order(struct simulate_run * run, const struct simulate_command *command);
	static order *const orders[SIMULATE_VERBS] = {
		[SIMULATE_ROLL] = order_roll,
		[SIMULATE_EMERGENCY] = order_roll,
		[SIMULATE_DROP] = order_drop,
		[SIMULATE_ABORT] = order_abort,
		[SIMULATE_STEP] = order_step,
		[SIMULATE_HOLD] = order_run,
		[SIMULATE_RELEASE] = order_run,
		[SIMULATE_ALGORITHM] = order_algorithm,
		[SIMULATE_SCHEME] = order_policy,
		[SIMULATE_GOAL] = order_policy,
		[SIMULATE_PARENT] = order_parent,
	};
	run->has_ordered = false;
	const char *const reason =
	    is_held_off(run, command->verb) ? "the zone is held" : orders[command->verb](run, command);
	run->watcher(run->context, &(struct simulate_event){ .when = run->now,
				       .kind = reason == NULL ? SIMULATE_ORDERED : SIMULATE_REFUSED,
				       .command = command,
				       .reason = reason });
	if (run->has_ordered)
		(void)simulate_add_key(run, &run->ordered);
}

void simulate_obey(struct simulate_run *run)
{
	const struct simulate_world *const world = run->world;
	while (
	    run->next_command < world->command_count && !utc_before(run->now, world->commands[run->next_command].when))
		carry_out(run, &world->commands[run->next_command++]);
}
