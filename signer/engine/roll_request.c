/* SPDX-License-Identifier: MIT */
/* What people ask for: goals change, states do not. */
#include <inttypes.h>
#include <string.h>

#include "keystore/token.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"
#include "signer/engine/proving.h"
#include "signer/engine/roll.h"
#include "signer/engine/roll_part.h"
#include "signer/engine/setup.h"
#include "signer/engine/zonekeys.h"

/* A request while it is worked on. */
struct work {
	struct store *store;
	const struct roll_request *request;
	struct arena *mem;
	struct lock lock;
	struct roll_answer *out;
	bool stolen;         /* the key that leaves may be stolen: no window keeps it */
	struct token *token; /* a new key was made with it, until that is stored; or NULL */
};

static enum status look(struct work *work, struct error *err)
{
	struct store_zone zone;
	const enum status status = setup_find_zone(work->store, work->request->zone, work->mem, &zone, err);
	return status == STATUS_OK ? roll_look(work->store, work->request->state, &zone, work->request->now, work->mem,
					 &work->out->view, err)
				   : status;
}

static enum status begin(struct work *work, const char *command, struct error *err)
{
	const struct roll_request *const request = work->request;
	struct store_zone zone;
	*work->out = (struct roll_answer){ 0 };
	enum status status = setup_find_zone(work->store, request->zone, work->mem, &zone, err);
	if (status == STATUS_OK && !request->dry_run)
		status = lock_take(
		    request->state, zone.name, command, request->now, request->lock_wait_seconds, &work->lock, err);
	if (status == STATUS_OK)
		status = look(work, err);
	if (status != STATUS_OK)
		return status;
	const struct roll_view *const view = &work->out->view;
	status = setup_expect_revision(&view->zone, request->expect_revision, err);
	if (status != STATUS_OK)
		return status;
	if (view->stop == ROLL_UNPUBLISHED)
		return error_set(err, STATUS_REFUSED,
		    "%s is not published yet: the first publication begins with its keys, and there is nothing to roll",
		    view->zone.name);
	if (view->stop == ROLL_HELD || (view->stop == ROLL_KEY_MISSING && !request->security_first))
		return error_set(err, STATUS_REFUSED, "%s: %s%s", view->zone.name, view->stop_words,
		    view->stop == ROLL_KEY_MISSING && work->stolen
			? "; a key that may be stolen can leave without it: --plan security-first"
			: "");
	return STATUS_OK;
}

static const char *reason_of(const struct work *work, const char *what)
{
	const char *const why = work->request->reason;
	return why == NULL ? what : arena_printf(work->mem, "%s: %s", what, why);
}

static enum status store_keys_changed(
    struct work *work, const struct key keys[], size_t count, const char *what, struct error *err)
{
	if (work->request->dry_run)
		return STATUS_OK;
	return store_update_keys(
	    work->store, work->out->view.zone.id, keys, count, reason_of(work, what), work->request->now, err);
}

static struct rollover_key *find_key(const struct roll_view *view, int64_t id)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.id == id)
			return &view->keys[i];
	return NULL;
}

/* ---- start ---- */

/* The earliest date that a wait of the key knows; UTC_NEVER: none. */
static struct utc earliest_of(const struct roll_view *view, size_t key)
{
	struct utc first = UTC_NEVER;
	for (size_t i = 0; i < view->plan.wait_count; i++)
		if (view->plan.waits[i].key == key && utc_before(view->plan.waits[i].earliest, first))
			first = view->plan.waits[i].earliest;
	return first;
}

