/* SPDX-License-Identifier: MIT */
/*
 * Ten years of rollovers against caches that remember everything they may.
 *
 * The world here is a brute-force one: at each hour every version that some server may serve enters the caches with its
 * TTL, and every combination of what they hold is judged. It shares no formula with policies/timing or
 * policies/cache_proof.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/rollover.h"
#include "policies/rollover_rules.h"

enum { HOUR = 3600, DAY = 24, YEAR = 365 * DAY, MOST_KEYS = 256, MOST_CACHED = 64 };

static const int64_t epoch = 1767225600; /* 2026-01-01T00:00:00Z */

/* ---- faults: known-bad engines, made by the linker's --wrap ---- */

static bool rule_is_off[4];

bool __real_rollover_rule_ds_exists(const struct rollover_view *view);
bool __real_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);
bool __real_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm);
bool __wrap_rollover_rule_ds_exists(const struct rollover_view *view);
bool __wrap_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);
bool __wrap_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm);

bool __wrap_rollover_rule_ds_exists(const struct rollover_view *view)
{
	return rule_is_off[1] || __real_rollover_rule_ds_exists(view);
}

bool __wrap_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm)
{
	return rule_is_off[2] || __real_rollover_rule_key_chain(view, algorithm);
}

bool __wrap_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm)
{
	return rule_is_off[3] || __real_rollover_rule_signatures(view, algorithm);
}

/* ---- random numbers: a printed seed gives the same world again ---- */

struct dice {
	uint64_t state;
};

static uint64_t roll(struct dice *dice)
{
	uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned below(struct dice *dice, unsigned n)
{
	return (unsigned)(roll(dice) % n);
}

/* ---- the world ---- */

/* What a cache may hold: a set of keys (and signers), until when. */
struct cached {
	uint64_t keys[4]; /* 256 bits */
	uint64_t signers[4];
	bool absent;
	int64_t expires;
};

struct shelf {
	struct cached items[MOST_CACHED];
	size_t count;
};

struct set {
	uint64_t bits[4];
};

struct world {
	struct dice dice;
	struct rollover_policy policy;
	struct rollover_key keys[MOST_KEYS];
	size_t count;
	int64_t now;
	unsigned propagation, parent_propagation; /* hours */
	uint32_t ttl_key, ttl_sig, ttl_ds, negative;
	unsigned parent_delay; /* hours from asking to doing, this time */
	int64_t asked;         /* when the parent was asked for what it does not show yet */
	/* What is served: by the primary, and by the slowest server. A change at the primary is everywhere
	 * `propagation` later. */
	struct cached dnskey_now, data_now, ds_now;
	struct shelf dnskey_lagging, data_lagging,
	    ds_lagging;                /* versions that some slow server may still serve, until `expires` */
	struct shelf dnskey, data, ds; /* what caches may hold */
	struct ttl_served served[3][8];
	size_t served_count[3];
	int64_t broken_until; /* publishing is broken */
	const char *bogus;
	size_t rolls;
};

static void set_add(uint64_t bits[4], size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool intersect(const uint64_t a[4], const uint64_t b[4], const uint64_t c[4])
{
	for (int i = 0; i < 4; i++)
		if ((a[i] & b[i] & c[i]) != 0)
			return true;
	return false;
}

static bool is_empty(const uint64_t a[4])
{
	return (a[0] | a[1] | a[2] | a[3]) == 0;
}

static bool same(const struct cached *a, const struct cached *b)
{
	return memcmp(a->keys, b->keys, sizeof(a->keys)) == 0 &&
	       memcmp(a->signers, b->signers, sizeof(a->signers)) == 0;
}

static void put(struct shelf *shelf, const struct cached *item, int64_t expires)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (!same(&shelf->items[i], item))
			continue;
		if (shelf->items[i].expires < expires)
			shelf->items[i].expires = expires;
		return;
	}
	assert_true(shelf->count < MOST_CACHED);
	shelf->items[shelf->count] = *item;
	shelf->items[shelf->count++].expires = expires;
}

