/* SPDX-License-Identifier: MIT */
#include "signer/engine/adopt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/algorithm.h"
#include "keystore/store_served.h"
#include "keystore/token.h"
#include "signer/base/bytes.h"
#include "signer/engine/adopt_zone.h"
#include "signer/engine/folder.h"
#include "signer/engine/gate.h"
#include "signer/engine/lock.h"
#include "signer/engine/policyfile.h"
#include "signer/engine/process.h"
#include "signer/engine/shared.h"
#include "signer/engine/verdict.h"
#include "signer/engine/zonekeys.h"

enum { FILES_MOST = 4096, VERDICT_MOST = 16 << 20, ERRORS_MOST = 64 << 10, GATE_SECONDS = 3600 };

struct adoption {
	struct store *store;
	const struct adopt_request *request;
	struct arena *mem;
	const char *name;
	uint8_t apex[NAME_WIRE];
	struct policyfile policy;
	int file;
	struct published published;
	const char *verdict;
	uint64_t checks;
	const char **files; /* that may hold private halves */
	size_t file_count;
};

/* ---- the published zone ---- */

/* What validators may refuse must not become the ground to build on. Bare: the other signer's habits are its own. */
static enum status ask_gate(struct adoption *work, struct error *err)
{
	static char *const nothing[] = { NULL };
	char *path, now[UTC_TEXT];
	struct process_result ended;
	struct verdict verdict;
	const char *why = "no answer";
	enum status status = gate_verifier(work->request->verifier, work->mem, &path, err);
	if (status != STATUS_OK)
		return status;
	utc_format(work->request->now, now);
	char *argv[] = { path, "--json", "--origin", arena_strdup(work->mem, work->name), "--now", now, "-", NULL };
	const struct process process = { .path = path,
		.argv = argv,
		.environment = nothing,
		.input = work->file,
		.passed = { -1 },
		.timeout = { GATE_SECONDS },
		.most_output = VERDICT_MOST,
		.most_errors = ERRORS_MOST };
	if (lseek(work->file, 0, SEEK_SET) != 0)
		return error_set_errno(err, "%s", work->request->published);
	status = process_run(&process, work->mem, &ended, err);
	if (status != STATUS_OK)
		return status;
	const bool answered = verdict_read(ended.output, ended.output_size, work->mem, &verdict, &why);
	if (!answered)
		return error_set(err, STATUS_NO, "%s: no verdict: %s (%s)", work->request->published, why,
		    process_ending(&process, &ended, work->mem));
	if (!verdict.pass || ended.exit_code != 0)
		return error_set(err, STATUS_NO,
		    "%s: the gate refuses the zone as it is published: %s; see zoneseal-verify %s",
		    work->request->published, verdict.finding != NULL ? verdict.finding : "no finding",
		    work->request->published);
	work->verdict = ended.output;
	work->checks = verdict.checks;
	return STATUS_OK;
}

static enum status read_published(struct adoption *work, struct error *err)
{
	const struct adopt_request *request = work->request;
	work->file = open(request->published, O_RDONLY | O_CLOEXEC);
	if (work->file < 0)
		return error_set_errno(err, "published zone %s", request->published);
	enum status status =
	    published_read(work->file, request->published, work->apex, request->now, work->mem, &work->published, err);
	return status == STATUS_OK ? ask_gate(work, err) : status;
}

/* Under a policy that wants other keys a rollover would begin with the next run. */
static enum status check_policy(const struct adoption *work, struct error *err)
{
	const struct policy *policy = &work->policy.policy;
	for (size_t i = 0; i < work->published.count; i++) {
		const struct key *key = &work->published.keys[i].key;
		const struct algorithm *algorithm = alg_by_number(key->algorithm);
		if (key->standby || !key->goal_present)
			continue;
		if (key->algorithm != policy->algorithm)
			return error_set(err, STATUS_REFUSED,
			    "the zone is signed with %s and policy %s wants another algorithm: adopt it under a policy "
			    "with keys.algorithm %s, and change that afterwards (zoneseal policy apply)",
			    algorithm->name, policy->name, algorithm->name);
		if ((key->role == KEY_CSK) != policy->csk)
			return error_set(err, STATUS_REFUSED,
			    "the zone has %s and policy %s wants %s: adopt it under a policy with keys.scheme %s",
			    policy->csk ? "a KSK and a ZSK" : "one CSK", policy->name,
			    policy->csk ? "one CSK" : "a KSK and a ZSK", policy->csk ? "ksk-zsk" : "csk");
	}
	return STATUS_OK;
}

