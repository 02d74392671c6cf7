/* SPDX-License-Identifier: MIT */
#include "signer/engine/doctor.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/token_doctor.h"
#include "signer/base/build.h"
#include "signer/base/publish.h"
#include "signer/base/sandbox.h"
#include "signer/engine/clock.h"
#include "signer/engine/doctor_around.h"
#include "signer/engine/folder.h"
#include "signer/engine/gate.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/process.h"

enum { FIRST_ROOM = 64 };

void doctor_add(struct doctor *doctor, enum doctor_result result, const char *what, const char *detail)
{
	if (doctor->count == doctor->room) {
		const size_t room = doctor->room == 0 ? FIRST_ROOM : 2 * doctor->room;
		struct doctor_row *const rows = arena_calloc(doctor->mem, room, sizeof(*rows));
		if (doctor->count > 0)
			memcpy(rows, doctor->rows, doctor->count * sizeof(*rows));
		doctor->rows = rows;
		doctor->room = room;
	}
	doctor->rows[doctor->count++] = (struct doctor_row){ result, what, detail };
}

static void add_status(
    struct doctor *doctor, enum status status, const struct error *err, const char *what, const char *good)
{
	char text[1100];
	error_format(err, text, sizeof(text));
	doctor_add(doctor, status == STATUS_OK ? DOCTOR_OK : DOCTOR_FAIL, what,
	    status == STATUS_OK ? good : arena_strdup(doctor->mem, text));
}

static void look_at_verifier(struct doctor *doctor)
{
	static char *const nothing[] = { NULL };
	struct error err;
	struct process_result ended;
	char *path;
	error_clear(&err);
	enum status status = gate_verifier(NULL, doctor->mem, &path, &err);
	if (status != STATUS_OK) {
		add_status(doctor, status, &err, "verifier", "");
		return;
	}
	char *argv[] = { path, "--version", NULL };
	const struct process process = { .path = path,
		.argv = argv,
		.environment = nothing,
		.input = -1,
		.passed = { -1, -1, -1, -1, -1, -1, -1, -1 },
		.timeout = { 10 },
		.most_output = 4096,
		.most_errors = 4096 };
	status = process_run(&process, doctor->mem, &ended, &err);
	bool same = status == STATUS_OK && ended.exit_code == 0 && strstr(ended.output, build_id()) != NULL;
	doctor_add(doctor, same ? DOCTOR_OK : DOCTOR_FAIL, "verifier",
	    arena_printf(doctor->mem,
		same ? "%s, of the same build" : "%s is not of this build: no zone can be published", path));
}

static void look_at_kernel(struct doctor *doctor)
{
	struct sandbox sandbox = sandbox_probe();
	bool all = sandbox.landlock_abi > 0 && sandbox.seccomp;
	doctor_add(doctor, all ? DOCTOR_OK : DOCTOR_WARN, "sandbox",
	    arena_printf(doctor->mem, "Landlock %s (ABI %d), seccomp %s", sandbox.landlock_abi > 0 ? "yes" : "NO",
		sandbox.landlock_abi, sandbox.seccomp ? "yes" : "NO"));
}

static void look_at_folders(struct doctor *doctor, const char *state)
{
	static const char *const names[] = { "keys", "zones", "archive", "locks" };
	struct error err;
	for (size_t i = 0; i < COUNT(names); i++) {
		char *path = folder_path(state, names[i], doctor->mem);
		struct stat at;
		if (stat(path, &at) != 0 || !S_ISDIR(at.st_mode))
			doctor_add(
			    doctor, DOCTOR_WARN, names[i], arena_printf(doctor->mem, "%s is not there yet", path));
		else if (i == 0 && (at.st_mode & 077) != 0)
			doctor_add(doctor, DOCTOR_FAIL, names[i],
			    arena_printf(doctor->mem, "%s is open to others; run: chmod 0700 %s", path, path));
	}
	error_clear(&err);
	add_status(doctor, publish_room(folder_path(state, "keystore.db", doctor->mem), 64 << 20, &err), &err,
	    "free space", "64 MB and more in the state folder");
}

