/* SPDX-License-Identifier: MIT */
#include "signer/cli/facts.h"

#include <stdlib.h>
#include <string.h>

#include "keystore/store_expect.h"
#include "signer/base/bytes.h"
#include "signer/cli/inputfacts.h"
#include "signer/cli/prooffacts.h"
#include "signer/cli/rollfacts.h"
#include "signer/cli/serverfacts.h"
#include "signer/engine/folder.h"
#include "signer/engine/hooks.h"
#include "signer/engine/offline.h"
#include "signer/engine/verdict.h"
#include "signer/report/report_level.h"

/* When the key is ready for its use: the DS of a KSK may go to the parent, or the DNSKEY of a ZSK is in all caches. 0:
 * it waits for no such thing. */
static struct utc ready_at(const struct roll_view *view, size_t key, struct utc now, struct arena *mem)
{
	struct utc when = { 0 };
	const struct key *const row = &view->keys[key].key;
	if (row->goal_present && row->state[KEY_DS] == KEY_HIDDEN && !row->standby && !view->rules.no_ds &&
	    key_is_published(row))
		return rollfacts_ds_wanted(view, row->id, now, mem);
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct rollover_wait *wait = &view->plan.waits[i];
		if (wait->key == key && wait->record == KEY_DNSKEY && wait->why == ROLLOVER_WAITS_TIME &&
		    wait->to == KEY_OMNIPRESENT)
			when = wait->earliest;
	}
	return when;
}

/* What a key waits for that was made, is wanted and is in no zone yet. */
static const char *waits_to_be_published(
    const struct roll_view *view, const struct key *key, struct utc now, struct arena *mem)
{
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct rollover_wait *const wait = &view->plan.waits[i];
		if (view->keys[wait->key].key.id != key->id || wait->why != ROLLOVER_WAITS_BUNDLE)
			continue;
		return wait->earliest.seconds == UTC_NEVER.seconds
			   ? "YOU: a key ceremony that has it (zoneseal ksr create)"
			   : arena_printf(mem, "its bundle, until %s", report_when(wait->earliest, now, mem));
	}
	return "the first publication (zoneseal run)";
}

static const struct key *successor_of(const struct roll_view *view, const struct key *key)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.predecessor == key->id && view->keys[i].key.goal_present)
			return &view->keys[i].key;
	return NULL;
}

/* A key that is to be replaced: what ends its use, or what it still does while caches forget it. */
static const char *retires_when(const struct roll_view *view, const struct report_key *row, struct arena *mem)
{
	const struct key *const key = &row->key, *const next = successor_of(view, key);
	const char *const still = key_signs_keys(key) && key->role == KEY_CSK && key_signs_zone(key)
				      ? "still signs the zone and its DNSKEY RRset"
				  : key_signs_keys(key) ? "still signs the DNSKEY RRset"
				  : key_signs_zone(key) ? "still signs the zone"
							: "";
	if (strcmp(row->word, "active") != 0)
		return still;
	if (next == NULL)
		return "to be retired";
	const char *const label = arena_printf(mem, "%s %u", key_role_name(next->role), next->tag);
	const bool by_parent = key->role != KEY_ZSK && !view->rules.no_ds;
	return by_parent ? arena_printf(mem, "retires once the DS of %s is seen at the parent", label)
			 : arena_printf(mem, "retires once %s takes over", label);
}

/* One line: what the key waits for first, and who ends it. */
static const char *waits_for(
    const struct roll_view *view, const struct report_key *row, struct utc now, struct arena *mem)
{
	struct report_wait *waits;
	size_t count;
	if (strcmp(row->word, "prepared") == 0)
		return rollover_needs_backup(&view->rules, &row->key) ? "YOU: a backup of it (zoneseal key backup-done)"
		       : row->key.goal_present                        ? waits_to_be_published(view, &row->key, now, mem)
								      : "a rollover that takes it";
	if (row->key.standby)
		return "a rollover that takes it (standby)";
	if (row->key.foreign)
		return "its own signer (published only)";
	const char *const leaves = row->key.goal_present ? "" : retires_when(view, row, mem);
	const char *const and = leaves[0] == '\0' ? "" : "; ";
	rollfacts_waits(view, mem, &waits, &count);
	for (size_t i = 0; i < count; i++) {
		if (waits[i].key != row->key.id)
			continue;
		if (waits[i].who == REPORT_ZONESEAL)
			return arena_printf(
			    mem, "caches, until %s%s%s", report_when(waits[i].earliest, now, mem), and, leaves);
		return arena_printf(mem, "%s: %s%s%s", report_who_name(waits[i].who), waits[i].what, and, leaves);
	}
	return leaves;
}

