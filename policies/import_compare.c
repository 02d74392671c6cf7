/* SPDX-License-Identifier: MIT */
/*
 * The other signer's rollovers beside ours, under the same assumptions: signing begins at 0, every step happens as soon
 * as it may, and the parent shows a DS when parent.registration-delay has passed.
 *
 * Theirs follow the signers' own documents: BIND ARM, "Key and Signing Policy", and RFC 7583 as it applies it;
 * Knot's documentation, "DNSSEC key states" and "ZSK and KSK rollover". Ours are what the simulator does.
 */
#include <string.h>

#include "policies/import_map.h"
#include "policies/policy_rollover.h"
#include "policies/simulate.h"

enum { ROLLS = 2 /* of each role are compared */, DAY = 86400 };

/* How the other signer replaces a key of one role. */
struct pattern {
	bool before_end;     /* the successor is published `ready` before the lifetime ends; else when it ends */
	struct span ready;   /* from publication to signing, or to the DS being wanted */
	struct span settled; /* from signing, or from the DS being shown, to the old DNSKEY leaving */
	bool from_ready;     /* the lifetime of the successor counts from when it is ready; else from publication */
};

static struct span sum(int64_t a, int64_t b, int64_t c)
{
	return (struct span){ a + b + c };
}

/* A value of theirs where ours differs: what was read, else what ours is. */
static int64_t value_of(const struct import_map *map, const char *option, int64_t otherwise)
{
	for (size_t i = 0; i < map->entry->count; i++) {
		const struct import_item *const item = &map->entry->items[i];
		const struct import_given given = { item->option, item->value, item->line };
		struct span span;
		struct import_map quiet = *map;
		struct import_source source = *map->source;
		source.err = NULL;
		quiet.source = &source;
		if (strcmp(item->option, option) == 0 && import_span(&quiet, &given, &span) == STATUS_OK)
			return span.seconds;
	}
	return otherwise;
}

static struct pattern pattern_bind(const struct import_map *map, enum key_role role)
{
	const struct policy *const p = &map->policy;
	const struct span ready = sum(p->dnskey_ttl, p->publish_safety.seconds, p->zone_propagation.seconds);
	const int64_t all_signed = p->validity.seconds - p->refresh.seconds;
	const struct span zone =
	    sum(p->max_zone_ttl + all_signed, p->zone_propagation.seconds, p->retire_safety.seconds);
	const struct span parent = sum(p->ds_ttl, p->parent_propagation.seconds, p->retire_safety.seconds);
	const bool zone_last = role == KEY_CSK && zone.seconds > parent.seconds + p->registration.seconds;
	return (struct pattern){ .before_end = true,
		.ready = ready,
		.settled = role == KEY_KSK   ? parent
			   : role == KEY_ZSK ? zone
			   : zone_last       ? (struct span){ zone.seconds - p->registration.seconds }
					     : parent,
		.from_ready = true };
}

/* The lifetime of a ZSK counts from when it signs, that of a KSK or CSK from its creation. Asked by Knot, the parent's
 * answer says how long the old DS lasts; told by a person, Knot takes its own delays for that. */
static struct pattern pattern_knot(const struct import_map *map, enum key_role role)
{
	const struct policy *const p = &map->policy;
	const struct span ready = sum(p->dnskey_ttl, p->zone_propagation.seconds, 0);
	const struct span zone = sum(p->zone_propagation.seconds, p->max_zone_ttl, 0);
	const struct span asked = sum(value_of(map, "submission.parent-delay", 0), p->ds_ttl, 0);
	const struct span parent = p->ds == POLICY_DS_CHECK ? asked : ready;
	return (struct pattern){ .ready = ready,
		.settled = role == KEY_ZSK   ? zone
			   : role == KEY_KSK ? parent
					     : sum(parent.seconds, zone.seconds, 0),
		.from_ready = role == KEY_ZSK };
}