/* ---- private halves ---- */

static bool may_be_key_file(const char *name)
{
	const size_t size = strlen(name);
	return name[0] != '.' && ((size > 8 && strcmp(name + size - 8, ".private") == 0) ||
				     (size > 4 && strcmp(name + size - 4, ".pem") == 0));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status list_folder(struct adoption *work, const char *path, struct error *err)
{
	DIR *const listing = opendir(path);
	if (listing == NULL)
		return error_set_errno(err, "%s", path);
	for (const struct dirent *entry = readdir(listing); entry != NULL && work->file_count < FILES_MOST;
	     entry = readdir(listing))
		if (may_be_key_file(entry->d_name))
			work->files[work->file_count++] = arena_printf(work->mem, "%s/%s", path, entry->d_name);
	closedir(listing);
	if (work->file_count == FILES_MOST)
		return error_set(
		    err, STATUS_USAGE, "%s: more than %d key files; name those of this zone", path, FILES_MOST);
	return STATUS_OK;
}

static enum status list_files(struct adoption *work, struct error *err)
{
	work->files = arena_calloc(work->mem, FILES_MOST + 1, sizeof(*work->files));
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < work->request->key_path_count; i++) {
		const char *path = work->request->key_paths[i];
		struct stat info;
		if (token_is_object(path)) {
			if (work->file_count < FILES_MOST)
				work->files[work->file_count++] = path;
			continue;
		}
		if (stat(path, &info) != 0)
			return error_set_errno(err, "%s", path);
		if (S_ISDIR(info.st_mode))
			status = list_folder(work, path, err);
		else if (work->file_count < FILES_MOST)
			work->files[work->file_count++] = path;
	}
	qsort(work->files, work->file_count, sizeof(*work->files), by_name);
	return status;
}

static enum status take_private(
    struct adoption *work, struct token *token, struct adopted_key *adopted, struct error *err)
{
	struct error last;
	error_clear(&last);
	for (size_t i = 0; i < work->file_count; i++) {
		struct key key = adopted->key;
		const enum status status = work->request->dry_run ? token_matches(token, work->files[i], &key, &last)
								  : token_import(token, work->files[i], &key, &last);
		if (status == STATUS_PERMISSION) {
			*err = last;
			return status;
		}
		if (status != STATUS_OK)
			continue;
		adopted->key = key;
		adopted->file = work->files[i];
		return STATUS_OK;
	}
	if (adopted_is_idle(adopted)) {
		adopted->key.foreign = true;
		return STATUS_OK;
	}
	return error_set(err, STATUS_KEY,
	    "no private half of %s %u is among the %zu key files%s%s; name it too, from the signer that signs "
	    "the "
	    "zone today",
	    key_role_name(adopted->key.role), adopted->key.tag, work->file_count,
	    last.message[0] != '\0' ? "; last: " : "", last.message);
}

static enum status tell_roles(struct adoption *work, struct error *err)
{
	published_hear(&work->published, work->files, work->file_count, work->mem);
	const enum status status =
	    published_roles(&work->published, work->policy.policy.algorithm, work->request->now, err);
	return status == STATUS_OK ? check_policy(work, err) : error_context(err, "%s", work->request->published);
}

static enum status take_all_private(struct adoption *work, struct error *err)
{
	struct token *token = NULL;
	char *folder = folder_path(work->request->state, "keys", work->mem);
	enum status status = token_open_soft(folder, work->request->passphrase_file, &token, err);
	for (size_t i = 0; status == STATUS_OK && i < work->published.count; i++)
		status = take_private(work, token, &work->published.keys[i], err);
	token_close(token);
	return status;
}

/* ---- the keystore ---- */