static void add_keys(const struct roll_view *view, struct utc now, struct arena *mem, struct report_key **out)
{
	*out = arena_calloc(mem, view->count + 1, sizeof(**out));
	for (size_t i = 0; i < view->count; i++) {
		struct report_key *row = &(*out)[i];
		*row = (struct report_key){
			.key = view->keys[i].key, .zone = view->zone.name, .ready_at = ready_at(view, i, now, mem)
		};
		row->word = report_key_word(&row->key, view->rules.no_ds);
		row->waits_for = waits_for(view, row, now, mem);
	}
}

enum status facts_keys(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct arena *mem, struct report_key **out, size_t *count, struct error *err)
{
	struct roll_view view;
	const enum status status = roll_look(store, state, zone, now, mem, &view, err);
	if (status != STATUS_OK)
		return status;
	add_keys(&view, now, mem, out);
	*count = view.count;
	return prooffacts_add(store, zone->id, *out, view.count, mem, err);
}

static void add_version(const struct store_version *last, struct arena *mem, struct report_zone *out)
{
	struct verdict verdict;
	const char *why;
	out->published = true;
	out->serial = last->serial;
	out->published_at = last->published;
	out->valid_until = last->first_expiry;
	out->next = last->refresh;
	out->records = last->records;
	out->signatures = last->signatures;
	out->size = last->size;
	out->output = last->path;
	if (last->verdict != NULL && verdict_read(last->verdict, strlen(last->verdict), mem, &verdict, &why))
		out->checks = (unsigned)verdict.checks;
}

/* The newest run, if it failed after the last publication. */
static enum status add_runs(
    struct store *store, int64_t zone_id, struct arena *mem, struct report_zone *out, bool *refused, struct error *err)
{
	struct store_run *runs;
	size_t count;
	enum status status = store_runs(store, zone_id, 1, mem, &runs, &count, err);
	*refused = false;
	if (status != STATUS_OK || count == 0 || runs[0].status == STATUS_OK)
		return status;
	if (out->published && utc_before(runs[0].ended, out->published_at))
		return STATUS_OK;
	out->last_failure = runs[0].ended;
	out->last_failure_message = runs[0].message;
	*refused = runs[0].status == STATUS_NO;
	return STATUS_OK;
}

static enum status add_expected(
    struct store *store, int64_t zone_id, struct utc now, struct arena *mem, struct report_zone *out, struct error *err)
{
	struct store_expected *all;
	size_t count;
	const enum status status = store_expected(store, zone_id, mem, &all, &count, err);
	if (status != STATUS_OK)
		return status;
	struct report_expected *const open = arena_calloc(mem, count + 1, sizeof(*open));
	for (size_t i = 0; i < count; i++)
		if (store_expected_is_open(&all[i], now))
			open[out->expected_count++] = (struct report_expected){ .serial = all[i].serial,
				.limit = all[i].limit,
				.reason = all[i].reason,
				.actor = all[i].actor,
				.given = all[i].given,
				.expires = all[i].expires };
	out->expected = open;
	return STATUS_OK;
}

/* Since when the hook has not come to its end, whatever was published meanwhile: the first such record after the last
 * that tells of success. */
static enum status add_hook(
    struct store *store, int64_t zone_id, struct arena *mem, struct report_zone *out, struct error *err)
{
	enum { ALL = 1000 };
	struct store_run *runs;
	size_t count;
	enum status status = store_runs(store, zone_id, ALL, mem, &runs, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		enum hook_record record = hook_record_of(&runs[i]);
		if (record == HOOK_DONE)
			break;
		if (record == HOOK_NOT_TOLD)
			continue;
		if (out->hook_waiting_since.seconds == 0) {
			out->hook_again = record == HOOK_AGAIN;
			out->hook_failure = hook_record_words(&runs[i]);
		}
		out->hook_waiting_since = runs[i].ended;
	}
	return status;
}

/* A server that is busy for some minutes is no trouble: the next run tells it. */
static void judge_hook(struct utc now, struct arena *mem, struct report_zone *zone)
{
	int64_t age = utc_difference(now, zone->hook_waiting_since).seconds;
	if (zone->hook_again && age < FACTS_HOOK_PATIENCE) {
		zone->health = REPORT_OK;
		zone->headline = "OK; the publish hook wants to be tried again, and the next run does so.";
		return;
	}
	zone->health = REPORT_WARN;
	zone->headline =
	    zone->hook_again
		? "WARNING: the publish hook only wants to be tried again; name servers may serve an older "
		  "version."
		: "WARNING: the publish hook fails; name servers may serve an older version.";
	zone->command = arena_printf(mem, "zoneseal log %s", zone->name);
}

