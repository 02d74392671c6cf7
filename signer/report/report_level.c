/* SPDX-License-Identifier: MIT */
#include "signer/report/report_level.h"

#include <stdio.h>

/* A standby wants a snapshot a day. */
enum { SNAPSHOT_WARNING = 26 * 3600, SNAPSHOT_CRITICAL = 3 * 86400, RUN_MISSING = 86400 };

const char *report_level_name(enum report_level level)
{
	static const char *const names[] = { "ok", "action", "warning", "critical" };
	return names[level];
}

static void worsen(struct report_worst *worst, enum report_level level, const char *subject, const char *words)
{
	if (level <= worst->level)
		return;
	worst->level = level;
	snprintf(worst->words, sizeof(worst->words), "%s: %s", subject, words);
}

/* With runs as they should be, more than `refresh` is left; a day below it a run is missing. */
struct report_limits report_limits_of(const struct report_zone *zone, const struct report_limits *limits)
{
	struct report_limits used = *limits;
	if (used.warning.seconds <= 0)
		used.warning.seconds = zone->limit.seconds - RUN_MISSING;
	if (used.critical.seconds <= 0)
		used.critical.seconds = zone->limit.seconds / 2;
	return used;
}

static void look_at_signatures(
    struct report_worst *worst, const struct report_zone *zone, const struct report_limits *limits, struct utc now)
{
	char text[80], left_text[SPAN_TEXT];
	const int64_t left = utc_difference(zone->valid_until, now).seconds;
	const struct report_limits used = report_limits_of(zone, limits);
	span_format_short((struct span){ left > 0 ? left : 0 }, left_text);
	snprintf(text, sizeof(text), "signatures have %s left", left_text);
	if (left <= 0)
		worsen(worst, REPORT_LEVEL_CRITICAL, zone->name, "signatures have EXPIRED");
	else if (left < used.critical.seconds)
		worsen(worst, REPORT_LEVEL_CRITICAL, zone->name, text);
	else if (left < used.warning.seconds)
		worsen(worst, REPORT_LEVEL_WARNING, zone->name, text);
}

static void look_at_hook(struct report_worst *worst, const struct report_zone *zone, struct utc now)
{
	char text[120], age_text[SPAN_TEXT];
	const struct span age = utc_difference(now, zone->hook_waiting_since);
	if (zone->hook_waiting_since.seconds == 0 || age.seconds < REPORT_HOOK_CRITICAL)
		return;
	span_format_short(age, age_text);
	snprintf(text, sizeof(text), "the publish hook %s for %s: name servers may serve an older version",
	    zone->hook_again ? "wants to be tried again" : "fails", age_text);
	worsen(worst, REPORT_LEVEL_CRITICAL, zone->name, text);
}

void report_level_of_zone(
    const struct report_zone *zone, const struct report_limits *limits, struct utc now, struct report_worst *worst)
{
	if (zone->health == REPORT_BLOCKED)
		worsen(worst, REPORT_LEVEL_CRITICAL, zone->name, zone->headline);
	if (zone->published)
		look_at_signatures(worst, zone, limits, now);
	look_at_hook(worst, zone, now);
	if (zone->urgent)
		worsen(worst, zone->health == REPORT_OK ? REPORT_LEVEL_WARNING : REPORT_LEVEL_CRITICAL, zone->name,
		    zone->headline);
	if (zone->health == REPORT_WARN || zone->health == REPORT_NEW)
		worsen(worst, REPORT_LEVEL_WARNING, zone->name, zone->headline);
	if (zone->command != NULL)
		worsen(worst, REPORT_LEVEL_ACTION, zone->name, zone->headline);
}

static void look_at_standby(struct report_worst *worst, const struct report_state *state, struct utc now)
{
	char age_text[SPAN_TEXT];
	const struct span age = utc_difference(now, state->snapshot);
	if (state->snapshot.seconds == 0) {
		snprintf(worst->words, sizeof(worst->words),
		    "STANDBY, fenced; no snapshot was compared since the last restore: zoneseal parity check");
		worst->level = REPORT_LEVEL_WARNING;
		return;
	}
	span_format_short(age, age_text);
	snprintf(worst->words, sizeof(worst->words), "STANDBY, fenced; equal to a snapshot that is %s old", age_text);
	worst->level = age.seconds > SNAPSHOT_CRITICAL  ? REPORT_LEVEL_CRITICAL
		       : age.seconds > SNAPSHOT_WARNING ? REPORT_LEVEL_WARNING
							: REPORT_LEVEL_OK;
}

void report_level_of_keystore(const struct report_state *state, struct utc now, struct report_worst *worst)
{
	if (state->standby)
		look_at_standby(worst, state, now);
	if (state->restored && !state->standby)
		worsen(worst, REPORT_LEVEL_CRITICAL, "keystore",
		    "restored from a backup and not reconciled: nothing is signed");
	if (state->clock_behind)
		worsen(worst, REPORT_LEVEL_CRITICAL, "keystore",
		    "the clock is behind the last recorded run: nothing is signed; see zoneseal doctor");
	if (state->zone_count == 0)
		worsen(worst, REPORT_LEVEL_WARNING, "keystore", "no zones");
}

const char *report_stopped_words(const struct report_state *state, struct utc now, struct arena *mem)
{
	if (state->standby)
		return arena_printf(mem, "STANDBY, fenced: it signs nothing before zoneseal parity promote. %s%s",
		    state->snapshot.seconds == 0
			? "NO snapshot was compared since the last restore: zoneseal parity check SNAPSHOT"
			: "Equal to the active signer's snapshot of ",
		    state->snapshot.seconds == 0 ? "" : report_when(state->snapshot, now, mem));
	const char *const restored =
	    "RESTORED from a backup and not reconciled: nothing is signed. Run: zoneseal restore --reconcile";
	const char *const clock =
	    "CLOCK: it is behind the last recorded run, so nothing is signed. Run: zoneseal doctor";
	if (state->restored && state->clock_behind)
		return arena_printf(mem, "%s\n%s", restored, clock);
	return state->restored ? restored : state->clock_behind ? clock : NULL;
}
