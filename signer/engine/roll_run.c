/* SPDX-License-Identifier: MIT */
#include "signer/engine/roll_run.h"

#include <string.h>

#include "signer/engine/guard.h"
#include "signer/engine/offline.h"
#include "signer/engine/proving.h"
#include "signer/engine/roll_step.h"

/* A fixpoint is reached in a few rounds: each makes a key, or moves what time has made ready. */
enum { ROUNDS = 64 };

/* The keys as stored, which the look has just read. */
static void take_keys(struct run *run)
{
	const struct roll_view *const view = &run->roll;
	run->keys.all = arena_calloc(run->mem, view->count + 1, sizeof(*run->keys.all));
	run->keys.count = view->count;
	for (size_t i = 0; i < view->count; i++)
		run->keys.all[i] = view->keys[i].key;
}

static enum status look(struct run *run, struct error *err)
{
	bool found;
	enum status status = store_find_zone(run->store, run->zone.name, run->mem, &run->zone, &found, err);
	if (status == STATUS_OK)
		status = run_read_policy(run, err);
	if (status == STATUS_OK)
		status = roll_look_under(
		    &run->policy, run->store, run->options->state, &run->zone, run->now, run->mem, &run->roll, err);
	if (status == STATUS_OK)
		take_keys(run);
	run->has_roll = run->roll_is_current = status == STATUS_OK;
	return status;
}

/* ---- keys that are due ---- */

static enum status prove(const struct run *run, const struct key *key, struct error *err)
{
	if (key_is_offline(key))
		return STATUS_OK;
	return proving_key(run->store, run->token, run->zone.id, key, run_now(run), err);
}

static enum status take_key(
    const struct run *run, struct key *key, const struct rollover_birth *birth, struct error *err)
{
	enum status status = prove(run, key, err);
	if (status != STATUS_OK)
		return error_context(err, "%s %u", key_role_name(key->role), key->tag);
	rollover_take(key, birth);
	return store_update_keys(run->store, run->zone.id, key, 1, "a rollover takes it", run_now(run), err);
}

static enum status bear(struct run *run, const struct rollover_birth *birth, struct error *err)
{
	struct roll_view *const view = &run->roll;
	const size_t candidate = rollover_candidate(view->keys, view->count, birth);
	struct key key;
	run_phase(run, "keys");
	if (candidate != SIZE_MAX)
		return take_key(run, &view->keys[candidate].key, birth, err);
	const enum status status = zonekeys_generate(run->store, run->token, run->zone.id, &run->policy, birth->role,
	    birth->pool ? NULL : birth, run_now(run), &key, err);
	run->report->keys_made += status == STATUS_OK;
	return status;
}

static enum status bear_all(struct run *run, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < run->roll.plan.birth_count && status == STATUS_OK; i++)
		status = bear(run, &run->roll.plan.births[i], err);
	return status;
}

/* The bundle in use says which keys there are: none is made here. */
static enum status bring_keys(struct run *run, bool *changed, struct error *err)
{
	struct roll_view *const view = &run->roll;
	const struct roll_offline *const offline = view->offline;
	const size_t current = offline_current(offline->bundles, offline->count, run->now, run->policy.refresh);
	enum status status = STATUS_OK;
	if (current == SIZE_MAX || (view->stop != ROLL_GOES && view->stop != ROLL_UNPUBLISHED))
		return STATUS_OK;
	const bool *const in = offline->bundles[current].in;
	for (size_t i = 0; i < view->plan.birth_count && status == STATUS_OK; i++) {
		const size_t candidate = offline_candidate(view->keys, view->count, &view->plan.births[i], in);
		if (candidate == SIZE_MAX)
			continue;
		*changed = true;
		status = take_key(run, &view->keys[candidate].key, &view->plan.births[i], err);
	}
	bool *const adopted = arena_calloc(run->mem, view->count + 1, sizeof(*adopted));
	if (*changed || status != STATUS_OK || !offline_adopt(view->keys, view->count, in, adopted))
		return status;
	for (size_t i = 0; i < view->count && status == STATUS_OK; i++)
		if (adopted[i])
			status = store_update_keys(run->store, run->zone.id, &view->keys[i].key, 1,
			    in[i] ? "the SKR publishes it" : "the SKR publishes it no more", run_now(run), err);
	*changed = true;
	return status;
}

