/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keystore/store_served.h"
#include "keystore/store_sql.h"
#include "signer/base/bytes.h"

#define VERSION_COLUMNS                                                                                                \
	"id, serial, sha256, input_sha256, config_sha256, path, keys, verdict, intended, published, abandoned, "       \
	"first_expiry, refresh, largest_ttl, dnskey_ttl, negative_ttl, records, signatures, size, input_serial, "      \
	"rolled_back"

/* A verdict is some kilobytes of JSON; older ones are in the archive of whoever keeps them. */
enum { VERDICTS_KEPT = 32, VERDICTS_LOOKED_AT = 64 };

static void read_version(struct sql *sql, struct arena *mem, struct store_version *version)
{
	version->id = sql_int(sql);
	version->serial = (uint32_t)sql_int(sql);
	sql_blob(sql, version->sha256, sizeof(version->sha256));
	sql_blob(sql, version->input_sha256, sizeof(version->input_sha256));
	sql_blob(sql, version->config_sha256, sizeof(version->config_sha256));
	version->path = sql_text(sql, mem);
	version->keys = sql_text(sql, mem);
	version->verdict = sql_text(sql, mem);
	version->intended.seconds = sql_int(sql);
	version->published.seconds = sql_int(sql);
	version->abandoned = sql_int(sql) != 0;
	version->first_expiry.seconds = sql_int(sql);
	version->refresh.seconds = sql_int(sql);
	version->largest_ttl = (uint32_t)sql_int(sql);
	version->dnskey_ttl = (uint32_t)sql_int(sql);
	version->negative_ttl = (uint32_t)sql_int(sql);
	version->records = (uint64_t)sql_int(sql);
	version->signatures = (uint64_t)sql_int(sql);
	version->size = (uint64_t)sql_int(sql);
	version->input_serial = (uint32_t)sql_int(sql);
	version->rolled_back = sql_text(sql, mem);
}

/* RFC 1982 3.2 with 32 bits; false for the pair that has no order. */
static bool serial_is_greater(uint32_t a, uint32_t b)
{
	const uint32_t ahead = a - b;
	return ahead != 0 && ahead < UINT32_C(0x80000000);
}

/* Each serial is greater than the one before it, so the newest row has the highest. */
enum status store_serial_floor(struct store *store, int64_t zone_id, uint32_t *out, bool *found, struct error *err)
{
	struct sql sql;
	uint32_t serial = 0;
	sql_begin(&sql, store, "SELECT serial FROM versions WHERE zone = ? ORDER BY id DESC LIMIT 1");
	sql_put_int(&sql, zone_id);
	const bool row = sql_row(&sql);
	if (row)
		serial = (uint32_t)sql_int(&sql);
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*found = row;
	if (row)
		*out = serial;
	return STATUS_OK;
}

static enum status any_row(
    struct store *store, const char *text, int64_t zone_id, int64_t number, bool *out, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, number);
	*out = sql_row(&sql);
	return sql_end(&sql, err);
}

enum status store_serial_is_used(struct store *store, int64_t zone_id, uint32_t serial, bool *out, struct error *err)
{
	return any_row(store, "SELECT 1 FROM versions WHERE zone = ? AND serial = ?", zone_id, serial, out, err);
}

enum status store_has_version(
    struct store *store, int64_t zone_id, const uint8_t sha256[32], bool *out, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "SELECT 1 FROM versions WHERE zone = ? AND sha256 = ? LIMIT 1");
	sql_put_int(&sql, zone_id);
	sql_put_blob(&sql, sha256, 32);
	const bool has = sql_row(&sql);
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK)
		*out = has;
	return status;
}

static enum status check_serial(struct store *store, int64_t zone_id, uint32_t serial, struct error *err)
{
	uint32_t floor;
	bool found;
	bool used;
	enum status status = store_serial_floor(store, zone_id, &floor, &found, err);
	if (status != STATUS_OK)
		return status;
	if (found && !serial_is_greater(serial, floor))
		return error_set(err, STATUS_REFUSED,
		    "serial %" PRIu32 " is not greater than %" PRIu32 " (RFC 1982 3.2)", serial, floor);
	status = store_serial_is_used(store, zone_id, serial, &used, err);
	if (status == STATUS_OK && used)
		return error_set(err, STATUS_REFUSED, "serial %" PRIu32 " has been used by this zone before", serial);
	return status;
}

