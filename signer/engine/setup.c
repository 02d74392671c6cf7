/* SPDX-License-Identifier: MIT */
#include "signer/engine/setup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "keystore/store_servers.h"
#include "keystore/token.h"
#include "policies/policy_yaml.h"
#include "policies/rollover.h"
#include "signer/base/build.h"
#include "signer/base/suggest.h"
#include "signer/engine/clock.h"
#include "signer/engine/folder.h"
#include "signer/engine/lock.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/reconcile.h"
#include "signer/engine/zonekeys.h"

enum status setup_init(const char *state, bool virtual_clock, struct utc now, const char *actor, struct error *err)
{
	struct arena *mem = arena_new(0);
	struct store *store = NULL;
	char *path = folder_path(state, "keystore.db", mem);
	enum status status = STATUS_OK;
	if (access(path, F_OK) == 0)
		status = error_set(err, STATUS_REFUSED, "%s: there is a keystore already; nothing was changed", path);
	if (status == STATUS_OK)
		status = folder_make(state, err);
	if (status == STATUS_OK)
		status = store_open(path, STORE_CREATE, actor, &store, err);
	if (status == STATUS_OK && virtual_clock)
		status = store_set_virtual_clock(store, now, err);
	store_close(store);
	arena_free(mem);
	return status;
}

enum status setup_open(
    const char *state, enum store_mode mode, const char *actor, struct store **out, struct error *err)
{
	struct arena *mem = arena_new(0);
	char *path = folder_path(state, "keystore.db", mem);
	enum status status = STATUS_OK;
	if (access(path, F_OK) != 0) {
		const bool none = errno == ENOENT;
		status = error_set_errno(err, "%s: the keystore cannot be opened", path);
		/* Without the words for the errno, which would end up behind the command. */
		if (none)
			status = error_set(err, status,
			    "%s: no such file, so there is no keystore in %s yet; make one: zoneseal init --state %s",
			    path, state, state);
	}
	if (status == STATUS_OK && mode == STORE_CHANGE)
		status = folder_make(state, err);
	if (status == STATUS_OK)
		status = store_open(path, mode, actor, out, err);
	arena_free(mem);
	return status;
}

enum status setup_unknown_zone(struct store *store, const char *name, struct arena *mem, struct error *err)
{
	struct store_zone *zones;
	size_t count;
	struct error ignored;
	error_clear(&ignored);
	if (store_zones(store, mem, &zones, &count, &ignored) != STATUS_OK)
		count = 0;
	const char **const names = arena_calloc(mem, count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = zones[i].name;
	const char *const near = suggest_nearest(name, names, count);
	if (near != NULL)
		return error_set(err, STATUS_MISSING, "zone %s is not known here; did you mean %s?", name, near);
	return error_set(
	    err, STATUS_MISSING, "zone %s is not known here; add it with zoneseal zone add %s", name, name);
}

enum status setup_find_zone(
    struct store *store, const char *name, struct arena *mem, struct store_zone *out, struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *zone;
	bool found;
	enum status status = folder_zone_name(name, mem, &zone, apex, err);
	if (status == STATUS_OK)
		status = store_find_zone(store, zone, mem, out, &found, err);
	if (status == STATUS_OK && (!found || out->removed))
		return setup_unknown_zone(store, zone, mem, err);
	return status;
}

enum status setup_check_policy(
    struct store *store, const struct store_zone *zone, const struct policy *next, struct arena *mem, struct error *err)
{
	struct store_version last;
	struct zonekeys keys;
	bool published;
	enum status status = store_last_version(store, zone->id, mem, &last, &published, err);
	if (status == STATUS_OK && published)
		status = zonekeys_load(store, zone->id, mem, &keys, err);
	if (status != STATUS_OK || !published)
		return status;
	const char *misfit = zonekeys_misfit(&keys, next);
	if (misfit == NULL)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "%s is published: policy %s would change its %s, which is a rollover and never a jump; nothing was "
	    "changed",
	    zone->name, next->name, misfit);
}

