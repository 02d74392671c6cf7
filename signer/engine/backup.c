/* SPDX-License-Identifier: MIT */
#include "signer/engine/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/build.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/engine/folder.h"
#include "signer/engine/reconcile.h"
#include "signer/engine/tar.h"

enum { PIECE = 1 << 16 };

/* A file that goes into the archive. */
struct member {
	char *path; /* where it is */
	char *name; /* in the archive */
	uint64_t size;
	uint8_t sha256[32];
};

struct members {
	struct member *all;
	size_t count, room;
	struct arena *mem;
};

/* The place of the next one; there is no number of keys from which on a backup leaves some out. */
static struct member *next_member(struct members *members)
{
	if (members->count == members->room) {
		members->room = 2 * members->room + 2;
		struct member *const more = arena_calloc(members->mem, members->room, sizeof(*more));
		if (members->count > 0)
			memcpy(more, members->all, members->count * sizeof(*more));
		members->all = more;
	}
	return &members->all[members->count];
}

static enum status add_member(struct members *members, char *path, char *name, struct error *err)
{
	struct member *member = next_member(members);
	struct stat stat_of;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0 || fstat(file, &stat_of) != 0) {
		enum status status = error_set_errno(err, "%s", path);
		if (file >= 0)
			close(file);
		return status;
	}
	*member = (struct member){ .path = path, .name = name, .size = (uint64_t)stat_of.st_size };
	enum status status = file_sha256(file, member->sha256, err);
	close(file);
	if (status == STATUS_OK)
		members->count++;
	return status;
}

/* "file:<64 hex>.pem": the name of the file in keys/; NULL for a key that is somewhere else. */
static const char *file_of(const struct key *key)
{
	static const char prefix[] = "file:";
	if (strncmp(key->locator, prefix, sizeof(prefix) - 1) != 0 || strchr(key->locator, '/') != NULL)
		return NULL;
	return key->locator + sizeof(prefix) - 1;
}

static enum status add_keys(
    struct store *store, const char *state, const struct store_zone *zone, struct members *members, struct error *err)
{
	struct key *keys;
	size_t count;
	enum status status = store_keys(store, zone->id, members->mem, &keys, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		const char *name = file_of(&keys[i]);
		if (name == NULL)
			continue;
		char *inside = arena_printf(members->mem, "keys/%s", name);
		status = add_member(members, folder_path(state, inside, members->mem), inside, err);
		/* A key that left the zone, or whose zone left, may be gone for good; one that signs may not. */
		if (status == STATUS_MISSING && (zone->removed || !keys[i].goal_present))
			status = STATUS_OK;
	}
	return status;
}

static char *manifest_of(const struct members *members, const struct backup_summary *summary)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	fprintf(out,
	    "{\n  \"schema\": \"zoneseal.backup/1\",\n  \"made\": \"%s\",\n  \"build\": \"%s\",\n  \"zones\": %zu,\n"
	    "  \"private_keys\": %s,\n  \"files\": [",
	    summary->made, build_id(), summary->zones, summary->private_keys ? "true" : "false");
	for (size_t i = 0; i < members->count; i++) {
		char hex[65];
		bytes_to_hex((struct bytes){ members->all[i].sha256, 32 }, false, hex);
		fprintf(out, "%s\n    {\"name\": \"%s\", \"size\": %" PRIu64 ", \"sha256\": \"%s\"}", i > 0 ? "," : "",
		    members->all[i].name, members->all[i].size, hex);
	}
	fprintf(out, "\n  ]\n}\n");
	bool failed = ferror(out) != 0;
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