static enum status refuse_start(const struct roll_view *view, enum key_role role, struct utc now, struct error *err)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct key *const key = &view->keys[i].key;
		if (!key->goal_present || key->standby || key->role != role || key->algorithm != view->rules.algorithm)
			continue;
		char when[UTC_TEXT];
		const struct utc earliest = earliest_of(view, i);
		const bool waits = earliest.seconds != UTC_NEVER.seconds && utc_before(now, earliest);
		utc_format(earliest, when);
		return error_set(err, STATUS_REFUSED,
		    "%s: %s %u is not in all caches yet; a roll can start once it is%s%s (zoneseal run %s)",
		    view->zone.name, key_role_name(role), key->tag,
		    waits ? ", its next step is due at " : ", its next step comes with the next run", waits ? when : "",
		    view->zone.name);
	}
	return error_set(err, STATUS_REFUSED, "%s has no %s of algorithm %u that could be replaced", view->zone.name,
	    key_role_name(role), view->rules.algorithm);
}

static enum status make_key(struct work *work, const struct rollover_birth *birth, struct error *err)
{
	const struct roll_request *const request = work->request;
	const struct roll_view *const view = &work->out->view;
	if (view->policy.offline_ksk && birth->role == KEY_KSK)
		return error_set(err, STATUS_REFUSED,
		    "%s: a KSK is made where key ceremonies are held, and none is ready here; ask for one with "
		    "zoneseal ksr "
		    "create %s --ksk, and start the roll when its SKR is imported",
		    view->zone.name, view->zone.name);
	enum status status = token_open_soft(
	    folder_path(request->state, "keys", work->mem), request->passphrase_file, &work->token, err);
	if (status == STATUS_OK)
		status = zonekeys_make(work->store, work->token, view->zone.id, &view->policy, birth->role, birth,
		    request->now, &work->out->made, err);
	return status;
}

/* The zone as it would be with a key that does not exist yet: its tag is 0. */
static enum status imagine(struct work *work, const struct rollover_birth *birth, struct error *err)
{
	struct roll_view *const view = &work->out->view;
	struct rollover_key *const keys = arena_calloc(work->mem, view->count + 1, sizeof(*keys));
	memcpy(keys, view->keys, view->count * sizeof(*keys));
	struct key *const key = &keys[view->count].key;
	rollover_key_init(&keys[view->count], birth->role, birth->predecessor);
	key->algorithm = birth->algorithm;
	key->created = work->request->now;
	key->id = view->count == 0 ? 1 : keys[view->count - 1].key.id + 1;
	work->out->key = key->id;
	view->keys = keys;
	view->count++;
	return roll_plan(view, work->request->now, work->mem, err);
}

/* The old key is on its way out from now on, so that a second request finds the roll under way. */
static enum status retire(struct work *work, int64_t id, struct error *err)
{
	struct rollover_key *const old = find_key(&work->out->view, id);
	const bool drop = work->request->security_first;
	old->key.goal_present = false;
	if (drop)
		old->key.dropped = work->request->now;
	return store_keys_changed(work, &old->key, 1,
	    drop ? "security first: it leaves at once, whatever caches hold" : "an operator's rollover replaces it",
	    err);
}

static enum status store_made(struct work *work, struct error *err)
{
	struct key *const made = &work->out->made;
	const int64_t zone = work->out->view.zone.id;
	enum status status = store_add_keys(work->store, zone, made, 1, work->request->now, err);
	if (status == STATUS_OK)
		status = proving_record(work->store, work->token, zone, work->request->now, err);
	work->out->key = made->id;
	return status;
}

static enum status bring_in(struct work *work, const struct rollover_birth *birth, size_t candidate, struct error *err)
{
	struct roll_view *const view = &work->out->view;
	if (candidate == SIZE_MAX)
		return work->request->dry_run ? imagine(work, birth, err) : store_made(work, err);
	struct key *const key = &view->keys[candidate].key;
	work->out->key = key->id;
	rollover_take(key, birth);
	if (work->request->dry_run)
		return roll_plan(view, work->request->now, work->mem, err);
	return store_keys_changed(work, key, 1, "an operator's rollover takes it", err);
}

static enum status note_stolen(struct work *work, int64_t id, struct error *err)
{
	struct roll_view *const view = &work->out->view;
	return store_note_stolen(work->store, view->zone.id, &find_key(view, id)->key, work->request->now, err);
}