/* ---- steps that no publication shows ---- */

static enum status settle_ds(struct run *run, bool *changed, struct error *err)
{
	const struct roll_view *const view = &run->roll;
	size_t open = 0;
	for (size_t i = 0; i < view->count; i++)
		open += history_has(&view->keys[i].key, HISTORY_DS);
	*changed = false;
	if (!view->ds_settled || !view->ds_to_store)
		return STATUS_OK;
	int64_t *const ids = arena_calloc(run->mem, open + 1, sizeof(*ids));
	struct store_served_change change = { .begins = { .class = STORE_DS,
						  .from = view->ds_settled_at,
						  .until = UTC_NEVER,
						  .ttl = view->ds_open_ttl,
						  .keys = ids },
		.ends_others = true };
	for (size_t i = 0; i < view->count; i++)
		if (history_has(&view->keys[i].key, HISTORY_DS))
			ids[change.begins.key_count++] = view->keys[i].key.id;
	const struct store_step step = { .served = &change, .served_count = 1 };
	*changed = true;
	return store_take_step(run->store, run->zone.id, &step, "every parent server shows it", run_now(run), err);
}

static enum status take_step(struct run *run, struct error *err)
{
	struct store_step step;
	const char *const text = roll_step_write(&run->roll, run->mem);
	enum status status =
	    roll_step_make(text, run->keys.all, run->keys.count, NULL, run_now(run), run->mem, &step, err);
	if (status != STATUS_OK)
		return status;
	return store_take_step(run->store, run->zone.id, &step, roll_reason(&run->roll, run->mem), run_now(run), err);
}

/* What must hold before a record of the key appears; nothing is asked of what another signer does. */
static enum status guard_move(
    const struct run *run, const struct rollover_move *move, const struct key *key, struct error *err)
{
	if (move->to != KEY_RUMOURED || move->record == KEY_DS || key->foreign || key_is_offline(key))
		return STATUS_OK;
	return move->record == KEY_DNSKEY ? guard_publication(run, key, err) : guard_activation(run, key, err);
}

/* Keys whose DNSKEY or first signature begins must work, or nothing of the plan happens. */
static void guard_moves(struct run *run)
{
	struct roll_view *const view = &run->roll;
	for (size_t i = 0; i < view->plan.move_count; i++) {
		const struct rollover_move *const move = &view->plan.moves[i];
		struct error why;
		error_clear(&why);
		if (guard_move(run, move, &view->plan.keys[move->key].key, &why) == STATUS_OK)
			continue;
		run->key_problem = arena_strdup(run->mem, why.message);
		roll_stop_at(view, ROLL_KEY_MISSING, run->key_problem);
		return;
	}
}

/* A key that cannot be made keeps no signature of the others from being renewed: the roll waits, and the run ends with
 * that problem. */
static enum status go_on_without(struct run *run, bool *changed, struct error *err)
{
	run->key_problem = arena_strdup(run->mem, err->message);
	error_clear(err);
	roll_stop_at(&run->roll, ROLL_KEY_MISSING, run->key_problem);
	*changed = false;
	return STATUS_OK;
}

/* One round: true if something was stored, so that another look is needed. */
static enum status advance(struct run *run, bool *changed, struct error *err)
{
	struct roll_view *const view = &run->roll;
	enum status status = settle_ds(run, changed, err);
	if (status != STATUS_OK || *changed)
		return status;
	if (view->offline != NULL)
		status = bring_keys(run, changed, err);
	if (status != STATUS_OK || *changed)
		return status;
	if (view->plan.birth_count > 0 && view->offline == NULL) {
		*changed = true;
		status = bear_all(run, err);
		const bool store_failed = status == STATUS_KEY || status == STATUS_PERMISSION;
		return store_failed && view->published ? go_on_without(run, changed, err) : status;
	}
	if (view->plan.move_count > 0)
		guard_moves(run);
	const bool steps = view->plan.move_count > 0 || view->goals_change;
	if (!steps || !view->published || roll_is_visible(view))
		return STATUS_OK;
	*changed = true;
	return take_step(run, err);
}

