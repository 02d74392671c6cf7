/* SPDX-License-Identifier: MIT */
/* Loads what decides about a zone's keys, and plans: no lock, no token, no change. */
#include "signer/engine/roll.h"

#include <string.h>
#include <sys/stat.h>

#include "keystore/store_served.h"
#include "policies/policy_rollover.h"
#include "policies/policy_stores.h"
#include "policies/policy_window.h"
#include "policies/policy_yaml.h"
#include "signer/engine/folder.h"
#include "signer/engine/offline.h"
#include "signer/engine/roll_part.h"
#include "signer/engine/roll_step.h"

/* Whether the private half of a key is nowhere to be found. Only a file can be looked for from here. */
static bool is_missing(const char *state, const struct key *key, struct arena *mem)
{
	static const char scheme[] = "file:";
	struct stat at;
	if (key->foreign || key->purged.seconds != 0 || strncmp(key->locator, scheme, strlen(scheme)) != 0)
		return false;
	return stat(folder_path(state, arena_printf(mem, "keys/%s", key->locator + strlen(scheme)), mem), &at) != 0;
}

static enum status load_keys(
    struct store *store, const char *state, struct arena *mem, struct roll_view *view, struct error *err)
{
	struct key *keys;
	const enum status status = store_keys(store, view->zone.id, mem, &keys, &view->count, err);
	if (status != STATUS_OK)
		return status;
	view->keys = arena_calloc(mem, view->count + 1, sizeof(*view->keys));
	for (size_t i = 0; i < view->count; i++) {
		view->keys[i].key = keys[i];
		view->keys[i].missing = is_missing(state, &keys[i], mem);
	}
	policy_stores_mark(&view->policy, view->keys, view->count);
	return STATUS_OK;
}

/* ---- what is known of TTLs ---- */

/* The ledger of one class; `least` counts as served if nothing is known. */
static struct ttl_ledger ledger_of(
    const struct store_ttl ttls[], size_t count, enum store_class class, uint32_t least, struct arena *mem)
{
	struct ttl_served *const served = arena_calloc(mem, count + 1, sizeof(*served));
	size_t have = 0;
	for (size_t i = 0; i < count; i++)
		if (ttls[i].class == class)
			served[have++] = (struct ttl_served){ ttls[i].ttl, ttls[i].last };
	if (have == 0)
		served[have++] = (struct ttl_served){ least, UTC_NEVER };
	return (struct ttl_ledger){ served, have };
}

static enum status load_facts(
    struct store *store, struct utc now, struct arena *mem, struct roll_view *view, struct error *err)
{
	struct store_ttl *ttls;
	size_t count;
	const struct policy *const policy = &view->policy;
	const enum status status = store_ttls(store, view->zone.id, mem, &ttls, &count, err);
	if (status != STATUS_OK)
		return status;
	view->facts.dnskey_ttl = ledger_of(ttls, count, STORE_DNSKEY, policy->dnskey_ttl, mem);
	view->facts.data_ttl = ledger_of(ttls, count, STORE_DATA, policy->max_zone_ttl, mem);
	view->facts.negative_ttl = ledger_of(ttls, count, STORE_NEGATIVE, policy->max_zone_ttl, mem);
	view->facts.ds_ttl = ledger_of(ttls, count, STORE_DS, policy->ds_ttl, mem);
	view->facts.step = view->zone.step_asked.seconds != 0;
	view->facts.first_dnskey_set = rollover_is_first_key_set(view->keys, view->count);
	view->window_ends = policy_windows_end(&policy->no_key_events, now);
	if (utc_before(now, view->window_ends) && view->published)
		view->facts.not_before = view->window_ends;
	const struct rollover_policy rules = policy_rollover(policy);
	view->rules = policy_rollover_served(&rules, &view->facts, view->published, now);
	view->rules.manual = view->rules.manual && view->published;
	return STATUS_OK;
}