static void drop_expired(struct shelf *shelf, int64_t now)
{
	size_t kept = 0;
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->items[i].expires > now)
			shelf->items[kept++] = shelf->items[i];
	shelf->count = kept;
}

/* Each algorithm of the keys in `wanted` has a key in both `a` and `b`: what strict validators ask (RFC 4035 2.2). */
static bool algorithms_are_covered(
    const struct world *w, const uint64_t wanted[4], const uint64_t a[4], const uint64_t b[4])
{
	bool have[256] = { false };
	for (size_t i = 0; i < w->count; i++)
		if ((a[i / 64] & b[i / 64]) >> (i % 64) & 1)
			have[w->keys[i].key.algorithm] = true;
	for (size_t i = 0; i < w->count; i++)
		if ((wanted[i / 64] >> (i % 64) & 1) && !have[w->keys[i].key.algorithm])
			return false;
	return true;
}

static void judge(struct world *w)
{
	for (size_t d = 0; d < w->ds.count; d++) {
		if (is_empty(w->ds.items[d].keys))
			continue;
		for (size_t k = 0; k < w->dnskey.count; k++) {
			const struct cached *const set = &w->dnskey.items[k];
			if (!intersect(w->ds.items[d].keys, set->keys, set->signers))
				w->bogus = "no DS leads to a key that signs the DNSKEY RRset";
			if (w->policy.strict &&
			    !algorithms_are_covered(w, w->ds.items[d].keys, set->keys, set->signers))
				w->bogus = "an algorithm of the DS set does not sign the DNSKEY RRset";
			for (size_t s = 0; s < w->data.count; s++) {
				const uint64_t *const signers = w->data.items[s].keys;
				if (!intersect(set->keys, signers, signers))
					w->bogus = "no DNSKEY checks the data";
				if (w->policy.strict && !algorithms_are_covered(w, set->keys, set->keys, signers))
					w->bogus = "an algorithm of the DNSKEY RRset does not sign the data";
			}
		}
	}
}

static void serve_one(
    struct shelf *lagging, struct shelf *caches, const struct cached *present, int64_t now, int64_t ttl)
{
	drop_expired(lagging, now);
	drop_expired(caches, now);
	put(caches, present, now + ttl);
	for (size_t i = 0; i < lagging->count; i++)
		put(caches, &lagging->items[i], now + ttl);
}

static void serve(struct world *w)
{
	serve_one(&w->dnskey_lagging, &w->dnskey, &w->dnskey_now, w->now,
	    is_empty(w->dnskey_now.keys) ? w->negative : w->ttl_key);
	serve_one(&w->data_lagging, &w->data, &w->data_now, w->now, w->ttl_sig);
	serve_one(&w->ds_lagging, &w->ds, &w->ds_now, w->now, w->ttl_ds);
	judge(w);
}

static void replace(struct cached *present, const struct cached *next, struct shelf *lagging, int64_t until)
{
	if (same(present, next))
		return;
	put(lagging, present, until);
	*present = *next;
}

/* ---- the operator's side ---- */

static void set_policy(struct world *w, unsigned zsk_bits, unsigned ksk_bits, bool csk)
{
	struct dice *const dice = &w->dice;
	w->propagation = below(dice, 13);
	w->parent_propagation = below(dice, 13);
	w->ttl_key = HOUR * (1 + below(dice, 48));
	w->ttl_sig = HOUR * (1 + below(dice, 72));
	w->ttl_ds = HOUR * (1 + below(dice, 72));
	w->negative = HOUR * (1 + below(dice, 3));
	w->policy = (struct rollover_policy){ .csk = csk, .algorithm = 13 };
	w->policy.minimize[KEY_ZSK] = zsk_bits;
	w->policy.minimize[KEY_KSK] = ksk_bits;
	w->policy.minimize[KEY_CSK] = ksk_bits;
	w->policy.lifetime[KEY_ZSK].seconds = (int64_t)HOUR * DAY * (20 + below(dice, 90));
	w->policy.lifetime[KEY_KSK].seconds = (int64_t)HOUR * DAY * (40 + below(dice, 400));
	w->policy.lifetime[KEY_CSK].seconds = (int64_t)HOUR * DAY * (40 + below(dice, 400));
	w->policy.parent_by_hand = below(dice, 2) == 0;
	w->policy.timing.propagation.seconds = (int64_t)HOUR * w->propagation;
	w->policy.timing.parent_propagation.seconds = (int64_t)HOUR * w->parent_propagation;
	w->policy.timing.registration.seconds = (int64_t)HOUR * DAY;
}

