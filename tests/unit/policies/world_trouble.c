/* SPDX-License-Identifier: MIT */
/* What happens to a zone besides time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>

#include "tests/unit/policies/world_inside.h"

static uint64_t roll(struct dice *dice)
{
	uint64_t z = (dice->state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

unsigned below(struct dice *dice, unsigned n)
{
	return (unsigned)(roll(dice) % n);
}

int64_t hours(struct dice *dice, unsigned most)
{
	return (int64_t)HOUR * (1 + below(dice, most));
}

static void order(struct world *w)
{
	struct rollover_key keys[MOST_KEYS];
	size_t slots[MOST_KEYS];
	struct rollover_birth birth;
	const size_t count = gather(w, keys, slots);
	const enum key_role role = (enum key_role)below(&w->dice, 3);
	if (below(&w->dice, 4) != 0) {
		if (!rollover_start(keys, count, role, &w->policy, &birth))
			return;
		const size_t taken = rollover_candidate(keys, count, &birth);
		if (taken == SIZE_MAX)
			add_key(w, &birth);
		else
			rollover_take(&w->keys[slots[taken]].key, &birth);
		return;
	}
	/* Turned back: whatever is asked for at whatever moment, the rules must hold. */
	for (size_t i = count; i-- > 0;) {
		if (!keys[i].key.goal_present || keys[i].key.predecessor == 0 || keys[i].key.role != role)
			continue;
		for (size_t j = 0; j < count; j++) {
			if (keys[j].key.id != keys[i].key.predecessor || is_gone(&keys[j].key))
				continue;
			w->keys[slots[i]].key.goal_present = false;
			w->keys[slots[j]].key.goal_present = true;
			return;
		}
	}
}

static void jump_clock(struct world *w)
{
	if (w->now < w->jump_until)
		return;
	w->jump_until = w->now + hours(&w->dice, 10 * DAY);
	w->jump = below(&w->dice, 2) == 0 ? -HOUR - hours(&w->dice, 400 * DAY)
					  : (int64_t)HOUR * (MAX_JUMP + 20 * DAY) + hours(&w->dice, 400 * DAY);
}

static void change_ttl(struct world *w)
{
	const enum kind kind = (enum kind)below(&w->dice, CLASSES);
	if (kind != DS_SET && w->now < w->broken_until)
		return; /* a TTL of the zone comes with a publication */
	w->classes[kind].ttl = hours(&w->dice, kind == DNSKEY_SET ? 48 : 72);
}

/* A key whose DS may come early: it signs beside another of its algorithm that has its DS. */
static bool may_come_early(const struct world *w, size_t slot)
{
	const struct key *const key = &w->keys[slot].key;
	if (key->id == 0 || !key->goal_present || key->state[KEY_DS] != KEY_HIDDEN ||
	    key->state[KEY_DNSKEY] == KEY_HIDDEN)
		return false;
	for (size_t i = 0; i < MOST_KEYS; i++)
		if (i != slot && w->keys[i].key.id != 0 && w->keys[i].key.algorithm == key->algorithm &&
		    w->keys[i].key.state[KEY_DS] == KEY_OMNIPRESENT && (w->classes[DS_SET].present.keys >> i & 1) != 0)
			return true;
	return false;
}

/* The operator hands a DS in before it is wanted, until the parent follows the CDS records again; or takes back what
 * was seen of one that nothing is built on yet. */
static void meddle(struct world *w)
{
	struct served *const ds = &w->classes[DS_SET];
	struct version with = ds->present;
	for (size_t i = 0; i < MOST_KEYS; i++) {
		struct key *const key = &w->keys[i].key;
		if (may_come_early(w, i))
			with.keys |= UINT64_C(1) << i;
		else if (key->id != 0 && key->state[KEY_DS] == KEY_RUMOURED)
			key->ds_seen.seconds = 0;
	}
	if (!same(&with, &ds->present))
		replace(ds, &with, w->now + w->parent_propagation);
}

static void suffer(struct world *w)
{
	struct dice *const dice = &w->dice;
	switch ((enum world_trouble)(1 << below(dice, 10)) & w->trial->trouble) {
	case TROUBLE_OUTAGES:
		w->broken_until = w->now + hours(dice, 400);
		break;
	case TROUBLE_TTLS:
		change_ttl(w);
		break;
	case TROUBLE_CLOCK:
		jump_clock(w);
		break;
	case TROUBLE_ROLLS:
		order(w);
		break;
	case TROUBLE_ALGORITHMS:
		w->policy.algorithm = w->policy.algorithm == 13 ? 15 : 13;
		break;
	case TROUBLE_SCHEMES:
		w->policy.csk = !w->policy.csk;
		break;
	case TROUBLE_GOALS:
		w->policy.insecure = !w->policy.insecure && below(dice, 4) == 0;
		break;
	case TROUBLE_KEYS:
		w->missing_until = w->now + hours(dice, 300);
		break;
	case TROUBLE_WINDOWS:
		w->window_until = w->now + hours(dice, 400);
		break;
	case TROUBLE_WORDS:
		meddle(w);
		break;
	}
}

void disturb(struct world *w)
{
	if (w->now < w->trouble)
		return;
	if (w->trouble != 0)
		suffer(w);
	w->step = w->policy.manual;
	w->next = w->now;
	w->trouble = w->now + hours(&w->dice, w->policy.manual ? 80 : 400);
}
