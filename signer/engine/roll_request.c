/* SPDX-License-Identifier: MIT */
/* What people ask for: goals change here, states never do. */
#include <string.h>

#include "keystore/token.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"
#include "signer/engine/roll.h"
#include "signer/engine/setup.h"
#include "signer/engine/zonekeys.h"

struct asked {
	struct store *store;
	const struct roll_request *request;
	struct arena *mem;
	struct lock lock;
	struct roll_view *view;
	struct error *err;
};

/* ---- under the zone's lock ---- */

static enum status look(struct asked *asked)
{
	struct store_zone zone;
	const struct roll_request *const request = asked->request;
	const enum status status = setup_find_zone(asked->store, request->zone, asked->mem, &zone, asked->err);
	return status == STATUS_OK
		   ? roll_look(asked->store, request->state, &zone, request->now, asked->mem, asked->view, asked->err)
		   : status;
}

static enum status begin(struct asked *asked, const char *command)
{
	const struct roll_request *const request = asked->request;
	struct store_zone zone;
	enum status status = setup_find_zone(asked->store, request->zone, asked->mem, &zone, asked->err);
	if (status == STATUS_OK)
		status = lock_take(request->state, zone.name, command, request->now, request->lock_wait_seconds,
		    &asked->lock, asked->err);
	if (status == STATUS_OK)
		status = look(asked);
	if (status != STATUS_OK)
		return status;
	if (request->expect_revision != 0 && request->expect_revision != asked->view->zone.revision)
		return error_set(asked->err, STATUS_REFUSED,
		    "%s has revision %lld now, not %lld: something changed since it was reviewed; look again with "
		    "--dry-run",
		    zone.name, (long long)asked->view->zone.revision, (long long)request->expect_revision);
	return STATUS_OK;
}

static enum status refuse_stopped(const struct asked *asked)
{
	const struct roll_view *const view = asked->view;
	if (!view->published)
		return error_set(asked->err, STATUS_REFUSED,
		    "%s was never published: there is nothing to roll; zoneseal run %s begins everything",
		    view->zone.name, view->zone.name);
	if (view->stop == ROLL_HELD || view->stop == ROLL_KEY_MISSING)
		return error_set(asked->err, STATUS_REFUSED, "%s", view->stop_words);
	return STATUS_OK;
}

static const char *reason_of(const struct asked *asked, const char *what)
{
	return asked->request->reason == NULL ? what : arena_printf(asked->mem, "%s: %s", what, asked->request->reason);
}

static const struct rollover_key *find(const struct roll_view *view, int64_t id)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.id == id)
			return &view->keys[i];
	return NULL;
}

/* ---- start ---- */

static enum status refuse_start(const struct asked *asked, enum key_role role)
{
	const struct roll_view *const view = asked->view;
	const char *until = "";
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct rollover_wait *const wait = &view->plan.waits[i];
		char text[UTC_TEXT];
		if (view->keys[wait->key].key.role != role || wait->why != ROLLOVER_WAITS_TIME)
			continue;
		utc_format(wait->earliest, text);
		until = arena_printf(asked->mem, "; its next step is possible from %s", text);
	}
	return error_set(asked->err, STATUS_REFUSED,
	    "no rollover of a %s of %s can start: there is no such key in use, or one is under way whose new key is "
	    "not in "
	    "use yet%s (zoneseal roll list %s)",
	    key_role_name(role), view->zone.name, until, view->zone.name);
}

static enum status make_key(const struct asked *asked, const struct rollover_birth *birth, struct key *made)
{
	struct token *token = NULL;
	const struct roll_request *const request = asked->request;
	char *const folder = folder_path(request->state, "keys", asked->mem);
	enum status status = token_open_soft(folder, request->passphrase_file, &token, asked->err);
	if (status == STATUS_OK)
		status = zonekeys_generate(asked->store, token, asked->view->zone.id, &asked->view->policy, birth->role,
		    birth, request->now, made, asked->err);
	token_close(token);
	return status;
}

/* The key as it would be, in a view that a plan can be made from. */
static void imagine(const struct asked *asked, const struct rollover_birth *birth, size_t candidate, struct key *key)
{
	struct roll_view *const view = asked->view;
	if (candidate != SIZE_MAX) {
		rollover_take(&view->keys[candidate].key, birth);
		*key = view->keys[candidate].key;
		return;
	}
	struct rollover_key *const keys = arena_calloc(asked->mem, view->count + 1, sizeof(*keys));
	memcpy(keys, view->keys, view->count * sizeof(*keys));
	struct rollover_key *const made = &keys[view->count];
	made->key.algorithm = birth->algorithm;
	made->key.created = asked->request->now;
	rollover_key_init(made, birth->role, birth->predecessor);
	made->key.id = view->count == 0 ? 1 : keys[view->count - 1].key.id + 1;
	view->keys = keys;
	view->count++;
	*key = made->key;
}

