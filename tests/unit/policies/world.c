/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/policies/world_inside.h"

static enum world_fault fault_now;
static const struct world *present;

enum world_fault world_fault_now(void)
{
	return fault_now;
}

bool world_shortens(const struct ttl_ledger *ledger)
{
	static const enum world_fault faults[] = { FAULT_SHORT_DNSKEY_WAIT, FAULT_SHORT_DATA_WAIT,
		FAULT_SHORT_DS_WAIT };
	for (int kind = 0; kind < CLASSES; kind++)
		if (ledger->served == present->ledger[kind])
			return fault_now == faults[kind];
	return false;
}

static bool has_fault(enum world_fault fault)
{
	return fault_now == fault;
}

/* ---- keys ---- */

static bool is_in(enum key_state state)
{
	return state == KEY_RUMOURED || state == KEY_OMNIPRESENT;
}

bool is_gone(const struct key *key)
{
	for (int r = 0; r < KEY_RECORDS; r++)
		if (key->state[r] != KEY_HIDDEN && key->state[r] != KEY_NA)
			return false;
	return !key->goal_present;
}

static size_t slot_of(const struct world *w, int64_t id)
{
	size_t slot = 0;
	while (slot < MOST_KEYS && (id == 0 || w->keys[slot].key.id != id))
		slot++;
	return slot;
}

/* The keys between a living one and the living one that it goes back to. */
static uint64_t between(const struct world *w, size_t slot)
{
	uint64_t passed = 0;
	for (size_t steps = 0; steps < MOST_KEYS; steps++) {
		slot = slot_of(w, w->keys[slot].key.predecessor);
		if (slot == MOST_KEYS)
			return 0;
		if (!is_gone(&w->keys[slot].key))
			return passed;
		passed |= UINT64_C(1) << slot;
	}
	return 0;
}

/* A slot is free again when its key is gone, no chain of predecessors needs it and no cache names it. */
static void bury(struct world *w)
{
	uint64_t needed = 0;
	for (int kind = 0; kind < CLASSES; kind++)
		needed |= w->classes[kind].present.keys | w->classes[kind].present.signers |
			  w->classes[kind].rest.keys | held_by(&w->classes[kind].lagging) |
			  held_by(&w->classes[kind].caches);
	for (size_t i = 0; i < MOST_KEYS; i++)
		if (w->keys[i].key.id != 0 && !is_gone(&w->keys[i].key))
			needed |= between(w, i);
	for (size_t i = 0; i < MOST_KEYS; i++)
		if (is_gone(&w->keys[i].key) && (needed >> i & 1) == 0)
			w->keys[i].key.id = 0;
}

void add_key(struct world *w, const struct rollover_birth *birth)
{
	size_t slot = 0;
	while (slot < MOST_KEYS && w->keys[slot].key.id != 0)
		slot++;
	assert_true(slot < MOST_KEYS);
	struct rollover_key *const key = &w->keys[slot];
	memset(key, 0, sizeof(*key));
	key->key.id = ++w->last_id;
	key->key.algorithm = birth->algorithm;
	key->key.created.seconds = w->now;
	rollover_key_init(key, birth->role, birth->predecessor);
	key->key.standby = birth->standby;
	w->story.rolls += birth->predecessor != 0;
}

/* ---- the engine ---- */

static void note_ttl(struct world *w, enum kind kind)
{
	struct ttl_served *const list = w->ledger[kind];
	const uint32_t ttl = (uint32_t)w->classes[kind].ttl;
	size_t kept = 0;
	bool found = false;
	for (size_t i = 0; i < w->ledger_count[kind]; i++) {
		if (list[i].last.seconds == UTC_NEVER.seconds && list[i].ttl != ttl)
			list[i].last.seconds = w->now;
		const bool live = list[i].last.seconds == UTC_NEVER.seconds;
		found = found || (live && list[i].ttl == ttl);
		/* Remembered beyond its own end, as the keystore does: slow servers went on serving it. */
		if (live || list[i].last.seconds + list[i].ttl + (int64_t)HOUR * DAY > w->now)
			list[kept++] = list[i];
	}
	assert_true(kept < MOST_TTLS);
	if (!found)
		list[kept++] = (struct ttl_served){ ttl, UTC_NEVER };
	w->ledger_count[kind] = kept;
}

