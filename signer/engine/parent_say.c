/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_say.h"

#include "keystore/store_served.h"
#include "policies/rollover.h"
#include "signer/dns/name.h"
#include "signer/engine/folder.h"
#include "signer/engine/parent_evidence.h"
#include "signer/engine/parent_note.h"
#include "signer/engine/parent_sight.h"
#include "signer/engine/roll.h"

/* The earliest moment at which a key that is not in the zone can be in all caches. */
static enum status refuse_unpublished(
    const struct key *key, const struct policy *policy, struct utc now, struct error *err)
{
	char earliest[UTC_TEXT];
	char ttl[SPAN_TEXT];
	char propagation[SPAN_TEXT];
	utc_format(utc_add(utc_add(now, policy->zone_propagation), (struct span){ policy->dnskey_ttl }), earliest);
	span_format_short((struct span){ policy->dnskey_ttl }, ttl);
	span_format_short(policy->zone_propagation, propagation);
	return error_set(err, STATUS_REFUSED,
	    "%s %u is not published, so its DS at the parent would lead nowhere and validators would refuse the zone "
	    "if it were the only one; possible from %s at the earliest, if a run publishes it now (propagation %s + "
	    "DNSKEY TTL %s); if the parent does show its DS, have it removed",
	    key_role_name(key->role), key->tag, earliest, propagation, ttl);
}

/* Why no run will ask the parent for the key's DS, as things are; NULL: one will. */
static const char *never_wanted(const struct key *key, const struct policy *policy)
{
	if (policy->ds == POLICY_DS_NONE)
		return "the policy says that the parent takes no DS (parent.ds: none); possible once another policy is "
		       "applied (zoneseal policy apply)";
	if (key->foreign)
		return "it is another signer's key, which has it asked for itself; possible there";
	if (!key->goal_present)
		return "the key is on its way out of the zone; possible again if that is turned back (zoneseal roll "
		       "abort)";
	if (key->standby)
		return "the key is in reserve; possible once a roll or an emergency brings it into use (zoneseal roll "
		       "start)";
	return NULL;
}

/* The last of the waits that must end before the DS can be wanted: those of the records that it leads to. */
static struct utc earliest_wish(const struct roll_view *view, const struct key *key, struct utc now)
{
	struct utc latest = now;
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct rollover_wait *const wait = &view->waits[i].wait;
		if (wait->why == ROLLOVER_WAITS_TIME && wait->to == KEY_OMNIPRESENT &&
		    view->keys[wait->key].key.algorithm == key->algorithm)
			latest = utc_later(latest, wait->earliest);
	}
	return latest;
}

/* Of the same algorithm: a DS signals that its own signs the whole zone (RFC 6840 5.11). */
static bool has_other_ds(const struct roll_view *view, const struct key *key)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct key *const other = &view->keys[i].key;
		const enum key_state ds = other->state[KEY_DS];
		if (other->id != key->id && other->algorithm == key->algorithm &&
		    (ds == KEY_RUMOURED || ds == KEY_OMNIPRESENT))
			return true;
	}
	return false;
}

/* A sight from before the DS is wanted counts for nothing: the CDS records of that time ask the parent for a set
 * without it (RFC 7344 3), so that it may be gone again, and nobody would look. */
static enum status refuse_early(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct key *key, const struct parent_saying *saying, struct arena *mem, struct error *err)
{
	struct roll_view view;
	char earliest[UTC_TEXT];
	const char *const why = never_wanted(key, policy);
	if (why != NULL)
		return error_set(err, STATUS_REFUSED, "the DS of %s %u is not asked for: %s", key_role_name(key->role),
		    key->tag, why);
	const enum status status = roll_look_under(policy, store, saying->state, zone, saying->now, mem, &view, err);
	if (status != STATUS_OK)
		return status;
	const struct utc when = earliest_wish(&view, key, saying->now);
	utc_format(when, earliest);
	return error_set(err, STATUS_REFUSED,
	    "the DS of %s %u is not asked for yet%s; possible from %s at the earliest, once %s has asked for it, which "
	    "status then says; if the parent does show it, %s",
	    key_role_name(key->role), key->tag,
	    utc_before(saying->now, when) ? ": some caches hold a zone that it does not lead to" : "", earliest,
	    utc_before(saying->now, when) ? "the run of that time" : "the next run (zoneseal run)",
	    has_other_ds(&view, key) ? "say so then: beside the present DS it harms nobody"
				     : "have it removed: until then such caches may find the zone bogus");
}

/* The method lets the DS in before the DNSKEY, or beside it. */
static bool ds_may_come_first(const struct key *key, const struct policy *policy)
{
	return key->goal_present && (policy->method[key->role] & ROLLOVER_FEW_DS) == 0;
}

static enum status may_be_seen(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct key *key, const struct parent_saying *saying, struct arena *mem, struct error *err)
{
	if (key->state[KEY_DS] != KEY_HIDDEN)
		return STATUS_OK;
	if (!key_is_published(key) && !ds_may_come_first(key, policy))
		return refuse_unpublished(key, policy, saying->now, err);
	return refuse_early(store, zone, policy, key, saying, mem, err);
}

