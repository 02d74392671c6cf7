/* SPDX-License-Identifier: MIT */
#include "signer/cli/rollfacts.h"

#include <stdlib.h>
#include <string.h>

#include "signer/engine/offline.h"
#include "signer/report/record_words.h"

enum { DAY = 86400, HORIZON_DAYS = 800, EVENTS_MOST = 20000 };

/* ---- waits ---- */

/* "2026-11-24 10:00Z + DNSKEY TTL 1h + propagation 1d": the date as its terms. */
static char *sum_of(const struct roll_wait *wait, struct arena *mem)
{
	char from[UTC_TEXT];
	utc_format(wait->from, from);
	char *sum = arena_printf(mem, "%.10s %.5sZ", from, from + 11);
	for (size_t i = 0; i < wait->term_count; i++) {
		char span[SPAN_TEXT];
		span_format_exact(wait->terms[i].span, span);
		sum = arena_printf(mem, "%s + %s %s", sum, wait->terms[i].what, span);
	}
	return sum;
}

enum report_who rollfacts_parent(const struct roll_view *view)
{
	return view->rules.parent_by_hand || view->policy.ds == POLICY_DS_BY_HAND ? REPORT_YOU : REPORT_PARENT;
}

/* Where the parent's servers are asked, the observation is zoneseal's; else a person makes it. */
static const char *parent_command(const struct roll_view *view, const struct key *key, bool arrives, struct arena *mem)
{
	const bool asked = view->policy.ds == POLICY_DS_CHECK;
	const char *zone = view->zone.name;
	char *then = asked ? arena_printf(mem, "zoneseal ds check %s", zone)
			   : arena_printf(mem, "zoneseal ds %s %s --key %u", arrives ? "seen" : "gone", zone, key->tag);
	if (!view->rules.parent_by_hand)
		return arena_printf(mem, "once %s parent server shows it: %s", arrives ? "every" : "no", then);
	if (arrives)
		return arena_printf(mem, "zoneseal ds show %s --key %u; submit it; then: %s", zone, key->tag, then);
	return arena_printf(mem, "have the parent remove DS %u of %s; then: %s", key->tag, zone, then);
}

static void parent_words(const struct roll_view *view, const struct rollover_key *key, bool arrives, struct arena *mem,
    struct report_wait *out)
{
	out->who = rollfacts_parent(view);
	out->what = arena_printf(
	    mem, "the DS of %s %s every parent server", report_key_label(&key->key, mem), arrives ? "at" : "gone from");
	out->if_nobody =
	    !arrives                    ? "the old DS and its key stay; the zone stays valid, the rollover waits"
	    : key->key.predecessor != 0 ? "the old key stays; the zone stays valid, the rollover waits"
	    : view->zone.ds_checked.seconds == 0
		? "the zone stays signed; whether the parent has a DS of it was not looked up, and without "
		  "one it is insecure for the world"
		: "the zone stays signed, and is insecure for the world where the parent shows no DS of it";
	if (out->who == REPORT_YOU)
		out->command = parent_command(view, &key->key, arrives, mem);
}

static char *backup_command(const struct roll_view *view, struct arena *mem)
{
	return arena_printf(mem,
	    "zoneseal backup --with-keys FILE; then: zoneseal key backup-done %s --all --reason WHERE",
	    view->zone.name);
}

/* The key that is to leave at once as soon as this one may take its place; NULL: none. */
static const struct key *held_up(const struct roll_view *view, const struct key *key)
{
	for (size_t i = 0; key->goal_present && i < view->count; i++)
		if (view->keys[i].key.id == key->predecessor && rollover_is_dropping(&view->keys[i]))
			return &view->keys[i].key;
	return NULL;
}

static void backup_words(
    const struct roll_view *view, const struct key *key, const char *label, struct arena *mem, struct report_wait *out)
{
	const struct key *const dropped = held_up(view, key);
	out->who = REPORT_YOU;
	out->what = arena_printf(mem, "a backup of %s", label);
	out->command = backup_command(view, mem);
	out->if_nobody =
	    view->published ? "the key is not used and the keys of today stay; the zone stays valid, the rollover waits"
			    : "the zone is not signed for the first time";
	if (dropped == NULL)
		return;
	const char *const old = report_key_label(dropped, mem);
	out->first = true;
	out->what = arena_printf(mem, "%s, so that %s can leave at once", out->what, old);
	out->if_nobody = arena_printf(mem, "%s, which may be stolen, stays in the zone and goes on signing", old);
}

