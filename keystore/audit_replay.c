/* SPDX-License-Identifier: MIT */
/* The keys as the log alone tells them, beside the table. */
#include <inttypes.h>
#include <string.h>

#include "keystore/audit.h"
#include "signer/base/bytes.h"

/* Which row told of a key last. */
struct mention {
	int64_t key;
	int64_t row;
	bool stored; /* the table has it */
};

/* In order of key: those of the table first found, then what only the log knows. */
struct mentions {
	struct mention *all;
	size_t count;
	size_t room;
};

/* The first of those with a key not less than `key`. */
static size_t place_of(const struct mentions *mentions, int64_t key)
{
	size_t low = 0;
	size_t high = mentions->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (mentions->all[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Keys come in the order of their ids but for a crafted log, so what is added is nearly always the last. */
static void note_mention(struct mentions *mentions, struct arena *mem, int64_t key, int64_t row)
{
	const size_t at = place_of(mentions, key);
	if (at < mentions->count && mentions->all[at].key == key) {
		mentions->all[at].row = row;
		return;
	}
	mentions->all = sql_grow(mem, mentions->all, mentions->count, &mentions->room, sizeof(*mentions->all));
	memmove(&mentions->all[at + 1], &mentions->all[at], (mentions->count - at) * sizeof(*mentions->all));
	mentions->all[at] = (struct mention){ .key = key, .row = row };
	mentions->count++;
}

static enum status list_stored(struct store *store, struct arena *mem, struct mentions *out, struct error *err)
{
	struct sql sql;
	sql_begin(&sql, store, "SELECT id FROM keys ORDER BY id");
	while (sql_row(&sql)) {
		out->all = sql_grow(mem, out->all, out->count, &out->room, sizeof(*out->all));
		out->all[out->count++] = (struct mention){ .key = sql_int(&sql), .stored = true };
	}
	return sql_end(&sql, err);
}

static const char *next_line(const char *line)
{
	const char *const end = strchr(line, '\n');
	return end == NULL ? "" : end + 1;
}

static enum status read_log(struct store *store, struct arena *mem, struct mentions *out, struct error *err)
{
	struct sql sql;
	struct arena *const scratch = arena_new(0);
	sql_begin(&sql, store, "SELECT id, detail FROM audit WHERE instr(detail, char(10)) > 0 ORDER BY id");
	while (sql_row(&sql)) {
		arena_reset(scratch);
		const int64_t row = sql_int(&sql);
		const char *const detail = sql_text(&sql, scratch);
		for (const char *line = next_line(detail == NULL ? "" : detail); line[0] != '\0';
		     line = next_line(line)) {
			const int64_t key = audit_line_key(line);
			if (key != 0)
				note_mention(out, mem, key, row);
		}
	}
	arena_free(scratch);
	return sql_end(&sql, err);
}

/* The line of `key` in the row, without its line feed, and the zone that the row is about. */
static enum status take_line(struct store *store, const struct mention *mention, struct arena *mem, const char **zone,
    const char **out, struct error *err)
{
	struct sql sql;
	const char *detail = NULL;
	sql_begin(&sql, store, "SELECT zone, detail FROM audit WHERE id = ?");
	sql_put_int(&sql, mention->row);
	if (sql_row(&sql)) {
		*zone = sql_text(&sql, mem);
		detail = sql_text(&sql, mem);
	}
	const enum status status = sql_end(&sql, err);
	if (status != STATUS_OK)
		return status;
	for (const char *line = next_line(detail == NULL ? "" : detail); line[0] != '\0'; line = next_line(line))
		if (audit_line_key(line) == mention->key)
			*out = arena_strndup(mem, line, strcspn(line, "\n"));
	return STATUS_OK;
}

/* Which zone has the key, and the key. */
static enum status find_key(
    struct store *store, int64_t id, struct arena *mem, const char **zone, struct key *out, struct error *err)
{
	struct sql sql;
	int64_t zone_id = 0;
	sql_begin(&sql, store, "SELECT z.id, z.name FROM keys k JOIN zones z ON z.id = k.zone WHERE k.id = ?");
	sql_put_int(&sql, id);
	if (sql_row(&sql)) {
		zone_id = sql_int(&sql);
		*zone = sql_text(&sql, mem);
	}
	const enum status status = sql_end(&sql, err);
	return status == STATUS_OK ? store_read_key(store, zone_id, id, mem, out, err) : status;
}

static const char *problem_of(
    const struct store_replayed *key, const struct key *stored, const char *zone_in_log, const char *zone)
{
	uint8_t digest[32];
	if (key->stored == NULL)
		return "the log tells of it, the keystore has no such key";
	if (key->logged == NULL)
		return "the keystore has it, the log does not tell of it";
	if (strcmp(zone_in_log, zone) != 0)
		return "the log has it in another zone";
	bytes_sha256((struct bytes){ stored->public_key, stored->public_size }, digest);
	if (memcmp(digest, stored->fingerprint, sizeof(digest)) != 0)
		return "its public key is not the one of its fingerprint";
	return strcmp(key->logged, key->stored) == 0 ? NULL : "the keystore says otherwise than the log";
}

static enum status compare(struct store *store, const struct mention *mention, struct arena *mem, struct arena *scratch,
    struct store_replayed *out, struct error *err)
{
	struct key key = { 0 };
	const char *zone = "";
	const char *zone_in_log = "";
	struct store_replayed replayed = { .key = mention->key, .row = mention->row };
	enum status status = STATUS_OK;
	if (mention->row != 0)
		status = take_line(store, mention, mem, &zone_in_log, &replayed.logged, err);
	if (status == STATUS_OK && mention->stored)
		status = find_key(store, mention->key, scratch, &zone, &key, err);
	if (status != STATUS_OK)
		return status;
	if (mention->stored) {
		char *const line = audit_key_line(&key, mem);
		line[strlen(line) - 1] = '\0';
		replayed.stored = line;
	}
	replayed.problem = problem_of(&replayed, &key, zone_in_log, zone);
	replayed.zone = arena_strdup(mem, zone[0] != '\0' ? zone : zone_in_log);
	*out = replayed;
	return STATUS_OK;
}

static enum status replay(struct store *store, struct arena *mem, struct store_replayed **out, size_t *count,
    size_t *problems, struct error *err)
{
	struct mentions mentions = { 0 };
	struct arena *const scratch = arena_new(0);
	enum status status = list_stored(store, mem, &mentions, err);
	if (status == STATUS_OK)
		status = read_log(store, mem, &mentions, err);
	struct store_replayed *const keys = arena_calloc(mem, mentions.count + 1, sizeof(*keys));
	size_t bad = 0;
	for (size_t i = 0; status == STATUS_OK && i < mentions.count; i++) {
		arena_reset(scratch);
		status = compare(store, &mentions.all[i], mem, scratch, &keys[i], err);
		bad += status == STATUS_OK && keys[i].problem != NULL ? 1 : 0;
	}
	arena_free(scratch);
	if (status != STATUS_OK)
		return status;
	*out = keys;
	*count = mentions.count;
	*problems = bad;
	return STATUS_OK;
}

/* One view of the database for all the reading. */
enum status store_audit_replay(struct store *store, struct arena *mem, struct store_replayed **out, size_t *count,
    size_t *problems, struct error *err)
{
	enum status status = sql_script(store, "BEGIN", err);
	if (status != STATUS_OK)
		return status;
	uint64_t rows;
	status = store_audit_check(store, &rows, err);
	if (status == STATUS_OK)
		status = replay(store, mem, out, count, problems, err);
	return store_finish(store, status, err);
}