/* The old key is on its way out from now on, so that a second request finds the roll under way. */
static enum status retire(const struct asked *asked, const struct rollover_birth *birth)
{
	struct roll_view *const view = asked->view;
	for (size_t i = 0; i < view->count; i++) {
		struct key *const old = &view->keys[i].key;
		if (old->id != birth->predecessor)
			continue;
		old->goal_present = false;
		return asked->request->dry_run ? STATUS_OK
					       : store_update_keys(asked->store, view->zone.id, old, 1,
						     reason_of(asked, "roll start"), asked->request->now, asked->err);
	}
	return STATUS_OK;
}

static enum status bring_in(const struct asked *asked, const struct rollover_birth *birth, struct roll_answer *out)
{
	struct roll_view *const view = asked->view;
	const size_t candidate = rollover_candidate(view->keys, view->count, birth);
	const uint16_t old_tag = find(view, birth->predecessor)->key.tag;
	struct key key;
	enum status status = STATUS_OK;
	if (asked->request->dry_run) {
		imagine(asked, birth, candidate, &key);
	} else if (candidate != SIZE_MAX) {
		key = view->keys[candidate].key;
		rollover_take(&key, birth);
		status = store_update_keys(asked->store, view->zone.id, &key, 1, reason_of(asked, "roll start"),
		    asked->request->now, asked->err);
	} else {
		status = make_key(asked, birth, &key);
		out->made = key;
	}
	if (status != STATUS_OK)
		return status;
	const char *const role = key_role_name(birth->role);
	out->key = key.id;
	out->words = key.public_size == 0
			 ? arena_printf(asked->mem, "%s %u will be replaced by a new one", role, old_tag)
			 : arena_printf(asked->mem, "%s %u will be replaced by %s %u", role, old_tag, role, key.tag);
	return retire(asked, birth);
}

static enum status start(struct asked *asked, enum key_role role, struct roll_answer *out)
{
	struct rollover_birth birth;
	struct roll_view *const view = asked->view;
	enum status status = refuse_stopped(asked);
	if (status != STATUS_OK)
		return status;
	if (!rollover_start(view->keys, view->count, role, &view->rules, &birth))
		return refuse_start(asked, role);
	return bring_in(asked, &birth, out);
}

/* ---- the functions of roll.h ---- */

/* Looks again, so that the answer shows what is; a dry run shows what would be. */
static enum status finish(struct asked *asked, enum status status)
{
	if (status == STATUS_OK && !asked->request->dry_run)
		status = look(asked);
	lock_release(&asked->lock);
	return status;
}

static struct asked ask(struct store *store, const struct roll_request *request, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	*out = (struct roll_answer){ .words = "" };
	return (struct asked){ store, request, mem, LOCK_NONE, &out->view, err };
}

enum status roll_start(struct store *store, const struct roll_request *request, enum key_role role, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct asked asked = ask(store, request, mem, out, err);
	enum status status = begin(&asked, "roll start");
	if (status == STATUS_OK)
		status = start(&asked, role, out);
	return finish(&asked, status);
}

static enum status turn_back(struct asked *asked, int64_t id, struct roll_answer *out)
{
	struct roll_view *const view = asked->view;
	const struct rollover_key *const key = find(view, id);
	const struct rollover_key *const old = key == NULL ? NULL : find(view, key->key.predecessor);
	if (old == NULL)
		return error_set(asked->err, STATUS_REFUSED,
		    "that key of %s replaces no other: there is no roll to abort", view->zone.name);
	if (old->missing || old->key.purged.seconds != 0)
		return error_set(asked->err, STATUS_REFUSED,
		    "the private half of %s %u is gone: the rollover cannot be turned back",
		    key_role_name(old->key.role), old->key.tag);
	if (!rollover_abort(view->keys, view->count, id))
		return error_set(asked->err, STATUS_REFUSED,
		    "past the point of no return: %s %u is on its way out already; start a new rollover instead "
		    "(zoneseal "
		    "roll start)",
		    key_role_name(old->key.role), old->key.tag);
	out->key = id;
	out->words = arena_printf(
	    asked->mem, "%s %u stays; %u leaves again", key_role_name(old->key.role), old->key.tag, key->key.tag);
	if (asked->request->dry_run)
		return STATUS_OK;
	const struct key both[] = { old->key, key->key };
	return store_update_keys(asked->store, view->zone.id, both, COUNT(both), reason_of(asked, "roll abort"),
	    asked->request->now, asked->err);
}

enum status roll_abort(struct store *store, const struct roll_request *request, int64_t key, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct asked asked = ask(store, request, mem, out, err);
	enum status status = begin(&asked, "roll abort");
	if (status == STATUS_OK)
		status = turn_back(&asked, key, out);
	return finish(&asked, status);
}

