/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/engine/backup.h"
#include "signer/engine/folder.h"
#include "signer/engine/parity.h"
#include "signer/engine/setup.h"
#include "signer/engine/tar.h"

enum { PIECE = 1 << 16, MANIFEST_MOST = 16 << 20 };

static const char database[] = "keystore.db";
static const char restoring[] = ".restoring.db";

/* What the manifest says about a member. */
static bool promised(const json_t *manifest, const struct tar_member *member, const char **sha256)
{
	size_t index;
	const json_t *file;
	json_array_foreach(json_object_get(manifest, "files"), index, file)
	{
		const char *name = json_string_value(json_object_get(file, "name"));
		*sha256 = json_string_value(json_object_get(file, "sha256"));
		if (name != NULL && strcmp(name, member->name) == 0)
			return *sha256 != NULL &&
			       (uint64_t)json_integer_value(json_object_get(file, "size")) == member->size;
	}
	return false;
}

static enum status read_manifest(
    int file, struct arena *mem, json_t **out, struct backup_summary *summary, struct error *err)
{
	struct tar_member member;
	bool found;
	char padding[TAR_BLOCK];
	enum status status = tar_read_header(file, &member, &found, err);
	if (status == STATUS_OK && (!found || strcmp(member.name, "manifest.json") != 0 || member.size > MANIFEST_MOST))
		status = error_set(err, STATUS_MALFORMED, "backup: it does not begin with a manifest");
	if (status != STATUS_OK)
		return status;
	char *text = arena_alloc(mem, (size_t)member.size + 1);
	status = tar_read(file, text, (size_t)member.size, err);
	if (status == STATUS_OK)
		status = tar_read(file, padding, tar_padding(member.size), err);
	if (status != STATUS_OK)
		return status;
	json_t *manifest = json_loadb(text, (size_t)member.size, JSON_REJECT_DUPLICATES, NULL);
	const char *schema = json_string_value(json_object_get(manifest, "schema"));
	if (schema == NULL || strcmp(schema, "zoneseal.backup/1") != 0) {
		json_decref(manifest);
		return error_set(err, STATUS_MALFORMED, "backup: its manifest cannot be read");
	}
	const char *made = json_string_value(json_object_get(manifest, "made"));
	summary->made = arena_strdup(mem, made != NULL ? made : "");
	summary->private_keys = json_is_true(json_object_get(manifest, "private_keys"));
	summary->zones = (size_t)json_integer_value(json_object_get(manifest, "zones"));
	*out = manifest;
	return STATUS_OK;
}

/* A key file's name is "keys/" and one plain component. */
static bool is_key(const char *name)
{
	return strncmp(name, "keys/", 5) == 0 && name[5] != '\0' && name[5] != '.' && strchr(name + 5, '/') == NULL;
}

static enum status copy_out(
    int file, const struct tar_member *member, struct publish *out, struct arena *mem, struct error *err)
{
	char *piece = arena_alloc(mem, PIECE);
	char padding[TAR_BLOCK];
	enum status status = STATUS_OK;
	for (uint64_t left = member->size; left > 0 && status == STATUS_OK;) {
		size_t wanted = left < PIECE ? (size_t)left : PIECE;
		status = tar_read(file, piece, wanted, err);
		if (status == STATUS_OK)
			status = publish_write(out, piece, wanted, err);
		left -= wanted;
	}
	explicit_bzero(piece, PIECE); /* it may be a private key */
	return status == STATUS_OK ? tar_read(file, padding, tar_padding(member->size), err) : status;
}

