/* SPDX-License-Identifier: MIT */
#include "keystore/migrate.h"

#include <stdio.h>
#include <string.h>

#include "keystore/audit.h"
#include "schema_steps.h"

const struct migrate_step *migrate_steps(size_t *count)
{
	*count = COUNT(schema_steps);
	return schema_steps;
}

enum status migrate_version(struct store *store, int *out, struct error *err)
{
	struct sql sql;
	int version = -1;
	sql_begin(&sql, store, "PRAGMA user_version");
	if (sql_row(&sql))
		version = (int)sql_int(&sql);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK)
		*out = version;
	return status;
}

static enum status set_journal(struct store *store, const char *mode, struct error *err)
{
	char text[64];
	char got[16] = "";
	struct sql sql;
	struct arena *const scratch = arena_new(256);
	snprintf(text, sizeof(text), "PRAGMA journal_mode = %s", mode);
	sql_begin(&sql, store, text);
	if (sql_row(&sql)) {
		const char *const answer = sql_text(&sql, scratch);
		snprintf(got, sizeof(got), "%s", answer == NULL ? "" : answer);
	}
	arena_free(scratch);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK && strcmp(got, mode) != 0)
		return error_set(err, STATUS_IO, "keystore %s: journal mode %s instead of %s", store->path, got, mode);
	return status;
}

enum status migrate_use_wal(struct store *store, struct error *err)
{
	return set_journal(store, "wal", err);
}

/* With `last`, the keys are told to the log as they are from here on; earlier steps have not all of their columns. */
static enum status run_step(struct store *store, const struct migrate_step *step, bool last, struct error *err)
{
	char mark[128];
	snprintf(mark, sizeof(mark), "PRAGMA user_version = %d; PRAGMA application_id = %d", step->version,
	    MIGRATE_APPLICATION_ID);
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = sql_script(store, step->sql, err);
	if (status == STATUS_OK && last && step->version > 1)
		status = audit_record_keys(store, err);
	if (status == STATUS_OK)
		status = sql_script(store, mark, err);
	status = store_finish(store, status, err);
	if (status != STATUS_OK)
		error_context(err, "schema step %d", step->version);
	return status;
}

enum status migrate_run(struct store *store, const struct migrate_step steps[], size_t count, struct error *err)
{
	int version = 0;
	enum status status = migrate_version(store, &version, err);
	if (status == STATUS_OK)
		status = set_journal(store, "delete", err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (steps[i].version > version)
			status = run_step(store, &steps[i], i + 1 == count, err);
	return status == STATUS_OK ? migrate_use_wal(store, err) : status;
}