/* The age of a key counts from its creation, so each period is a lifetime. Signatures leave as they come due. */
static struct pattern pattern_opendnssec(const struct import_map *map, enum key_role role)
{
	const struct policy *const p = &map->policy;
	const int64_t validity = p->validity.seconds;
	const int64_t denial = value_of(map, "Signatures/Validity/Denial", validity);
	const int64_t longest = denial > validity ? denial : validity;
	const int64_t all_signed = p->jitter.seconds + longest + value_of(map, "Signatures/Resign", 0) -
				   value_of(map, "Signatures/Refresh", p->refresh.seconds);
	const struct span zone = sum(p->max_zone_ttl, p->zone_propagation.seconds, all_signed);
	const struct span parent = sum(p->ds_ttl, p->parent_propagation.seconds, 0);
	const bool zone_last = zone.seconds > parent.seconds + p->registration.seconds;
	const struct span both = zone_last ? (struct span){ zone.seconds - p->registration.seconds } : parent;
	return (struct pattern){ .ready = sum(p->dnskey_ttl, p->publish_safety.seconds, p->zone_propagation.seconds),
		.settled = role == KEY_KSK   ? parent
			   : role == KEY_ZSK ? zone
					     : both };
}

/* Cascade waits for what it measures, so the delays that the policy has now stand for it. */
static struct pattern pattern_cascade(const struct import_map *map, enum key_role role)
{
	const struct policy *const p = &map->policy;
	const int64_t all_signed = value_of(map, "signer.key-roll-time", DAY);
	const struct span zone = sum(p->max_zone_ttl, p->zone_propagation.seconds, all_signed);
	const struct span parent = sum(p->ds_ttl, p->parent_propagation.seconds, 0);
	const bool zone_last = zone.seconds > parent.seconds + p->registration.seconds;
	const struct span both = zone_last ? (struct span){ zone.seconds - p->registration.seconds } : parent;
	return (struct pattern){ .ready = sum(p->dnskey_ttl, p->zone_propagation.seconds, 0),
		.settled = role == KEY_KSK   ? parent
			   : role == KEY_ZSK ? zone
					     : both };
}

/* The patterns are those of the methods that a signer uses unless told otherwise. */
static bool is_usual(const struct policy *policy, enum key_role role)
{
	struct policy usual;
	policy_defaults(&usual);
	return policy->method[role] == usual.method[role];
}

static struct pattern pattern_of(const struct import_map *map, enum key_role role)
{
	static struct pattern (*const patterns[IMPORT_PEERS])(const struct import_map *, enum key_role) = {
		[IMPORT_BIND] = pattern_bind,
		[IMPORT_KNOT] = pattern_knot,
		[IMPORT_OPENDNSSEC] = pattern_opendnssec,
		[IMPORT_CASCADE] = pattern_cascade,
	};
	return patterns[map->peer](map, role);
}

/* ---- theirs ---- */

static void add(struct import_timing *out, enum key_role role, unsigned number, enum import_step step, int64_t theirs)
{
	if (out->moment_count < IMPORT_MOMENTS)
		out->moment[out->moment_count++] = (struct import_moment){ role, number, step, { theirs }, { -1 } };
}

/* The rollovers of a role, one after the other. */
static void play(const struct import_map *map, enum key_role role, struct import_timing *out)
{
	const struct pattern pattern = pattern_of(map, role);
	const struct span lifetime = map->policy.lifetime[role];
	const int64_t shown = role == KEY_ZSK ? 0 : map->policy.registration.seconds;
	int64_t begins = 0; /* when the lifetime of the present key began */
	if (lifetime.seconds == 0 || !is_usual(&map->policy, role))
		return;
	for (unsigned number = 2; number < 2 + ROLLS; number++) {
		const int64_t end = begins + lifetime.seconds;
		const int64_t published = pattern.before_end ? end - pattern.ready.seconds : end;
		const int64_t ready = published + pattern.ready.seconds;
		add(out, role, number, IMPORT_PUBLISHED, published);
		/* When Knot's CSK begins to sign the zone is not documented. */
		if (role == KEY_ZSK || (role == KEY_CSK && map->peer != IMPORT_KNOT))
			add(out, role, number, IMPORT_SIGNS, ready);
		if (role != KEY_ZSK)
			add(out, role, number, IMPORT_DS_WANTED, ready);
		add(out, role, number, IMPORT_LEAVES, ready + shown + pattern.settled.seconds);
		begins = pattern.from_ready ? ready : published;
	}
}