static enum status copy_member(
    struct publish *out, const struct member *member, struct utc now, struct arena *mem, struct error *err)
{
	char *piece = arena_alloc(mem, PIECE);
	int file = open(member->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (file < 0)
		return error_set_errno(err, "%s", member->path);
	enum status status = tar_write_header(out, member->name, member->size, now, err);
	for (uint64_t left = member->size; left > 0 && status == STATUS_OK;) {
		size_t wanted = left < PIECE ? (size_t)left : PIECE;
		status = tar_read(file, piece, wanted, err);
		if (status == STATUS_OK)
			status = publish_write(out, piece, wanted, err);
		left -= wanted;
	}
	explicit_bzero(piece, PIECE); /* it may be a private key */
	close(file);
	return status == STATUS_OK ? tar_write_padding(out, member->size, err) : status;
}

static enum status write_archive(const char *path, const struct members *members, struct utc now,
    struct backup_summary *summary, struct arena *mem, struct error *err)
{
	struct publish out = PUBLISH_NONE;
	char *manifest = manifest_of(members, summary);
	if (manifest == NULL)
		return error_set(err, STATUS_INTERNAL, "backup: no memory for the manifest");
	size_t size = strlen(manifest);
	enum status status = publish_open(path, 0600, &out, err);
	if (status == STATUS_OK)
		status = tar_write_header(&out, "manifest.json", size, now, err);
	if (status == STATUS_OK)
		status = publish_write(&out, manifest, size, err);
	if (status == STATUS_OK)
		status = tar_write_padding(&out, size, err);
	for (size_t i = 0; i < members->count && status == STATUS_OK; i++)
		status = copy_member(&out, &members->all[i], now, mem, err);
	if (status == STATUS_OK)
		status = tar_write_end(&out, err);
	if (status == STATUS_OK) {
		off_t end = lseek(out.file, 0, SEEK_END);
		summary->size = end > 0 ? (uint64_t)end : 0;
		status = publish_sync(&out, err);
	}
	if (status == STATUS_OK)
		status = publish_rename(&out, err);
	publish_abort(&out);
	free(manifest);
	return status;
}

/* What the copy names, so that database and key files agree whatever happens meanwhile to the keystore. */
static enum status collect_keys(struct store *copy, const char *state, bool with_keys, struct members *members,
    struct backup_summary *summary, struct error *err)
{
	struct store_zone *zones;
	size_t count = 0;
	enum status status = store_zones_ever(copy, members->mem, &zones, &count, err);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		summary->zones += zones[i].removed ? 0 : 1;
		if (with_keys)
			status = add_keys(copy, state, &zones[i], members, err);
	}
	return status;
}

static void remove_copy(const char *copy, struct arena *mem)
{
	static const char *const companions[] = { "", ".lock", "-journal", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT(companions); i++)
		(void)unlink(arena_printf(mem, "%s%s", copy, companions[i]));
}

/* Whether the process that a copy is named for is gone: then the copy was left by a killed backup. */
static bool is_left_over(const char *name)
{
	static const char prefix[] = ".backup-";
	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	char *end;
	const long process = strtol(name + sizeof(prefix) - 1, &end, 10);
	return process > 0 && process <= INT_MAX && strncmp(end, ".db", 3) == 0 && kill((pid_t)process, 0) != 0 &&
	       errno == ESRCH;
}

static void sweep_copies(const char *state)
{
	DIR *folder = opendir(state);
	if (folder == NULL)
		return;
	for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		if (is_left_over(entry->d_name))
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

/* The database as of one moment, then the key files that it names. */
static enum status collect(struct store *store, const char *state, char *path, bool with_keys, struct members *members,
    struct backup_summary *summary, struct error *err)
{
	struct store *copy = NULL;
	enum status status = store_copy(store, path, err);
	if (status == STATUS_OK)
		status = add_member(members, path, arena_strdup(members->mem, "keystore.db"), err);
	if (status == STATUS_OK)
		status = store_open(path, STORE_READ, "backup", &copy, err);
	if (status == STATUS_OK)
		status = collect_keys(copy, state, with_keys, members, summary, err);
	store_close(copy);
	if (status == STATUS_OK)
		summary->key_files = members->count - 1;
	return status;
}

enum status backup_make(struct store *store, const char *state, const char *path, bool with_keys, bool replace,
    struct utc now, struct arena *mem, struct backup_summary *out, struct error *err)
{
	struct members members = { .mem = mem };
	char *made = arena_alloc(mem, UTC_TEXT);
	char *copy = folder_path(state, arena_printf(mem, ".backup-%ld.db", (long)getpid()), mem);
	utc_format(now, made);
	*out = (struct backup_summary){ .private_keys = with_keys, .made = made };
	if (!replace && access(path, F_OK) == 0)
		return error_set(err, STATUS_REFUSED, "%s: is there already; to replace it use --replace", path);
	remove_copy(copy, mem);
	sweep_copies(state);
	enum status status = collect(store, state, copy, with_keys, &members, out, err);
	if (status == STATUS_OK)
		status = write_archive(path, &members, now, out, mem, err);
	remove_copy(copy, mem);
	return status;
}

enum status backup_reconcile(struct store *store, const char *state, struct utc now, bool dry_run, struct arena *mem,
    size_t *zones, struct error *err)
{
	struct store_zone *rows;
	bool restored;
	enum status status = store_is_restored(store, &restored, err);
	if (status == STATUS_OK && !restored)
		return error_set(err, STATUS_REFUSED, "this keystore was not restored, or is reconciled already");
	if (status == STATUS_OK)
		status = store_zones(store, mem, &rows, zones, err);
	for (size_t i = 0; status == STATUS_OK && i < *zones; i++)
		if (!rows[i].removed)
			status = reconcile_restored_zone(store, state, &rows[i], mem, err);
	if (status != STATUS_OK || dry_run)
		return status;
	return store_reconciled(store, "every published file is the version that the backup remembers", now, err);
}
