/* SPDX-License-Identifier: MIT */
#include "signer/engine/reconcile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/publish.h"
#include "signer/engine/folder.h"
#include "signer/engine/roll_step.h"
#include "signer/engine/zonekeys.h"

/* SHA-256 of the file at `path`; `found` is false if there is none. One that has `settled`, if that is given, is on the
 * disk under its name before that is said: a power failure takes neither back. */
static enum status hash_of(
    const char *path, const uint8_t settled[32], uint8_t sha256[32], bool *found, struct error *err)
{
	*found = false;
	/* What went to stdout is nowhere; a file of that name is another. */
	if (strcmp(path, "-") == 0)
		return STATUS_OK;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return STATUS_OK;
	if (file < 0)
		return error_set_errno(err, "%s", path);
	enum status status = file_sha256(file, sha256, err);
	if (status == STATUS_OK && settled != NULL && memcmp(sha256, settled, 32) == 0)
		status = publish_settle(path, file, err);
	close(file);
	*found = status == STATUS_OK;
	return status;
}

/* The intent reached its path: its step is in the world from now on (earlier, but not seen: later is the safe side). */
static enum status confirm(struct store *store, int64_t zone_id, const struct store_version *intent, struct utc now,
    struct arena *mem, struct error *err)
{
	struct zonekeys keys;
	struct store_version last;
	struct store_step step;
	struct roll_publication publication = { .dnskey_ttl = intent->dnskey_ttl,
		.largest_ttl = intent->largest_ttl,
		.negative_ttl = intent->negative_ttl };
	bool published;
	enum status status = zonekeys_load(store, zone_id, mem, &keys, err);
	if (status == STATUS_OK)
		status = store_last_version(store, zone_id, mem, &last, &published, err);
	if (status != STATUS_OK)
		return status;
	publication.first = !published;
	status = roll_step_make(intent->keys, keys.all, keys.count, &publication, now, mem, &step, err);
	return status == STATUS_OK ? store_confirm_step(store, zone_id, intent->id, now, &step, err) : status;
}

enum status reconcile_intent(struct store *store, int64_t zone_id, struct utc now, struct arena *mem, struct error *err)
{
	struct store_version intent;
	uint8_t sha256[32];
	bool open_intent, found;
	enum status status = store_open_intent(store, zone_id, mem, &intent, &open_intent, err);
	if (status != STATUS_OK || !open_intent)
		return status;
	status = hash_of(intent.path, intent.sha256, sha256, &found, err);
	if (status != STATUS_OK)
		return error_context(err, "reconciling serial %u", intent.serial);
	if (found && memcmp(sha256, intent.sha256, 32) == 0)
		return confirm(store, zone_id, &intent, now, mem, err);
	return store_abandon(store, zone_id, intent.id, now, err);
}

/* Whether a backup that was made in mid-run intended just these octets; the next run confirms them. */
static enum status is_intended(
    struct store *store, int64_t zone_id, const uint8_t sha256[32], struct arena *mem, bool *out, struct error *err)
{
	struct store_version intent;
	bool found;
	enum status status = store_open_intent(store, zone_id, mem, &intent, &found, err);
	*out = status == STATUS_OK && found && memcmp(sha256, intent.sha256, 32) == 0;
	return status;
}

enum status reconcile_restored_zone(
    struct store *store, const char *state, const struct store_zone *zone, struct arena *mem, struct error *err)
{
	struct store_version last;
	uint8_t sha256[32];
	bool has_last, found;
	enum status status = store_last_version(store, zone->id, mem, &last, &has_last, err);
	if (status != STATUS_OK)
		return status;
	const char *path = has_last               ? last.path
			   : zone->output != NULL ? zone->output
						  : folder_zone_output(state, zone->name, mem);
	status = hash_of(path, NULL, sha256, &found, err);
	if (status != STATUS_OK)
		return status;
	if (!has_last && !found)
		return STATUS_OK;
	if (!found)
		return error_set(err, STATUS_REFUSED,
		    "%s: the backup remembers serial %u at %s, but nothing is there now; put the published file back "
		    "and run "
		    "zoneseal restore --reconcile, or say zoneseal restore --accept \"reason\"",
		    zone->name, last.serial, path);
	bool intended;
	status = is_intended(store, zone->id, sha256, mem, &intended, err);
	if (status != STATUS_OK || intended || (has_last && memcmp(sha256, last.sha256, 32) == 0))
		return status;
	return error_set(err, STATUS_REFUSED,
	    "%s: %s is not the version that the backup remembers (%s%u): keys or serials of later runs may be missing; "
	    "restore a newer backup, or say zoneseal restore --accept \"reason\"",
	    zone->name, path, has_last ? "serial " : "none, ", has_last ? last.serial : 0);
}
