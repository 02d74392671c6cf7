/* SPDX-License-Identifier: MIT */
#include "keystore/store_files.h"

#include <string.h>

#include "keystore/store_sql.h"

static const char *const purposes[] = { [STORE_FILE_INPUT] = "input", [STORE_FILE_OUTPUT] = "output" };

enum status store_file(struct store *store, int64_t zone_id, enum store_purpose purpose, struct arena *mem,
    struct store_file *out, bool *found, struct error *err)
{
	struct sql sql;
	struct store_file file = { 0 };
	sql_begin(&sql, store,
	    "SELECT path, device, inode, size, modified, changed, sha256, serial FROM files WHERE zone = ? AND purpose "
	    "= ?");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, purposes[purpose]);
	const bool row = sql_row(&sql);
	if (row) {
		file.path = sql_text(&sql, mem);
		file.device = (uint64_t)sql_int(&sql);
		file.inode = (uint64_t)sql_int(&sql);
		file.size = (uint64_t)sql_int(&sql);
		file.modified = sql_int(&sql);
		file.changed = sql_int(&sql);
		sql_blob(&sql, file.sha256, sizeof(file.sha256));
		file.serial = (uint32_t)sql_int(&sql);
	}
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*found = row;
	if (row)
		*out = file;
	return STATUS_OK;
}

static enum status put_file(
    struct store *store, int64_t zone_id, enum store_purpose purpose, const struct store_file *file, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT OR REPLACE INTO files (zone, purpose, path, device, inode, size, modified, changed, sha256, "
	    "serial) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_put_int(&sql, zone_id);
	sql_put_text(&sql, purposes[purpose]);
	sql_put_text(&sql, file->path);
	sql_put_int(&sql, (int64_t)file->device);
	sql_put_int(&sql, (int64_t)file->inode);
	sql_put_int(&sql, (int64_t)file->size);
	sql_put_int(&sql, file->modified);
	sql_put_int(&sql, file->changed);
	sql_put_blob(&sql, file->sha256, sizeof(file->sha256));
	sql_put_int(&sql, file->serial);
	return sql_run(&sql, err);
}

enum status store_note_file(
    struct store *store, int64_t zone_id, enum store_purpose purpose, const struct store_file *file, struct error *err)
{
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = put_file(store, zone_id, purpose, file, err);
	return store_finish(store, status, err);
}
