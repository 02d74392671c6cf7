/* SPDX-License-Identifier: MIT */
#include "keystore/store_expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/store_sql.h"

#define EXPECTED_COLUMNS "id, serial, change_limit, reason, actor, given, expires, withdrawn, used"

/* The words that begin a planned change's rows of the log; its id and a colon follow. */
#define CHANGE "change "

static const char given_event[] = "change expected";
static const char withdrawn_event[] = "expected change withdrawn";
static const char used_event[] = "expected change used";

static void read_expected(struct sql *sql, struct arena *mem, struct store_expected *out)
{
	out->id = sql_int(sql);
	out->serial = (uint32_t)sql_int(sql);
	out->limit = sql_text(sql, mem);
	out->reason = sql_text(sql, mem);
	out->actor = sql_text(sql, mem);
	out->given.seconds = sql_int(sql);
	out->expires.seconds = sql_int(sql);
	out->withdrawn.seconds = sql_int(sql);
	out->used.seconds = sql_int(sql);
}

/* As it is from then on: what each row of the log says of it, and what the table must say too. */
static const char *line_of(const struct store_expected *expected, struct arena *mem)
{
	char expires[UTC_TEXT];
	char ended[UTC_TEXT];
	const struct utc end = utc_later(expected->withdrawn, expected->used);
	utc_format(expected->expires, expires);
	utc_format(end, ended);
	return arena_printf(mem, CHANGE "%" PRId64 ": serial %" PRIu32 " may pass limit %s until %s%s%s: %s (%s)",
	    expected->id, expected->serial, expected->limit, expires,
	    expected->used.seconds != 0        ? ", used "
	    : expected->withdrawn.seconds != 0 ? ", withdrawn "
					       : "",
	    end.seconds != 0 ? ended : "", expected->reason, expected->actor);
}

static enum status log_event(struct store *store, int64_t zone_id, const struct store_expected *expected,
    const char *what, struct utc now, struct arena *scratch, struct error *err)
{
	const char *zone = NULL;
	enum status status = store_zone_name(store, zone_id, scratch, &zone, err);
	return status == STATUS_OK ? audit_append(store, now, zone, what, line_of(expected, scratch), err) : status;
}

bool store_expected_is_open(const struct store_expected *expected, struct utc now)
{
	return expected->used.seconds == 0 && expected->withdrawn.seconds == 0 && utc_before(now, expected->expires);
}

