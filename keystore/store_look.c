/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keystore/store_open.h"
#include "signer/base/bytes.h"

enum {
	HEADER_SIZE = 100,
	PAGE_SIZE_AT = 16,
	USER_VERSION_AT = 60,
	APPLICATION_ID_AT = 68,
	LOCK_WAITS = 100,
	LOCK_PAUSE = 20000000
};

const char *const store_companions[STORE_COMPANIONS] = { "-wal", "-shm", "-journal" };

char *store_path_with(const char *path, const char *suffix)
{
	const size_t size = strlen(path) + strlen(suffix) + 1;
	char *const text = memory_alloc(size);
	snprintf(text, size, "%s%s", path, suffix);
	return text;
}

static enum status check_mode(const char *path, const struct stat *info, struct error *err)
{
	if (!S_ISREG(info->st_mode))
		return error_set(err, STATUS_IO, "keystore %s: not a plain file", path);
	if ((info->st_mode & 0077) != 0)
		return error_set(err, STATUS_PERMISSION, "keystore %s: mode %04o lets others at it: chmod 0600 %s",
		    path, (unsigned)info->st_mode & 07777, path);
	return STATUS_OK;
}

static enum status look_beside(const char *path, struct store_header *header, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < STORE_COMPANIONS; i++) {
		struct stat info;
		char *const name = store_path_with(path, store_companions[i]);
		if (lstat(name, &info) == 0) {
			status = check_mode(name, &info, err);
			if (strcmp(store_companions[i], "-shm") != 0 && info.st_size > 0)
				header->has_log = true;
		}
		free(name);
	}
	return status;
}

static enum status read_header(const char *path, uint8_t out[HEADER_SIZE], struct error *err)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return error_set_errno(err, "keystore %s", path);
	const ssize_t n = pread(file, out, HEADER_SIZE, 0);
	const enum status status =
	    n < 0 ? error_set_errno(err, "keystore %s", path)
	    : n < HEADER_SIZE
		? error_set(err, STATUS_IO,
		      "keystore %s: damaged, it has %zd octets; nothing was touched, " STORE_RESTORE_HINT, path, n)
		: STATUS_OK;
	close(file);
	return status;
}

/* Octets 16 and 17 of the header; 1 stands for 65536. */
static off_t page_size(const uint8_t octets[HEADER_SIZE])
{
	const off_t size = bytes_get_u16(octets + PAGE_SIZE_AT);
	return size <= 1 ? 65536 : size;
}

enum status store_look(const char *path, int newest, struct store_header *out, struct error *err)
{
	struct store_header header = { 0 };
	struct stat info;
	uint8_t octets[HEADER_SIZE];
	if (lstat(path, &info) != 0) {
		if (errno == ENOENT)
			return error_set(
			    err, STATUS_MISSING, "keystore %s: there is none; make one with: zoneseal init", path);
		return error_set_errno(err, "keystore %s", path);
	}
	enum status status = check_mode(path, &info, err);
	if (status == STATUS_OK)
		status = look_beside(path, &header, err);
	if (status == STATUS_OK)
		status = read_header(path, octets, err);
	if (status != STATUS_OK)
		return status;
	if (memcmp(octets, "SQLite format 3", 16) != 0)
		return error_set(err, STATUS_IO,
		    "keystore %s: damaged, it does not begin as a database; nothing was touched, " STORE_RESTORE_HINT,
		    path);
	if (!header.has_log && info.st_size % page_size(octets) != 0)
		return error_set(err, STATUS_IO,
		    "keystore %s: damaged, its %lld octets are no whole pages; nothing was "
		    "touched, " STORE_RESTORE_HINT,
		    path, (long long)info.st_size);
	header.version = (int)bytes_get_u32(octets + USER_VERSION_AT);
	if (bytes_get_u32(octets + APPLICATION_ID_AT) != MIGRATE_APPLICATION_ID || header.version < 1)
		return error_set(
		    err, STATUS_IO, "keystore %s: a database, but not of zoneseal; nothing was touched", path);
	if (header.version > newest)
		return error_set(err, STATUS_POLICY,
		    "keystore %s: its schema is version %d and this program knows %d; nothing was touched, use the "
		    "newer program",
		    path, header.version, newest);
	*out = header;
	return STATUS_OK;
}

/* ---- lock ---- */