/* A zone that an adoption began, and that was killed, may be there: without keys, never published. */
static enum status add_zone(struct adoption *work, struct store_zone *zone, struct error *err)
{
	struct store_version last;
	struct zonekeys keys;
	bool found, published;
	enum status status = store_find_zone(work->store, work->name, work->mem, zone, &found, err);
	if (status != STATUS_OK)
		return status;
	if (!found || zone->removed)
		return setup_put_zone(work->store, &work->request->zone, &work->policy, work->name, work->request->now,
		    work->mem, zone, err);
	status = store_last_version(work->store, zone->id, work->mem, &last, &published, err);
	if (status == STATUS_OK)
		status = zonekeys_load(work->store, zone->id, work->mem, &keys, err);
	if (status == STATUS_OK && (published || keys.count > 0))
		return error_set(err, STATUS_REFUSED,
		    "zone %s is here already, with keys of its own; only a zone that zoneseal never signed can be "
		    "adopted",
		    zone->name);
	return status;
}

static struct store_version version_of(
    const struct adoption *work, const struct store_zone *zone, const struct key keys[], size_t count)
{
	const struct published *published = &work->published;
	const struct utc now = work->request->now;
	struct store_version version = { .serial = published->serial,
		.path = zone->output != NULL ? zone->output
					     : folder_zone_output(work->request->state, zone->name, work->mem),
		.keys = zonekeys_list(keys, count, work->mem),
		.verdict = work->verdict,
		.first_expiry = published->first_expiry,
		.refresh = now, /* the first run looks at every signature */
		.largest_ttl = published->largest_ttl,
		.dnskey_ttl = published->dnskey_ttl,
		.negative_ttl = published->negative_ttl,
		.records = published->records,
		.signatures = published->signatures,
		.size = published->size,
		.input_serial = published->serial };
	memcpy(version.sha256, published->sha256, sizeof(version.sha256));
	return version;
}

static int64_t *ids_of(const struct key keys[], size_t count, uint64_t which, struct arena *mem, size_t *out_count)
{
	int64_t *const ids = arena_calloc(mem, count + 1, sizeof(*ids));
	*out_count = 0;
	for (size_t i = 0; i < count; i++)
		if ((which >> i & 1) != 0)
			ids[(*out_count)++] = keys[i].id;
	return ids;
}

static uint64_t those(const struct key keys[], size_t count, bool (*are)(const struct key *))
{
	uint64_t which = 0;
	for (size_t i = 0; i < count; i++)
		which |= (uint64_t)are(&keys[i]) << i;
	return which;
}

static struct store_served set_of(const struct adoption *work, const struct key keys[], enum store_class class,
    uint64_t which, uint32_t ttl, struct utc until)
{
	struct store_served set = { .class = class, .until = until, .ttl = ttl };
	set.keys = ids_of(keys, work->published.count, which, work->mem, &set.key_count);
	return set;
}

/* The published file's sets, since before zoneseal knew the zone. A ZSK that signs nothing
 * may have signed until now. Which DS the parent shows in the middle of a rollover is not known: each alone must do. */
static size_t list_served(const struct adoption *work, const struct key keys[], struct store_served_change out[])
{
	const struct published *published = &work->published;
	const size_t count = published->count;
	const uint64_t key_signers = those(keys, count, key_signs_keys);
	size_t made = 0;
	for (size_t i = 0; i < count; i++)
		if ((key_signers >> i & 1) != 0)
			out[made++].begins =
			    set_of(work, keys, STORE_DS, UINT64_C(1) << i, work->policy.policy.ds_ttl, UTC_NEVER);
	struct store_served dnskey =
	    set_of(work, keys, STORE_DNSKEY, those(keys, count, key_is_published), published->dnskey_ttl, UTC_NEVER);
	dnskey.signers = ids_of(keys, count, key_signers, work->mem, &dnskey.signer_count);
	out[made++].begins = dnskey;
	for (size_t i = 0; i < published->data_set_count; i++)
		out[made++].begins =
		    set_of(work, keys, STORE_DATA, published->data_sets[i], published->largest_ttl, UTC_NEVER);
	for (size_t i = 0; i < count; i++)
		if (keys[i].role == KEY_ZSK && !key_signs_zone(&keys[i]))
			out[made++].begins = set_of(
			    work, keys, STORE_DATA, UINT64_C(1) << i, published->largest_ttl, work->request->now);
	return made;
}