/* Both at once: half of it would be a key more, and no rollover. */
static enum status store_both(
    struct work *work, const struct rollover_birth *birth, size_t candidate, struct error *err)
{
	const bool dry = work->request->dry_run;
	enum status status = dry ? STATUS_OK : store_group_begin(work->store, err);
	if (status != STATUS_OK)
		return status;
	status = bring_in(work, birth, candidate, err);
	if (status == STATUS_OK)
		status = retire(work, birth->predecessor, err);
	if (status == STATUS_OK && work->stolen && !dry)
		status = note_stolen(work, birth->predecessor, err);
	if (status == STATUS_OK && dry)
		status = roll_plan(&work->out->view, work->request->now, work->mem, err);
	return dry ? status : store_group_end(work->store, status, err);
}

static enum status exchange(struct work *work, const struct rollover_birth *birth, struct error *err)
{
	const struct roll_view *const view = &work->out->view;
	const size_t candidate = rollover_candidate(view->keys, view->count, birth);
	const bool makes = candidate == SIZE_MAX && !work->request->dry_run;
	enum status status = makes ? make_key(work, birth, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = store_both(work, birth, candidate, err);
	token_close(work->token);
	work->token = NULL;
	return status;
}

/* Without any DS no rule would keep a key that is still on its way into caches until its successor is there too. */
static bool is_too_early(const struct roll_view *view, const struct key *key)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.state[KEY_DS] != KEY_NA && view->keys[i].key.state[KEY_DS] != KEY_HIDDEN)
			return false;
	return key->state[KEY_DNSKEY] == KEY_RUMOURED || key->state[KEY_ZRRSIG] == KEY_RUMOURED ||
	       key->state[KEY_KRRSIG] == KEY_RUMOURED;
}

/* `only`: the key that is to go, and no other; 0: any. */
static enum status replace(struct work *work, enum key_role role, int64_t only, struct error *err)
{
	struct rollover_birth birth;
	struct roll_view *const view = &work->out->view;
	if (!rollover_start(view->keys, view->count, role, &view->rules, &birth) ||
	    is_too_early(view, &find_key(view, birth.predecessor)->key))
		return refuse_start(view, role, work->request->now, err);
	if (only != 0 && birth.predecessor != only)
		return error_set(err, STATUS_REFUSED, "%s: another %s is the one in use; see zoneseal key list %s",
		    view->zone.name, key_role_name(role), view->zone.name);
	const uint16_t old = find_key(view, birth.predecessor)->key.tag;
	enum status status = exchange(work, &birth, err);
	if (status == STATUS_OK && !work->request->dry_run)
		status = look(work, err);
	if (status != STATUS_OK)
		return status;
	const struct rollover_key *const fresh = find_key(&work->out->view, work->out->key);
	const char *const name = key_role_name(role);
	work->out->words =
	    fresh == NULL || fresh->key.tag == 0
		? arena_printf(work->mem, "%s %u is to be replaced by a new %s", name, old, name)
		: arena_printf(work->mem, "%s %u is to be replaced by %s %u", name, old, name, fresh->key.tag);
	return STATUS_OK;
}

enum status roll_start(struct store *store, const struct roll_request *request, enum key_role role, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct work work = { store, request, mem, LOCK_NONE, out, false, NULL };
	enum status status = begin(&work, "roll start", err);
	if (status == STATUS_OK)
		status = replace(&work, role, 0, err);
	lock_release(&work.lock);
	return status;
}

/* ---- abort ---- */

