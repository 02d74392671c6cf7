/* SPDX-License-Identifier: MIT */
/* The whole period of a response under the cache check, before anything relies on it. */
#include <string.h>

#include "policies/offline.h"

enum { ROUNDS = 64, STEPS = 20000 };

struct walker {
	const struct offline_walk *walk;
	struct rollover_key *keys;
	struct history history;
	struct utc now;
	struct utc parent_acts; /* UTC_NEVER: nothing is asked */
	struct utc next;
	struct arena *mem; /* of one step */
};

static enum status plan_at(struct walker *w, struct rollover_plan *plan, struct error *err)
{
	struct rollover_facts facts = *w->walk->facts;
	facts.not_before = (struct utc){ 0 };
	facts.first_dnskey_set = rollover_is_first_key_set(w->keys, w->walk->count);
	return rollover_plan(w->walk->rules, w->keys, w->walk->count, &facts, w->now, w->mem, plan, err);
}

/* Keys that are due, and those that the bundle brings. */
static enum status bear(struct walker *w, const bool in[], struct error *err)
{
	struct rollover_plan plan;
	bool *const changed = arena_calloc(w->mem, w->walk->count + 1, sizeof(*changed));
	bool again = true;
	for (int i = 0; i < ROUNDS && again; i++) {
		again = false;
		const enum status status = plan_at(w, &plan, err);
		if (status != STATUS_OK)
			return status;
		for (size_t b = 0; b < plan.birth_count; b++) {
			const size_t key = offline_candidate(w->keys, w->walk->count, &plan.births[b], in);
			if (key == SIZE_MAX)
				continue;
			rollover_take(&w->keys[key].key, &plan.births[b]);
			again = true;
		}
		if (!again)
			again = offline_adopt(w->keys, w->walk->count, in, changed);
	}
	return STATUS_OK;
}

static enum status publish(
    const struct walker *w, const struct rollover_key keys[], struct history *history, struct error *err)
{
	const struct timing *const t = &w->walk->rules->timing;
	const size_t count = w->walk->count;
	history_forget(history, w->now);
	enum status status =
	    history_begin(history, HISTORY_DNSKEY, keys, count, (uint32_t)t->ttl_key.seconds, w->now, err);
	if (status == STATUS_OK)
		status = history_begin(history, HISTORY_DATA, keys, count, (uint32_t)t->ttl_sig.seconds, w->now, err);
	if (status == STATUS_OK)
		status = history_begin(history, HISTORY_DS, keys, count, (uint32_t)t->ttl_ds.seconds, w->now, err);
	return status;
}

static struct utc earlier(struct utc a, struct utc b)
{
	return utc_before(a, b) ? a : b;
}

/* Publishes with the newest bundle that fits and that the cache check takes. */
static enum status step(struct walker *w, struct error *err)
{
	const struct offline_walk *const walk = w->walk;
	struct history *const after = arena_calloc(w->mem, 1, sizeof(*after));
	struct cache_conflict conflict;
	const char *words = "its DNSKEY RRset is not what the keys allow then";
	char when[UTC_TEXT];
	for (size_t i = walk->bundle_count; i-- > 0;) {
		const struct offline_bundle *const bundle = &walk->bundles[i];
		struct rollover_plan plan;
		if (!offline_is_usable(bundle, w->now, walk->refresh))
			continue;
		enum status status = plan_at(w, &plan, err);
		if (status != STATUS_OK)
			return status;
		if (!offline_constrain(&plan, w->keys, bundle->in))
			continue;
		*after = w->history;
		status = publish(w, plan.keys, after, err);
		if (status != STATUS_OK)
			return status;
		if (!history_judge(after, w->now, &conflict)) {
			words = history_words(after, &conflict, plan.keys, walk->count, w->mem);
			continue;
		}
		w->history = *after;
		if (walk->count > 0)
			memcpy(w->keys, plan.keys, walk->count * sizeof(*w->keys));
		w->next = plan.next;
		return STATUS_OK;
	}
	utc_format(w->now, when);
	return error_set(err, STATUS_NO, "at %s no bundle can be in use: %s", when, words);
}

static enum status parent(struct walker *w, struct error *err)
{
	bool asked = false;
	struct utc since;
	for (size_t i = 0; i < w->walk->count; i++) {
		struct key *const key = &w->keys[i].key;
		const bool coming = key->state[KEY_DS] == KEY_RUMOURED && key->ds_seen.seconds == 0;
		const bool going = key->state[KEY_DS] == KEY_UNRETENTIVE && key->ds_gone.seconds == 0;
		asked = asked || coming || going;
		if (utc_before(w->now, w->parent_acts))
			continue;
		if (coming)
			key->ds_seen = w->now;
		if (going)
			key->ds_gone = w->now;
	}
	if (!asked || w->walk->ds_delay.seconds < 0) {
		w->parent_acts = UTC_NEVER;
		return STATUS_OK;
	}
	if (w->parent_acts.seconds == UTC_NEVER.seconds)
		w->parent_acts = utc_add(w->now, w->walk->ds_delay);
	if (utc_before(w->now, w->parent_acts))
		return STATUS_OK;
	w->parent_acts = UTC_NEVER;
	w->next = utc_add(w->now, (struct span){ 1 });
	return history_ds_is_settled(w->keys, w->walk->count, &since)
		   ? history_settle(&w->history, w->keys, w->walk->count, w->now, err)
		   : STATUS_OK;
}

/* When a bundle begins, or one can be published no more. */
static struct utc next_bundle(const struct offline_walk *walk, struct utc now)
{
	struct utc next = UTC_NEVER;
	for (size_t i = 0; i < walk->bundle_count; i++) {
		const struct utc over = utc_subtract(walk->bundles[i].ends, walk->refresh);
		if (utc_before(now, walk->bundles[i].from))
			next = earlier(next, walk->bundles[i].from);
		if (utc_before(now, over))
			next = earlier(next, over);
	}
	return next;
}

static enum status walk_on(struct walker *w, struct error *err)
{
	const struct offline_walk *const walk = w->walk;
	for (int i = 0; i < STEPS && utc_before(w->now, walk->until); i++) {
		const size_t current = offline_current(walk->bundles, walk->bundle_count, w->now, walk->refresh);
		enum status status = STATUS_OK;
		arena_reset(w->mem);
		w->next = UTC_NEVER;
		if (current != SIZE_MAX)
			status = bear(w, walk->bundles[current].in, err);
		if (status == STATUS_OK)
			status = step(w, err);
		if (status == STATUS_OK)
			status = parent(w, err);
		if (status != STATUS_OK)
			return status;
		const struct utc next = earlier(earlier(w->next, w->parent_acts), next_bundle(walk, w->now));
		w->now = utc_before(w->now, next) ? next : utc_add(w->now, (struct span){ 1 });
	}
	return utc_before(w->now, walk->until)
		   ? error_set(err, STATUS_INTERNAL, "the walk through the period does not end")
		   : STATUS_OK;
}

enum status offline_prove(const struct offline_walk *walk, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct arena *const mem = arena_new(0);
	struct walker *const w = arena_calloc(scratch, 1, sizeof(*w));
	w->walk = walk;
	w->history = *walk->history;
	w->now = walk->now;
	w->parent_acts = UTC_NEVER;
	w->mem = mem;
	w->keys = arena_calloc(scratch, walk->count + 1, sizeof(*w->keys));
	if (walk->count > 0)
		memcpy(w->keys, walk->keys, walk->count * sizeof(*w->keys));
	const enum status status = walk_on(w, err);
	arena_free(mem);
	arena_free(scratch);
	return status;
}