/* A window keeps what begins; not while a key that may be stolen is on its way out. */
static enum status heed_emergency(struct store *store, struct roll_view *view, struct error *err)
{
	for (size_t i = 0; i < view->count && view->facts.not_before.seconds != 0; i++) {
		const struct key *const key = &view->keys[i].key;
		bool stolen = false;
		if (key->goal_present || key_is_hidden(key))
			continue;
		const enum status status = store_is_stolen(store, view->zone.name, key, &stolen, err);
		if (status != STATUS_OK)
			return status;
		if (stolen)
			view->facts.not_before.seconds = 0;
	}
	return STATUS_OK;
}

/* ---- what caches may hold ---- */

static enum history_class class_of(enum store_class class)
{
	return class == STORE_DS ? HISTORY_DS : class == STORE_DNSKEY ? HISTORY_DNSKEY : HISTORY_DATA;
}

static enum status load_history(
    struct store *store, struct utc now, struct arena *mem, struct roll_view *view, struct error *err)
{
	struct store_served *served;
	size_t count;
	const struct timing *const t = &view->rules.timing;
	const struct span margin =
	    t->propagation.seconds > t->parent_propagation.seconds ? t->propagation : t->parent_propagation;
	enum status status = store_served(store, view->zone.id, now, margin, mem, &served, &count, err);
	if (status != STATUS_OK)
		return status;
	view->history = arena_calloc(mem, 1, sizeof(*view->history));
	history_init(view->history, &view->rules);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		const struct history_version version = { .class = class_of(served[i].class),
			.from = served[i].from,
			.until = served[i].until,
			.ttl = served[i].ttl,
			.keys = served[i].keys,
			.key_count = served[i].key_count,
			.signers = served[i].signers,
			.signer_count = served[i].signer_count };
		status = history_add(view->history, &version, view->keys, view->count, err);
	}
	return status;
}

static size_t open_count(const struct history *history)
{
	size_t open = 0;
	for (size_t i = 0; i < history->count[HISTORY_DS]; i++)
		open += history->versions[HISTORY_DS][i].until.seconds == UTC_NEVER.seconds;
	return open;
}

/* The parent shows what is wanted: other DS sets are over, though nothing has stored that yet. */
static enum status settle_ds(struct roll_view *view, struct error *err)
{
	const struct cache_version *const ds = view->history->versions[HISTORY_DS];
	view->ds_settled =
	    history_ds_is_settled(view->keys, view->count, &view->ds_settled_at) && view->ds_settled_at.seconds != 0;
	if (!view->ds_settled)
		return STATUS_OK;
	const size_t before = open_count(view->history);
	const enum status status = history_settle(view->history, view->keys, view->count, view->ds_settled_at, err);
	view->ds_to_store = open_count(view->history) < before;
	for (size_t i = 0; i < view->history->count[HISTORY_DS]; i++)
		if (ds[i].until.seconds == UTC_NEVER.seconds && ds[i].ttl > view->ds_open_ttl)
			view->ds_open_ttl = ds[i].ttl;
	return status;
}

/* ---- the cache check ---- */

enum status roll_publish_in(struct history *history, const struct roll_view *view, const struct rollover_key keys[],
    struct utc when, struct error *err)
{
	const struct timing *const t = &view->rules.timing;
	history_forget(history, when);
	enum status status =
	    history_begin(history, HISTORY_DNSKEY, keys, view->count, (uint32_t)t->ttl_key.seconds, when, err);
	if (status == STATUS_OK)
		status =
		    history_begin(history, HISTORY_DATA, keys, view->count, (uint32_t)t->ttl_sig.seconds, when, err);
	if (status == STATUS_OK && roll_ds_differs(view->keys, keys, view->count))
		status = history_begin(history, HISTORY_DS, keys, view->count, (uint32_t)t->ttl_ds.seconds, when, err);
	return status;
}