static void bundle_words(const struct roll_view *view, const char *label, struct arena *mem, struct report_wait *out)
{
	out->what = arena_printf(mem, "a bundle of a key ceremony that has the DNSKEY of %s", label);
	if (out->earliest.seconds != UTC_NEVER.seconds)
		return;
	out->who = REPORT_YOU;
	out->if_nobody = "the present keys stay; the zone stays valid as long as its SKR lasts, the rollover waits";
	out->command = arena_printf(mem, "zoneseal ksr create %s -o FILE", view->zone.name);
}

static struct report_wait wait_of(const struct roll_view *view, const struct roll_wait *from, struct arena *mem)
{
	const struct rollover_wait *wait = &from->wait;
	const struct rollover_key *key = &view->keys[wait->key];
	const char *label = report_key_label(&key->key, mem);
	struct report_wait out = { .key = key->key.id,
		.who = REPORT_ZONESEAL,
		.what = record_words_fill(record_words(RECORD_AWAITED, wait->record, wait->to), label, mem),
		.earliest = wait->earliest,
		.if_nobody = "nothing to do: zoneseal run goes on by itself" };
	switch (wait->why) {
	case ROLLOVER_WAITS_TIME:
		out.sum = from->term_count > 0 ? sum_of(from, mem) : NULL;
		return out;
	case ROLLOVER_WAITS_PARENT:
		parent_words(view, key, wait->to == KEY_OMNIPRESENT, mem, &out);
		return out;
	case ROLLOVER_WAITS_OPERATOR:
		out.who = REPORT_YOU;
		out.if_nobody = "everything stays as it is; the zone stays valid, the rollover waits";
		out.command = arena_printf(mem, "zoneseal roll step %s", view->zone.name);
		return out;
	case ROLLOVER_WAITS_BACKUP:
		backup_words(view, &key->key, label, mem, &out);
		return out;
	case ROLLOVER_WAITS_BUNDLE:
		bundle_words(view, label, mem, &out);
		return out;
	case ROLLOVER_WAITS_KEY_MISSING:
		out.who = REPORT_YOU;
		out.what = arena_printf(mem, "the private key of %s", label);
		out.if_nobody = "no key moves, and signatures that need it run out";
		out.command =
		    "put the private key back (zoneseal restore, or from its backup); zoneseal makes no new one";
		return out;
	default:
		out.what = arena_printf(mem, "%s: %s", out.what, rollover_obstacle_text(wait->why));
		out.if_nobody = "it comes after another step, by itself";
		return out;
	}
}

static bool is_for_people(const struct roll_wait *wait)
{
	const enum rollover_obstacle why = wait->wait.why;
	return why == ROLLOVER_WAITS_TIME || why == ROLLOVER_WAITS_PARENT || why == ROLLOVER_WAITS_OPERATOR ||
	       why == ROLLOVER_WAITS_KEY_MISSING || why == ROLLOVER_WAITS_BACKUP || why == ROLLOVER_WAITS_BUNDLE;
}

/* A KRRSIG moves with its DNSKEY: one line for both. */
static bool is_shadow(const struct roll_view *view, const struct roll_wait *wait)
{
	if (wait->wait.record != KEY_KRRSIG)
		return false;
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct rollover_wait *other = &view->waits[i].wait;
		if (other->key == wait->wait.key && other->record == KEY_DNSKEY && other->to == wait->wait.to)
			return true;
	}
	return false;
}

static int by_urgency(const void *a, const void *b)
{
	const struct report_wait *left = a, *right = b;
	if (left->first != right->first)
		return left->first ? -1 : 1;
	if (left->who != right->who)
		return left->who > right->who ? -1 : 1;
	if (left->earliest.seconds != right->earliest.seconds)
		return left->earliest.seconds < right->earliest.seconds ? -1 : 1;
	return left->key < right->key ? -1 : left->key > right->key;
}

static bool has_same_words(const struct report_wait waits[], size_t count, const char *what)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(waits[i].what, what) == 0)
			return true;
	return false;
}

static void collect(
    const struct roll_view *view, int64_t key, struct arena *mem, struct report_wait **out, size_t *count)
{
	*out = arena_calloc(mem, view->plan.wait_count + 2, sizeof(**out));
	*count = 0;
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct roll_wait *wait = &view->waits[i];
		if (key != 0 ? view->keys[wait->wait.key].key.id != key : !is_for_people(wait) || is_shadow(view, wait))
			continue;
		const struct report_wait made = wait_of(view, wait, mem);
		if (!has_same_words(*out, *count, made.what))
			(*out)[(*count)++] = made;
	}
	qsort(*out, *count, sizeof(**out), by_urgency);
}