/* Migrations, restores and checks take moments, so it is worth waiting for a few seconds. */
static bool lock_wait(int file, bool exclusive, bool wait)
{
	static const struct timespec pause = { 0, LOCK_PAUSE };
	for (unsigned i = 0; i < LOCK_WAITS; i++) {
		if (flock(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
			return true;
		if (!wait || (errno != EWOULDBLOCK && errno != EINTR))
			return false;
		nanosleep(&pause, NULL);
	}
	errno = EWOULDBLOCK;
	return false;
}

static enum status lock_failed(const char *path, bool exclusive, struct error *err)
{
	if (errno != EWOULDBLOCK)
		return error_set_errno(err, "keystore %s: its lock file", path);
	return error_set(err, STATUS_BUSY, "keystore %s: %s; try again", path,
	    exclusive ? "it must be changed as a whole and another process uses it"
		      : "another process migrates or restores it");
}

enum status store_lock_take(const char *path, bool exclusive, int *out, struct error *err)
{
	char *const name = store_path_with(path, ".lock");
	const int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum status status = STATUS_OK;
	if (file < 0)
		status = error_set_errno(err, "lock file %s", name);
	else if (!lock_wait(file, exclusive, true))
		status = lock_failed(path, exclusive, err);
	if (status == STATUS_OK)
		*out = file;
	else if (file >= 0)
		close(file);
	free(name);
	return status;
}

enum status store_lock_change(const char *path, int lock, bool exclusive, struct error *err)
{
	return lock_wait(lock, exclusive, true) ? STATUS_OK : lock_failed(path, exclusive, err);
}

/* ---- check ---- */

char *store_immutable_uri(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
	static const char digits[] = "0123456789ABCDEF";
	char *const uri = memory_alloc(strlen(path) * 3 + 32);
	char *at = uri + sprintf(uri, "file:");
	for (; *path != '\0'; path++) {
		if (strchr(plain, *path) != NULL) {
			*at++ = *path;
			continue;
		}
		*at++ = '%';
		*at++ = digits[(unsigned char)*path >> 4];
		*at++ = digits[(unsigned char)*path & 15];
	}
	strcpy(at, "?immutable=1");
	return uri;
}

static enum status ask_quick_check(struct store *store, struct error *err)
{
	char answer[120] = "no answer";
	struct sql sql;
	struct arena *const scratch = arena_new(1024);
	sql_begin(&sql, store, "PRAGMA quick_check(1)");
	if (sql_row(&sql)) {
		const char *const text = sql_text(&sql, scratch);
		const char *const headline = text == NULL ? NULL : strchr(text, '\n'); /* "*** in database main ***" */
		snprintf(answer, sizeof(answer), "%s", headline != NULL ? headline + 1 : text == NULL ? "" : text);
	}
	arena_free(scratch);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && strcmp(answer, "ok") != 0)
		return error_set(err, STATUS_IO, "keystore %s: damaged (%s); nothing was touched, " STORE_RESTORE_HINT,
		    store->path, answer);
	return status;
}

/* A check reads the whole file, which grows with history: one in a day of recorded changes finds what a disk does to
 * it. After a check the time that was recorded last is kept; what cannot be asked is to be checked. */
static bool was_checked_today(struct store *store)
{
	enum { DAY = 86400 };
	int64_t checked = 0;
	int64_t last = 0;
	bool restored = true;
	return store_get_setting(store, STORE_CHECKED, &checked, NULL) == STATUS_OK &&
	       store_get_setting(store, "last-time", &last, NULL) == STATUS_OK &&
	       store_is_restored(store, &restored, NULL) == STATUS_OK && !restored && checked > 0 && last >= checked &&
	       last - checked < DAY;
}

static enum status check_pages(const char *path, bool alone, bool must, bool *checked, struct error *err)
{
	struct store *store = NULL;
	char *const uri = alone ? store_immutable_uri(path) : store_path_with(path, "");
	const int flags = alone ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE;
	enum status status = store_connect(uri, flags, "", &store, err);
	free(uri);
	if (status != STATUS_OK)
		return status;
	free(store->path);
	store->path = store_path_with(path, "");
	sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	status = sql_script(store, "PRAGMA query_only = ON", err);
	*checked = must || !was_checked_today(store);
	if (status == STATUS_OK && *checked)
		status = ask_quick_check(store, err);
	store_close(store);
	return status;
}

enum status store_check_pages(const char *path, bool alone, struct error *err)
{
	bool checked;
	return check_pages(path, alone, true, &checked, err);
}

/* Without a log beside it and with nobody else at it, the file alone is the database and is read as a file that does
 * not change. Else SQLite must see the log too; it writes nothing to the database itself even then, since the last
 * handle to close does not copy the WAL back. */
enum status store_quick_check(
    const char *path, int lock, const struct store_header *header, bool must, bool *checked, struct error *err)
{
	const bool alone = !header->has_log && lock_wait(lock, true, false);
	const enum status status = check_pages(path, alone, must || header->has_log, checked, err);
	/* A try for the exclusive lock that failed gave up the shared one, too. */
	const enum status again =
	    header->has_log ? STATUS_OK : store_lock_change(path, lock, false, status == STATUS_OK ? err : NULL);
	return status != STATUS_OK ? status : again;
}
