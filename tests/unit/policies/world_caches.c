/* SPDX-License-Identifier: MIT */
/* What caches hold, and whether all of it goes together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>

#include "tests/unit/policies/world_inside.h"

void complain(struct world *w, const char *what)
{
	if (w->story.bogus != NULL)
		return;
	w->story.bogus = what;
	w->story.hour = (w->now - epoch) / HOUR;
}

bool same(const struct version *a, const struct version *b)
{
	return a->keys == b->keys && a->signers == b->signers;
}

static void put(struct shelf *shelf, const struct version *version, int64_t expires)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (!same(&shelf->items[i], version))
			continue;
		if (shelf->items[i].expires < expires)
			shelf->items[i].expires = expires;
		return;
	}
	assert_true(shelf->count < MOST_CACHED);
	shelf->items[shelf->count] = *version;
	shelf->items[shelf->count++].expires = expires;
}

void drop_expired(struct shelf *shelf, int64_t now)
{
	size_t kept = 0;
	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->items[i].expires > now)
			shelf->items[kept++] = shelf->items[i];
	shelf->count = kept;
}

/* Whether each algorithm of the keys in `wanted` has a key in `good`: what strict validators ask (RFC 4035 2.2). */
static bool algorithms_are_covered(const struct world *w, uint64_t wanted, uint64_t good)
{
	uint64_t have[4] = { 0 };
	for (size_t i = 0; i < MOST_KEYS; i++)
		if ((good >> i & 1) != 0)
			have[w->keys[i].key.algorithm / 64] |= UINT64_C(1) << w->keys[i].key.algorithm % 64;
	for (size_t i = 0; i < MOST_KEYS; i++)
		if ((wanted >> i & 1) != 0 &&
		    (have[w->keys[i].key.algorithm / 64] >> w->keys[i].key.algorithm % 64 & 1) == 0)
			return false;
	return true;
}

static void judge_data(struct world *w, const struct version *set)
{
	const struct shelf *const data = &w->classes[DATA].caches;
	for (size_t i = 0; i < data->count; i++) {
		const uint64_t signers = data->items[i].keys;
		w->story.checks++;
		if ((set->keys & signers) == 0)
			complain(w, "no DNSKEY checks the data");
		if (w->policy.strict && !algorithms_are_covered(w, set->keys, set->keys & signers))
			complain(w, "an algorithm of the DNSKEY RRset does not sign the data");
	}
}

void judge(struct world *w)
{
	const struct shelf *const all_ds = &w->classes[DS_SET].caches;
	const struct shelf *const sets = &w->classes[DNSKEY_SET].caches;
	for (size_t d = 0; d < all_ds->count; d++) {
		const uint64_t ds = all_ds->items[d].keys;
		for (size_t k = 0; ds != 0 && k < sets->count; k++) {
			const struct version *const set = &sets->items[k];
			if ((ds & set->keys & set->signers) == 0)
				complain(w, "no DS leads to a key that signs the DNSKEY RRset");
			if (w->policy.strict && !algorithms_are_covered(w, ds, ds & set->keys & set->signers))
				complain(w, "an algorithm of the DS set does not sign the DNSKEY RRset");
			judge_data(w, set);
		}
	}
}

/* For how long a cache keeps a version; absence has a time of its own. */
static int64_t ttl_of(const struct world *w, enum kind kind, const struct version *version)
{
	return kind == DNSKEY_SET && version->keys == 0 ? w->negative : w->classes[kind].ttl;
}

/* Resolvers ask some server at `when`. */
void serve_at(struct world *w, int64_t when)
{
	for (enum kind kind = DNSKEY_SET; kind <= DS_SET; kind++) {
		struct served *const c = &w->classes[kind];
		drop_expired(&c->lagging, when);
		drop_expired(&c->caches, when);
		put(&c->caches, &c->present, when + ttl_of(w, kind, &c->present));
		if (c->rest.keys != 0)
			put(&c->caches, &c->rest, when + ttl_of(w, kind, &c->rest));
		for (size_t i = 0; i < c->lagging.count; i++)
			put(&c->caches, &c->lagging.items[i], when + ttl_of(w, kind, &c->lagging.items[i]));
	}
}

void replace(struct served *class, const struct version *next, int64_t until)
{
	if (same(&class->present, next))
		return;
	put(&class->lagging, &class->present, until);
	class->present = *next;
}

void leave(struct served *class, const struct version *rest, int64_t until)
{
	if (class->rest.keys != 0 && !same(&class->rest, rest))
		put(&class->lagging, &class->rest, until);
	class->rest = *rest;
}

uint64_t held_by(const struct shelf *shelf)
{
	uint64_t all = 0;
	for (size_t i = 0; i < shelf->count; i++)
		all |= shelf->items[i].keys | shelf->items[i].signers;
	return all;
}

/* For whoever looks into a failure: WORLD_DEBUG=1. */
void show(const struct world *w)
{
	static const char letters[] = "-HROU";
	static const char *const names[CLASSES] = { "DNSKEY", "data", "DS" };
	print_message("hour %lld: Dprp %lldh, DprpP %lldh, negative %lldh, algorithm %u%s%s\n",
	    (long long)(w->now - epoch) / HOUR, (long long)w->propagation / HOUR,
	    (long long)w->parent_propagation / HOUR, (long long)w->negative / HOUR, w->policy.algorithm,
	    w->policy.csk ? " csk" : "", w->policy.insecure ? " insecure" : "");
	for (size_t i = 0; i < MOST_KEYS; i++) {
		const struct key *const key = &w->keys[i].key;
		if (key->id == 0)
			continue;
		print_message("  slot %2zu key %lld %s alg %u after %lld %s%s", i, (long long)key->id,
		    key_role_name(key->role), key->algorithm, (long long)key->predecessor,
		    key->goal_present ? "in" : "out", key->standby ? " standby" : "");
		for (int r = 0; r < KEY_RECORDS; r++)
			print_message(" %c%s%lld", letters[key->state[r]], key->was_full[r] ? "!" : "",
			    (long long)(key->since[r].seconds - epoch) / HOUR);
		print_message("\n");
	}
	for (int kind = 0; kind < CLASSES; kind++) {
		const struct served *const c = &w->classes[kind];
		print_message("  %s TTL %lldh\n", names[kind], (long long)c->ttl / HOUR);
		for (size_t i = 0; i < c->caches.count; i++)
			print_message("    keys %llx signers %llx until hour %lld\n",
			    (unsigned long long)c->caches.items[i].keys, (unsigned long long)c->caches.items[i].signers,
			    (long long)(c->caches.items[i].expires - epoch) / HOUR);
	}
}