static struct ttl_ledger ledger_of(struct world *w, enum kind kind)
{
	/* The newest is last. */
	if (has_fault(FAULT_PRESENT_TTL))
		return (struct ttl_ledger){ &w->ledger[kind][w->ledger_count[kind] - 1], 1 };
	return (struct ttl_ledger){ w->ledger[kind], w->ledger_count[kind] };
}

static struct rollover_facts facts_of(
    struct world *w, const struct rollover_key keys[], size_t count, const struct ttl_served *negative)
{
	static const struct ttl_served configured = { HOUR, UTC_NEVER };
	struct rollover_facts facts = { .dnskey_ttl = ledger_of(w, DNSKEY_SET),
		.data_ttl = ledger_of(w, DATA),
		.ds_ttl = ledger_of(w, DS_SET),
		.negative_ttl = { negative, 1 },
		.step = w->step,
		.not_before = { w->window_until },
		.first_dnskey_set = rollover_is_first_key_set(keys, count) };
	if (has_fault(FAULT_CONFIGURED_DS_TTL))
		facts.ds_ttl = (struct ttl_ledger){ &configured, 1 };
	return facts;
}

size_t gather(const struct world *w, struct rollover_key keys[MOST_KEYS], size_t slots[MOST_KEYS])
{
	size_t count = 0;
	for (size_t i = 0; i < MOST_KEYS; i++) {
		if (w->keys[i].key.id == 0)
			continue;
		keys[count] = w->keys[i];
		keys[count].missing = w->now < w->missing_until && keys[count].key.goal_present;
		slots[count++] = i;
	}
	return count;
}

/* What the signer can make: all of DNSSEC or none. A bad engine is to be caught by what caches hold. */
static void be_signable(struct world *w, const struct version *keys, const struct version *data)
{
	const bool published = keys->keys != 0;
	if (w->trial->fault == FAULT_NONE && (published != (keys->signers != 0) || published != (data->keys != 0)))
		complain(w, "no signer makes a version that is signed in part");
}

/* What the signer has done by this publication. An engine that thinks all is signed does not keep it from its parts. */
static void sign_part(struct world *w)
{
	const bool forgotten = has_fault(FAULT_NO_PARTS_WAIT);
	const uint32_t part = KEY_ALL_PPM / w->trial->parts + 1;
	for (size_t i = 0; i < MOST_KEYS; i++) {
		struct key *const key = &w->keys[i].key;
		if (forgotten && key->id != 0 && key->signatures_left == 0 && w->left[i] > 0) {
			if (w->now >= w->part_at[i] + (int64_t)HOUR * w->trial->part_hours) {
				w->left[i] = w->left[i] > part ? w->left[i] - part : 0;
				w->part_at[i] = w->now;
			}
			continue;
		}
		w->story.parts += key->id != 0 && key->signatures_left < w->left[i];
		w->left[i] = key->id == 0 ? 0 : key->signatures_left;
		w->part_at[i] = w->now;
		key->signatures_left = forgotten ? 0 : key->signatures_left;
	}
}

/* Who has signed the RRsets that keep an old signature for now: the key that goes in the place of the one that comes.
 */
static struct version rest_of(const struct world *w, uint64_t signers)
{
	struct version rest = { .keys = signers };
	bool any = false;
	for (size_t i = 0; i < MOST_KEYS; i++) {
		const struct key *const new = &w->keys[i].key;
		const size_t old = new->id == 0 || w->left[i] == 0 ? MOST_KEYS : slot_of(w, new->predecessor);
		if (old == MOST_KEYS || !is_in(new->state[KEY_ZRRSIG]) ||
		    w->keys[old].key.state[KEY_ZRRSIG] != KEY_UNRETENTIVE || w->left[old] == 0 ||
		    !is_in(w->keys[old].key.state[KEY_DNSKEY]))
			continue;
		rest.keys = (rest.keys & ~(UINT64_C(1) << i)) | UINT64_C(1) << old;
		any = true;
	}
	return any ? rest : (struct version){ 0 };
}

