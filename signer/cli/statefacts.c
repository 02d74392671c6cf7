/* SPDX-License-Identifier: MIT */
/* The keystore as a whole, and all of its zones. */
#include "signer/cli/facts.h"
#include "signer/engine/parity.h"
#include "signer/report/report_level.h"

/* Another process may record a later second than this one began in. */
enum status facts_clock_behind(struct store *store, struct utc now, bool *out, struct error *err)
{
	enum { TOLERANCE = 120 };
	struct utc last;
	enum status status = store_last_time(store, &last, err);
	if (status == STATUS_OK)
		*out = utc_before(utc_add(now, (struct span){ TOLERANCE }), last);
	return status;
}

enum status facts_keystore(struct store *store, const char *state, struct utc now, bool by_clock, struct arena *mem,
    struct report_state *out, struct error *err)
{
	struct report_state found = { .folder = state, .standby = parity_is_standby(state) };
	enum status status = store_is_virtual_clock(store, &found.virtual_clock, err);
	if (status == STATUS_OK)
		status = store_is_restored(store, &found.restored, err);
	if (status == STATUS_OK && by_clock)
		status = facts_clock_behind(store, now, &found.clock_behind, err);
	if (status != STATUS_OK)
		return status;
	found.snapshot = found.standby ? parity_matched(state, mem) : (struct utc){ 0 };
	*out = found;
	return STATUS_OK;
}

static const char *copied(const char *text, struct arena *mem)
{
	return text == NULL ? NULL : arena_strdup(mem, text);
}

/* What a table shows of a zone. */
static struct report_zone brief(const struct report_zone *zone, struct arena *mem)
{
	return (struct report_zone){ .name = copied(zone->name, mem),
		.health = zone->health,
		.headline = copied(zone->headline, mem),
		.command = copied(zone->command, mem),
		.published = zone->published,
		.serial = zone->serial,
		.published_at = zone->published_at,
		.valid_until = zone->valid_until,
		.next = zone->next,
		.roll_word = copied(zone->roll_word, mem),
		.roll_stop = copied(zone->roll_stop, mem),
		.roll_next = zone->roll_next,
		.urgent = zone->urgent,
		.level = zone->level };
}

static enum status take_zones(struct store *store, const char *state, struct utc now, struct arena *mem,
    const struct facts_each *each, struct report_state *out, struct error *err)
{
	struct store_zone *rows = NULL;
	size_t count = 0;
	enum status status = store_zones(store, mem, &rows, &count, err);
	struct report_zone *const zones = arena_calloc(mem, count + 1, sizeof(*zones));
	struct arena *const one = arena_new(0);
	out->zones = zones;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct report_zone zone;
		if (rows[i].removed)
			continue;
		arena_reset(one);
		status = facts_zone(store, state, &rows[i], now, one, &zone, err);
		if (status != STATUS_OK)
			break;
		if (each != NULL)
			each->take(each->context, &zone);
		zones[out->zone_count++] = brief(&zone, mem);
	}
	arena_free(one);
	return status;
}

enum report_level facts_level(const struct report_state *state, struct utc now)
{
	struct report_worst worst = { 0 };
	report_level_of_keystore(state, now, &worst);
	for (size_t i = 0; i < state->zone_count && !state->standby; i++)
		if (state->zones[i].level > worst.level)
			worst.level = state->zones[i].level;
	return worst.level;
}

enum status facts_state(struct store *store, const char *state, struct utc now, bool by_clock, struct arena *mem,
    const struct facts_each *each, struct report_state *out, struct error *err)
{
	enum status status = facts_keystore(store, state, now, by_clock, mem, out, err);
	if (status == STATUS_OK)
		status = take_zones(store, state, now, mem, each, out, err);
	if (status == STATUS_OK)
		out->level = facts_level(out, now);
	return status;
}
