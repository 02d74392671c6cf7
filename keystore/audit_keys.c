/* SPDX-License-Identifier: MIT */
#include "keystore/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"

static unsigned full_bits(const struct key *key)
{
	unsigned bits = 0;
	for (unsigned i = 0; i < KEY_RECORDS; i++)
		bits |= key->was_full[i] ? 1U << i : 0;
	return bits;
}

char *audit_key_line(const struct key *key, struct arena *mem)
{
	char hex[65];
	bytes_to_hex((struct bytes){ key->fingerprint, sizeof(key->fingerprint) }, false, hex);
	char *line =
	    arena_printf(mem, "%s %u id %" PRId64 " sha256 %s algorithm %u flags %u bits %u revoked-tag %u goal %s",
		key_role_name(key->role), key->tag, key->id, hex, key->algorithm, key->flags, key->bits,
		key->revoked_tag, key->goal_present ? "present" : "hidden");
	for (size_t i = 0; i < KEY_RECORDS; i++)
		line = arena_printf(mem, "%s %s %s@%" PRId64, line, audit_record_name((enum key_record)i),
		    key->state[i] == KEY_NA ? "-" : key_state_name(key->state[i]), key->since[i].seconds);
	/* Only where it is so: lines of before tell the same of other keys. */
	const char *const backup =
	    key->backed_up.seconds == 0 ? "" : arena_printf(mem, " backed-up %" PRId64, key->backed_up.seconds);
	const char *const drop =
	    key->dropped.seconds == 0 ? "" : arena_printf(mem, " dropped %" PRId64, key->dropped.seconds);
	const char *const left = key->signatures_left == 0 ? "" : arena_printf(mem, " left %u", key->signatures_left);
	return arena_printf(mem,
	    "%s created %" PRId64 " active %" PRId64 " predecessor %" PRId64 " ds-seen %" PRId64 " ds-gone %" PRId64
	    " complete %" PRId64 " full %u standby %d foreign %d revoked %" PRId64 " purging %" PRId64
	    " purged %" PRId64 "%s%s%s at %s\n",
	    line, key->created.seconds, key->active.seconds, key->predecessor, key->ds_seen.seconds,
	    key->ds_gone.seconds, key->signatures_complete.seconds, full_bits(key), key->standby, key->foreign,
	    key->revoked.seconds, key->purging.seconds, key->purged.seconds, backup, drop, left, key->locator);
}

void audit_key_label(const struct key *key, char out[AUDIT_LABEL])
{
	char hex[17];
	bytes_to_hex((struct bytes){ key->fingerprint, 8 }, false, hex);
	snprintf(out, AUDIT_LABEL, "%s %u (%s)", key_role_name(key->role), key->tag, hex);
}

/* ", since T" where a time began, ", not ... any more" where it ended. */
static const char *time_words(const char *text, const char *what, struct utc old, struct utc now, struct arena *mem)
{
	char when[UTC_TEXT];
	if (old.seconds == now.seconds)
		return text;
	if (now.seconds == 0)
		return arena_printf(mem, "%s, no longer %s", text, what);
	utc_format(now, when);
	return arena_printf(mem, "%s, %s since %s", text, what, when);
}

/* What a record's new state means, for people; where it came from says whether that is news or a correction. */
static const char *const state_meanings[KEY_RECORDS][KEY_UNRETENTIVE + 1] = {
	[KEY_DNSKEY] = { "has no DNSKEY", "DNSKEY out of all caches", "DNSKEY published", "DNSKEY in all caches",
	    "DNSKEY withdrawn" },
	[KEY_ZRRSIG] = { "signs no data", "its signatures out of all caches", "signs the zone",
	    "its signatures in all caches", "signs the zone no more" },
	[KEY_KRRSIG] = { "signs no keys", "its signature of the keys out of all caches", "signs the keys",
	    "its signature of the keys in all caches", "signs the keys no more" },
	[KEY_DS] = { "has no DS", "DS out of all caches", "DS to be at the parent", "DS in all caches",
	    "DS to leave the parent" },
};

