/* SPDX-License-Identifier: MIT */
#include "policies/timing.h"

static struct span longer(struct span a, struct span b)
{
	return a.seconds > b.seconds ? a : b;
}

static struct span sum(struct span a, struct span b)
{
	return (struct span){ a.seconds + b.seconds };
}

struct span ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from)
{
	struct span wait = { 0 };
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ttl_served *const one = &ledger->served[i];
		const struct span ttl = { one->ttl };
		const bool served = one->last.seconds == UTC_NEVER.seconds;
		const struct span left = served ? ttl : utc_difference(utc_add(one->last, ttl), from);
		/* An older TTL cannot keep a record for longer than the TTL itself. */
		wait = longer(wait, left.seconds > ttl.seconds ? ttl : left);
	}
	return wait;
}

struct span ttl_ledger_largest(const struct ttl_ledger *ledger, struct utc now)
{
	struct span out = { 0 };
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ttl_served *const one = &ledger->served[i];
		const struct span ttl = { one->ttl };
		if (one->last.seconds == UTC_NEVER.seconds || utc_before(now, utc_add(one->last, ttl)))
			out = longer(out, ttl);
	}
	return out;
}

struct span timing_zsk_publication(const struct timing *t)
{
	return sum(sum(t->propagation, t->ttl_key), t->publish_safety);
}

struct span timing_first_publication(const struct timing *t)
{
	return sum(sum(t->propagation, longer(t->ttl_key, t->negative)), t->publish_safety);
}

struct span timing_zsk_retire(const struct timing *t)
{
	return sum(sum(t->sign_all, t->propagation), sum(t->ttl_sig, t->retire_safety));
}

struct span timing_zsk_double_signature(const struct timing *t)
{
	return sum(sum(t->sign_all, t->propagation), sum(longer(t->ttl_key, t->ttl_sig), t->retire_safety));
}

struct span timing_zsk_double_rrsig(const struct timing *t)
{
	return sum(timing_zsk_retire(t), timing_zsk_publication(t));
}

struct span timing_ksk_publication(const struct timing *t)
{
	return timing_zsk_publication(t);
}

struct span timing_ksk_retire(const struct timing *t)
{
	return sum(sum(t->parent_propagation, t->ttl_ds), t->retire_safety);
}

struct span timing_ds_publication(const struct timing *t)
{
	return sum(t->parent_propagation, t->ttl_ds);
}

struct span timing_ksk_double_rrset(const struct timing *t)
{
	return longer(sum(t->registration, timing_ds_publication(t)), timing_ksk_publication(t));
}