/* What only saves time, and is of no use to a zone that is not signed here; a later zone of that name makes its own. */
static void drop_derived(const char *state, const char *zone)
{
	static const char *const endings[] = { "signatures", "memo" };
	struct arena *const scratch = arena_new(0);
	for (size_t i = 0; i < COUNT(endings); i++)
		(void)unlink(arena_printf(scratch, "%s/%s.%s", folder_path(state, "zones", scratch),
		    folder_zone_file(zone, scratch), endings[i]));
	arena_free(scratch);
}

/* What a killed run left open is what the zone, its keys and its input were last about. Settled later, it would hold
 * the input of a zone that came back meanwhile, and count the keys' times from then. */
static enum status settle(struct store *store, const struct store_zone *zone, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const enum status status = reconcile_intent(store, zone->id, now, scratch, err);
	arena_free(scratch);
	return status == STATUS_OK
		   ? STATUS_OK
		   : error_context(err,
			 "%s is not removed: whether its last publication took place has to be known first; look with "
			 "zoneseal doctor, then zoneseal zone remove %s again",
			 zone->name, zone->name);
}

enum status setup_remove_zone(
    struct store *store, const char *state, const struct store_zone *zone, struct utc now, struct error *err)
{
	struct lock lock = LOCK_NONE;
	enum status status = lock_take(state, zone->name, "zone remove", now, 0, &lock, err);
	if (status == STATUS_OK)
		status = settle(store, zone, now, err);
	if (status == STATUS_OK)
		status = store_remove_zone(store, zone->id, now, err);
	if (status == STATUS_OK)
		drop_derived(state, zone->name);
	lock_release(&lock);
	return status;
}

static struct store_zone row_of(
    const struct setup_zone *zone, const char *name, const struct policyfile *policy, struct utc now, struct arena *mem)
{
	bool piped = zone->input != NULL && strcmp(zone->input, "-") == 0;
	bool to_stdout = zone->output != NULL && strcmp(zone->output, "-") == 0;
	return (struct store_zone){ .name = name,
		.input = piped ? NULL : folder_absolute(zone->input, mem),
		.output = to_stdout ? NULL : folder_absolute(zone->output, mem),
		.policy_name = arena_strdup(mem, policy->policy.name),
		.policy_text = policy->text,
		.added = now,
		.parents = zone->parents != NULL ? zone->parents : "" };
}

/* With the zone's lock. A zone that was removed comes back with its keys, so they must fit. */
static enum status add_zone(struct store *store, struct store_zone *row, const struct policy *policy, struct utc now,
    struct arena *mem, struct error *err)
{
	struct store_zone before;
	bool found;
	enum status status = store_find_zone(store, row->name, mem, &before, &found, err);
	if (status == STATUS_OK && found && !before.removed)
		return error_set(
		    err, STATUS_REFUSED, "zone %s is there already; see zoneseal zone show %s", row->name, row->name);
	if (status == STATUS_OK && found)
		status = setup_check_policy(store, &before, policy, mem, err);
	if (status == STATUS_OK)
		status = store_add_zone(store, row, now, &row->id, err);
	if (status != STATUS_OK || !found)
		return status;
	/* A failure of the zone that left is none of the one that came back. */
	const struct store_run fresh = { .started = now, .ended = now, .message = "the zone was added again" };
	return store_add_run(store, row->id, &fresh, err);
}

enum status setup_put_zone(struct store *store, const struct setup_zone *zone, const struct policyfile *policy,
    const char *name, struct utc now, struct arena *mem, struct store_zone *out, struct error *err)
{
	struct store_zone row = row_of(zone, name, policy, now, mem);
	const enum status status = add_zone(store, &row, &policy->policy, now, mem, err);
	return status == STATUS_OK ? setup_find_zone(store, name, mem, out, err) : status;
}

static enum status put_with_servers(struct store *store, const struct setup_zone *zone, const struct policyfile *policy,
    const char *name, struct utc now, struct arena *mem, struct store_zone *out, struct error *err)
{
	enum status status = store_group_begin(store, err);
	if (status != STATUS_OK)
		return status;
	status = setup_put_zone(store, zone, policy, name, now, mem, out, err);
	if (status == STATUS_OK && zone->server_count > 0)
		status = store_set_servers(store, out->id, zone->servers, zone->server_count, now, err);
	return store_group_end(store, status, err);
}