static const char *state_words(const char *text, const struct key *old, const struct key *now, struct arena *mem)
{
	char when[UTC_TEXT];
	for (size_t i = 0; i < KEY_RECORDS; i++) {
		if (old->state[i] == now->state[i] && old->since[i].seconds == now->since[i].seconds)
			continue;
		utc_format(now->since[i], when);
		text = arena_printf(mem, "%s, %s since %s (%s %s, was %s)", text, state_meanings[i][now->state[i]],
		    when, audit_record_name((enum key_record)i), key_state_name(now->state[i]),
		    key_state_name(old->state[i]));
	}
	return text;
}

static const char *flag_words(const char *text, bool old, bool now, const char *on, const char *off, struct arena *mem)
{
	return old == now ? text : arena_printf(mem, "%s, %s", text, now ? on : off);
}

/* What left the state in which it was in all caches, and so may still cover for its successor. */
static const char *full_words(const char *text, const struct key *key, struct arena *mem)
{
	const char *names = "";
	for (size_t i = 0; i < KEY_RECORDS; i++)
		if (key->was_full[i])
			names = arena_printf(mem, "%s %s", names, audit_record_name((enum key_record)i));
	return arena_printf(mem, "%s, has been in all caches:%s", text, names[0] == '\0' ? " nothing" : names);
}

const char *audit_key_difference(const struct key *old, const struct key *now, struct arena *mem)
{
	const char *text = state_words("", old, now, mem);
	text = flag_words(text, old->goal_present, now->goal_present, "goal present", "goal hidden", mem);
	text = time_words(text, "created", old->created, now->created, mem);
	text = time_words(text, "active", old->active, now->active, mem);
	text = time_words(text, "revoked", old->revoked, now->revoked, mem);
	text = time_words(text, "to leave at once, whatever caches hold", old->dropped, now->dropped, mem);
	text = time_words(text, "DS seen at every parent server", old->ds_seen, now->ds_seen, mem);
	text = time_words(text, "DS gone from every parent server", old->ds_gone, now->ds_gone, mem);
	text = time_words(text, now->signatures_left == 0 ? "its signatures complete" : "a part of its signatures done",
	    old->signatures_complete, now->signatures_complete, mem);
	if (old->signatures_left != now->signatures_left)
		text = arena_printf(
		    mem, "%s, the old key's signatures to stay on %u of a million RRsets", text, now->signatures_left);
	text = flag_words(text, old->standby, now->standby, "on standby", "no longer on standby", mem);
	text = flag_words(text, old->foreign, now->foreign, "foreign", "no longer foreign", mem);
	if (old->predecessor != now->predecessor)
		text = arena_printf(mem, "%s, replaces the key in row %" PRId64, text, now->predecessor);
	if (full_bits(old) != full_bits(now))
		text = full_words(text, now, mem);
	if (text[0] == '\0')
		return NULL;
	char label[AUDIT_LABEL];
	audit_key_label(old, label);
	return arena_printf(mem, "%s: %s; ", label, text + 2);
}

static enum status record_zone(struct store *store, const struct store_zone *zone, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct key *keys = NULL;
	size_t count = 0;
	char *lines = arena_strdup(scratch, "");
	enum status status = store_keys(store, zone->id, scratch, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		lines = arena_printf(scratch, "%s%s", lines, audit_key_line(&keys[i], scratch));
	if (status == STATUS_OK && count > 0)
		status = audit_append_keys(store, now, zone->name, "keys recorded",
		    arena_printf(scratch, "all %zu as they are; earlier rows do not tell it", count), lines, err);
	arena_free(scratch);
	return status;
}

enum status audit_record_keys(struct store *store, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct store_zone *zones = NULL;
	size_t count = 0;
	struct utc now = { 0 };
	enum status status = store_last_time(store, &now, err);
	if (status == STATUS_OK)
		status = store_zones_ever(store, scratch, &zones, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = record_zone(store, &zones[i], now, err);
	arena_free(scratch);
	return status;
}