static enum status check_abort(
    const struct roll_view *view, const struct rollover_key *fresh, struct rollover_key **old, struct error *err)
{
	if (fresh == NULL || !fresh->key.goal_present || fresh->key.predecessor == 0)
		return error_set(err, STATUS_REFUSED, "%s: that key is not being rolled in; see zoneseal roll list",
		    view->zone.name);
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.predecessor == fresh->key.id && view->keys[i].key.goal_present)
			return error_set(err, STATUS_REFUSED,
			    "%s: %s %u is being replaced by %s %u already; abort that first", view->zone.name,
			    key_role_name(fresh->key.role), fresh->key.tag, key_role_name(view->keys[i].key.role),
			    view->keys[i].key.tag);
	*old = find_key(view, fresh->key.predecessor);
	if (*old == NULL || (*old)->missing || (*old)->key.purged.seconds != 0)
		return error_set(err, STATUS_REFUSED,
		    "%s: the old key or its private half is gone; to replace %s %u, start a new roll", view->zone.name,
		    key_role_name(fresh->key.role), fresh->key.tag);
	if ((*old)->key.algorithm != view->rules.algorithm)
		return error_set(err, STATUS_REFUSED,
		    "%s: the policy wants algorithm %u, which %s %u has not: an algorithm rollover is not turned back; "
		    "zoneseal hold stops it where it is",
		    view->zone.name, view->rules.algorithm, key_role_name((*old)->key.role), (*old)->key.tag);
	return STATUS_OK;
}

static enum status turn_back(struct work *work, struct rollover_key *fresh, struct error *err)
{
	struct roll_answer *const out = work->out;
	struct rollover_key *old = NULL;
	enum status status = check_abort(&out->view, fresh, &old, err);
	if (status == STATUS_OK && !rollover_abort(out->view.keys, out->view.count, fresh->key.id))
		return error_set(err, STATUS_REFUSED,
		    "%s: past the point of no return: %s %u is on its way out of caches already; only a new roll leads "
		    "back (zoneseal roll start)",
		    out->view.zone.name, key_role_name(old->key.role), old->key.tag);
	if (status != STATUS_OK)
		return status;
	const struct key changed[] = { fresh->key, old->key };
	out->key = fresh->key.id;
	out->words = arena_printf(work->mem, "%s %u stays, %s %u leaves again%s", key_role_name(old->key.role),
	    old->key.tag, key_role_name(fresh->key.role), fresh->key.tag,
	    out->view.rules.lifetime[old->key.role].seconds == 0
		? ""
		: "; when its lifetime is over the policy starts the next roll: zoneseal hold keeps it off");
	return store_keys_changed(work, changed, COUNT(changed), "its rollover is aborted", err);
}

/* Another signer's DNSKEY leaves when a person says so: when its zone was last served is not known here. */
static enum status let_foreign_go(struct work *work, struct key *key, struct error *err)
{
	struct roll_view *const view = &work->out->view;
	char wait[SPAN_TEXT];
	if (!key->goal_present)
		return error_set(err, STATUS_REFUSED, "%s: %s %u is on its way out already; see zoneseal key list %s",
		    view->zone.name, key_role_name(key->role), key->tag, view->zone.name);
	key->goal_present = false;
	span_format_exact((struct span){ view->policy.max_zone_ttl + view->policy.zone_propagation.seconds }, wait);
	work->out->key = key->id;
	work->out->words = arena_printf(work->mem,
	    "%s %u, another signer's, leaves the DNSKEY RRset; that is safe once no server has shown a zone signed by "
	    "it for %s (zone.max-ttl + zone.propagation-delay)",
	    key_role_name(key->role), key->tag, wait);
	const struct key changed = *key;
	return store_keys_changed(work, &changed, 1, "another signer's key leaves", err);
}

enum status roll_abort(struct store *store, const struct roll_request *request, int64_t key, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct work work = { store, request, mem, LOCK_NONE, out, false, NULL };
	enum status status = begin(&work, "roll abort", err);
	struct rollover_key *const fresh = status == STATUS_OK ? find_key(&out->view, key) : NULL;
	if (fresh != NULL && fresh->key.foreign)
		status = let_foreign_go(&work, &fresh->key, err);
	else if (status == STATUS_OK)
		status = turn_back(&work, fresh, err);
	if (status == STATUS_OK)
		status = request->dry_run ? roll_plan(&out->view, request->now, mem, err) : look(&work, err);
	lock_release(&work.lock);
	return status;
}