static void publish(struct world *w)
{
	struct version keys = { 0 };
	struct version data = { 0 };
	sign_part(w);
	for (size_t i = 0; i < MOST_KEYS; i++) {
		const struct key *const key = &w->keys[i].key;
		const uint64_t bit = key->id == 0 ? 0 : UINT64_C(1) << i;
		keys.keys |= is_in(key->state[KEY_DNSKEY]) ? bit : 0;
		keys.signers |= is_in(key->state[KEY_KRRSIG]) ? bit : 0;
		data.keys |= is_in(key->state[KEY_ZRRSIG]) ? bit : 0;
	}
	replace(&w->classes[DNSKEY_SET], &keys, w->now + w->propagation);
	const struct version rest = rest_of(w, data.keys);
	replace(&w->classes[DATA], &data, w->now + w->propagation);
	leave(&w->classes[DATA], &rest, w->now + w->propagation);
	w->story.publications++;
	be_signable(w, &keys, &data);
}

static bool wants_ds(const struct rollover_key keys[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].key.id != 0 && is_in(keys[i].key.state[KEY_DS]))
			return true;
	return false;
}

/* Plans until no key has to be made first, and takes the moves over. False: nothing moved. */
static bool plan_and_move(struct world *w, struct utc now, struct arena *mem)
{
	struct rollover_key keys[MOST_KEYS];
	size_t slots[MOST_KEYS];
	struct rollover_plan plan;
	struct error err;
	const struct ttl_served negative = { (uint32_t)(has_fault(FAULT_NO_NEGATIVE_WAIT) ? 0 : w->negative),
		UTC_NEVER };
	for (;;) {
		arena_reset(mem);
		const size_t count = gather(w, keys, slots);
		const struct rollover_facts facts = facts_of(w, keys, count, &negative);
		assert_int_equal(rollover_plan(&w->policy, keys, count, &facts, now, mem, &plan, &err), STATUS_OK);
		if (plan.birth_count == 0)
			break;
		for (size_t i = 0; i < plan.birth_count; i++) {
			const size_t taken = rollover_candidate(keys, count, &plan.births[i]);
			if (taken == SIZE_MAX)
				add_key(w, &plan.births[i]);
			else
				rollover_take(&w->keys[slots[taken]].key, &plan.births[i]);
		}
	}
	if (wants_ds(w->keys, MOST_KEYS) && !wants_ds(plan.keys, plan.count) && !w->policy.insecure)
		complain(w, "the last DS is withdrawn");
	for (size_t i = 0; i < plan.count; i++) {
		struct key *const key = &w->keys[slots[i]].key;
		const struct utc early = key->state[KEY_DS] == KEY_HIDDEN ? key->ds_seen : (struct utc){ 0 };
		*key = plan.keys[i].key;
		if (has_fault(FAULT_EARLY_SIGHT) && early.seconds != 0)
			key->ds_seen = early;
	}
	w->next = plan.next.seconds;
	for (size_t i = 0; i < MOST_KEYS && has_fault(FAULT_NO_PARTS_WAIT); i++) {
		const int64_t part = w->part_at[i] + (int64_t)HOUR * w->trial->part_hours;
		if (w->left[i] > 0 && part < w->next)
			w->next = part;
	}
	return plan.move_count > 0;
}

/* What the engine's clock shows, and whether it is believed. Once it is not, the zone is held until a person has set
 * the clock: one that is late would otherwise be believed again when it has caught up. */
static bool clock_is_good(struct world *w, int64_t *shown)
{
	*shown = w->now + (w->now < w->jump_until ? w->jump : 0);
	if (has_fault(FAULT_NO_CLOCK_GUARD))
		return true;
	w->held = w->held || *shown < w->seen || *shown > w->seen + (int64_t)HOUR * MAX_JUMP;
	return !w->held;
}

static void run_engine(struct world *w, struct arena *mem)
{
	int64_t shown;
	const bool broken = w->now < w->broken_until;
	if (w->now < w->next && !w->step)
		return;
	if (!clock_is_good(w, &shown)) {
		w->next = w->jump_until;
		return;
	}
	if (broken && !has_fault(FAULT_INTENDED_TIME)) {
		w->next = w->broken_until;
		return;
	}
	w->seen = shown;
	const bool moved = plan_and_move(w, (struct utc){ shown }, mem);
	w->step = false;
	if (!broken)
		publish(w);
	/* What moved may move on after the publication. */
	if (moved || w->next <= w->now)
		w->next = w->now + HOUR;
}

/* ---- the parent ---- */