enum status roll_run(struct run *run, bool still, struct error *err)
{
	const bool no_receipt = run->output.to_stdout && run->has_last;
	bool changed = true;
	enum status status = STATUS_OK;
	for (int i = 0; i < ROUNDS && changed && status == STATUS_OK; i++) {
		changed = false;
		status = look(run, err);
		if (status == STATUS_OK && (still || no_receipt)) {
			roll_stop_at(&run->roll, run->roll.stop, run->roll.stop_words);
			run->roll_is_current = false;
		} else if (status == STATUS_OK && !run->options->dry_run) {
			const enum roll_stop stop = run->roll.stop;
			status = advance(run, &changed, err);
			run->roll_is_current = !changed && run->roll.stop == stop;
		}
	}
	return status;
}

struct key *roll_run_keys(const struct run *run)
{
	const struct roll_view *const view = &run->roll;
	struct key *const out = arena_calloc(run->mem, view->count + 1, sizeof(*out));
	for (size_t i = 0; i < view->count; i++)
		out[i] = view->plan.keys[i].key;
	return out;
}

struct utc roll_run_next(struct run *run, struct utc refresh)
{
	struct error ignored;
	error_clear(&ignored);
	if (run->options->dry_run || (!run->roll_is_current && look(run, &ignored) != STATUS_OK))
		return refresh;
	/* After a key was dropped alone the others go on at once. */
	if (run->roll.plan.move_count > 0 && !run->output.to_stdout)
		return run->now;
	return utc_before(run->roll.next, refresh) ? utc_later(run->roll.next, run->now) : refresh;
}

/* ---- what stops ---- */

enum status roll_guard_clock(struct run *run, struct error *err)
{
	const struct span most = run->policy.max_clock_jump;
	char is[UTC_TEXT];
	char was[UTC_TEXT];
	char allowed[SPAN_TEXT];
	/* A virtual clock is moved by hand, and by nobody else. */
	if (run->virtual_clock || !run->has_last || most.seconds == 0 || run->zone.held_since.seconds != 0 ||
	    run->last_seen.seconds == 0 || run->options->dry_run ||
	    !utc_before(utc_add(run->last_seen, most), run->now))
		return STATUS_OK;
	utc_format(run->now, is);
	utc_format(run->last_seen, was);
	span_format(most, allowed);
	return store_hold(run->store, run->zone.id,
	    arena_printf(run->mem,
		"clock.sane: clock guard: the clock says %s, and the last run was at %s; policy %s allows %s between "
		"runs. If the "
		"clock is right, nothing is lost: release",
		is, was, run->policy.name, allowed),
	    run->now, err);
}

/* The first publication brings in all keys of the zone, or there is none. */
static enum status check_backups(const struct run *run, struct error *err)
{
	const struct roll_view *const view = &run->roll;
	for (size_t i = 0; i < view->count && !view->published; i++) {
		const struct key *const key = &view->keys[i].key;
		if (key->goal_present && rollover_needs_backup(&view->rules, key))
			return error_set(err, STATUS_REFUSED,
			    "%s %u is in no backup yet, and policy %s uses no key before (keys.require-backup); "
			    "nothing is "
			    "published: zoneseal backup --with-keys FILE, then zoneseal key backup-done %s --all",
			    key_role_name(key->role), key->tag, run->policy.name, run->zone.name);
	}
	return STATUS_OK;
}

enum status roll_run_problem(const struct run *run, struct error *err)
{
	bool late = false;
	const char *const alarm = run->has_roll ? offline_alarm(&run->roll, run->now, run->mem, &late) : NULL;
	if (late)
		return error_set(err, STATUS_KEY, "time.offline-ksk: %s", alarm);
	/* Whatever was published besides, and however the keys were looked at again for that. */
	if (run->key_problem != NULL)
		return error_set(err, STATUS_KEY, "%s", run->key_problem);
	if (run->has_roll && run->roll.stop == ROLL_UNPUBLISHED)
		return check_backups(run, err);
	if (!run->has_roll || run->roll.stop != ROLL_KEY_MISSING)
		return STATUS_OK;
	return error_set(err, STATUS_KEY, "key.proof: %s", run->roll.stop_words);
}