static enum status insert_version(struct store *store, int64_t zone_id, const struct store_version *version,
    struct utc now, int64_t *id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "INSERT INTO versions (zone, serial, sha256, input_sha256, config_sha256, path, keys, verdict, intended, "
	    "first_expiry, refresh, largest_ttl, dnskey_ttl, negative_ttl, records, signatures, size, input_serial, "
	    "rolled_back) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, version->serial);
	sql_put_blob(&sql, version->sha256, sizeof(version->sha256));
	sql_put_blob(&sql, version->input_sha256, sizeof(version->input_sha256));
	sql_put_blob(&sql, version->config_sha256, sizeof(version->config_sha256));
	sql_put_text(&sql, version->path);
	sql_put_text(&sql, version->keys == NULL ? "" : version->keys);
	sql_put_text(&sql, version->verdict);
	sql_put_int(&sql, now.seconds);
	sql_put_int(&sql, version->first_expiry.seconds);
	sql_put_int(&sql, version->refresh.seconds);
	sql_put_int(&sql, version->largest_ttl);
	sql_put_int(&sql, version->dnskey_ttl);
	sql_put_int(&sql, version->negative_ttl);
	sql_put_int(&sql, (int64_t)version->records);
	sql_put_int(&sql, (int64_t)version->signatures);
	sql_put_int(&sql, (int64_t)version->size);
	sql_put_int(&sql, version->input_serial);
	sql_put_text(&sql, version->rolled_back);
	const enum status status = sql_run(&sql, err);
	*id = sqlite3_last_insert_rowid(store->database);
	return status;
}

static const char *version_detail(const struct store_version *version, struct arena *scratch)
{
	char hex[65];
	bytes_to_hex((struct bytes){ version->sha256, sizeof(version->sha256) }, false, hex);
	return arena_printf(scratch, "serial %" PRIu32 ", SHA-256 %s, %s%s%s", version->serial, hex, version->path,
	    version->rolled_back != NULL ? ", rolling back " : "",
	    version->rolled_back != NULL ? version->rolled_back : "");
}

static enum status add_intent(struct store *store, int64_t zone_id, const struct store_version *version, struct utc now,
    struct arena *scratch, int64_t *id, struct error *err)
{
	const char *zone = NULL;
	bool open;
	enum status status = store_zone_name(store, zone_id, scratch, &zone, err);
	if (status == STATUS_OK)
		status = any_row(store, "SELECT 1 FROM versions WHERE zone = ? AND published = 0 AND abandoned = ?",
		    zone_id, 0, &open, err);
	if (status == STATUS_OK && open)
		return error_set(
		    err, STATUS_REFUSED, "zone %s: an earlier publication is neither confirmed nor abandoned", zone);
	if (status == STATUS_OK)
		status = check_serial(store, zone_id, version->serial, err);
	if (status == STATUS_OK)
		status = insert_version(store, zone_id, version, now, id, err);
	if (status == STATUS_OK)
		status = store_reserve_expected(store, version, *id, err);
	if (status != STATUS_OK)
		return status;
	return audit_append(store, now, zone, "publication intended", version_detail(version, scratch), err);
}

enum status store_add_intent(
    struct store *store, int64_t zone_id, struct store_version *version, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	int64_t id = 0;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = add_intent(store, zone_id, version, now, scratch, &id, err);
	arena_free(scratch);
	status = store_finish(store, status, err);
	if (status == STATUS_OK) {
		version->id = id;
		version->intended = now;
		version->published = (struct utc){ 0 };
		version->abandoned = false;
	}
	return status;
}

/* The open intent with that id, and the zone's name. */
static enum status find_intent(struct store *store, int64_t zone_id, int64_t version_id, struct arena *scratch,
    struct store_version *out, const char **zone, struct error *err)
{
	bool found = false;
	enum status status = store_zone_name(store, zone_id, scratch, zone, err);
	if (status == STATUS_OK)
		status = store_open_intent(store, zone_id, scratch, out, &found, err);
	if (status == STATUS_OK && (!found || out->id != version_id))
		return error_set(
		    err, STATUS_INTERNAL, "zone %s: version %" PRId64 " is no open intent", *zone, version_id);
	return status;
}

static enum status set_column(struct store *store, const char *text, int64_t value, int64_t id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, text);
	sql_put_int(&sql, value);
	sql_put_int(&sql, id);
	return sql_run(&sql, err);
}

/* Each publication looks at those that may have become too old, not at the years before. */
static enum status drop_old_verdicts(struct store *store, int64_t zone_id, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store,
	    "UPDATE versions SET verdict = NULL WHERE verdict IS NOT NULL AND id IN (SELECT id FROM versions WHERE "
	    "zone = "
	    "? ORDER BY id DESC LIMIT ? OFFSET ?)");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, VERDICTS_LOOKED_AT);
	sql_put_int(&sql, VERDICTS_KEPT);
	return sql_run(&sql, err);
}