static void judge(const struct utc now, bool refused, struct arena *mem, struct report_zone *zone)
{
	char *last = arena_printf(mem, "zoneseal verify --last %s", zone->name);
	if (zone->published && !utc_before(now, zone->valid_until)) {
		zone->health = REPORT_EXPIRED;
		zone->headline = "EXPIRED: signatures of the published zone are no longer valid. Validators refuse it.";
		zone->command = arena_printf(mem, "zoneseal run %s", zone->name);
	} else if (refused) {
		zone->health = REPORT_BLOCKED;
		zone->headline = "BLOCKED: the last new version was refused and not published.";
		zone->command = last;
	} else if (zone->input_failing_since.seconds != 0) {
		zone->health = REPORT_WARN;
		zone->headline = zone->input_held
				     ? "WARNING: the input is held since a rollback, registrations are not getting out."
				     : "WARNING: the input is bad, registrations are not getting out.";
		zone->command = arena_printf(
		    mem, zone->input_held ? "zoneseal rollback %s --withdraw" : "zoneseal log %s", zone->name);
	} else if (zone->hook_waiting_since.seconds != 0) {
		judge_hook(now, mem, zone);
	} else if (zone->last_failure.seconds != 0) {
		zone->health = REPORT_WARN;
		zone->headline = "WARNING: the last run failed.";
		zone->command = arena_printf(mem, "zoneseal log %s", zone->name);
	} else if (!zone->published) {
		zone->health = REPORT_NEW;
		zone->headline = "NEW: nothing is published yet. zoneseal will sign and publish it with the next run.";
	} else if (zone->next.seconds != 0 && utc_before(utc_add(zone->next, (struct span){ 86400 }), now)) {
		zone->health = REPORT_WARN;
		zone->headline = "WARNING: signatures were due more than a day ago; no run came.";
		zone->command = arena_printf(mem, "zoneseal run %s", zone->name);
	} else {
		zone->health = REPORT_OK;
		zone->headline = "OK, nothing for you to do.";
	}
	if (zone->health != REPORT_OK && zone->health != REPORT_NEW && zone->health != REPORT_EXPIRED &&
	    zone->published)
		zone->effect = arena_printf(mem,
		    "If nobody acts: serial %u stays published; it is valid until %s, and zoneseal renews its "
		    "signatures "
		    "meanwhile if it runs.",
		    zone->serial, report_when(zone->valid_until, now, mem));
}

static bool is_first_ds(const struct roll_view *view, const struct report_wait *wait)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.id == wait->key)
			return view->keys[i].key.predecessor == 0;
	return false;
}

/* An SKR that runs out is the first thing to say, as long as the zone is not worse off already. */
static bool judge_ceremony(const struct roll_view *view, struct utc now, struct arena *mem, struct report_zone *zone)
{
	bool late;
	const char *const alarm = offline_alarm(view, now, mem, &late);
	if (view->offline != NULL && view->offline->vault) {
		zone->headline = "OK, the KSK is kept here; what it signs is published elsewhere.";
		zone->health = REPORT_OK;
		return true;
	}
	if (alarm == NULL || zone->health == REPORT_EXPIRED || zone->health == REPORT_BLOCKED)
		return false;
	zone->urgent = true;
	zone->health = late && zone->published ? REPORT_WARN : zone->health;
	zone->headline = arena_printf(mem, "%s %s.",
	    !zone->published && late ? "NEW, and an action for you: hold the first key ceremony;"
	    : late                   ? "WARNING: a key ceremony is overdue:"
				     : "OK, but an action for you: hold a key ceremony;",
	    alarm);
	zone->effect = "If nobody acts: the signatures of the KSK run out, and then validators refuse the whole zone.";
	zone->command = arena_printf(
	    mem, "zoneseal ksr %s %s -o FILE", late && view->offline->any ? "emergency" : "create", zone->name);
	return true;
}

