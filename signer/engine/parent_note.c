/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_note.h"

/* Every server shows it: since now, unless it is known already. Not any more: since never. A DS is gone only where it
 * was to be withdrawn; a key that never had one is no news. */
static bool learn(struct parent_key *one, struct utc now)
{
	struct key *const key = &one->key;
	const struct utc seen = key->ds_seen;
	const struct utc gone = key->ds_gone;
	const bool is_wanted_gone = key->state[KEY_DS] == KEY_UNRETENTIVE;
	const bool may_be_seen = one->wish != PARENT_MUST_NOT || is_wanted_gone;
	if (one->sight == PARENT_SIGHT_UNKNOWN)
		return false;
	if (one->sight == PARENT_SIGHT_SEEN && may_be_seen) {
		key->ds_seen = seen.seconds == 0 ? now : seen;
		key->ds_gone = (struct utc){ 0 };
	} else if (one->sight == PARENT_SIGHT_GONE && is_wanted_gone) {
		key->ds_gone = gone.seconds == 0 ? now : gone;
		key->ds_seen = (struct utc){ 0 };
	} else if (one->sight == PARENT_SIGHT_GONE) {
		key->ds_seen = (struct utc){ 0 };
	} else if (one->sight == PARENT_SIGHT_MIXED) {
		key->ds_seen = key->ds_gone = (struct utc){ 0 };
	}
	return key->ds_seen.seconds != seen.seconds || key->ds_gone.seconds != gone.seconds;
}

static enum status store_sights(
    struct store *store, const struct store_zone *zone, struct parent_view *view, struct arena *mem, struct error *err)
{
	struct key *const changed = arena_calloc(mem, view->key_count + 1, sizeof(*changed));
	const char *reason = "parent asked";
	size_t count = 0;
	for (size_t i = 0; i < view->key_count; i++) {
		struct parent_key *const one = &view->keys[i];
		if (!learn(one, view->when))
			continue;
		changed[count++] = one->key;
		reason = arena_printf(mem, "%s; DS of %s %u %s: %zu of %zu servers show it", reason,
		    key_role_name(one->key.role), one->key.tag, parent_sight_name(one->sight), one->shows,
		    view->groups);
	}
	if (count == 0)
		return STATUS_OK;
	return store_update_keys(store, zone->id, changed, count, reason, view->when, err);
}

enum status parent_note(
    struct store *store, const struct store_zone *zone, struct parent_view *view, struct arena *mem, struct error *err)
{
	return store_sights(store, zone, view, mem, err);
}