static void change_parent(struct world *w)
{
	struct version wanted = { 0 };
	struct served *const ds = &w->classes[DS_SET];
	for (size_t i = 0; i < MOST_KEYS; i++)
		if (w->keys[i].key.id != 0 && is_in(w->keys[i].key.state[KEY_DS]))
			wanted.keys |= UINT64_C(1) << i;
	if (same(&wanted, &ds->present)) {
		w->asked = 0;
	} else if (wanted.keys == 0 && !w->policy.insecure && !has_fault(FAULT_NO_DS_RULE)) {
		return; /* an empty set is no signal (RFC 7344 4.1), but to a person who believes such an engine */
	} else if (w->asked == 0) {
		w->asked = w->now;
		w->parent_delay = (int64_t)HOUR * (below(&w->dice, 10) == 0 ? 20 * DAY : below(&w->dice, 60));
	} else if (w->now >= w->asked + w->parent_delay) {
		replace(ds, &wanted, w->now + w->parent_propagation);
		w->asked = 0;
	}
}

/* What is seen at every server: the present set, once no slow server serves another. */
static void look_at_parent(struct world *w)
{
	struct served *const ds = &w->classes[DS_SET];
	drop_expired(&ds->lagging, w->now);
	const bool assumed = has_fault(FAULT_DS_ASSUMED);
	if (ds->lagging.count > 0 && !assumed)
		return;
	for (size_t i = 0; i < MOST_KEYS; i++) {
		struct key *const key = &w->keys[i].key;
		const bool shown = (ds->present.keys >> i & 1) != 0;
		if (key->id == 0)
			continue;
		/* One that is not wanted yet may be there, and is noted: whoever asks the parent sees it. */
		if (shown && key->ds_seen.seconds == 0 && key->state[KEY_DS] == KEY_HIDDEN)
			key->ds_seen.seconds = w->now;
		if ((shown || assumed) && key->ds_seen.seconds == 0 && key->state[KEY_DS] == KEY_RUMOURED) {
			key->ds_seen.seconds = w->now;
			w->next = w->now;
		}
		if ((!shown || assumed) && key->ds_gone.seconds == 0 && key->state[KEY_DS] == KEY_UNRETENTIVE) {
			key->ds_gone.seconds = w->now;
			w->next = w->now;
		}
	}
}

/* ---- time ---- */

static void earlier(int64_t *when, int64_t other, int64_t now)
{
	if (other > now && other < *when)
		*when = other;
}

static void earlier_of(int64_t *when, const struct shelf *shelf, int64_t now)
{
	for (size_t i = 0; i < shelf->count; i++)
		earlier(when, shelf->items[i].expires, now);
}

/* The next hour in which anything can change. */
static int64_t next_hour(const struct world *w)
{
	int64_t when = w->trouble;
	earlier(&when, w->next, w->now);
	earlier(&when, w->broken_until, w->now);
	earlier(&when, w->jump_until, w->now);
	earlier(&when, w->missing_until, w->now);
	earlier(&when, w->window_until, w->now);
	if (w->asked != 0)
		earlier(&when, w->asked + w->parent_delay, w->now);
	for (int kind = 0; kind < CLASSES; kind++) {
		earlier_of(&when, &w->classes[kind].lagging, w->now);
		if (w->classes[kind].caches.count > 1)
			earlier_of(&when, &w->classes[kind].caches, w->now);
	}
	return when <= w->now ? w->now + HOUR : epoch + (when - epoch + HOUR - 1) / HOUR * HOUR;
}

static void begin(struct world *w, const struct world_trial *trial)
{
	struct dice *const dice = &w->dice;
	memset(w, 0, sizeof(*w));
	w->trial = trial;
	w->now = w->next = w->seen = epoch;
	dice->state = trial->seed;
	w->propagation = (int64_t)HOUR * below(dice, 13);
	w->parent_propagation = (int64_t)HOUR * below(dice, 13);
	w->classes[DNSKEY_SET].ttl = hours(dice, 48);
	w->classes[DATA].ttl = hours(dice, 72);
	w->classes[DS_SET].ttl = hours(dice, 72);
	w->negative = hours(dice, 72);
	w->policy = (struct rollover_policy){ .csk = trial->csk,
		.algorithm = 13,
		.minimize = { [KEY_KSK] = trial->ksk_method,
		    [KEY_ZSK] = trial->zsk_method,
		    [KEY_CSK] = trial->csk_method },
		.lifetime = { [KEY_KSK] = { (int64_t)HOUR * DAY * (40 + below(dice, 400)) },
		    [KEY_ZSK] = { (int64_t)HOUR * DAY * (20 + below(dice, 90)) },
		    [KEY_CSK] = { (int64_t)HOUR * DAY * (40 + below(dice, 400)) } },
		.standby = { [KEY_KSK] = trial->standby, [KEY_ZSK] = trial->standby },
		.strict = trial->strict,
		.parts = trial->parts,
		.part_interval = { (int64_t)HOUR * trial->part_hours },
		.manual = trial->manual,
		.parent_by_hand = below(dice, 2) == 0 };
	const bool hasty = trial->fault == FAULT_NO_PROPAGATION;
	w->policy.timing.propagation.seconds = hasty ? 0 : w->propagation;
	w->policy.timing.parent_propagation.seconds = hasty ? 0 : w->parent_propagation;
	w->policy.timing.registration.seconds = (int64_t)HOUR * DAY;
}