static void note_ttl(struct world *w, int class, uint32_t ttl)
{
	struct ttl_served *const list = w->served[class];
	size_t *const count = &w->served_count[class];
	size_t kept = 0;
	for (size_t i = 0; i < *count; i++) {
		if (list[i].last.seconds == UTC_NEVER.seconds && list[i].ttl != ttl)
			list[i].last.seconds = w->now;
		if (list[i].last.seconds == UTC_NEVER.seconds || list[i].last.seconds + list[i].ttl > w->now)
			list[kept++] = list[i];
	}
	*count = kept;
	for (size_t i = 0; i < kept; i++)
		if (list[i].ttl == ttl && list[i].last.seconds == UTC_NEVER.seconds)
			return;
	assert_true(kept < 8);
	list[(*count)++] = (struct ttl_served){ ttl, UTC_NEVER };
}

static struct rollover_facts facts_of(struct world *w)
{
	note_ttl(w, 0, w->ttl_key);
	note_ttl(w, 1, w->ttl_sig);
	note_ttl(w, 2, w->ttl_ds);
	static struct ttl_served negative;
	negative = (struct ttl_served){ w->negative, UTC_NEVER };
	bool older = false;
	for (size_t i = 0; i < w->count; i++)
		older = older || w->keys[i].key.state[KEY_DNSKEY] == KEY_OMNIPRESENT ||
			w->keys[i].key.state[KEY_DNSKEY] == KEY_UNRETENTIVE;
	return (struct rollover_facts){ .dnskey_ttl = { w->served[0], w->served_count[0] },
		.data_ttl = { w->served[1], w->served_count[1] },
		.negative_ttl = { &negative, 1 },
		.ds_ttl = { w->served[2], w->served_count[2] },
		.first_dnskey_set = !older };
}

static bool is_in(enum key_state state)
{
	return state == KEY_RUMOURED || state == KEY_OMNIPRESENT;
}

static void publish(struct world *w)
{
	struct cached keys = { 0 };
	struct cached data = { 0 };
	for (size_t i = 0; i < w->count; i++) {
		if (is_in(w->keys[i].key.state[KEY_DNSKEY]))
			set_add(keys.keys, i);
		if (is_in(w->keys[i].key.state[KEY_KRRSIG]))
			set_add(keys.signers, i);
		if (is_in(w->keys[i].key.state[KEY_ZRRSIG]))
			set_add(data.keys, i);
	}
	const int64_t until = w->now + (int64_t)HOUR * w->propagation;
	replace(&w->dnskey_now, &keys, &w->dnskey_lagging, until);
	replace(&w->data_now, &data, &w->data_lagging, until);
}

static void add_key(struct world *w, const struct rollover_birth *birth)
{
	assert_true(w->count < MOST_KEYS);
	struct rollover_key *const key = &w->keys[w->count++];
	memset(key, 0, sizeof(*key));
	key->key.id = (int64_t)w->count;
	key->key.algorithm = birth->algorithm;
	rollover_key_init(key, birth->role, birth->predecessor);
	w->rolls += birth->predecessor != 0;
}

static void run_engine(struct world *w, struct arena *mem)
{
	if (w->now < w->broken_until)
		return;
	const struct rollover_facts facts = facts_of(w);
	struct rollover_plan plan;
	struct error err;
	for (;;) {
		arena_reset(mem);
		assert_int_equal(
		    rollover_plan(&w->policy, w->keys, w->count, &facts, (struct utc){ w->now }, mem, &plan, &err),
		    STATUS_OK);
		if (plan.birth_count == 0)
			break;
		for (size_t i = 0; i < plan.birth_count; i++)
			add_key(w, &plan.births[i]);
	}
	if (w->count > 0)
		memcpy(w->keys, plan.keys, w->count * sizeof(w->keys[0]));
	publish(w);
}