static enum status let_step(struct asked *asked, struct roll_answer *out)
{
	const struct roll_view *const view = asked->view;
	struct utc earliest = UTC_NEVER;
	if (!view->rules.manual)
		return error_set(asked->err, STATUS_REFUSED,
		    "the policy of %s is not manual (keys.manual): zoneseal run takes every step by itself",
		    view->zone.name);
	for (size_t i = 0; i < view->plan.wait_count; i++) {
		const struct rollover_wait *const wait = &view->plan.waits[i];
		if (wait->why == ROLLOVER_WAITS_TIME && utc_before(wait->earliest, earliest))
			earliest = wait->earliest;
		if (wait->why != ROLLOVER_WAITS_OPERATOR)
			continue;
		const struct key *const key = &view->keys[wait->key].key;
		out->key = key->id;
		out->words = arena_printf(
		    asked->mem, "the next run takes the next step of %s %u", key_role_name(key->role), key->tag);
		return asked->request->dry_run
			   ? STATUS_OK
			   : store_ask_step(asked->store, view->zone.id, asked->request->now, asked->err);
	}
	char text[UTC_TEXT] = "";
	if (earliest.seconds != UTC_NEVER.seconds)
		utc_format(earliest, text);
	return error_set(asked->err, STATUS_REFUSED, "no step of %s waits for an operator%s%s", view->zone.name,
	    text[0] != '\0' ? "; the next may from " : "", text);
}

enum status roll_step(struct store *store, const struct roll_request *request, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct asked asked = ask(store, request, mem, out, err);
	enum status status = begin(&asked, "roll step");
	if (status == STATUS_OK)
		status = let_step(&asked, out);
	return finish(&asked, status);
}

/* A key that is to go anyway needs no second roll; one that only comes in is turned back first. */
static enum status replace(struct asked *asked, int64_t id, struct roll_answer *out)
{
	struct roll_view *const view = asked->view;
	const struct rollover_key *const key = find(view, id);
	if (key == NULL)
		return error_set(asked->err, STATUS_MISSING, "%s has no such key", view->zone.name);
	if (!key->key.goal_present)
		return error_set(asked->err, STATUS_REFUSED,
		    "%s %u of %s is on its way out already, or gone; see zoneseal plan %s",
		    key_role_name(key->key.role), key->key.tag, view->zone.name, view->zone.name);
	if (key->key.active.seconds == 0 && key->key.predecessor != 0)
		return turn_back(asked, id, out);
	return start(asked, key->key.role, out);
}

enum status roll_emergency(struct store *store, const struct roll_request *request, int64_t key, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct asked asked = ask(store, request, mem, out, err);
	enum status status = begin(&asked, "emergency");
	if (status == STATUS_OK)
		status = replace(&asked, key, out);
	return finish(&asked, status);
}

/* ---- what the other plan would break ---- */

static void withdraw(struct key *key)
{
	for (int r = 0; r < KEY_RECORDS; r++)
		if (r != KEY_DS && key->state[r] != KEY_NA)
			key->state[r] = KEY_HIDDEN;
}

static void put_in(struct key *key)
{
	for (int r = 0; r < KEY_RECORDS; r++)
		if (r != KEY_DS && key->state[r] == KEY_HIDDEN)
			key->state[r] = KEY_RUMOURED;
}

enum status roll_breakage_of(const struct roll_view *view, int64_t key, struct utc now, struct arena *mem,
    struct roll_breakage *out, struct error *err)
{
	struct history *const history = arena_alloc(mem, sizeof(*history));
	struct rollover_key *const keys = arena_calloc(mem, view->count + 1, sizeof(*keys));
	const struct rollover_key *const stolen = find(view, key);
	struct cache_conflict conflict;
	size_t count = view->count;
	if (stolen == NULL)
		return error_set(err, STATUS_MISSING, "%s has no such key", view->zone.name);
	memcpy(keys, view->keys, count * sizeof(*keys));
	struct rollover_birth birth = { stolen->key.role, stolen->key.algorithm, key, now, false };
	const size_t candidate = rollover_candidate(keys, count, &birth);
	struct rollover_key *next = candidate != SIZE_MAX ? &keys[candidate] : &keys[count];
	if (candidate == SIZE_MAX) {
		next->key.algorithm = birth.algorithm;
		rollover_key_init(next, birth.role, key);
		next->key.id = keys[count - 1].key.id + 1;
		count++;
	}
	put_in(&next->key);
	withdraw(&keys[stolen - view->keys].key);
	*history = *view->history;
	const struct timing *const timing = &view->rules.timing;
	enum status status =
	    history_begin(history, HISTORY_DNSKEY, keys, count, (uint32_t)timing->ttl_key.seconds, now, err);
	if (status == STATUS_OK)
		status = history_begin(history, HISTORY_DATA, keys, count, (uint32_t)timing->ttl_sig.seconds, now, err);
	if (status != STATUS_OK)
		return status;
	*out = (struct roll_breakage){ UTC_NEVER, UTC_NEVER, NULL };
	if (history_judge(history, now, &conflict))
		return STATUS_OK;
	*out = (struct roll_breakage){ utc_later(conflict.begins, now), conflict.ends,
		history_words(history, &conflict, keys, count, mem) };
	return STATUS_OK;
}