static void look_at_clock(struct doctor *doctor, struct store *store, struct utc now)
{
	struct utc last;
	bool is_virtual = false;
	struct error err;
	error_clear(&err);
	enum status status = store_last_time(store, &last, &err);
	if (status == STATUS_OK)
		status = store_is_virtual_clock(store, &is_virtual, &err);
	if (status == STATUS_OK)
		status = clock_check(now, last, build_date(), is_virtual, &err);
	add_status(
	    doctor, status, &err, "clock", is_virtual ? "VIRTUAL CLOCK" : "not before the last run or the build");
}

static void look_at_audit(struct doctor *doctor, struct store *store)
{
	uint64_t rows = 0;
	struct error err;
	error_clear(&err);
	enum status status = store_audit_check(store, &rows, &err);
	add_status(doctor, status, &err, "audit chain", arena_printf(doctor->mem, "%" PRIu64 " rows, unbroken", rows));
}

/* A move left them, and nobody has said yet that they may go. */
static void tell_copies(struct doctor *doctor, const struct store_zone *zone, const struct key keys[], size_t count)
{
	size_t left = 0;
	for (size_t i = 0; i < count; i++)
		left += keys[i].purged.seconds == 0 && strchr(keys[i].locator, KEY_LEFT) != NULL;
	if (left > 0)
		doctor_add(doctor, DOCTOR_WARN, zone->name,
		    arena_printf(doctor->mem,
			"%zu private keys have a copy where they were before a move; "
			"zoneseal key move %s KEY|--all --remove-source",
			left, zone->name));
}

static void look_at_keys(struct doctor *doctor, struct store *store, struct token *token, const struct store_zone *zone)
{
	struct key *keys;
	size_t count = 0, good = 0;
	struct error err;
	error_clear(&err);
	enum status status = store_keys(store, zone->id, doctor->mem, &keys, &count, &err);
	if (status == STATUS_OK)
		tell_copies(doctor, zone, keys, count);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct token_signer *signer = NULL;
		if (key_is_offline(&keys[i]))
			continue;
		if (!keys[i].goal_present && !key_signs_keys(&keys[i]) && !key_signs_zone(&keys[i]))
			continue;
		status = token_signer_new(token, &keys[i], &signer, &err);
		token_signer_free(signer);
		good++;
	}
	add_status(doctor, status, &err, zone->name,
	    arena_printf(doctor->mem, "%zu private keys, each proved by a signature", good));
}

static void tell(void *context, enum token_grade grade, const char *store, const char *what, const char *text)
{
	static const enum doctor_result results[] = {
		[TOKEN_FINE] = DOCTOR_OK, [TOKEN_DOUBTFUL] = DOCTOR_WARN, [TOKEN_WRONG] = DOCTOR_FAIL
	};
	struct doctor *const doctor = context;
	char escaped[1200];
	/* A module and a token say what they like. */
	error_escape(text, strlen(text), escaped, sizeof(escaped));
	doctor_add(doctor, results[grade], arena_strdup(doctor->mem, store),
	    arena_printf(doctor->mem, "%s: %s", what, escaped));
}

/* Keys of all zones; one that several share is looked at once for each. */
static enum status all_keys(struct store *store, struct arena *mem, struct key **out, size_t *count, struct error *err)
{
	struct store_zone *zones;
	size_t zone_count = 0;
	size_t room = 0;
	enum status status = store_zones_ever(store, mem, &zones, &zone_count, err);
	*out = NULL;
	*count = 0;
	for (size_t i = 0; status == STATUS_OK && i < zone_count; i++) {
		struct key *keys;
		size_t more = 0;
		status = store_keys(store, zones[i].id, mem, &keys, &more, err);
		if (status != STATUS_OK || more == 0)
			continue;
		if (*count + more > room) {
			room = 2 * (*count + more);
			struct key *const all = arena_calloc(mem, room, sizeof(*all));
			if (*count > 0)
				memcpy(all, *out, *count * sizeof(*all));
			*out = all;
		}
		memcpy(*out + *count, keys, more * sizeof(*keys));
		*count += more;
	}
	return status;
}

