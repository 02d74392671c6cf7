/* SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "signer/base/bytes.h"
#include "signer/report/report_level.h"
#include "signer/report/report_roll.h"

struct report {
	json_t *json;
};

static struct report *wrap(json_t *json)
{
	struct report *report = memory_alloc(sizeof(*report));
	report->json = json;
	return report;
}

struct report *report_new(const char *schema)
{
	struct report *report = wrap(json_object());
	if (schema != NULL)
		report_text(report, "schema", schema);
	return report;
}

struct report *report_list(void)
{
	return wrap(json_array());
}

void report_free(struct report *report)
{
	if (report == NULL)
		return;
	json_decref(report->json);
	free(report);
}

/* Text that is no UTF-8 is escaped, so that the document stays one. */
static json_t *text_json(const char *value)
{
	json_t *text = value != NULL ? json_string(value) : json_null();
	if (text == NULL) {
		size_t size = 4 * strlen(value) + 1;
		char *escaped = memory_alloc(size);
		error_escape(value, strlen(value), escaped, size);
		text = json_string(escaped);
		free(escaped);
	}
	return text;
}

void report_text(struct report *report, const char *name, const char *value)
{
	json_object_set_new(report->json, name, text_json(value));
}

void report_texts(struct report *report, const char *name, const char *const values[], size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, text_json(values[i]));
	json_object_set_new(report->json, name, list);
}

void report_number(struct report *report, const char *name, int64_t value)
{
	json_object_set_new(report->json, name, json_integer(value));
}

void report_real(struct report *report, const char *name, double value)
{
	json_object_set_new(report->json, name, json_real((double)(int64_t)(value * 1000) / 1000));
}

void report_bool(struct report *report, const char *name, bool value)
{
	json_object_set_new(report->json, name, json_boolean(value));
}

void report_time(struct report *report, const char *name, struct utc value)
{
	char text[UTC_TEXT], epoch[80];
	bool set = value.seconds != 0 && value.seconds != UTC_NEVER.seconds;
	snprintf(epoch, sizeof(epoch), "%s_epoch", name);
	utc_format(value, text);
	report_text(report, name, set ? text : NULL);
	json_object_set_new(report->json, epoch, set ? json_integer(value.seconds) : json_null());
}

void report_hex(struct report *report, const char *name, const uint8_t *data, size_t size)
{
	char text[129];
	bytes_to_hex((struct bytes){ data, size < 64 ? size : 64 }, false, text);
	report_text(report, name, text);
}

void report_json(struct report *report, const char *name, const char *json)
{
	json_t *value = json != NULL ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
	json_object_set_new(report->json, name, value != NULL ? value : json_null());
}

void report_child(struct report *report, const char *name, struct report *child)
{
	json_object_set(report->json, name, child->json);
	report_free(child);
}

void report_append(struct report *list, struct report *child)
{
	json_array_append(list->json, child->json);
	report_free(child);
}

const char *report_status_name(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "ok";
	case STATUS_NO:
		return "no";
	case STATUS_USAGE:
		return "usage";
	case STATUS_REFUSED:
		return "refused";
	case STATUS_MALFORMED:
		return "malformed";
	case STATUS_MISSING:
		return "missing";
	case STATUS_KEY:
		return "key";
	case STATUS_INTERNAL:
		return "internal";
	case STATUS_IO:
		return "io";
	case STATUS_BUSY:
		return "busy";
	case STATUS_PERMISSION:
		return "permission";
	case STATUS_POLICY:
		return "policy";
	}
	return "unknown";
}

void report_error(struct report *report, const struct error *err, enum status status, const char *check)
{
	struct report *inner = report_new(NULL);
	report_text(inner, "status", report_status_name(status));
	report_number(inner, "exit_code", status);
	report_text(inner, "message", err->message);
	report_text(inner, "check", check);
	report_text(inner, "file", err->file[0] != '\0' ? err->file : NULL);
	report_number(inner, "line", (int64_t)err->line);
	report_number(inner, "column", (int64_t)err->column);
	report_child(report, "error", inner);
}

