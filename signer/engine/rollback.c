/* SPDX-License-Identifier: MIT */
#include "signer/engine/rollback.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "signer/engine/archive.h"

enum { MOST_VERSIONS = 4096, MOST_NAMED = 12 };

/* " 2026112401, 2026112403": the serials that can be rolled back to, newest first. `last` is what is published. */
static const char *kept_serials(const char *state, const struct store_zone *zone, int64_t last,
    const struct store_version versions[], size_t count, struct arena *mem)
{
	const char *out = "";
	size_t named = 0;
	for (size_t i = 0; i < count && named < MOST_NAMED; i++) {
		const int file = archive_open(state, zone->name, &versions[i], mem);
		if (file < 0)
			continue;
		close(file);
		if (versions[i].id == last)
			continue;
		out = arena_printf(mem, "%s%s %" PRIu32, out, named++ > 0 ? "," : "", versions[i].serial);
	}
	return out[0] != '\0' ? out : " none";
}

enum status rollback_list(struct store *store, const char *state, const struct store_zone *zone, struct arena *mem,
    const char **out, struct error *err)
{
	struct store_version *versions = NULL;
	struct store_version last = { 0 };
	size_t count = 0;
	bool found = false;
	enum status status = store_last_version(store, zone->id, mem, &last, &found, err);
	if (status == STATUS_OK)
		status = store_versions(store, zone->id, MOST_VERSIONS, mem, &versions, &count, err);
	if (status == STATUS_OK)
		*out = kept_serials(state, zone, found ? last.id : -1, versions, count, mem);
	return status;
}

static enum status refuse_unkept(
    const struct run *run, const struct store_version versions[], size_t count, struct error *err)
{
	const char *const kept = kept_serials(run->options->state, &run->zone, run->last.id, versions, count, run->mem);
	return error_set(err, STATUS_REFUSED,
	    "serial %" PRIu32 " is not kept as a published version, so its content is not known here (policy %s, "
	    "publish.keep-versions %u); kept are:%s; nothing was changed; any other content comes with the input "
	    "(zoneseal run %s)",
	    *run->options->back_to, run->policy.name, run->policy.keep_versions, kept, run->zone.name);
}

/* A file that was touched since may hold anything. */
static enum status check_kept(struct run *run, const struct store_version *version, int file, struct error *err)
{
	uint8_t sha256[32];
	const enum status status = file_sha256(file, sha256, err);
	if (status != STATUS_OK || memcmp(sha256, version->sha256, sizeof(sha256)) == 0)
		return status;
	return error_set(err, STATUS_REFUSED,
	    "%s: is not what was published as serial %" PRIu32 " (SHA-256); it was changed or damaged since, and "
	    "nothing was changed now; roll back to another version, or put the file back from a backup",
	    archive_path(run->options->state, run->zone.name, version, run->mem), version->serial);
}

static enum status take(struct run *run, const struct store_version *version, int file, struct error *err)
{
	const enum status status = check_kept(run, version, file, err);
	if (status != STATUS_OK) {
		close(file);
		return status;
	}
	run->back = *version;
	run->back_file = file;
	return STATUS_OK;
}

enum status rollback_open(struct run *run, struct error *err)
{
	struct store_version *versions = NULL;
	size_t count = 0;
	if (run->options->back_to == NULL)
		return STATUS_OK;
	const uint32_t serial = *run->options->back_to;
	if (!run->has_last)
		return error_set(err, STATUS_REFUSED, "nothing is published yet: there is nothing to go back from");
	if (run->last.serial == serial)
		return error_set(err, STATUS_REFUSED,
		    "serial %" PRIu32 " is what is published now: nothing to go back from; nothing was changed",
		    serial);
	const enum status status =
	    store_versions(run->store, run->zone.id, MOST_VERSIONS, run->mem, &versions, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		const int file = versions[i].serial == serial
				     ? archive_open(run->options->state, run->zone.name, &versions[i], run->mem)
				     : -1;
		if (file >= 0)
			return take(run, &versions[i], file, err);
	}
	return status == STATUS_OK ? refuse_unkept(run, versions, count, err) : status;
}

void rollback_close(struct run *run)
{
	if (run->back_file >= 0)
		close(run->back_file);
	run->back_file = -1;
}

const char *rollback_words(const struct run *run, uint32_t serial)
{
	return run->back_file < 0 ? NULL
				  : arena_printf(run->mem, "to serial %" PRIu32 " as serial %" PRIu32 ": %s",
					run->back.serial, serial, run->options->back_reason);
}

enum status rollback_refuse_input(const struct run *run, struct error *err)
{
	if (run->options->input == NULL)
		return STATUS_OK;
	return error_set(err, STATUS_REFUSED,
	    "the input is held, %s; the zone of -i %s is not read; let the input out again with zoneseal rollback %s "
	    "--withdraw",
	    run->zone.input_held_reason, run->options->input, run->zone.name);
}