/* ---- ours ---- */

enum { MOST_KEYS = 2 + ROLLS };

struct observer {
	struct import_timing *out;
	struct utc start;
	int64_t ids[POLICY_ROLES][MOST_KEYS]; /* in order of publication */
	unsigned published[POLICY_ROLES];
};

/* 1 for the first key of its role; 0 if it is one too many. */
static unsigned number_of(struct observer *observer, const struct rollover_key *key)
{
	const enum key_role role = key->key.role;
	for (unsigned i = 0; i < observer->published[role]; i++)
		if (observer->ids[role][i] == key->key.id)
			return i + 1;
	if (observer->published[role] == MOST_KEYS)
		return 0;
	observer->ids[role][observer->published[role]++] = key->key.id;
	return observer->published[role];
}

static void note_ours(
    struct observer *observer, enum key_role role, unsigned number, enum import_step step, struct utc when)
{
	for (size_t i = 0; i < observer->out->moment_count; i++) {
		struct import_moment *const moment = &observer->out->moment[i];
		if (moment->role == role && moment->number == number && moment->step == step &&
		    moment->ours.seconds < 0)
			moment->ours = utc_difference(when, observer->start);
	}
}

static void watch(void *context, const struct simulate_event *event)
{
	struct observer *const observer = context;
	if (event->kind != SIMULATE_MOVED || event->key == NULL)
		return;
	const enum key_role role = event->key->key.role;
	const bool comes = event->to == KEY_RUMOURED;
	const unsigned number = number_of(observer, event->key);
	if (number == 0)
		return;
	if (event->record == KEY_DNSKEY && comes)
		note_ours(observer, role, number, IMPORT_PUBLISHED, event->when);
	if (event->record == KEY_ZRRSIG && comes)
		note_ours(observer, role, number, IMPORT_SIGNS, event->when);
	if (event->record == KEY_DS && comes)
		note_ours(observer, role, number, IMPORT_DS_WANTED, event->when);
	/* A key that leaves makes room for the next one. */
	if (event->record == KEY_DNSKEY && event->to == KEY_UNRETENTIVE)
		note_ours(observer, role, number + 1, IMPORT_LEAVES, event->when);
}

static void play_ours(const struct import_map *map, struct import_timing *out)
{
	struct utc last = { 0 };
	for (size_t i = 0; i < out->moment_count; i++)
		if (out->moment[i].theirs.seconds > last.seconds)
			last.seconds = out->moment[i].theirs.seconds;
	/* 2026-01-01: windows without key events are not imported, so any day will do. */
	const struct utc start = { 1767225600 };
	const struct utc until = { start.seconds + last.seconds + 90LL * DAY };
	struct observer observer = { .out = out, .start = start };
	const struct simulate_world world = simulate_world_of(&map->policy, start, until);
	const struct rollover_policy rules = policy_rollover(&map->policy);
	struct error ignored;
	error_clear(&ignored);
	/* A conflict would be a fault of the planner, which `zoneseal simulate` shows; here its moments stay unknown.
	 */
	if (last.seconds == 0 || simulate_run(&rules, NULL, 0, &world, watch, &observer, &ignored) != STATUS_OK)
		return;
}

/* ---- signatures ---- */

static void add_length(struct import_timing *out, const char *what, int64_t theirs, int64_t ours)
{
	out->length[out->length_count++] = (struct import_length){ what, { theirs }, { ours } };
}