/* A hold, and a veto that no waiting ends, are ended by a person. Whoever held the zone knows: no alarm. */
static void judge_stop(const struct roll_view *view, struct arena *mem, struct report_zone *zone)
{
	const char *const reason = view->zone.held_reason;
	if (view->stop == ROLL_HELD) {
		zone->headline = arena_printf(mem, "OK, but key events are held until somebody releases them%s%s.",
		    reason != NULL ? ": " : "", reason != NULL ? reason : "");
		zone->effect = "If nobody acts: all keys stay as they are, signatures go on, and rollovers wait.";
		zone->command = arena_printf(mem, "zoneseal release %s", zone->name);
	}
	if (view->stop == ROLL_VETOED && view->stop_ends.seconds == UTC_NEVER.seconds) {
		zone->urgent = true;
		zone->health = REPORT_WARN;
		zone->headline = "WARNING: the cache check refuses the next step of a rollover, and waiting does not "
				 "end this.";
		zone->effect = "If nobody acts: all keys stay as they are, signatures go on, and the rollover waits.";
		zone->command = arena_printf(mem, "zoneseal plan %s", zone->name);
	}
}

/* What a rollover wants of a person goes into the first line, unless something worse is there already. */
static void judge_rollovers(const struct roll_view *view, struct utc now, struct arena *mem, struct report_zone *zone)
{
	if (judge_ceremony(view, now, mem, zone))
		return;
	const bool calm = zone->health == REPORT_OK;
	if (view->stop == ROLL_KEY_MISSING) {
		zone->urgent = true;
		/* That the last run failed is what comes of it. */
		if (calm || zone->health == REPORT_WARN) {
			zone->health = REPORT_WARN;
			zone->headline =
			    "WARNING: a private key cannot be used; no key moves, and signatures will run out.";
			zone->effect = view->stop_words;
			zone->command = "put the private key back (zoneseal restore, or from its backup)";
		}
		return;
	}
	if (calm)
		judge_stop(view, mem, zone);
	if (!calm || view->stop == ROLL_HELD || zone->health != REPORT_OK || zone->wait_count == 0 ||
	    zone->waits[0].who != REPORT_YOU)
		return;
	const struct report_wait *wait = &zone->waits[0];
	zone->headline = arena_printf(mem, "OK, but an action for you. Waiting for %s.", wait->what);
	zone->effect = arena_printf(mem, "If nobody acts: %s.", wait->if_nobody);
	zone->command = wait->command;
	zone->urgent = !is_first_ds(view, wait);
}

static const char *roll_word(const struct report_roll rolls[], size_t count, struct arena *mem)
{
	if (count == 0)
		return NULL;
	size_t done = 0;
	while (done < rolls[0].step_count && rolls[0].steps[done].done)
		done++;
	return arena_printf(mem, "%.3s step %zu of %zu%s", rolls[0].title,
	    done + 1 < rolls[0].step_count ? done + 1 : rolls[0].step_count, rolls[0].step_count,
	    count > 1 ? ", more" : "");
}

static enum status add_rollovers(struct store *store, const struct roll_view *view, struct utc now, struct arena *mem,
    struct report_zone *out, struct error *err)
{
	struct report_key *keys;
	struct report_wait *waits;
	struct report_roll *rolls;
	enum status status = rollfacts_rolls(view, now, mem, &rolls, &out->roll_count, err);
	if (status != STATUS_OK)
		return status;
	add_keys(view, now, mem, &keys);
	status = prooffacts_add(store, view->zone.id, keys, view->count, mem, err);
	if (status != STATUS_OK)
		return status;
	rollfacts_waits(view, mem, &waits, &out->wait_count);
	out->keys = keys;
	out->key_count = view->count;
	out->waits = waits;
	out->rolls = rolls;
	out->pool_count = rollfacts_pool(view, out->pool);
	out->limit = view->policy.refresh;
	out->roll_next = view->next;
	out->roll_stop = view->stop == ROLL_GOES || view->stop == ROLL_UNPUBLISHED ? NULL : view->stop_words;
	out->roll_word = roll_word(rolls, out->roll_count, mem);
	judge_rollovers(view, now, mem, out);
	prooffacts_judge(now, mem, out);
	serverfacts_judge(view->policy.zone_propagation, now, mem, out);
	return STATUS_OK;
}

