/* SPDX-License-Identifier: MIT */
#include "policies/offline.h"

#include <string.h>

#include "policies/simulate.h"

/* ---- ahead of a ceremony ---- */

struct forecast {
	struct offline_lane *lanes;
	size_t count, room;
	struct arena *mem;
};

static struct offline_lane *lane_of(struct forecast *forecast, int64_t id)
{
	for (size_t i = forecast->count; i-- > 0;)
		if (forecast->lanes[i].id == id)
			return &forecast->lanes[i];
	return NULL;
}

static struct offline_lane *add_lane(struct forecast *forecast, const struct key *key)
{
	if (forecast->count == forecast->room) {
		const size_t room = forecast->room == 0 ? 32 : 2 * forecast->room;
		struct offline_lane *const lanes = arena_calloc(forecast->mem, room, sizeof(*lanes));
		if (forecast->count > 0)
			memcpy(lanes, forecast->lanes, forecast->count * sizeof(*lanes));
		forecast->lanes = lanes;
		forecast->room = room;
	}
	struct offline_lane *const lane = &forecast->lanes[forecast->count++];
	*lane = (struct offline_lane){ .id = key->id, .role = key->role, .from = UTC_NEVER, .until = UTC_NEVER };
	return lane;
}

static void watch(void *context, const struct simulate_event *event)
{
	struct forecast *const forecast = context;
	if (event->key == NULL)
		return;
	struct offline_lane *lane = lane_of(forecast, event->key->key.id);
	if (event->kind == SIMULATE_MADE) {
		add_lane(forecast, &event->key->key)->made = true;
		return;
	}
	if (event->kind != SIMULATE_MOVED || event->record != KEY_DNSKEY)
		return;
	if (event->to == KEY_RUMOURED) {
		lane = lane != NULL ? lane : add_lane(forecast, &event->key->key);
		lane->from = lane->from.seconds == UTC_NEVER.seconds ? event->when : lane->from;
		lane->until = UTC_NEVER;
	} else if (event->to == KEY_UNRETENTIVE && lane != NULL) {
		lane->until = event->when;
	}
}

enum status offline_forecast(const struct policy *policy, const struct rollover_policy *rules,
    const struct rollover_key keys[], size_t count, struct utc now, struct utc until, struct arena *mem,
    struct offline_lane **out, size_t *out_count, struct error *err)
{
	struct forecast forecast = { .mem = mem };
	struct simulate_world world = simulate_world_of(policy, now, until);
	world.ds_delay = (struct span){ -1 };
	for (size_t i = 0; i < count; i++)
		if (key_is_published(&keys[i].key))
			add_lane(&forecast, &keys[i].key)->from = now;
	const enum status status = simulate_run(rules, keys, count, &world, watch, &forecast, err);
	*out = forecast.lanes;
	*out_count = forecast.count;
	return status;
}

bool offline_in_bundle(const struct offline_lane *lane, struct utc from, struct utc until, struct span margin)
{
	return utc_before(lane->from, until) && utc_before(from, utc_add(lane->until, margin));
}

/* ---- when the time has come ---- */

bool offline_is_usable(const struct offline_bundle *bundle, struct utc now, struct span refresh)
{
	return !utc_before(now, bundle->from) && utc_before(utc_add(now, refresh), bundle->ends) &&
	       (bundle->dropped.seconds == 0 || utc_before(now, bundle->dropped));
}

size_t offline_current(const struct offline_bundle bundles[], size_t count, struct utc now, struct span refresh)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		if (offline_is_usable(&bundles[i], now, refresh) &&
		    (found == SIZE_MAX || !utc_before(bundles[i].from, bundles[found].from)))
			found = i;
	return found;
}

bool offline_adopt(struct rollover_key keys[], size_t count, const bool in[], bool changed[])
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		struct key *const key = &keys[i].key;
		changed[i] = in[i] ? rollover_is_spare(&keys[i]) : key->goal_present && key->standby && !key->foreign;
		if (!changed[i])
			continue;
		key->goal_present = key->standby = in[i];
		any = true;
	}
	return any;
}

size_t offline_candidate(
    const struct rollover_key keys[], size_t count, const struct rollover_birth *birth, const bool in[])
{
	for (size_t i = 0; i < count && !birth->pool; i++) {
		const struct key *const key = &keys[i].key;
		if (key->role != birth->role || key->algorithm != birth->algorithm || keys[i].missing || !in[i])
			continue;
		if (rollover_is_spare(&keys[i]) ||
		    (!birth->standby && key->standby && key->goal_present && !key->foreign))
			return i;
	}
	return SIZE_MAX;
}

bool offline_matches(const struct rollover_key keys[], size_t count, const bool in[])
{
	for (size_t i = 0; i < count; i++) {
		const struct key *const key = &keys[i].key;
		if (key_is_published(key) != in[i] || (key->role == KEY_KSK && key_signs_keys(key) != in[i]))
			return false;
	}
	return true;
}

static bool comes(enum key_state state)
{
	return state == KEY_RUMOURED || state == KEY_OMNIPRESENT;
}

/* Whether the bundle forbids a move: a key that is not in it may begin nothing, one that is in it may not leave. */
static bool is_forbidden(const struct rollover_move *move, const struct rollover_key keys[], const bool in[])
{
	const bool published = key_is_published(&keys[move->key].key);
	if (!in[move->key])
		return !published && comes(move->to) && !comes(move->from);
	return move->to == KEY_UNRETENTIVE && (move->record == KEY_DNSKEY || move->record == KEY_KRRSIG);
}

bool offline_constrain(struct rollover_plan *plan, const struct rollover_key keys[], const bool in[])
{
	size_t kept = 0;
	for (size_t i = 0; i < plan->move_count; i++) {
		const struct rollover_move *const move = &plan->moves[i];
		struct key *const after = &plan->keys[move->key].key;
		const struct key *const before = &keys[move->key].key;
		if (!is_forbidden(move, keys, in)) {
			plan->moves[kept++] = *move;
			continue;
		}
		after->state[move->record] = before->state[move->record];
		after->since[move->record] = before->since[move->record];
		after->was_full[move->record] = before->was_full[move->record];
		if (move->to != KEY_UNRETENTIVE)
			after->active = before->active;
		if (move->record == KEY_ZRRSIG) {
			after->signatures_complete = before->signatures_complete;
			after->signatures_left = before->signatures_left;
		}
	}
	plan->move_count = kept;
	return offline_matches(plan->keys, plan->count, in);
}