/* ---- keys made ahead ---- */

size_t rollfacts_pool(const struct roll_view *view, struct report_pool out[3])
{
	size_t count = 0;
	for (int r = KEY_KSK; r <= KEY_CSK; r++) {
		struct report_pool pool = { .role = (enum key_role)r, .wanted = view->rules.pool[r] };
		if (view->rules.csk != (r == KEY_CSK))
			continue;
		for (size_t i = 0; i < view->count; i++) {
			const struct key *key = &view->keys[i].key;
			if (key->role != pool.role || key->algorithm != view->rules.algorithm ||
			    !rollover_is_spare(&view->keys[i]))
				continue;
			pool.have++;
			pool.waiting += rollover_needs_backup(&view->rules, key);
		}
		if (pool.have > 0 || pool.wanted > 0)
			out[count++] = pool;
	}
	return count;
}

/* When the next rollover of the role needs a key, as far as it is known. */
static struct utc next_birth(const struct roll_view *view, enum key_role role)
{
	struct utc due = UTC_NEVER;
	for (size_t i = 0; i < view->plan.ahead_count; i++)
		if (view->plan.ahead[i].role == role && utc_before(view->plan.ahead[i].due, due))
			due = view->plan.ahead[i].due;
	return due;
}

/* A key in the pool that is in no backup holds up the rollover that comes, not one that is under way. */
static void add_pool_waits(const struct roll_view *view, struct arena *mem, struct report_wait *waits, size_t *count)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct key *key = &view->keys[i].key;
		char when[UTC_TEXT];
		if (!rollover_is_spare(&view->keys[i]) || !rollover_needs_backup(&view->rules, key))
			continue;
		const struct utc due = next_birth(view, key->role);
		utc_format(due, when);
		waits[(*count)++] = (struct report_wait){ .key = key->id,
			.who = REPORT_YOU,
			.what = arena_printf(mem, "a backup of %s, made ahead", report_key_label(key, mem)),
			.earliest = UTC_NEVER,
			.if_nobody = due.seconds == UTC_NEVER.seconds
					 ? "nothing now: the next rollover that takes it waits"
					 : arena_printf(mem, "nothing before %s, when the next %s rollover takes a key",
					       when, key_role_name(key->role)),
			.command = backup_command(view, mem) };
		return;
	}
}

void rollfacts_waits(const struct roll_view *view, struct arena *mem, struct report_wait **out, size_t *count)
{
	collect(view, 0, mem, out, count);
	add_pool_waits(view, mem, *out, count);
	qsort(*out, *count, sizeof(**out), by_urgency);
}

void rollfacts_waits_of(
    const struct roll_view *view, int64_t key, struct arena *mem, struct report_wait **out, size_t *count)
{
	collect(view, key, mem, out, count);
}

/* ---- what is going to happen ---- */

struct future {
	struct arena *mem;
	struct simulate_event *events; /* with keys of their own */
	size_t count, room;
};

static void remember(void *context, const struct simulate_event *event)
{
	struct future *future = context;
	const bool of_key = event->kind == SIMULATE_MADE || event->kind == SIMULATE_TAKEN ||
			    event->kind == SIMULATE_MOVED || event->kind == SIMULATE_SEEN ||
			    event->kind == SIMULATE_VETOED;
	if (!of_key || future->count == EVENTS_MOST)
		return;
	if (future->count == future->room) {
		future->room = future->room == 0 ? 64 : 2 * future->room;
		future->events = memory_resize(future->events, future->room, sizeof(*future->events));
	}
	struct rollover_key *key = arena_alloc(future->mem, sizeof(*key));
	*key = *event->key;
	struct simulate_event *const kept = &future->events[future->count++];
	*kept = *event;
	kept->key = key;
	kept->reason = event->reason == NULL ? NULL : arena_strdup(future->mem, event->reason);
}

static enum status foresee(const struct roll_view *view, struct utc now, struct utc until, struct span ds_delay,
    struct future *out, struct error *err)
{
	const struct rollover_policy rules = roll_foresee_rules(view);
	struct simulate_world world = roll_foresee_world(view, now, until, out->mem);
	world.ds_delay = ds_delay;
	const struct rollover_key *const keys = roll_foresee_keys(view, now, out->mem);
	return simulate_run(&rules, keys, view->count, &world, remember, out, err);
}