/* Whether the step adds a bogus combination, or makes one last longer, and which. */
static enum status judge(const struct roll_view *view, const struct rollover_key keys[], struct utc when,
    struct history *after, bool *good, struct cache_conflict *out, struct error *err)
{
	struct cache_conflict before;
	*after = *view->history;
	const enum status status = roll_publish_in(after, view, keys, when, err);
	if (status != STATUS_OK)
		return status;
	*good = history_judge(after, when, out);
	if (!*good && !history_judge(view->history, when, &before))
		*good = !utc_before(before.ends, out->ends);
	return STATUS_OK;
}

enum { TRIES = 32 };

/* The first moment at which the same step would be good, as far as waiting alone helps. */
static enum status earliest_good(const struct roll_view *view, const struct rollover_key keys[],
    struct history *scratch, struct utc from, struct utc *out, struct error *err)
{
	*out = from;
	for (int i = 0; i < TRIES; i++) {
		struct cache_conflict conflict;
		bool good;
		if (out->seconds == UTC_NEVER.seconds)
			return STATUS_OK;
		const enum status status = judge(view, keys, *out, scratch, &good, &conflict, err);
		if (status != STATUS_OK || good)
			return status;
		/* What is served now ends with the step, so that its end moves along: only what ended before helps. */
		*out = history_conflict_over(scratch, &conflict, *out);
	}
	*out = UTC_NEVER;
	return STATUS_OK;
}

static enum status veto(struct utc now, struct arena *mem, struct roll_view *view, struct error *err)
{
	struct cache_conflict conflict;
	bool good;
	struct history *const after = arena_calloc(mem, 1, sizeof(*after));
	enum status status = judge(view, view->plan.keys, now, after, &good, &conflict, err);
	if (status != STATUS_OK || good)
		return status;
	const char *const words = history_words(after, &conflict, view->plan.keys, view->count, mem);
	struct utc until = history_conflict_over(after, &conflict, now);
	status = earliest_good(view, view->plan.keys, after, until, &until, err);
	if (status != STATUS_OK)
		return status;
	char text[UTC_TEXT];
	utc_format(until, text);
	view->stop = ROLL_VETOED;
	view->stop_ends = until;
	view->stop_words = arena_printf(mem,
	    "the cache check refuses the next step of the rollover: %s. Nothing moves, signatures go on; %s%s", words,
	    until.seconds == UTC_NEVER.seconds ? "waiting does not end this: zoneseal explain"
					       : "the step is safe from ",
	    until.seconds == UTC_NEVER.seconds ? "" : text);
	return STATUS_OK;
}

/* ---- a KSK that is offline ---- */

/* Whether a key waits to be taken that the bundle in use brings: the step comes after that. */
static bool brings_keys(const struct roll_view *view, const bool in[], struct arena *mem)
{
	bool *const changed = arena_calloc(mem, view->count + 1, sizeof(*changed));
	struct rollover_key *const keys = arena_calloc(mem, view->count + 1, sizeof(*keys));
	if (view->count > 0)
		memcpy(keys, view->keys, view->count * sizeof(*keys));
	for (size_t i = 0; i < view->plan.birth_count; i++)
		if (offline_candidate(view->keys, view->count, &view->plan.births[i], in) != SIZE_MAX)
			return true;
	return offline_adopt(keys, view->count, in, changed);
}

/* A zone that goes unsigned, and whose DS are gone everywhere, needs no bundle any more. */
static bool needs_no_bundle(const struct roll_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.state[KEY_DS] != KEY_NA && view->keys[i].key.state[KEY_DS] != KEY_HIDDEN)
			return false;
	return view->policy.insecure;
}

static enum status plan_with(const struct roll_view *view, const struct offline_bundle *bundle, struct utc now,
    struct arena *mem, struct rollover_plan *out, bool *good, struct error *err)
{
	struct cache_conflict conflict;
	struct history *const after = arena_calloc(mem, 1, sizeof(*after));
	const enum status status =
	    rollover_plan(&view->rules, view->keys, view->count, &view->facts, now, mem, out, err);
	*good = false;
	if (status != STATUS_OK || !offline_constrain(out, view->keys, bundle->in))
		return status;
	*good = true;
	return out->move_count == 0 ? STATUS_OK : judge(view, out->keys, now, after, good, &conflict, err);
}