/* Rows of a statement with one number as its parameter. */
static enum status read_all(struct store *store, const char *text, int64_t number, struct arena *mem,
    struct store_expected **out, size_t *count, struct error *err)
{
	struct store_expected *rows = NULL;
	struct sql sql;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, number);
	while (sql_row(&sql)) {
		rows = sql_grow(mem, rows, have, &room, sizeof(*rows));
		read_expected(&sql, mem, &rows[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*out = rows;
	*count = have;
	return STATUS_OK;
}

enum status store_expected(struct store *store, int64_t zone_id, struct arena *mem, struct store_expected **out,
    size_t *count, struct error *err)
{
	return read_all(store, "SELECT " EXPECTED_COLUMNS " FROM expected_changes WHERE zone = ? ORDER BY id", zone_id,
	    mem, out, count, err);
}

/* The open one for this serial and limit, or NULL. */
static enum status find_open(struct store *store, int64_t zone_id, uint32_t serial, const char *limit, struct utc now,
    struct arena *mem, const struct store_expected **out, struct error *err)
{
	struct store_expected *all = NULL;
	size_t count = 0;
	*out = NULL;
	const enum status status = store_expected(store, zone_id, mem, &all, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		if (all[i].serial == serial && strcmp(all[i].limit, limit) == 0 && store_expected_is_open(&all[i], now))
			*out = &all[i];
	return status;
}

static enum status insert(struct store *store, int64_t zone_id, struct store_expected *expected, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO expected_changes (zone, serial, change_limit, reason, actor, given, expires) VALUES (?, ?, ?, "
	    "?, ?, ?, ?)");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, expected->serial);
	sql_put_text(&sql, expected->limit);
	sql_put_text(&sql, expected->reason);
	sql_put_text(&sql, expected->actor);
	sql_put_int(&sql, expected->given.seconds);
	sql_put_int(&sql, expected->expires.seconds);
	const enum status status = sql_run(&sql, err);
	expected->id = sqlite3_last_insert_rowid(store->database);
	return status;
}

static enum status add_one(struct store *store, int64_t zone_id, struct store_expected *expected, struct utc now,
    struct arena *scratch, struct error *err)
{
	const struct store_expected *before;
	enum status status = find_open(store, zone_id, expected->serial, expected->limit, now, scratch, &before, err);
	if (status == STATUS_OK && before != NULL)
		return error_set(err, STATUS_REFUSED, "serial %" PRIu32 " may pass limit %s already: %s (%s)",
		    before->serial, before->limit, before->reason, before->actor);
	if (status == STATUS_OK)
		status = insert(store, zone_id, expected, err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone_id, err);
	return status == STATUS_OK ? log_event(store, zone_id, expected, given_event, now, scratch, err) : status;
}

enum status store_add_expected(
    struct store *store, int64_t zone_id, const struct store_expected *expected, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct store_expected row = *expected;
	row.actor = store->actor;
	row.given = now;
	row.withdrawn = row.used = (struct utc){ 0 };
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = add_one(store, zone_id, &row, now, scratch, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

static enum status set_time(struct store *store, const char *text, struct utc when, int64_t id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, when.seconds);
	sql_put_int(&sql, id);
	return sql_run(&sql, err);
}

static enum status withdraw(struct store *store, int64_t zone_id, uint32_t serial, const char *limit, struct utc now,
    struct arena *scratch, struct error *err)
{
	const struct store_expected *found;
	enum status status = find_open(store, zone_id, serial, limit, now, scratch, &found, err);
	if (status == STATUS_OK && found == NULL)
		return error_set(err, STATUS_REFUSED, "no planned change for serial %" PRIu32 " and limit %s is open",
		    serial, limit);
	if (status == STATUS_OK)
		status = set_time(store, "UPDATE expected_changes SET withdrawn = ? WHERE id = ?", now, found->id, err);
	if (status == STATUS_OK)
		status = store_count_revision(store, zone_id, err);
	if (status != STATUS_OK)
		return status;
	struct store_expected row = *found;
	row.withdrawn = now;
	return log_event(store, zone_id, &row, withdrawn_event, now, scratch, err);
}

enum status store_withdraw_expected(
    struct store *store, int64_t zone_id, uint32_t serial, const char *limit, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = withdraw(store, zone_id, serial, limit, now, scratch, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

static enum status withdraw_open(struct store *store, int64_t zone_id, struct utc given_after, struct utc now,
    struct arena *scratch, struct error *err)
{
	struct store_expected *rows = NULL;
	size_t count = 0;
	enum status status = store_expected(store, zone_id, scratch, &rows, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (!store_expected_is_open(&rows[i], now) || !utc_before(given_after, rows[i].given))
			continue;
		status =
		    set_time(store, "UPDATE expected_changes SET withdrawn = ? WHERE id = ?", now, rows[i].id, err);
		rows[i].withdrawn = now;
		if (status == STATUS_OK)
			status = log_event(store, zone_id, &rows[i], withdrawn_event, now, scratch, err);
	}
	return status;
}

enum status store_withdraw_all(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err)
{
	return withdraw_open(store, zone_id, (struct utc){ 0 }, now, scratch, err);
}

enum status store_withdraw_later(
    struct store *store, int64_t zone_id, struct utc now, struct arena *scratch, struct error *err)
{
	return withdraw_open(store, zone_id, now, now, scratch, err);
}

enum status store_reserve_expected(
    struct store *store, const struct store_version *version, int64_t version_id, struct error *err)
{
	for (size_t i = 0; i < version->expected_count; i++) {
		struct sql sql;
		sql_begin(
		    &sql, store, "UPDATE expected_changes SET version = ? WHERE id = ? AND used = 0 AND withdrawn = 0");
		sql_put_int(&sql, version_id);
		sql_put_int(&sql, version->expected[i]);
		const enum status status = sql_run(&sql, err);
		if (status != STATUS_OK)
			return status;
		if (sqlite3_changes(store->database) != 1)
			return error_set(err, STATUS_REFUSED,
			    "serial %" PRIu32 ": the planned change by which it passes was withdrawn meanwhile",
			    version->serial);
	}
	return STATUS_OK;
}

enum status store_use_expected(
    struct store *store, int64_t zone_id, int64_t version_id, struct utc now, struct arena *scratch, struct error *err)
{
	struct store_expected *rows = NULL;
	size_t count = 0;
	enum status status = read_all(store,
	    "SELECT " EXPECTED_COLUMNS " FROM expected_changes WHERE version = ? AND used = 0 AND withdrawn = 0 ORDER "
	    "BY id",
	    version_id, scratch, &rows, &count, err);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		status = set_time(store, "UPDATE expected_changes SET used = ? WHERE id = ?", now, rows[i].id, err);
		rows[i].used = now;
		if (status == STATUS_OK)
			status = log_event(store, zone_id, &rows[i], used_event, now, scratch, err);
	}
	return status;
}

/* ---- the log alone ---- */

/* The id in "change ID: ..."; 0 if there is none. */
static int64_t id_of(const char *detail)
{
	char *end;
	if (strncmp(detail, CHANGE, strlen(CHANGE)) != 0)
		return 0;
	const long long id = strtoll(detail + strlen(CHANGE), &end, 10);
	return *end == ':' && id > 0 ? id : 0;
}

static enum status list_stored(struct store *store, struct arena *mem, struct store_replayed **rows, size_t *count,
    size_t *room, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "SELECT z.name, e.id, serial, change_limit, reason, actor, given, expires, withdrawn, used FROM "
	    "expected_changes e JOIN zones z ON z.id = e.zone ORDER BY e.id");
	while (sql_row(&sql)) {
		struct store_expected expected;
		*rows = sql_grow(mem, *rows, *count, room, sizeof(**rows));
		struct store_replayed *const row = &(*rows)[(*count)++];
		*row = (struct store_replayed){ .zone = sql_text(&sql, mem) };
		read_expected(&sql, mem, &expected);
		row->key = expected.id;
		row->stored = line_of(&expected, mem);
	}
	return sql_end(&sql, err);
}

static struct store_replayed *row_of(struct store_replayed *rows, size_t count, int64_t id, const char *zone)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].key == id && strcmp(rows[i].zone, zone) == 0)
			return &rows[i];
	return NULL;
}