/* ---- step ---- */

static const struct rollover_wait *find_operator_wait(const struct roll_view *view)
{
	for (size_t i = 0; i < view->plan.wait_count; i++)
		if (view->plan.waits[i].why == ROLLOVER_WAITS_OPERATOR)
			return &view->plan.waits[i];
	return NULL;
}

static enum status refuse_step(const struct roll_view *view, struct error *err)
{
	char when[UTC_TEXT];
	if (!view->policy.manual)
		return error_set(err, STATUS_REFUSED,
		    "%s: policy %s takes each step by itself; only one with keys.manual: true waits for an operator",
		    view->zone.name, view->policy.name);
	utc_format(view->plan.next, when);
	const bool never = view->plan.next.seconds == UTC_NEVER.seconds;
	return error_set(err, STATUS_REFUSED, "%s: no step waits for an operator now%s%s", view->zone.name,
	    never ? "" : "; the earliest possible time is ", never ? "" : when);
}

enum status roll_step(struct store *store, const struct roll_request *request, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct work work = { store, request, mem, LOCK_NONE, out, false, NULL };
	enum status status = begin(&work, "roll step", err);
	const struct rollover_wait *const wait = status == STATUS_OK ? find_operator_wait(&out->view) : NULL;
	if (status == STATUS_OK && wait == NULL)
		status = refuse_step(&out->view, err);
	if (status == STATUS_OK) {
		const struct key *const key = &out->view.keys[wait->key].key;
		out->key = key->id;
		out->words =
		    arena_printf(mem, "the next run takes the next step of %s %u", key_role_name(key->role), key->tag);
		out->view.facts.step = true;
	}
	if (status == STATUS_OK && !request->dry_run)
		status = store_ask_step(store, out->view.zone.id, request->now, err);
	if (status == STATUS_OK)
		status = request->dry_run ? roll_plan(&out->view, request->now, mem, err) : look(&work, err);
	lock_release(&work.lock);
	return status;
}

/* ---- emergency ---- */

static enum status look_again(struct work *work, struct error *err)
{
	return work->request->dry_run ? roll_plan(&work->out->view, work->request->now, work->mem, err)
				      : look(work, err);
}

/* The key as it is now, and that no window keeps it any more. */
static enum status let_go(struct work *work, const struct key *key, const char *why, struct error *err)
{
	const struct key changed = *key;
	if (work->request->dry_run)
		return look_again(work, err);
	enum status status = store_group_begin(work->store, err);
	if (status != STATUS_OK)
		return status;
	status = store_keys_changed(work, &changed, 1, why, err);
	if (status == STATUS_OK)
		status = note_stolen(work, changed.id, err);
	status = store_group_end(work->store, status, err);
	return status == STATUS_OK ? look_again(work, err) : status;
}

static enum status drop_reserve(struct work *work, struct rollover_key *key, struct error *err)
{
	key->key.goal_present = false;
	if (work->request->security_first)
		key->key.dropped = work->request->now;
	work->out->key = key->key.id;
	work->out->words = arena_printf(
	    work->mem, "%s %u, kept in reserve, leaves the zone", key_role_name(key->key.role), key->key.tag);
	return let_go(work, &key->key, "it may be stolen", err);
}