enum status store_confirm(struct store *store, int64_t zone_id, int64_t version_id, struct utc published,
    const struct key keys[], size_t count, struct error *err)
{
	const struct store_step step = { .keys = keys, .key_count = count };
	return store_confirm_step(store, zone_id, version_id, published, &step, err);
}

enum status store_confirm_step(struct store *store, int64_t zone_id, int64_t version_id, struct utc published,
    const struct store_step *step, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct store_version version = { 0 };
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = find_intent(store, zone_id, version_id, scratch, &version, &zone, err);
	if (status == STATUS_OK)
		status = set_column(
		    store, "UPDATE versions SET published = ? WHERE id = ?", published.seconds, version_id, err);
	if (status == STATUS_OK)
		status = audit_append(store, published, zone, "published", version_detail(&version, scratch), err);
	if (status == STATUS_OK)
		status = store_use_expected(store, zone_id, version_id, published, scratch, err);
	if (status == STATUS_OK && version.rolled_back != NULL)
		status = store_hold_within(store, zone_id, arena_printf(scratch, "rolled back %s", version.rolled_back),
		    published, scratch, err);
	if (status == STATUS_OK)
		status = store_apply_step(store, zone_id, step,
		    arena_printf(scratch, "by the publication of serial %" PRIu32, version.serial), published, err);
	if (status == STATUS_OK)
		status = drop_old_verdicts(store, zone_id, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

enum status store_abandon(struct store *store, int64_t zone_id, int64_t version_id, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	struct store_version version = { 0 };
	const char *zone = NULL;
	enum status status = store_begin(store, err);
	if (status == STATUS_OK)
		status = find_intent(store, zone_id, version_id, scratch, &version, &zone, err);
	if (status == STATUS_OK)
		status = set_column(store, "UPDATE versions SET abandoned = ? WHERE id = ?", 1, version_id, err);
	if (status == STATUS_OK)
		status =
		    audit_append(store, now, zone, "publication abandoned", version_detail(&version, scratch), err);
	/* What went to stdout is out, though nothing has its receipt. */
	if (status == STATUS_OK && strcmp(version.path, "-") == 0)
		status = store_use_expected(store, zone_id, version_id, now, scratch, err);
	arena_free(scratch);
	return store_finish(store, status, err);
}

static enum status one_version(struct store *store, const char *text, int64_t zone_id, struct arena *mem,
    struct store_version *out, bool *found, struct error *err)
{
	struct sql sql;
	struct store_version version = { 0 };
	sql_begin(&sql, store, text);
	sql_put_int(&sql, zone_id);
	const bool row = sql_row(&sql);
	if (row)
		read_version(&sql, mem, &version);
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	*found = row;
	if (row)
		*out = version;
	return STATUS_OK;
}

enum status store_open_intent(
    struct store *store, int64_t zone_id, struct arena *mem, struct store_version *out, bool *found, struct error *err)
{
	return one_version(store,
	    "SELECT " VERSION_COLUMNS " FROM versions WHERE zone = ? AND published = 0 AND abandoned = 0", zone_id, mem,
	    out, found, err);
}

enum status store_last_version(
    struct store *store, int64_t zone_id, struct arena *mem, struct store_version *out, bool *found, struct error *err)
{
	return one_version(store,
	    "SELECT " VERSION_COLUMNS " FROM versions WHERE zone = ? AND published > 0 ORDER BY id DESC LIMIT 1",
	    zone_id, mem, out, found, err);
}

enum status store_versions(struct store *store, int64_t zone_id, size_t most, struct arena *mem,
    struct store_version **out, size_t *count, struct error *err)
{
	struct sql sql;
	struct store_version *versions = NULL;
	size_t have = 0;
	size_t room = 0;
	sql_begin(&sql, store, "SELECT " VERSION_COLUMNS " FROM versions WHERE zone = ? ORDER BY id DESC LIMIT ?");
	sql_put_int(&sql, zone_id);
	sql_put_int(&sql, most > INT64_MAX ? INT64_MAX : (int64_t)most);
	while (sql_row(&sql)) {
		versions = sql_grow(mem, versions, have, &room, sizeof(*versions));
		read_version(&sql, mem, &versions[have++]);
	}
	const enum status status = sql_end(&sql, err);
	if (status == STATUS_OK) {
		*out = versions;
		*count = have;
	}
	return status;
}