static enum status read_log(struct store *store, struct arena *mem, struct store_replayed **rows, size_t *count,
    size_t *room, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "SELECT id, zone, detail FROM audit WHERE what IN (?, ?, ?) ORDER BY id");
	sql_put_text(&sql, given_event);
	sql_put_text(&sql, withdrawn_event);
	sql_put_text(&sql, used_event);
	while (sql_row(&sql)) {
		const int64_t number = sql_int(&sql);
		const char *const zone = sql_text(&sql, mem);
		const char *const detail = sql_text(&sql, mem);
		struct store_replayed *row = row_of(*rows, *count, id_of(detail), zone);
		if (row == NULL) {
			*rows = sql_grow(mem, *rows, *count, room, sizeof(**rows));
			row = &(*rows)[(*count)++];
			*row = (struct store_replayed){ .key = id_of(detail), .zone = zone };
		}
		row->row = number;
		row->logged = detail;
	}
	return sql_end(&sql, err);
}

/* What is wrong with it, in words; NULL: nothing is. */
static const char *problem_of(const struct store_replayed *row)
{
	if (row->stored == NULL)
		return "the log tells of it, the keystore has no such planned change";
	if (row->logged == NULL)
		return "the keystore has it, the log does not tell of it";
	return strcmp(row->logged, row->stored) != 0 ? "the keystore says otherwise than the log" : NULL;
}

/* One view of the database for all the reading. */
enum status store_replay_expected(struct store *store, struct arena *mem, struct store_replayed **out, size_t *count,
    size_t *problems, struct error *err)
{
	struct store_replayed *rows = NULL;
	size_t have = 0;
	size_t room = 0;
	size_t bad = 0;
	enum status status = sql_script(store, "BEGIN", err);
	if (status != STATUS_OK)
		return status;
	status = list_stored(store, mem, &rows, &have, &room, err);
	if (status == STATUS_OK)
		status = read_log(store, mem, &rows, &have, &room, err);
	status = store_finish(store, status, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < have; i++) {
		rows[i].problem = problem_of(&rows[i]);
		bad += rows[i].problem != NULL ? 1 : 0;
	}
	*out = rows;
	*count = have;
	*problems = bad;
	return STATUS_OK;
}