/* A key that is there already must be the same; no file with a secret is ever overwritten. */
static enum status place(struct publish *out, const char *path, const char *sha256, struct error *err)
{
	uint8_t is[32], there[32];
	char hex[65];
	enum status status = file_sha256(out->file, is, err);
	if (status != STATUS_OK)
		return status;
	bytes_to_hex((struct bytes){ is, 32 }, false, hex);
	if (strcmp(hex, sha256) != 0)
		return error_set(err, STATUS_MALFORMED, "backup: %s is damaged (SHA-256 differs)", path);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 && errno != ENOENT)
		return error_set_errno(err,
		    "%s: a file is there already and cannot be compared with the backup's, so it is not replaced",
		    path);
	if (file < 0) {
		status = publish_sync(out, err);
		return status == STATUS_OK ? publish_rename(out, err) : status;
	}
	bool same = file_sha256(file, there, NULL) == STATUS_OK && memcmp(is, there, 32) == 0;
	close(file);
	return same ? STATUS_OK : error_set(err, STATUS_REFUSED, "%s: another file is there already", path);
}

static enum status unpack_one(int file, const char *state, const struct tar_member *member, const json_t *manifest,
    struct backup_summary *summary, struct arena *mem, struct error *err)
{
	struct publish out = PUBLISH_NONE;
	const char *sha256;
	bool is_database = strcmp(member->name, database) == 0;
	if ((!is_database && !is_key(member->name)) || !promised(manifest, member, &sha256))
		return error_set(err, STATUS_MALFORMED, "backup: %s is not what the manifest says", member->name);
	char *path = folder_path(state, is_database ? restoring : member->name, mem);
	enum status status = publish_open(path, 0600, &out, err);
	if (status == STATUS_OK)
		status = copy_out(file, member, &out, mem, err);
	if (status == STATUS_OK)
		status = place(&out, path, sha256, err);
	publish_abort(&out);
	if (status == STATUS_OK && !is_database)
		summary->key_files++;
	return status;
}

static enum status unpack(
    int file, const char *state, struct backup_summary *summary, struct arena *mem, struct error *err)
{
	json_t *manifest = NULL;
	struct tar_member member;
	bool found = true, has_database = false;
	size_t count = 0;
	enum status status = read_manifest(file, mem, &manifest, summary, err);
	while (status == STATUS_OK) {
		status = tar_read_header(file, &member, &found, err);
		if (status != STATUS_OK || !found)
			break;
		status = unpack_one(file, state, &member, manifest, summary, mem, err);
		count++;
		has_database = has_database || strcmp(member.name, database) == 0;
		summary->size += member.size;
	}
	if (status == STATUS_OK && count != json_array_size(json_object_get(manifest, "files")))
		status = error_set(err, STATUS_MALFORMED, "backup: files that the manifest names are missing");
	json_decref(manifest);
	if (status == STATUS_OK && !has_database)
		status = error_set(err, STATUS_MALFORMED, "backup: there is no database in it");
	return status;
}

/* Only a keystore on a virtual clock takes another time than the clock's. */
static enum status check_now(const char *path, const char *actor, struct utc now, struct error *err)
{
	struct store *store = NULL;
	bool is_virtual;
	enum status status = store_open(path, STORE_READ, actor, &store, err);
	if (status == STATUS_OK)
		status = setup_check_clock(store, now, true, &is_virtual, err);
	store_close(store);
	return status;
}

enum status backup_restore(const char *path, const char *state, const char *actor, struct utc now, bool now_given,
    struct arena *mem, struct backup_summary *out, struct error *err)
{
	char *there = folder_path(state, database, mem), *half = folder_path(state, restoring, mem);
	*out = (struct backup_summary){ .made = "" };
	if (access(there, F_OK) == 0)
		return error_set(err, STATUS_REFUSED,
		    "%s: there is a keystore already; restore into an empty state folder, or move this one away",
		    there);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set_errno(err, "backup %s", path);
	enum status status = folder_make(state, err);
	(void)unlink(half);
	if (status == STATUS_OK)
		status = parity_forget_matched(state, mem, err);
	if (status == STATUS_OK)
		status = unpack(file, state, out, mem, err);
	if (status == STATUS_OK)
		status = now_given ? check_now(half, actor, now, err) : STATUS_OK;
	if (status == STATUS_OK)
		status = store_restore(half, there, actor, now, err);
	(void)unlink(half);
	(void)unlink(arena_printf(mem, "%s.lock", half));
	close(file);
	return status;
}