/* What the signers call these; "": they measure it. */
static const struct options {
	const char *validity, *refresh, *propagation, *max_ttl, *purge;
} options[IMPORT_PEERS] = {
	[IMPORT_BIND] = { "signatures-validity", "signatures-refresh", "zone-propagation-delay", "max-zone-ttl",
	    "purge-keys" },
	[IMPORT_KNOT] = { "rrsig-lifetime", "rrsig-refresh", "propagation-delay", "zone-max-ttl", "delete-delay" },
	[IMPORT_OPENDNSSEC] = { "Signatures/Validity/Default", "Signatures/Refresh", "Zone/PropagationDelay",
	    "Signatures/MaxZoneTTL", "Keys/Purge" },
	[IMPORT_CASCADE] = { "signer.signature-lifetime", "signer.signature-remain-time", "", "",
	    "key-manager.auto-remove-delay" },
};

static void add_lengths(const struct import_map *map, struct import_timing *out)
{
	const struct policy *const p = &map->policy;
	const struct options *const o = &options[map->peer];
	const int64_t validity = value_of(map, o->validity, p->validity.seconds);
	const int64_t refresh = value_of(map, o->refresh, p->refresh.seconds);
	const int64_t reach =
	    value_of(map, o->propagation, p->zone_propagation.seconds) + value_of(map, o->max_ttl, p->max_zone_ttl);
	const int64_t purge = map->peer == IMPORT_KNOT ? 0 : p->purge_after.seconds;
	/* OpenDNSSEC's jitter goes to both sides, and its signer comes by once in Resign. */
	const bool both_ways = map->peer == IMPORT_OPENDNSSEC;
	const int64_t longest = validity + (both_ways ? p->jitter.seconds : 0);
	const int64_t pause = both_ways ? value_of(map, "Signatures/Resign", 0) : 0;
	add_length(out, "a signature is valid for at most", longest, p->validity.seconds);
	add_length(out, "a signature is replaced at the latest after", longest - refresh + pause,
	    p->validity.seconds - p->refresh.seconds);
	add_length(out, "if signing stops, the zone stays valid for at least", refresh, p->refresh.seconds);
	add_length(out, "a change is in all caches after", reach, p->zone_propagation.seconds + p->max_zone_ttl);
	add_length(out, "a key that left is destroyed after", value_of(map, o->purge, purge), p->purge_after.seconds);
}

/* What makes the difference, of the two signers' ways rather than of a value. */
static void add_notes(const struct import_map *map, struct import_timing *out)
{
	static const char *const ways[IMPORT_PEERS] = {
		[IMPORT_BIND] =
		    "BIND replaces the old ZSK's signatures as they come due, zoneseal in the run in which the new "
		    "ZSK begins to sign: its old DNSKEY leaves earlier, by signatures.validity - refresh",
		[IMPORT_KNOT] =
		    "Knot begins a rollover when the lifetime ends, zoneseal so early that the successor takes "
		    "over when it ends",
		[IMPORT_OPENDNSSEC] = "OpenDNSSEC begins a rollover when the lifetime ends, counted from the key's "
				      "creation, and replaces "
				      "signatures as they come due; zoneseal begins so early that the successor takes "
				      "over when the lifetime "
				      "ends, and signs all anew in one run",
		[IMPORT_CASCADE] =
		    "Cascade begins a rollover when the validity ends, goes on when it sees a change at the name "
		    "servers, and "
		    "signs with the new key bit by bit (key-roll-time): its waits are taken to be those of the policy",
	};
	out->note[out->note_count++] = ways[map->peer];
	out->note[out->note_count++] = "assumed for both: nothing is late, and the parent shows a DS after "
				       "parent.registration-delay; zoneseal begins a KSK's rollover earlier by as much";
}

void import_compare(const struct import_map *map, struct import_timing *out)
{
	*out = (struct import_timing){ .moment_count = 0 };
	if (map->policy.csk) {
		play(map, KEY_CSK, out);
	} else {
		play(map, KEY_ZSK, out);
		play(map, KEY_KSK, out);
	}
	play_ours(map, out);
	add_lengths(map, out);
	if (out->moment_count > 0)
		add_notes(map, out);
}