enum status facts_zone(struct store *store, const char *state, const struct store_zone *zone, struct utc now,
    struct arena *mem, struct report_zone *out, struct error *err)
{
	struct store_version last;
	struct roll_view *view = arena_calloc(mem, 1, sizeof(*view));
	bool found, refused;
	*out = (struct report_zone){ .name = zone->name,
		.policy = zone->policy_name,
		.input = zone->input,
		.parents = zone->parents,
		.ds_checked = zone->ds_checked,
		.ds_found = zone->ds_found,
		.input_failing_since = zone->input_failing_since,
		.input_held = zone->input_held_since.seconds != 0,
		.input_failure = zone->input_failure };
	out->output = zone->output != NULL ? zone->output : folder_zone_output(state, zone->name, mem);
	enum status status = roll_look(store, state, zone, now, mem, view, err);
	if (status == STATUS_OK)
		status = store_last_version(store, zone->id, mem, &last, &found, err);
	if (status != STATUS_OK)
		return status;
	if (found)
		add_version(&last, mem, out);
	status = add_runs(store, zone->id, mem, out, &refused, err);
	if (status == STATUS_OK && found && hook_is_set(&view->policy))
		status = add_hook(store, zone->id, mem, out, err);
	if (status == STATUS_OK)
		status = add_expected(store, zone->id, now, mem, out, err);
	if (status == STATUS_OK)
		status = serverfacts_add(store, zone->id, mem, out, err);
	if (status != STATUS_OK)
		return status;
	judge(now, refused, mem, out);
	status = inputfacts_add(store, state, now, mem, out, err);
	if (status == STATUS_OK)
		status = add_rollovers(store, view, now, mem, out, err);
	struct report_worst worst = { 0 };
	if (status == STATUS_OK)
		report_level_of_zone(out, &(struct report_limits){ 0 }, now, &worst);
	out->level = worst.level;
	return status;
}

enum status facts_verdict(
    struct store *store, const struct store_zone *zone, struct arena *mem, const char **json, struct error *err)
{
	struct store_run *runs;
	struct store_version last;
	size_t count;
	bool found;
	*json = NULL;
	enum status status = store_runs(store, zone->id, 100, mem, &runs, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count && *json == NULL; i++)
		*json = runs[i].verdict;
	if (status != STATUS_OK || *json != NULL)
		return status;
	status = store_last_version(store, zone->id, mem, &last, &found, err);
	if (status == STATUS_OK && found)
		*json = last.verdict;
	if (status == STATUS_OK && *json == NULL)
		return error_set(err, STATUS_MISSING, "%s: no verdict is stored yet", zone->name);
	return status;
}

bool facts_key_is_meant(const struct key *key, const char *text)
{
	char hex[65], *end;
	unsigned long tag = strtoul(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && strlen(text) <= 5 &&
	    (tag == key->tag || tag == key_published_tag(key)))
		return true;
	bytes_to_hex((struct bytes){ key->fingerprint, 32 }, false, hex);
	return strlen(text) >= 8 && strncmp(hex, text, strlen(text)) == 0;
}

enum status facts_find_key(struct store *store, const struct store_zone *zone, const char *wanted, struct arena *mem,
    struct key *out, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	size_t found = 0;
	enum status status = store_keys(store, zone->id, mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (facts_key_is_meant(&keys[i], wanted)) {
			*out = keys[i];
			found++;
		}
	if (status == STATUS_OK && found == 0)
		return error_set(err, STATUS_MISSING, "%s has no key \"%.70s\"; see zoneseal key list %s", zone->name,
		    wanted, zone->name);
	if (status == STATUS_OK && found > 1)
		return error_set(err, STATUS_USAGE, "\"%.70s\" means %zu keys of %s; give more of the fingerprint",
		    wanted, found, zone->name);
	return status;
}

enum status facts_events(struct store *store, const struct store_zone *zone, size_t most, struct arena *mem,
    struct report_event **out, size_t *count, struct error *err)
{
	struct store_event *events;
	struct store_run *runs;
	size_t event_count = 0, run_count = 0;
	enum status status = store_events(store, zone->name, most, mem, &events, &event_count, err);
	if (status == STATUS_OK)
		status = store_runs(store, zone->id, most, mem, &runs, &run_count, err);
	if (status != STATUS_OK)
		return status;
	*out = arena_calloc(mem, event_count + run_count + 1, sizeof(**out));
	*count = 0;
	for (size_t e = 0, r = 0; (e < event_count || r < run_count) && *count < most;) {
		bool take_run = e == event_count || (r < run_count && !utc_before(runs[r].ended, events[e].when));
		if (take_run) {
			(*out)[(*count)++] = (struct report_event){ .when = runs[r].ended,
				.actor = "run",
				.zone = zone->name,
				.what = runs[r].status == STATUS_OK ? "run ended" : "run FAILED",
				.detail = runs[r].message };
			r++;
			continue;
		}
		struct report_event *event = &(*out)[(*count)++];
		*event = (struct report_event){ .when = events[e].when,
			.actor = events[e].actor,
			.zone = events[e].zone,
			.what = events[e].what,
			.detail = events[e].detail };
		memcpy(event->hash, events[e].hash, sizeof(event->hash));
		e++;
	}
	return STATUS_OK;
}