static enum status may_be_gone(const struct key *key, struct error *err)
{
	const enum key_state ds = key->state[KEY_DS];
	/* What was seen may be taken back as long as nothing is built on it. */
	if (ds == KEY_UNRETENTIVE || (ds != KEY_OMNIPRESENT && key->ds_seen.seconds != 0))
		return STATUS_OK;
	if (ds == KEY_OMNIPRESENT)
		return error_set(err, STATUS_REFUSED,
		    "the DS of %s %u is wanted: it is what makes the zone secure; possible once a rollover has begun "
		    "to withdraw it, which is when status asks for it (zoneseal roll start)",
		    key_role_name(key->role), key->tag);
	return error_set(err, STATUS_REFUSED,
	    "the DS of %s %u was never seen at the parent, so it cannot have left; possible once a rollover withdraws "
	    "it",
	    key_role_name(key->role), key->tag);
}

/* Whether the text shows what is said. */
static enum status compare(const struct parent_evidence *evidence, const struct key *key, const uint8_t *apex,
    const struct parent_saying *saying, struct arena *mem, struct error *err)
{
	struct parent_view view = { .servers = &evidence->says, .server_count = 1, .groups = 1 };
	parent_sight(&view, apex, key, 1, mem);
	const enum parent_sight wanted = saying->seen ? PARENT_SIGHT_SEEN : PARENT_SIGHT_GONE;
	if (view.keys[0].sight == wanted)
		return STATUS_OK;
	return error_set(err, STATUS_NO, "%s %s the DS of %s %u; nothing was changed", saying->evidence,
	    view.keys[0].sight == PARENT_SIGHT_SEEN   ? "shows"
	    : view.keys[0].sight == PARENT_SIGHT_GONE ? "does not show"
						      : "may or may not show",
	    key_role_name(key->role), key->tag);
}

static enum status look_at_evidence(struct store *store, const struct store_zone *zone, const struct key *key,
    const struct parent_saying *saying, struct arena *mem, struct store_ttl *ttl, struct parent_said *out,
    struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *name;
	struct parent_evidence evidence;
	enum status status = folder_zone_name(zone->name, mem, &name, apex, err);
	if (status == STATUS_OK)
		status = parent_evidence_read(saying->evidence, apex, mem, &evidence, err);
	if (status == STATUS_OK)
		status = compare(&evidence, key, apex, saying, mem, err);
	if (status != STATUS_OK || evidence.says.answer != PARENT_SHOWS)
		return status;
	/* A TTL that a cache may have counted down shortens no wait. */
	out->ttl = evidence.says.ttl;
	return parent_note_ttl(store, zone->id, evidence.says.ttl, evidence.exact, mem, ttl, &out->has_ttl, err);
}

static bool change(struct key *key, const struct parent_saying *saying)
{
	const struct utc seen = key->ds_seen;
	const struct utc gone = key->ds_gone;
	const struct utc never = { 0 };
	if (saying->seen) {
		key->ds_seen = seen.seconds == 0 ? saying->now : seen;
		key->ds_gone = never;
	} else {
		key->ds_seen = never;
		if (key->state[KEY_DS] == KEY_UNRETENTIVE && gone.seconds == 0)
			key->ds_gone = saying->now;
	}
	return key->ds_seen.seconds != seen.seconds || key->ds_gone.seconds != gone.seconds;
}

enum status parent_say(struct store *store, const struct store_zone *zone, const struct policy *policy,
    const struct key *key, const struct parent_saying *saying, struct arena *mem, struct parent_said *out,
    struct error *err)
{
	struct parent_said said = { .key = *key };
	struct store_ttl ttl;
	enum status status = STATUS_OK;
	if (key->role == KEY_ZSK)
		return error_set(err, STATUS_REFUSED, "ZSK %u has no DS; it never will", key->tag);
	status = saying->seen ? may_be_seen(store, zone, policy, key, saying, mem, err) : may_be_gone(key, err);
	if (status == STATUS_OK && saying->evidence != NULL)
		status = look_at_evidence(store, zone, key, saying, mem, &ttl, &said, err);
	if (status != STATUS_OK)
		return status;
	said.changed = change(&said.key, saying);
	const char *const verb = saying->seen                            ? "seen"
				 : key->state[KEY_DS] == KEY_UNRETENTIVE ? "gone"
									 : "no longer seen";
	said.words = arena_printf(mem, "DS of %s %u %s at the parent%s%s", key_role_name(key->role), key->tag, verb,
	    saying->evidence != NULL ? ", evidence " : ", by word of a person",
	    saying->evidence != NULL ? saying->evidence : "");
	const struct store_step step = {
		.keys = &said.key, .key_count = said.changed ? 1 : 0, .ttls = &ttl, .ttl_count = said.has_ttl ? 1 : 0
	};
	if (!saying->dry_run && (said.changed || said.has_ttl))
		status = store_take_step(store, zone->id, &step, said.words, saying->now, err);
	if (status == STATUS_OK)
		*out = said;
	return status;
}