enum status report_print(FILE *out, struct report *report, struct error *err)
{
	bool written = json_dumpf(report->json, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 &&
		       fputc('\n', out) != EOF && fflush(out) == 0;
	report_free(report);
	return written ? STATUS_OK : error_set_errno(err, "stdout");
}

enum status report_print_line(FILE *out, struct report *report, struct error *err)
{
	bool written =
	    json_dumpf(report->json, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 && fputc('\n', out) != EOF;
	report_free(report);
	return written ? STATUS_OK : error_set_errno(err, "stdout");
}

struct report *report_of_key(const struct report_key *row)
{
	static const char *const records[KEY_RECORDS] = { "dnskey", "zrrsig", "krrsig", "ds" };
	const struct key *key = &row->key;
	const struct algorithm *algorithm = alg_by_number(key->algorithm);
	struct report *report = report_new(NULL);
	report_text(report, "zone", row->zone);
	report_number(report, "tag", key->tag);
	report_text(report, "role", key->role == KEY_KSK ? "ksk" : key->role == KEY_ZSK ? "zsk" : "csk");
	report_number(report, "algorithm", key->algorithm);
	report_text(report, "algorithm_name", algorithm != NULL ? algorithm->name : NULL);
	report_number(report, "bits", key->bits);
	report_text(report, "state", row->word);
	report_hex(report, "fingerprint", key->fingerprint, sizeof(key->fingerprint));
	report_text(report, "locator", key->locator);
	struct arena *const mem = arena_new(0);
	report_text(report, "dnskey", report_dnskey(key, mem));
	arena_free(mem);
	report_bool(report, "published", key_is_published(key));
	report_bool(report, "signs_keys", key_signs_keys(key));
	report_bool(report, "signs_zone", key_signs_zone(key));
	report_time(report, "created", key->created);
	report_time(report, "active", key->active);
	report_time(report, "ready", row->ready_at);
	report_time(report, "backed_up", key->backed_up);
	report_time(report, "revoked", key->revoked);
	report_number(report, "revoked_tag", key->revoked_tag);
	struct report *states = report_new(NULL);
	for (int i = 0; i < KEY_RECORDS; i++) {
		struct report *state = report_new(NULL);
		report_text(state, "state", key_state_name(key->state[i]));
		report_time(state, "since", key->since[i]);
		report_child(states, records[i], state);
	}
	report_child(report, "records", states);
	report_child(report, "proofs", report_of_proofs(row));
	report_text(report, "waits_for", row->waits_for[0] != '\0' ? row->waits_for : NULL);
	return report;
}

static struct report *report_of_pool(const struct report_zone *zone)
{
	struct report *list = report_list();
	for (size_t i = 0; i < zone->pool_count; i++) {
		const struct report_pool *pool = &zone->pool[i];
		struct report *row = report_new(NULL);
		report_text(row, "role", pool->role == KEY_KSK ? "ksk" : pool->role == KEY_ZSK ? "zsk" : "csk");
		report_number(row, "have", pool->have);
		report_number(row, "wanted", pool->wanted);
		report_number(row, "waiting_for_backup", pool->waiting);
		report_append(list, row);
	}
	return list;
}

static struct report *report_of_expected(const struct report_zone *zone)
{
	struct report *list = report_list();
	for (size_t i = 0; i < zone->expected_count; i++) {
		const struct report_expected *const one = &zone->expected[i];
		struct report *row = report_new(NULL);
		report_number(row, "serial", one->serial);
		report_text(row, "limit", one->limit);
		report_text(row, "reason", one->reason);
		report_text(row, "actor", one->actor);
		report_time(row, "given", one->given);
		report_time(row, "expires", one->expires);
		report_append(list, row);
	}
	return list;
}

struct report *report_of_zone(const struct report_zone *zone)
{
	struct report *report = report_new(NULL), *keys = report_list();
	report_text(report, "zone", zone->name);
	report_text(report, "health", report_health_name(zone->health));
	report_text(report, "level", report_level_name(zone->level));
	report_text(report, "headline", zone->headline);
	report_bool(report, "action_required", zone->command != NULL);
	report_text(report, "command", zone->command);
	report_text(report, "policy", zone->policy);
	report_text(report, "input", zone->input);
	report_text(report, "output", zone->output);
	report_text(report, "parents", zone->parents);
	report_text(report, "parent_shows", zone->ds_found);
	report_time(report, "parent_asked", zone->ds_checked);
	report_bool(report, "published", zone->published);
	report_number(report, "serial", zone->serial);
	report_time(report, "published_at", zone->published_at);
	report_time(report, "valid_until", zone->valid_until);
	report_time(report, "next", zone->next);
	report_number(report, "records", (int64_t)zone->records);
	report_number(report, "signatures", (int64_t)zone->signatures);
	report_number(report, "size", (int64_t)zone->size);
	report_number(report, "checks", zone->checks);
	report_time(report, "input_unread_since", zone->input_unread_since);
	report_time(report, "input_failing_since", zone->input_failing_since);
	report_text(report, "input_failure", zone->input_failure);
	report_time(report, "hook_waiting_since", zone->hook_waiting_since);
	report_text(report, "hook_failure", zone->hook_failure);
	report_time(report, "last_failure", zone->last_failure);
	report_text(report, "last_failure_message", zone->last_failure_message);
	for (size_t i = 0; i < zone->key_count; i++)
		report_append(keys, report_of_key(&zone->keys[i]));
	report_child(report, "keys", keys);
	report_child(report, "pool", report_of_pool(zone));
	report_child(report, "waits", report_of_waits(zone->waits, zone->wait_count));
	report_child(report, "rollovers", report_of_rolls(zone->rolls, zone->roll_count));
	report_text(report, "no_key_moves", zone->roll_stop);
	report_time(report, "next_key_event", zone->roll_next);
	report_child(report, "expected_changes", report_of_expected(zone));
	report_child(report, "servers", report_of_servers(zone));
	return report;
}

struct report *report_of_state(const struct report_state *state, struct report *zones, struct utc now)
{
	struct report *report = report_new("zoneseal.status/1");
	report_time(report, "time", now);
	report_text(report, "state", state->folder);
	report_bool(report, "virtual_clock", state->virtual_clock);
	report_bool(report, "restored", state->restored);
	report_bool(report, "standby", state->standby);
	report_bool(report, "clock_behind", state->clock_behind);
	report_text(report, "level", report_level_name(state->level));
	if (state->standby)
		report_time(report, "snapshot", state->snapshot);
	report_child(report, "zones", zones);
	return report;
}

struct report *report_of_events(const struct report_event events[], size_t count)
{
	struct report *report = report_new("zoneseal.log/1"), *list = report_list();
	for (size_t i = 0; i < count; i++) {
		struct report *event = report_new(NULL);
		report_time(event, "time", events[i].when);
		report_text(event, "actor", events[i].actor);
		report_text(event, "zone", events[i].zone);
		report_text(event, "what", events[i].what);
		report_text(event, "detail", events[i].detail);
		report_hex(event, "hash", events[i].hash, sizeof(events[i].hash));
		report_append(list, event);
	}
	report_child(report, "events", list);
	return report;
}