/* The parent does what the wanted DS states say, late; and its servers follow each other, late. */
static void run_parent(struct world *w)
{
	struct cached wanted = { 0 };
	for (size_t i = 0; i < w->count; i++)
		if (is_in(w->keys[i].key.state[KEY_DS]))
			set_add(wanted.keys, i);
	if (same(&wanted, &w->ds_now))
		w->asked = 0;
	else if (is_empty(wanted.keys) && !w->policy.insecure)
		return; /* an empty set is no signal (RFC 7344 4.1) */
	else if (w->asked == 0) {
		w->asked = w->now;
		w->parent_delay = below(&w->dice, 10) == 0 ? 24 * 20 : below(&w->dice, 60);
	} else if (w->now >= w->asked + (int64_t)HOUR * w->parent_delay) {
		replace(&w->ds_now, &wanted, &w->ds_lagging, w->now + (int64_t)HOUR * w->parent_propagation);
		w->asked = 0;
	}
	/* What is seen at every server: the present set, once no slow server serves another. */
	drop_expired(&w->ds_lagging, w->now);
	if (w->ds_lagging.count > 0)
		return;
	for (size_t i = 0; i < w->count; i++) {
		const bool shown = (w->ds_now.keys[i / 64] >> (i % 64) & 1) != 0;
		if (shown && w->keys[i].key.ds_seen.seconds == 0 && w->keys[i].key.state[KEY_DS] == KEY_RUMOURED)
			w->keys[i].key.ds_seen.seconds = w->now;
		if (!shown && w->keys[i].key.ds_gone.seconds == 0 && w->keys[i].key.state[KEY_DS] == KEY_UNRETENTIVE)
			w->keys[i].key.ds_gone.seconds = w->now;
	}
}

static void show_shelf(const char *name, const struct shelf *shelf, int64_t now)
{
	for (size_t i = 0; i < shelf->count; i++)
		print_message("  %s keys %llx signers %llx for %lldh\n", name,
		    (unsigned long long)shelf->items[i].keys[0], (unsigned long long)shelf->items[i].signers[0],
		    (long long)(shelf->items[i].expires - now) / HOUR);
}

static void show_world(const struct world *w)
{
	static const char letters[] = "-HROU";
	print_message("hour %lld, Dprp %u, DprpP %u, TTL key %u sig %u ds %u, negative %u\n",
	    (long long)(w->now - epoch) / HOUR, w->propagation, w->parent_propagation, w->ttl_key / HOUR,
	    w->ttl_sig / HOUR, w->ttl_ds / HOUR, w->negative / HOUR);
	for (size_t i = 0; i < w->count; i++)
		print_message("  key %zu %s after %lld %s %c%c%c%c since %lld %lld %lld %lld\n", i,
		    key_role_name(w->keys[i].key.role), (long long)w->keys[i].key.predecessor - 1,
		    w->keys[i].key.goal_present ? "in" : "out", letters[w->keys[i].key.state[0]],
		    letters[w->keys[i].key.state[1]], letters[w->keys[i].key.state[2]],
		    letters[w->keys[i].key.state[3]], (long long)(w->keys[i].key.since[0].seconds - epoch) / HOUR,
		    (long long)(w->keys[i].key.since[1].seconds - epoch) / HOUR,
		    (long long)(w->keys[i].key.since[2].seconds - epoch) / HOUR,
		    (long long)(w->keys[i].key.since[3].seconds - epoch) / HOUR);
	show_shelf("ds", &w->ds, w->now);
	show_shelf("dnskey", &w->dnskey, w->now);
	show_shelf("data", &w->data, w->now);
}

struct trial {
	uint64_t seed;
	unsigned zsk_bits, ksk_bits;
	bool csk, disturbances;
	int64_t hours;
	bool algorithms, schemes, insecure, by_hand, strict;
};