/* A key whose rollover goes on: it does not wait for caches any more. */
static enum status hasten(struct work *work, struct rollover_key *key, struct error *err)
{
	const struct roll_view *const view = &work->out->view;
	const char *const name = key_role_name(key->key.role);
	if (!rollover_is_dropping(&(struct rollover_key){ .key = key->key }) && key->key.dropped.seconds != 0)
		return error_set(err, STATUS_REFUSED, "%s: %s %u has left the zone already; see zoneseal status",
		    view->zone.name, name, key->key.tag);
	const char *const obstacle = rollover_drop_obstacle(view->keys, view->count, (size_t)(key - view->keys));
	if (obstacle != NULL)
		return error_set(err, STATUS_REFUSED, "%s: %s %u cannot leave at once: %s", view->zone.name, name,
		    key->key.tag, obstacle);
	key->key.dropped = work->request->now;
	work->out->key = key->key.id;
	work->out->words =
	    arena_printf(work->mem, "%s %u leaves with the next publication, whatever caches hold", name, key->key.tag);
	return let_go(work, &key->key, "security first: it leaves at once, whatever caches hold", err);
}

/* It is on its way out already: only days without key events can keep it. */
static enum status leave_window(struct work *work, struct rollover_key *key, bool kept, struct error *err)
{
	const struct roll_view *const view = &work->out->view;
	const char *const role = key_role_name(key->key.role);
	if (!kept || key_is_hidden(&key->key))
		return error_set(err, STATUS_REFUSED,
		    "%s: %s %u is on its way out already, as fast as caches allow; see zoneseal status",
		    view->zone.name, role, key->key.tag);
	work->out->key = key->key.id;
	for (size_t i = 0; i < view->count; i++)
		if (view->keys[i].key.predecessor == key->key.id)
			work->out->key = view->keys[i].key.id;
	work->out->words =
	    arena_printf(work->mem, "%s %u leaves now, also on days without key events", role, key->key.tag);
	return let_go(work, &key->key, "it may be stolen", err);
}

/* Without a key that goes on signing nothing can be published, and so nothing can leave; the stolen one is not needed.
 */
static enum status check_signers(const struct roll_view *view, const struct rollover_key *stolen, struct error *err)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct rollover_key *const key = &view->keys[i];
		const bool signs = key_signs_zone(&key->key) || key_signs_keys(&key->key);
		const bool follows = key->key.predecessor == stolen->key.id && key->key.goal_present;
		if (key != stolen && key->missing && (signs || follows))
			return error_set(err, STATUS_REFUSED,
			    "%s: the private half of %s %u is missing, and without its signatures %s %u cannot leave: "
			    "put it "
			    "back from a backup first; if it may be stolen as well, that key comes first",
			    view->zone.name, key_role_name(key->key.role), key->key.tag,
			    key_role_name(stolen->key.role), stolen->key.tag);
	}
	return STATUS_OK;
}

static enum status take_out(struct work *work, struct rollover_key *stolen, bool kept, struct error *err)
{
	const bool security_first = work->request->security_first;
	if (stolen->key.foreign && !stolen->key.standby)
		return error_set(err, STATUS_REFUSED,
		    "%s: %s %u is another signer's key; only that signer can replace it", work->out->view.zone.name,
		    key_role_name(stolen->key.role), stolen->key.tag);
	if (!stolen->key.goal_present)
		return security_first ? hasten(work, stolen, err) : leave_window(work, stolen, kept, err);
	if (stolen->key.standby)
		return drop_reserve(work, stolen, err);
	return replace(work, stolen->key.role, stolen->key.id, err);
}

enum status roll_emergency(struct store *store, const struct roll_request *request, int64_t key, struct arena *mem,
    struct roll_answer *out, struct error *err)
{
	struct work work = { store, request, mem, LOCK_NONE, out, true, NULL };
	enum status status = begin(&work, "emergency", err);
	struct rollover_key *const stolen = status == STATUS_OK ? find_key(&out->view, key) : NULL;
	const bool kept = out->view.facts.not_before.seconds != 0;
	out->view.facts.not_before.seconds = 0;
	if (status == STATUS_OK && stolen == NULL)
		status = error_set(err, STATUS_REFUSED, "%s has no such key", out->view.zone.name);
	if (status == STATUS_OK)
		status = check_signers(&out->view, stolen, err);
	if (status == STATUS_OK)
		status = take_out(&work, stolen, kept, err);
	lock_release(&work.lock);
	return status;
}
