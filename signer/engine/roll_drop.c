/* SPDX-License-Identifier: MIT */
/* What a key that leaves at once breaks: the plan that would be carried out, and the cache check over it. */
#include <string.h>

#include "signer/engine/roll.h"
#include "signer/engine/roll_part.h"

/* The zone's keys, and one more that would be made. */
struct imagined {
	struct rollover_key *keys;
	size_t count;
};

static size_t find(const struct imagined *zone, int64_t id)
{
	size_t i = 0;
	while (i < zone->count && zone->keys[i].key.id != id)
		i++;
	return i;
}

static bool has_successor(const struct imagined *zone, int64_t id)
{
	for (size_t i = 0; i < zone->count; i++)
		if (zone->keys[i].key.predecessor == id && zone->keys[i].key.goal_present)
			return true;
	return false;
}

/* The key that a rollover would bring in: one in reserve, else a new one. */
static void add_successor(struct imagined *zone, const struct key *old, const struct roll_view *view, struct utc now)
{
	const struct rollover_birth birth = {
		.role = old->role, .algorithm = view->rules.algorithm, .predecessor = old->id, .due = now
	};
	const size_t candidate = rollover_candidate(zone->keys, zone->count, &birth);
	if (candidate != SIZE_MAX) {
		rollover_take(&zone->keys[candidate].key, &birth);
		return;
	}
	struct rollover_key *const made = &zone->keys[zone->count];
	rollover_key_init(made, birth.role, birth.predecessor);
	made->key.algorithm = birth.algorithm;
	made->key.created = now;
	made->key.id = zone->keys[zone->count - 1].key.id + 1;
	made->key.backed_up = now;
	zone->count++;
}

static struct utc end_of(const struct cache_conflict conflicts[], size_t count, struct utc now)
{
	struct utc last = now;
	for (size_t i = 0; i < count; i++)
		last = utc_later(last, conflicts[i].ends);
	return last;
}

static enum status judge(const struct roll_view *view, const struct imagined *zone, struct utc now, struct arena *mem,
    struct roll_breakage *out, struct error *err)
{
	struct cache_conflict conflicts[ROLL_BROKEN];
	struct roll_view after_view = *view;
	struct history *const after = arena_calloc(mem, 1, sizeof(*after));
	*after = *view->history;
	after_view.count = zone->count;
	after_view.keys = zone->keys;
	enum status status = roll_publish_in(after, &after_view, zone->keys, now, err);
	if (status == STATUS_OK && out->parent)
		status = history_begin(
		    after, HISTORY_DS, zone->keys, zone->count, (uint32_t)view->rules.timing.ttl_ds.seconds, now, err);
	if (status != STATUS_OK)
		return status;
	out->count = history_conflicts(after, now, conflicts, ROLL_BROKEN);
	for (size_t i = 0; i < out->count; i++)
		out->words[i] = history_words(after, &conflicts[i], zone->keys, zone->count, mem);
	out->ends = end_of(conflicts, out->count, now);
	out->parent_acts = utc_add(now, view->rules.timing.registration);
	status = history_settle(after, zone->keys, zone->count, out->parent_acts, err);
	if (status == STATUS_OK)
		out->ends_with_parent = end_of(conflicts, history_conflicts(after, now, conflicts, ROLL_BROKEN), now);
	return status;
}

enum status roll_breakage_of(const struct roll_view *view, int64_t key, struct utc now, struct arena *mem,
    struct roll_breakage *out, struct error *err)
{
	struct imagined zone = { arena_calloc(mem, view->count + 1, sizeof(struct rollover_key)), view->count };
	struct roll_breakage made = { .ends = now, .ends_with_parent = now, .parent_acts = now };
	struct rollover_plan plan;
	memcpy(zone.keys, view->keys, view->count * sizeof(*zone.keys));
	const size_t which = find(&zone, key);
	if (which == zone.count)
		return error_set(err, STATUS_REFUSED, "%s has no such key", view->zone.name);
	struct key *const old = &zone.keys[which].key;
	if (!old->standby && !has_successor(&zone, key))
		add_successor(&zone, old, view, now);
	old->goal_present = false;
	old->dropped = now;
	made.parent = history_has(old, HISTORY_DS);
	enum status status = rollover_plan(&view->rules, zone.keys, zone.count, &view->facts, now, mem, &plan, err);
	if (status != STATUS_OK)
		return status;
	zone.keys = plan.keys;
	status = judge(view, &zone, now, mem, &made, err);
	if (status == STATUS_OK)
		*out = made;
	return status;
}