enum status setup_add_zone(struct store *store, const char *state, const struct setup_zone *zone, struct utc now,
    struct arena *mem, struct store_zone *out, struct error *err)
{
	uint8_t apex[NAME_WIRE];
	const char *name;
	struct policyfile policy;
	struct lock lock = LOCK_NONE;
	enum status status = folder_zone_name(zone->name, mem, &name, apex, err);
	if (status == STATUS_OK)
		status = policyfile_load(
		    zone->policy != NULL ? zone->policy : "default", zone->config_folder, mem, &policy, err);
	if (status == STATUS_OK)
		status = lock_take(state, name, "zone add", now, 0, &lock, err);
	if (status == STATUS_OK)
		status = put_with_servers(store, zone, &policy, name, now, mem, out, err);
	lock_release(&lock);
	return status;
}

enum status setup_expect_revision(const struct store_zone *zone, int64_t revision, struct error *err)
{
	if (revision == 0 || revision == zone->revision)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "%s is at revision %" PRId64 ", not %" PRId64
	    " as it was reviewed: something changed since; look again with --dry-run; nothing was changed",
	    zone->name, zone->revision, revision);
}

/* Without a token: counts what would be made. */
static enum status generate(struct store *store, struct token *token, const struct store_zone *zone, int role,
    bool standby, struct utc now, struct arena *mem, unsigned *made, struct error *err)
{
	struct policy policy;
	struct zonekeys keys;
	struct store_version last;
	struct key key;
	bool published;
	enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, err);
	if (status == STATUS_OK)
		status = store_last_version(store, zone->id, mem, &last, &published, err);
	if (status == STATUS_OK)
		status = zonekeys_load(store, zone->id, mem, &keys, err);
	if (status != STATUS_OK)
		return status;
	*made = role >= 0 ? 1 : zonekeys_missing(&keys, &policy);
	if (token == NULL && (role >= 0 || !published))
		return STATUS_OK;
	*made = 0;
	if (role < 0 && policy.offline_ksk)
		return error_set(err, STATUS_REFUSED,
		    "policy %s has keys.offline-ksk: ZSKs come with zoneseal ksr create, and a KSK is made where it is "
		    "kept, "
		    "by skr sign or ahead of it with --ksk",
		    policy.name);
	if (role < 0)
		return zonekeys_complete(store, token, zone->id, &policy, published, now, mem, &keys, made, err);
	const struct rollover_birth birth = { (enum key_role)role, policy.algorithm, 0, now, true, false };
	status = zonekeys_generate(
	    store, token, zone->id, &policy, (enum key_role)role, standby ? &birth : NULL, now, &key, err);
	*made = status == STATUS_OK ? 1 : 0;
	return status;
}

enum status setup_generate_keys(struct store *store, const char *state, const char *passphrase_file,
    const struct store_zone *zone, int role, bool standby, bool dry_run, struct utc now, struct arena *mem,
    unsigned *made, struct error *err)
{
	struct lock lock = LOCK_NONE;
	struct token *token = NULL;
	*made = 0;
	if (dry_run)
		return generate(store, NULL, zone, role, standby, now, mem, made, err);
	enum status status = lock_take(state, zone->name, "key generate", now, 0, &lock, err);
	if (status == STATUS_OK)
		status = token_open_soft(folder_path(state, "keys", mem), passphrase_file, &token, err);
	if (status == STATUS_OK)
		status = generate(store, token, zone, role, standby, now, mem, made, err);
	token_close(token);
	lock_release(&lock);
	return status;
}

enum status setup_check_clock(struct store *store, struct utc now, bool now_given, bool *is_virtual, struct error *err)
{
	struct utc last;
	enum status status = store_is_virtual_clock(store, is_virtual, err);
	if (status == STATUS_OK)
		status = store_last_time(store, &last, err);
	if (status != STATUS_OK)
		return status;
	if (now_given && !*is_virtual)
		return error_set(err, STATUS_REFUSED,
		    "--now: this keystore runs on the real clock; only one made with zoneseal init --virtual-clock "
		    "takes it");
	return clock_check(now, last, build_date(), *is_virtual, err);
}