/* A key that the bundle brings and that cannot be taken, for its private half is gone. */
static const char *missing_words(const struct roll_view *view, const bool in[], struct arena *mem)
{
	for (size_t i = 0; in != NULL && i < view->count; i++)
		if (in[i] && view->keys[i].missing && !key_is_published(&view->keys[i].key))
			return arena_printf(mem,
			    "; the private half of %s %u, which the SKR brings, is missing: put "
			    "it back from a backup",
			    key_role_name(view->keys[i].key.role), view->keys[i].key.tag);
	return "";
}

/* The newest bundle that the planner and the cache check agree with. */
static enum status choose_bundle(struct roll_view *view, struct utc now, struct arena *mem, struct error *err)
{
	struct roll_offline *const offline = view->offline;
	const struct span refresh = view->policy.refresh;
	offline_fill(offline, view->keys, view->count, mem);
	const size_t current = offline_current(offline->bundles, offline->count, now, refresh);
	for (size_t i = offline->count; i-- > 0 && !needs_no_bundle(view);) {
		struct rollover_plan plan;
		bool good = false;
		if (!offline_is_usable(&offline->bundles[i], now, refresh))
			continue;
		const enum status status = plan_with(view, &offline->bundles[i], now, mem, &plan, &good, err);
		if (status != STATUS_OK)
			return status;
		if (!good)
			continue;
		view->plan = plan;
		return STATUS_OK;
	}
	if (needs_no_bundle(view))
		return view->plan.move_count > 0 ? veto(now, mem, view, err) : STATUS_OK;
	if (current != SIZE_MAX && brings_keys(view, offline->bundles[current].in, mem)) {
		view->plan.keys = view->keys;
		view->plan.move_count = 0;
		view->plan.signs_part = false;
		offline->brings = true;
		return STATUS_OK;
	}
	view->stop = ROLL_OFFLINE;
	view->stop_words = arena_printf(mem,
	    "the KSK is offline, and no SKR has a bundle that fits the zone's keys now: import one (zoneseal skr "
	    "import "
	    "%s), or ask for one (zoneseal ksr create, ksr emergency)%s",
	    view->zone.name, missing_words(view, current == SIZE_MAX ? NULL : offline->bundles[current].in, mem));
	return STATUS_OK;
}

static void look_at_bundles(struct roll_view *view, struct utc now)
{
	struct roll_offline *const offline = view->offline;
	offline_match(offline, view->plan.keys, view->count, now, view->policy.refresh);
	for (size_t i = 0; i < offline->count; i++)
		if (utc_before(now, offline->bundles[i].from) && utc_before(offline->bundles[i].from, view->next))
			view->next = offline->bundles[i].from;
}

/* ---- what stops everything ---- */

static void find_stop(struct arena *mem, struct roll_view *view)
{
	view->stop_ends = UTC_NEVER;
	for (size_t i = 0; i < view->count; i++) {
		const struct rollover_key *const key = &view->keys[i];
		if (!key->missing || (!key->key.goal_present && !key_is_published(&key->key)) || view->plan.dropping)
			continue;
		view->stop = ROLL_KEY_MISSING;
		view->stop_words = arena_printf(mem,
		    "the private half of %s %u is missing (%s): no key of the zone moves and none is made in its "
		    "place; "
		    "put it back from a backup, then zoneseal doctor",
		    key_role_name(key->key.role), key->key.tag, key->key.locator);
	}
	if (view->published && view->zone.held_since.seconds != 0) {
		char since[UTC_TEXT];
		utc_format(view->zone.held_since, since);
		view->stop = ROLL_HELD;
		view->stop_words = arena_printf(mem,
		    "key events are held since %s: %s; signatures go on; end it with zoneseal release %s", since,
		    view->zone.held_reason != NULL ? view->zone.held_reason : "", view->zone.name);
	}
}

