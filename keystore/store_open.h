/* SPDX-License-Identifier: MIT */
/* Inside the store only: the looking before the leap, the lock, and opening with other steps than the built-in ones. */
#pragma once

#include "keystore/migrate.h"

/* What the header of a database file says. */
struct store_header {
	int version;  /* user_version */
	bool has_log; /* there is a -wal or -journal with content beside it */
};

/* Looks at the file without touching it: a plain file that only its owner can read, a database of ours, not newer than
 * `newest`. */
enum status store_look(const char *path, int newest, struct store_header *out, struct error *err) MUST_CHECK;

/* A handle with every setting made, the database opened. `flags` are those of sqlite3_open_v2. */
enum status store_connect(
    const char *path, int flags, const char *actor, struct store **out, struct error *err) MUST_CHECK;

/* Takes "<path>.lock" (0600; it stays), shared or exclusive, and waits a few seconds for it; STATUS_BUSY if another
 * process has it for longer. */
enum status store_lock_take(const char *path, bool exclusive, int *out, struct error *err) MUST_CHECK;

/* Changes a lock that is held. It is given up for a moment: whoever gets between sees a whole database. */
enum status store_lock_change(const char *path, int lock, bool exclusive, struct error *err) MUST_CHECK;

/* "file:<path>?immutable=1": SQLite then opens no other file and takes no lock. The caller frees. */
char *store_immutable_uri(const char *path);

/* PRAGMA quick_check through a handle of its own that writes nothing; `alone`: the file is whole without a log and
 * nobody changes it meanwhile. */
enum status store_check_pages(const char *path, bool alone, struct error *err) MUST_CHECK;

/* The same, finding out whether that holds, and at most once in a day of recorded changes unless it must be, there is a
 * log (its writer may have died), or the keystore was restored; `checked` tells whether it was. `lock` is held shared,
 * before and after. */
enum status store_quick_check(const char *path, int lock, const struct store_header *header, bool must, bool *checked,
    struct error *err) MUST_CHECK;

/* Files beside a database that belong to it. */
enum { STORE_COMPANIONS = 3 };
extern const char *const store_companions[STORE_COMPANIONS];

/* path and suffix in one string; the caller frees. */
char *store_path_with(const char *path, const char *suffix);

/* An empty file with mode 0600; what a killed process left under that name is removed first, so the name must be one
 * that only this purpose uses. */
enum status store_new_file(const char *path, struct error *err) MUST_CHECK;
void store_unlink(const char *path); /* with its companions */
enum status store_sync_file(const char *path, struct error *err) MUST_CHECK;

/* rename(2) and fsync of the folder. STATUS_REFUSED if `to` exists and is not to be replaced. */
enum status store_move(const char *from, const char *to, bool replace, struct error *err) MUST_CHECK;

/* store_open with other steps. */
enum status store_open_with(const char *path, enum store_mode mode, const char *actor,
    const struct migrate_step steps[], size_t count, struct store **out, struct error *err) MUST_CHECK;
