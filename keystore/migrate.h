/* SPDX-License-Identifier: MIT */
/*
 * Forward-only steps of the schema, numbered by PRAGMA user_version.
 *
 * A step is one transaction, and runs with a rollback journal instead of the WAL: so the version in the file's header
 * is never older than the truth, and a program can tell a newer database by reading 100 octets.
 */
#pragma once

#include <stdint.h>

#include "keystore/store_sql.h"

enum { MIGRATE_APPLICATION_ID = 0x5A534541 }; /* "ZSEA" */

struct migrate_step {
	int version; /* the user_version that it leads to: 1, 2, ... without gaps */
	const char *sql;
};

/* The steps that this program was built with. */
const struct migrate_step *migrate_steps(size_t *count);

/* Brings the database from its version to that of the last step. The caller holds the exclusive lock and has made the
 * copy; the database is left in WAL mode. */
enum status migrate_run(
    struct store *store, const struct migrate_step steps[], size_t count, struct error *err) MUST_CHECK;

/* PRAGMA user_version. */
enum status migrate_version(struct store *store, int *out, struct error *err) MUST_CHECK;

/* WAL mode, also for a database that a migration left without it when it was killed. */
enum status migrate_use_wal(struct store *store, struct error *err) MUST_CHECK;
