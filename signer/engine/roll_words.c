/* SPDX-License-Identifier: MIT */
/* Dates as sums, and moves in words. */
#include "signer/engine/roll_part.h"

#include "signer/engine/roll_step.h"

bool roll_ds_differs(const struct rollover_key before[], const struct rollover_key after[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (history_has(&before[i].key, HISTORY_DS) != history_has(&after[i].key, HISTORY_DS))
			return true;
	return false;
}

/* ---- sums ---- */

static void add_term(struct roll_wait *wait, const char *what, struct span span)
{
	if (span.seconds != 0)
		wait->terms[wait->term_count++] = (struct roll_term){ what, span };
}

static void explain_keys(const struct roll_view *view, const struct key *key, struct roll_wait *wait)
{
	const struct timing *const t = &view->rules.timing;
	const bool comes = wait->wait.to == KEY_OMNIPRESENT;
	wait->from = key->since[wait->wait.record];
	struct span ttl = ttl_ledger_wait(&view->facts.dnskey_ttl, wait->from);
	const struct span negative = ttl_ledger_wait(&view->facts.negative_ttl, wait->from);
	const bool absence = comes && view->facts.first_dnskey_set && negative.seconds > ttl.seconds;
	add_term(wait, absence ? "negative TTL" : "DNSKEY TTL", absence ? negative : ttl);
	add_term(wait, "propagation", t->propagation);
	add_term(wait, comes ? "publish safety" : "retire safety", comes ? t->publish_safety : t->retire_safety);
}

static void explain_signatures(const struct roll_view *view, const struct key *key, struct roll_wait *wait)
{
	const struct timing *const t = &view->rules.timing;
	const struct utc since = key->since[KEY_ZRRSIG];
	wait->from = key->signatures_complete;
	if (key->signatures_left > 0)
		add_term(wait, "signing the parts that are left",
		    (struct span){ rollover_parts_left(&view->rules, key) * view->rules.part_interval.seconds });
	if (wait->from.seconds == 0) {
		wait->from = since;
		add_term(wait, "signing everything", t->sign_all);
	}
	add_term(wait, "largest TTL of the zone", ttl_ledger_wait(&view->facts.data_ttl, since));
	add_term(wait, "propagation", t->propagation);
	add_term(wait, "retire safety", t->retire_safety);
}

static void explain_ds(const struct roll_view *view, const struct key *key, struct roll_wait *wait)
{
	const struct timing *const t = &view->rules.timing;
	wait->from = wait->wait.to == KEY_OMNIPRESENT ? key->ds_seen : key->ds_gone;
	add_term(wait, "DS TTL", ttl_ledger_wait(&view->facts.ds_ttl, wait->from));
	add_term(wait, "parent propagation", t->parent_propagation);
	add_term(wait, "retire safety", t->retire_safety);
}

/* A sum is shown only if it is the planner's own date. */
static void check_sum(struct roll_wait *wait)
{
	struct utc sum = wait->from;
	for (size_t i = 0; i < wait->term_count; i++)
		sum = utc_add(sum, wait->terms[i].span);
	if (sum.seconds != wait->wait.earliest.seconds)
		wait->term_count = 0;
}

struct roll_wait *roll_explain(const struct roll_view *view, struct arena *mem)
{
	struct roll_wait *const out = arena_calloc(mem, view->plan.wait_count + 1, sizeof(*out));
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		out[i].wait = view->plan.waits[i];
		if (out[i].wait.why != ROLLOVER_WAITS_TIME)
			continue;
		const struct key *const key = &view->plan.keys[out[i].wait.key].key;
		if (out[i].wait.record == KEY_DS)
			explain_ds(view, key, &out[i]);
		else if (out[i].wait.record == KEY_ZRRSIG)
			explain_signatures(view, key, &out[i]);
		else
			explain_keys(view, key, &out[i]);
		check_sum(&out[i]);
	}
	return out;
}

/* ---- moves ---- */

/* What people see of a move; NULL: nothing. A KRRSIG comes and goes with its DNSKEY. */
static const char *verb_of(const struct rollover_move *move)
{
	static const char *const begins[KEY_RECORDS] = { [KEY_DNSKEY] = "is published",
		[KEY_ZRRSIG] = "starts signing",
		[KEY_DS] = "its DS shall be at the parent" };
	static const char *const ends[KEY_RECORDS] = { [KEY_DNSKEY] = "leaves the DNSKEY RRset",
		[KEY_ZRRSIG] = "stops signing",
		[KEY_DS] = "its DS shall leave the parent" };
	if (move->to == KEY_RUMOURED)
		return begins[move->record];
	return move->to == KEY_UNRETENTIVE ? ends[move->record] : NULL;
}

bool roll_is_visible(const struct roll_view *view)
{
	if (view->plan.signs_part)
		return true;
	for (size_t i = 0; i < view->plan.move_count; i++) {
		const struct rollover_move *const move = &view->plan.moves[i];
		const bool begins = move->to == KEY_RUMOURED || move->to == KEY_UNRETENTIVE;
		if (begins && (move->record != KEY_DS || view->policy.cds != POLICY_CDS_NONE))
			return true;
	}
	return false;
}

char *roll_reason(const struct roll_view *view, struct arena *mem)
{
	char *out = NULL;
	for (size_t i = 0; i < view->plan.move_count; i++) {
		const struct rollover_move *const move = &view->plan.moves[i];
		const struct key *const key = &view->plan.keys[move->key].key;
		const char *const verb = verb_of(move);
		if (verb == NULL)
			continue;
		out = arena_printf(mem, "%s%s %u %s",
		    out != NULL ? arena_printf(mem, "%s, ", out) : "key rollover: ", key_role_name(key->role), key->tag,
		    verb);
	}
	if (out == NULL && view->plan.signs_part)
		return arena_strdup(mem, "key rollover: a part of the zone goes over to the new key");
	return out != NULL ? out : arena_strdup(mem, "key rollover: caches have what is published");
}