/* When the next ceremony is to be held: the alarm goes off so long before the last SKR ends. */
static void add_ceremony(const struct roll_view *view, struct utc now, struct utc until, struct arena *mem,
    struct report_plan_line lines[], size_t *count)
{
	const struct roll_offline *const offline = view->offline;
	if (offline == NULL || offline->vault || !offline->any || offline->count == 0)
		return;
	char ends[UTC_TEXT];
	const struct utc when = utc_later(now, utc_subtract(offline->ends, view->policy.skr_alarm));
	if (!utc_before(when, until))
		return;
	utc_format(offline->ends, ends);
	size_t at = *count;
	for (; at > 0 && utc_before(when, lines[at - 1].when); at--)
		lines[at] = lines[at - 1];
	lines[at] = (struct report_plan_line){ .when = when,
		.who = REPORT_YOU,
		.what =
		    arena_printf(mem, "hold a key ceremony before %s: zoneseal ksr create %s", ends, view->zone.name) };
	(*count)++;
}

enum status rollfacts_plan(const struct roll_view *view, struct utc now, struct utc until, struct span ds_delay,
    struct arena *mem, struct report_plan_line **out, size_t *count, struct error *err)
{
	struct future future = { .mem = mem };
	enum status status = foresee(view, now, until, ds_delay, &future, err);
	*out = arena_calloc(mem, future.count + 2, sizeof(**out));
	*count = 0;
	for (size_t i = 0; i < future.count; i++) {
		struct report_plan_line *line = &(*out)[*count];
		line->key = future.events[i].key->key.id;
		line->when = future.events[i].when;
		line->what = report_event_words(&future.events[i], rollfacts_parent(view), mem, &line->who);
		*count += line->what != NULL;
	}
	add_ceremony(view, now, until, mem, *out, count);
	free(future.events);
	return status;
}

struct utc rollfacts_ds_wanted(const struct roll_view *view, int64_t key, struct utc now, struct arena *mem)
{
	struct future future = { .mem = mem };
	struct utc when = UTC_NEVER;
	const struct utc until = utc_add(now, (struct span){ (int64_t)HORIZON_DAYS * DAY });
	/* A veto ends the foresight: what comes before it stands. */
	const enum status status = foresee(view, now, until, view->rules.timing.registration, &future, NULL);
	for (size_t i = 0; i < future.count && (status == STATUS_OK || status == STATUS_NO); i++) {
		const struct simulate_event *event = &future.events[i];
		if (event->kind != SIMULATE_MOVED || event->key->key.id != key || event->record != KEY_DS ||
		    event->to != KEY_RUMOURED)
			continue;
		when = event->when;
		break;
	}
	free(future.events);
	return when;
}

/* ---- rollovers under way ---- */

struct milestone {
	enum key_record record;
	enum key_state to;
	const char *words; /* with the key's label */
};

/* Of the key that comes, and of the key that goes. */
static const struct milestone arrives[] = {
	{ KEY_DNSKEY, KEY_OMNIPRESENT, "DNSKEY of %s in all caches" },
	{ KEY_ZRRSIG, KEY_OMNIPRESENT, "signatures of %s in all caches" },
	{ KEY_DS, KEY_RUMOURED, "DS of %s at every parent server" },
	{ KEY_DS, KEY_OMNIPRESENT, "DS of %s in all caches" },
};
static const struct milestone leaves[] = {
	{ KEY_ZRRSIG, KEY_HIDDEN, "signatures of %s out of all caches" },
	{ KEY_DS, KEY_HIDDEN, "DS of %s out of all caches" },
	{ KEY_DNSKEY, KEY_HIDDEN, "%s removed, out of all caches" },
};

/* "At every parent server" is an observation, not a state. */
static bool is_observation(const struct milestone *milestone)
{
	return milestone->record == KEY_DS && milestone->to == KEY_RUMOURED;
}

static struct utc foreseen(const struct future *future, int64_t key, const struct milestone *milestone)
{
	for (size_t i = 0; i < future->count; i++) {
		const struct simulate_event *event = &future->events[i];
		if (event->key->key.id != key)
			continue;
		if (is_observation(milestone) ? event->kind == SIMULATE_SEEN
					      : event->kind == SIMULATE_MOVED && event->record == milestone->record &&
						    event->to == milestone->to)
			return event->when;
	}
	return UTC_NEVER;
}