static void serve(struct world *w, int64_t when)
{
	serve_at(w, when);
	if (w->trial->watch != NULL)
		w->trial->watch(w->trial->watching, w, when);
}

/* The hour in which the story ends. */
static int64_t end_of(const struct world *w)
{
	const int64_t hours_of_it = w->trial->hours;
	if (w->story.bogus == NULL)
		return hours_of_it;
	const int64_t last = w->trial->watch == NULL ? w->story.hour : w->story.hour + WORLD_AFTERMATH;
	return last < hours_of_it ? last : hours_of_it;
}

struct world_story world_live(const struct world_trial *trial)
{
	static struct world world; /* too large for a stack */
	struct world *const w = &world;
	struct arena *const mem = arena_new(0);
	begin(w, trial);
	present = w;
	fault_now = trial->fault;
	while (w->now < epoch + end_of(w) * HOUR) {
		/* All was as it is now until the hour before. */
		serve(w, w->now - HOUR);
		if (w->now >= w->jump_until) {
			w->seen = w->now - HOUR; /* it runs each hour */
			w->held = false;
		}
		disturb(w);
		for (enum kind kind = DNSKEY_SET; kind <= DS_SET; kind++)
			note_ttl(w, kind); /* what is served and what the parent says is known, published or not */
		change_parent(w);
		look_at_parent(w);
		run_engine(w, mem);
		serve(w, w->now);
		judge(w);
		bury(w);
		w->now = next_hour(w);
	}
	if (w->story.bogus != NULL && getenv("WORLD_DEBUG") != NULL)
		show(w);
	fault_now = FAULT_NONE;
	arena_free(mem);
	return w->story;
}

struct world_trial world_random_trial(uint64_t seed, int64_t hours_of_it)
{
	static const unsigned zsk[] = { ROLLOVER_ZSK_PRE_PUBLICATION, ROLLOVER_ZSK_DOUBLE_SIGNATURE,
		ROLLOVER_ZSK_DOUBLE_RRSIG };
	static const unsigned ksk[] = { ROLLOVER_KSK_DOUBLE_KSK, ROLLOVER_KSK_DOUBLE_DS, ROLLOVER_KSK_DOUBLE_RRSET };
	static const unsigned csk[] = { ROLLOVER_CSK_DOUBLE_RRSET, ROLLOVER_CSK_SINGLE_SIGNATURE,
		ROLLOVER_CSK_DOUBLE_DS, ROLLOVER_CSK_DOUBLE_SIGNATURE, ROLLOVER_CSK_PRE_PUBLICATION };
	struct dice dice = { seed * 77 };
	struct world_trial trial = { .seed = seed, .hours = hours_of_it };
	trial.zsk_method = zsk[below(&dice, COUNT(zsk))];
	trial.ksk_method = ksk[below(&dice, COUNT(ksk))];
	trial.csk_method = csk[below(&dice, COUNT(csk))];
	trial.csk = below(&dice, 2) == 0;
	trial.strict = below(&dice, 2) == 0;
	trial.manual = below(&dice, 8) == 0;
	trial.standby = below(&dice, 3) == 0 && !trial.csk;
	/* A fifth of all are undisturbed, a fifth meet everything. */
	const unsigned mood = below(&dice, 5);
	struct dice spread = { seed * 31 };
	trial.parts = below(&spread, 2) == 0 ? 1 : 2 + below(&spread, 12);
	trial.part_hours = 1 + below(&spread, 48);
	trial.trouble = mood == 0 ? 0 : mood == 1 ? 0x3ff : below(&dice, 0x400);
	return trial;
}
