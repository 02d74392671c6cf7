/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_note.h"

bool parent_note_is_due(const struct store_zone *zone, const struct policy *policy, struct utc now, struct utc *due)
{
	*due = now;
	if (zone->ds_checked.seconds == 0 || utc_before(now, zone->ds_checked))
		return true;
	*due = utc_add(zone->ds_checked, policy->check_interval);
	return !utc_before(now, *due);
}

/* Every server shows it: since now, unless it is known already. Not any more: since never. A DS is gone only where it
 * was to be withdrawn; a key that never had one is no news. */
static bool learn(struct parent_key *one, struct utc now)
{
	struct key *const key = &one->key;
	const struct utc seen = key->ds_seen;
	const struct utc gone = key->ds_gone;
	const struct utc never = { 0 };
	const bool is_going = key->state[KEY_DS] == KEY_UNRETENTIVE;
	if (one->sight == PARENT_SIGHT_UNKNOWN)
		return false;
	if (one->sight == PARENT_SIGHT_SEEN && (is_going || one->wish != PARENT_MUST_NOT)) {
		key->ds_seen = seen.seconds == 0 ? now : seen;
		key->ds_gone = never;
	} else if (one->sight == PARENT_SIGHT_GONE) {
		key->ds_seen = never;
		key->ds_gone = is_going && gone.seconds == 0 ? now : gone;
	} else if (one->sight == PARENT_SIGHT_MIXED) {
		key->ds_seen = key->ds_gone = never;
	}
	return key->ds_seen.seconds != seen.seconds || key->ds_gone.seconds != gone.seconds;
}

enum status parent_note_ttl(struct store *store, int64_t zone_id, uint32_t ttl, bool lower, struct arena *mem,
    struct store_ttl *out, bool *has, struct error *err)
{
	struct store_ttl *known;
	size_t count;
	*has = true;
	*out = (struct store_ttl){ .class = STORE_DS, .ttl = ttl };
	if (lower)
		return STATUS_OK;
	const enum status status = store_ttls(store, zone_id, mem, &known, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (known[i].class == STORE_DS && known[i].last.seconds == UTC_NEVER.seconds && known[i].ttl >= ttl)
			*has = false;
	}
	return status;
}

const char *parent_words(const struct parent_view *view, struct arena *mem)
{
	const char *words = arena_printf(mem, "%zu server%s", view->groups, view->groups == 1 ? "" : "s");
	bool mixed = false;
	for (size_t i = 0; i < view->key_count; i++) {
		const struct parent_key *const one = &view->keys[i];
		mixed = mixed || one->sight == PARENT_SIGHT_MIXED;
		if (one->wish != PARENT_MUST_NOT || one->shows > 0 || one->sight == PARENT_SIGHT_MIXED)
			words = arena_printf(mem, "%s; DS of %s %u %s (%zu/%zu)", words, key_role_name(one->key.role),
			    one->key.tag, parent_sight_name(one->sight), one->shows, view->groups);
	}
	if (view->strangers > 0)
		words = arena_printf(mem, "%s; %zu show a DS of no key of ours", words, view->strangers);
	if (mixed)
		words = arena_printf(
		    mem, "%s; parent.ds-equal: they do not show one DS set, so no rollover goes on", words);
	return view->not_known == 0 ? words : arena_printf(mem, "%s; %zu not known", words, view->not_known);
}

enum status parent_note(
    struct store *store, const struct store_zone *zone, struct parent_view *view, struct arena *mem, struct error *err)
{
	struct key *const changed = arena_calloc(mem, view->key_count + 1, sizeof(*changed));
	struct store_ttl ttl;
	bool has_ttl = false;
	enum status status = STATUS_OK;
	size_t count = 0;
	for (size_t i = 0; i < view->key_count; i++) {
		if (learn(&view->keys[i], view->when))
			changed[count++] = view->keys[i].key;
	}
	/* Servers that are not known may still show a larger TTL that was seen before. */
	if (view->has_ttl)
		status =
		    parent_note_ttl(store, zone->id, view->largest_ttl, view->not_known == 0, mem, &ttl, &has_ttl, err);
	const struct store_step step = {
		.keys = changed, .key_count = count, .ttls = &ttl, .ttl_count = has_ttl ? 1 : 0
	};
	const char *const words = parent_words(view, mem);
	if (status == STATUS_OK && (count > 0 || has_ttl))
		status = store_take_step(
		    store, zone->id, &step, arena_printf(mem, "parent asked: %s", words), view->when, err);
	if (status == STATUS_OK)
		status = store_note_ds_checked(store, zone->id, words, view->when, err);
	return status;
}