/* What happens to a zone besides time. */
static void disturb(struct world *w, const struct trial *trial)
{
	struct dice *const dice = &w->dice;
	if (trial->disturbances && below(dice, 2000) == 0)
		w->broken_until = w->now + (int64_t)HOUR * below(dice, 400);
	if (trial->disturbances && below(dice, 3000) == 0)
		w->ttl_sig = HOUR * (1 + below(dice, 72));
	if (trial->disturbances && below(dice, 3000) == 0)
		w->ttl_key = HOUR * (1 + below(dice, 48));
	if (trial->disturbances && below(dice, 3000) == 0)
		w->ttl_ds = HOUR * (1 + below(dice, 72));
	if (trial->algorithms && below(dice, 2500) == 0)
		w->policy.algorithm = w->policy.algorithm == 13 ? 15 : 13;
	if (trial->schemes && below(dice, 2500) == 0)
		w->policy.csk = !w->policy.csk;
	if (trial->insecure && below(dice, 4000) == 0)
		w->policy.insecure = !w->policy.insecure;
	struct rollover_birth birth;
	if (trial->by_hand && below(dice, 300) == 0 &&
	    rollover_start(w->keys, w->count, (enum key_role)below(dice, 3), &w->policy, &birth))
		add_key(w, &birth);
}

static const char *live(const struct trial *trial, size_t *rolls)
{
	static struct world world; /* too large for a stack */
	struct world *const w = &world;
	memset(w, 0, sizeof(*w));
	w->dice.state = trial->seed;
	set_policy(w, trial->zsk_bits, trial->ksk_bits, trial->csk);
	w->policy.strict = trial->strict;
	struct arena *const mem = arena_new(0);
	for (int64_t hour = 0; hour < trial->hours && w->bogus == NULL && w->count < MOST_KEYS - 4; hour++) {
		w->now = epoch + hour * HOUR;
		disturb(w, trial);
		run_parent(w);
		run_engine(w, mem);
		serve(w);
	}
	if (w->bogus != NULL && getenv("WORLD_DEBUG") != NULL)
		show_world(w);
	arena_free(mem);
	*rolls = w->rolls;
	return w->bogus;
}

struct method {
	const char *title;
	unsigned zsk_bits, ksk_bits;
	bool csk;
};

static const struct method methods[] = {
	{ "pre-publication, double-KSK", ROLLOVER_ZSK_PRE_PUBLICATION, ROLLOVER_KSK_DOUBLE_KSK, false },
	{ "double signature, double-DS", ROLLOVER_ZSK_DOUBLE_SIGNATURE, ROLLOVER_KSK_DOUBLE_DS, false },
	{ "double RRSIG, double-RRset", ROLLOVER_ZSK_DOUBLE_RRSIG, ROLLOVER_KSK_DOUBLE_RRSET, false },
	{ "CSK double-RRset", 0, ROLLOVER_CSK_DOUBLE_RRSET, true },
	{ "CSK single signature", 0, ROLLOVER_CSK_SINGLE_SIGNATURE, true },
	{ "CSK double-DS", 0, ROLLOVER_CSK_DOUBLE_DS, true },
	{ "CSK double signature", 0, ROLLOVER_CSK_DOUBLE_SIGNATURE, true },
	{ "CSK pre-publication", 0, ROLLOVER_CSK_PRE_PUBLICATION, true },
};

/* contrib/soak asks for more seeds. */
static uint64_t scale(void)
{
	return getenv("ZONESEAL_SOAK") != NULL && getenv("ZONESEAL_SOAK")[0] != '\0' ? 20 : 1;
}