/* The published file as the zone's first version, and what caches hold by it. */
static enum status record_version(
    struct adoption *work, const struct store_zone *zone, const struct key keys[], size_t count, struct error *err)
{
	const struct published *published = &work->published;
	const struct utc now = work->request->now;
	struct store_served_change *const served =
	    arena_calloc(work->mem, 2 * count + published->data_set_count + 1, sizeof(*served));
	const size_t served_count = list_served(work, keys, served);
	const struct store_ttl ttls[] = { { STORE_DNSKEY, published->dnskey_ttl, UTC_NEVER },
		{ STORE_DATA, published->largest_ttl, UTC_NEVER },
		{ STORE_NEGATIVE, published->negative_ttl, UTC_NEVER },
		{ STORE_DS, work->policy.policy.ds_ttl, UTC_NEVER } };
	const struct store_step step = { .keys = keys,
		.key_count = count,
		.served = served,
		.served_count = served_count,
		.ttls = ttls,
		.ttl_count = COUNT(ttls) };
	struct store_version version = version_of(work, zone, keys, count);
	enum status status = store_add_intent(work->store, zone->id, &version, now, err);
	return status == STATUS_OK ? store_confirm_step(work->store, zone->id, version.id, now, &step, err) : status;
}

static enum status store_parts(struct adoption *work, struct error *err)
{
	struct store_zone zone;
	const size_t count = work->published.count;
	struct key *keys = arena_calloc(work->mem, count + 1, sizeof(*keys));
	enum status status = add_zone(work, &zone, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		keys[i] = work->published.keys[i].key;
		status = shared_check(work->store, &zone, &work->policy.policy, work->mem, &keys[i], err);
	}
	if (status == STATUS_OK)
		status = store_add_keys(work->store, zone.id, keys, count, work->request->now, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		work->published.keys[i].key.id = keys[i].id;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (work->published.keys[i].replaces != NULL)
			keys[i].predecessor = work->published.keys[i].replaces->key.id;
	return status == STATUS_OK ? record_version(work, &zone, keys, count, err) : status;
}

/* The zone with its keys and its version, or nothing: a zone without them is one that zoneseal would sign anew. */
static enum status store_all(struct adoption *work, struct error *err)
{
	enum status status = store_group_begin(work->store, err);
	if (status == STATUS_OK)
		status = store_group_end(work->store, store_parts(work, err), err);
	return status;
}

enum status adopt_zone(struct store *store, const struct adopt_request *request, struct arena *mem,
    struct adopt_answer *out, struct error *err)
{
	struct adoption work = { .store = store, .request = request, .mem = mem, .file = -1 };
	struct lock lock = LOCK_NONE;
	const char *policy = request->zone.policy != NULL ? request->zone.policy : "default";
	enum status status = folder_zone_name(request->zone.name, mem, &work.name, work.apex, err);
	if (status == STATUS_OK)
		status = policyfile_load(policy, request->zone.config_folder, mem, &work.policy, err);
	if (status == STATUS_OK)
		status = read_published(&work, err);
	if (status == STATUS_OK)
		status = list_files(&work, err);
	if (status == STATUS_OK)
		status = tell_roles(&work, err);
	if (status == STATUS_OK)
		status = take_all_private(&work, err);
	/* A run that came in between would find a zone without keys, and make some. */
	if (status == STATUS_OK && !request->dry_run)
		status = lock_take(request->state, work.name, "zone adopt", request->now, 0, &lock, err);
	if (status == STATUS_OK && !request->dry_run)
		status = store_all(&work, err);
	lock_release(&lock);
	if (status == STATUS_OK)
		*out = (struct adopt_answer){ work.name, work.published.keys, work.published.count,
			work.published.serial, work.published.first_expiry, work.published.records,
			work.published.signatures, work.checks };
	published_free(&work.published);
	if (work.file >= 0)
		close(work.file);
	return status;
}