static void add_steps(const struct roll_view *view, const struct rollover_key *key, const struct milestone list[],
    size_t count, const struct future *future, struct arena *mem, struct report_step steps[], size_t *step_count)
{
	const char *label = report_key_label(&key->key, mem);
	for (size_t i = 0; i < count; i++) {
		const enum key_state state = key->key.state[list[i].record];
		if (state == KEY_NA || (list[i].record == KEY_DS && view->rules.no_ds))
			continue;
		struct report_step *step = &steps[(*step_count)++];
		const bool seen = is_observation(&list[i]);
		step->done = seen ? key->key.ds_seen.seconds != 0 || state == KEY_OMNIPRESENT : state == list[i].to;
		step->what = record_words_fill(list[i].words, label, mem);
		step->when = !step->done                             ? foreseen(future, key->key.id, &list[i])
			     : seen && key->key.ds_seen.seconds != 0 ? key->key.ds_seen
								     : key->key.since[list[i].record];
		step->who = seen ? rollfacts_parent(view) : REPORT_ZONESEAL;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct report_step *left = a, *right = b;
	if (left->done != right->done)
		return left->done ? -1 : 1;
	return left->when.seconds < right->when.seconds ? -1 : left->when.seconds > right->when.seconds;
}

static const struct rollover_key *find(const struct roll_view *view, int64_t id)
{
	for (size_t i = 0; i < view->count && id != 0; i++)
		if (view->keys[i].key.id == id)
			return &view->keys[i];
	return NULL;
}

static bool is_settled(const struct roll_view *view, const struct rollover_key *key)
{
	for (int r = 0; r < KEY_RECORDS; r++) {
		const bool unwanted = r == KEY_DS && view->rules.no_ds;
		if (key->key.state[r] != KEY_OMNIPRESENT && key->key.state[r] != KEY_NA && !unwanted)
			return false;
	}
	return true;
}

static bool is_under_way(
    const struct roll_view *view, const struct rollover_key *key, const struct rollover_key *predecessor)
{
	if (!key->key.goal_present || key->key.standby || key->key.foreign)
		return false;
	return !is_settled(view, key) || (predecessor != NULL && !key_is_hidden(&predecessor->key));
}

static struct report_roll roll_of(const struct roll_view *view, const struct rollover_key *key,
    const struct rollover_key *predecessor, const struct future *future, struct arena *mem)
{
	struct report_step *steps = arena_calloc(mem, 1 + COUNT(arrives) + COUNT(leaves), sizeof(*steps));
	size_t count = 0;
	const char *label = report_key_label(&key->key, mem);
	steps[count++] = (struct report_step){ .done = true,
		.when = key->key.created,
		.who = REPORT_ZONESEAL,
		.what = arena_printf(mem, "%s made, and a signature by it tested", label) };
	add_steps(view, key, arrives, COUNT(arrives), future, mem, steps, &count);
	if (predecessor != NULL)
		add_steps(view, predecessor, leaves, COUNT(leaves), future, mem, steps, &count);
	qsort(steps, count, sizeof(*steps), by_time);
	char *title = predecessor == NULL ? arena_printf(mem, "%s is coming in", label)
					  : arena_printf(mem, "%s rollover %u -> %u", key_role_name(key->key.role),
						predecessor->key.tag, key->key.tag);
	return (struct report_roll){ title, steps, count };
}

enum status rollfacts_rolls(const struct roll_view *view, struct utc now, struct arena *mem, struct report_roll **out,
    size_t *count, struct error *err)
{
	struct future future = { .mem = mem };
	const struct utc until = utc_add(now, (struct span){ (int64_t)HORIZON_DAYS * DAY });
	*out = arena_calloc(mem, view->count + 1, sizeof(**out));
	*count = 0;
	bool any = false;
	for (size_t i = 0; i < view->count; i++)
		any = any || is_under_way(view, &view->keys[i], find(view, view->keys[i].key.predecessor));
	if (!any)
		return STATUS_OK;
	enum status status = foresee(view, now, until, view->rules.timing.registration, &future, err);
	for (size_t i = 0; i < view->count && (status == STATUS_OK || status == STATUS_NO); i++) {
		const struct rollover_key *key = &view->keys[i];
		const struct rollover_key *predecessor = find(view, key->key.predecessor);
		if (is_under_way(view, key, predecessor))
			(*out)[(*count)++] = roll_of(view, key, predecessor, &future, mem);
	}
	free(future.events);
	/* A veto of what is far away is the plan's to tell; the milestones until then stand. */
	return status == STATUS_NO ? STATUS_OK : status;
}