static enum status look_at_stores(
    struct doctor *doctor, struct store *store, struct token *token, const char *name, struct error *err)
{
	struct key *keys;
	size_t count = 0;
	const enum status status = all_keys(store, doctor->mem, &keys, &count, err);
	return status == STATUS_OK ? token_examine(token, name, keys, count, tell, doctor, err) : status;
}

enum status doctor_examine_stores(struct doctor *doctor, struct store *store, const char *state,
    const char *passphrase_file, const char *name, struct error *err)
{
	struct token *token = NULL;
	struct error why;
	error_clear(&why);
	const size_t before = doctor->count;
	if (token_open_soft(folder_path(state, "keys", doctor->mem), passphrase_file, &token, &why) != STATUS_OK) {
		add_status(doctor, why.code, &why, "private keys", "");
		return STATUS_OK;
	}
	const enum status status = look_at_stores(doctor, store, token, name, err);
	if (status == STATUS_OK && doctor->count == before)
		doctor_add(doctor, DOCTOR_OK, "private keys",
		    "all in files: there is no keys/stores.conf in the state folder that names tokens");
	token_close(token);
	return status;
}

static void look_at_zones(struct doctor *doctor, struct store *store, const char *state, const char *passphrase_file)
{
	struct store_zone *zones;
	struct token *token = NULL;
	size_t count;
	struct error err;
	error_clear(&err);
	enum status status = token_open_soft(folder_path(state, "keys", doctor->mem), passphrase_file, &token, &err);
	if (status == STATUS_OK)
		status = store_zones(store, doctor->mem, &zones, &count, &err);
	if (status == STATUS_OK)
		status = look_at_stores(doctor, store, token, NULL, &err);
	if (status != STATUS_OK)
		add_status(doctor, status, &err, "private keys", "");
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (!zones[i].removed)
			look_at_keys(doctor, store, token, &zones[i]);
	token_close(token);
}

static void look_at_restored(struct doctor *doctor, struct store *store)
{
	bool restored;
	if (store_is_restored(store, &restored, NULL) == STATUS_OK && restored)
		doctor_add(doctor, DOCTOR_FAIL, "restored",
		    "the keystore is from a backup and not reconciled; run zoneseal restore --reconcile");
}

static void look_around(struct doctor *doctor, struct store *store, const struct doctor_world *world)
{
	struct store_zone *zones;
	size_t count;
	struct error err;
	error_clear(&err);
	int64_t most_off;
	const bool kept = doctor_clock_is_kept(&most_off);
	if (!world->is_virtual)
		doctor_look_at_time(doctor, kept, most_off);
	if (store_zones(store, doctor->mem, &zones, &count, &err) == STATUS_OK)
		doctor_look_at_work(doctor, world, store, zones, count);
	else
		add_status(doctor, err.code, &err, "zones", "");
}

void doctor_examine(struct doctor *doctor, struct store *store, const char *state, const char *config,
    const char *passphrase_file, struct utc now)
{
	struct doctor_world world = { .state = state, .config = config, .root = "", .now = now };
	look_at_verifier(doctor);
	look_at_kernel(doctor);
	look_at_folders(doctor, state);
	doctor_look_at_files(doctor, &world);
	if (store == NULL)
		return;
	if (store_is_virtual_clock(store, &world.is_virtual, NULL) == STATUS_OK)
		look_around(doctor, store, &world);
	doctor_look_at_copies(doctor, &world);
	look_at_clock(doctor, store, now);
	look_at_audit(doctor, store);
	look_at_restored(doctor, store);
	look_at_zones(doctor, store, state, passphrase_file);
}