static void no_cache_is_ever_bogus_whatever_the_method(void **state)
{
	(void)state;
	for (size_t m = 0; m < COUNT(methods); m++) {
		size_t all = 0;
		for (uint64_t seed = 1; seed <= 6 * scale(); seed++) {
			size_t rolls = 0;
			const struct trial trial = { .seed = seed * 1000 + m,
				.zsk_bits = methods[m].zsk_bits,
				.ksk_bits = methods[m].ksk_bits,
				.csk = methods[m].csk,
				.disturbances = seed % 2 == 0,
				.hours = 3 * YEAR };
			const char *const bogus = live(&trial, &rolls);
			if (bogus != NULL)
				fail_msg("%s, seed %llu: %s", methods[m].title, (unsigned long long)trial.seed, bogus);
			all += rolls;
		}
		print_message("%s: %zu rolls\n", methods[m].title, all);
		assert_true(all > 6 * scale());
	}
}

static void check_worlds(const char *title, struct trial trial)
{
	const uint64_t seeds = 3 * scale();
	size_t all = 0;
	for (size_t m = 0; m < COUNT(methods); m++) {
		for (uint64_t seed = 1; seed <= seeds; seed++) {
			size_t rolls = 0;
			trial.seed = seed * 100 + m;
			trial.zsk_bits = methods[m].zsk_bits;
			trial.ksk_bits = methods[m].ksk_bits;
			trial.csk = methods[m].csk;
			const char *const bogus = live(&trial, &rolls);
			if (bogus != NULL)
				fail_msg("%s, %s, seed %llu: %s", title, methods[m].title,
				    (unsigned long long)trial.seed, bogus);
			all += rolls;
		}
	}
	print_message("%s: %zu rolls\n", title, all);
	assert_true(all > COUNT(methods) * seeds);
}

static void algorithm_rollovers_keep_every_cache_valid(void **state)
{
	(void)state;
	check_worlds("liberal", (struct trial){ .algorithms = true, .hours = 3 * YEAR });
	check_worlds("conservative", (struct trial){ .algorithms = true, .strict = true, .hours = 3 * YEAR });
}

static void going_from_two_keys_to_one_and_back_keeps_every_cache_valid(void **state)
{
	(void)state;
	struct trial trial = { .schemes = true, .hours = 3 * YEAR };
	check_worlds("schemes", trial);
	trial.disturbances = true;
	check_worlds("schemes, disturbed", trial);
}

static void going_insecure_and_back_keeps_every_cache_valid(void **state)
{
	(void)state;
	check_worlds("insecure", (struct trial){ .insecure = true, .disturbances = true, .hours = 3 * YEAR });
}

static void rolls_started_by_hand_at_bad_moments_keep_every_cache_valid(void **state)
{
	(void)state;
	check_worlds("by hand", (struct trial){ .by_hand = true, .disturbances = true, .hours = YEAR });
	check_worlds("all at once", (struct trial){ .by_hand = true,
					.disturbances = true,
					.algorithms = true,
					.schemes = true,
					.insecure = true,
					.hours = YEAR });
}

/* A test that cannot fail proves nothing: each rule off must be noticed. */
static void an_engine_without_a_rule_is_caught(void **state)
{
	(void)state;
	for (int rule = 2; rule <= 3; rule++) {
		rule_is_off[rule] = true;
		bool caught = false;
		for (uint64_t seed = 1; seed <= 40 && !caught; seed++) {
			for (size_t m = 0; m < COUNT(methods) && !caught; m++) {
				size_t rolls = 0;
				const struct trial trial = { .seed = seed,
					.zsk_bits = methods[m].zsk_bits,
					.ksk_bits = methods[m].ksk_bits,
					.csk = methods[m].csk,
					.disturbances = true,
					.hours = YEAR };
				caught = live(&trial, &rolls) != NULL;
			}
		}
		rule_is_off[rule] = false;
		if (!caught)
			fail_msg("rule %d off: no bogus combination in 40 worlds", rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_cache_is_ever_bogus_whatever_the_method),
		cmocka_unit_test(algorithm_rollovers_keep_every_cache_valid),
		cmocka_unit_test(going_from_two_keys_to_one_and_back_keeps_every_cache_valid),
		cmocka_unit_test(going_insecure_and_back_keeps_every_cache_valid),
		cmocka_unit_test(rolls_started_by_hand_at_bad_moments_keep_every_cache_valid),
		cmocka_unit_test(an_engine_without_a_rule_is_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