void roll_stop_at(struct roll_view *view, enum roll_stop stop, const char *words)
{
	view->stop = stop;
	view->stop_words = words;
	view->plan.keys = view->keys;
	view->plan.move_count = view->plan.birth_count = 0;
	view->plan.signs_part = false;
	view->goals_change = false;
	view->next = view->stop_ends;
}

static bool goals_differ(const struct roll_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->plan.keys[i].key.goal_present != view->keys[i].key.goal_present)
			return true;
	return false;
}

/* What waits, and until when, where ceremonies decide which key comes when: `plan` itself only has moves taken back. */
static enum status wait_for_bundles(struct roll_view *view, struct utc now, struct arena *mem, struct error *err)
{
	struct rollover_plan bound;
	const struct rollover_key *const keys = offline_bound(view, now, mem);
	const enum status status = rollover_plan(&view->rules, keys, view->count, &view->facts, now, mem, &bound, err);
	if (status != STATUS_OK || bound.birth_count > 0)
		return status;
	view->plan.waits = bound.waits;
	view->plan.wait_count = bound.wait_count;
	view->plan.next = bound.next;
	return STATUS_OK;
}

enum status roll_plan(struct roll_view *view, struct utc now, struct arena *mem, struct error *err)
{
	view->stop = ROLL_GOES;
	view->stop_words = NULL;
	history_give_up(view->history, view->keys, view->count);
	enum status status =
	    rollover_plan(&view->rules, view->keys, view->count, &view->facts, now, mem, &view->plan, err);
	if (status != STATUS_OK)
		return status;
	find_stop(mem, view);
	if (view->stop == ROLL_GOES && view->offline != NULL)
		status = choose_bundle(view, now, mem, err);
	else if (view->stop == ROLL_GOES && view->plan.move_count > 0)
		status = veto(now, mem, view, err);
	if (status == STATUS_OK && view->offline != NULL && !view->offline->vault && view->stop == ROLL_GOES)
		status = wait_for_bundles(view, now, mem, err);
	view->waits = roll_explain(view, mem);
	view->next = view->plan.next;
	view->goals_change = goals_differ(view);
	if (view->stop != ROLL_GOES)
		roll_stop_at(view, view->stop, view->stop_words);
	else if (!view->published)
		view->stop = ROLL_UNPUBLISHED;
	if (view->offline != NULL) {
		offline_fill(view->offline, view->keys, view->count, mem);
		look_at_bundles(view, now);
	}
	return status;
}

enum status roll_look_under(const struct policy *policy, struct store *store, const char *state,
    const struct store_zone *zone, struct utc now, struct arena *mem, struct roll_view *out, struct error *err)
{
	struct roll_view view = { .zone = *zone, .policy = *policy };
	struct store_version last;
	enum status status = store_last_version(store, zone->id, mem, &last, &view.published, err);
	if (status == STATUS_OK)
		status = load_keys(store, state, mem, &view, err);
	if (status == STATUS_OK)
		status = load_facts(store, now, mem, &view, err);
	if (status == STATUS_OK)
		status = heed_emergency(store, &view, err);
	if (status == STATUS_OK)
		status = load_history(store, now, mem, &view, err);
	if (status == STATUS_OK)
		status = settle_ds(&view, err);
	if (status == STATUS_OK)
		status = offline_load(store, zone, &view.policy, now, mem, &view.offline, err);
	if (status == STATUS_OK)
		status = roll_plan(&view, now, mem, err);
	if (status == STATUS_OK)
		*out = view;
	return status;
}

enum status roll_look(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct arena *mem, struct roll_view *out, struct error *err)
{
	struct policy policy;
	const enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	return status == STATUS_OK ? roll_look_under(&policy, store, state, zone, now, mem, out, err) : status;
}
