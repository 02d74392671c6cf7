/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "signer/report/report_level.h"
#include "signer/report/report_roll.h"

enum { COLUMN_ZONE = 24, NARROW_NAME = 36 };

static const char *paint(const struct report_style *style, enum report_health health)
{
	if (!style->colour)
		return "";
	switch (health) {
	case REPORT_OK:
		return "\033[32m";
	case REPORT_NEW:
	case REPORT_WARN:
		return "\033[33m";
	case REPORT_BLOCKED:
	case REPORT_EXPIRED:
		return "\033[31m";
	}
	return "";
}

static const char *plain(const struct report_style *style)
{
	return style->colour ? "\033[0m" : "";
}

/* "9d 02h" until `when`; "-" if there is no such moment. */
static void left_until(struct utc when, struct utc now, char out[SPAN_TEXT])
{
	if (when.seconds == 0 || when.seconds == UTC_NEVER.seconds) {
		snprintf(out, SPAN_TEXT, "-");
		return;
	}
	struct span left = utc_difference(when, now);
	if (left.seconds <= 0)
		snprintf(out, SPAN_TEXT, "EXPIRED");
	else
		span_format_short(left, out);
}

static void minute(struct utc when, char out[UTC_TEXT])
{
	char full[UTC_TEXT];
	utc_format(when, full);
	snprintf(out, UTC_TEXT, "%.10s %.5sZ", full, full + 11);
}

char *report_when(struct utc when, struct utc now, struct arena *mem)
{
	char text[UTC_TEXT], distance[SPAN_TEXT];
	if (when.seconds == 0)
		return arena_strdup(mem, "never");
	if (when.seconds == UTC_NEVER.seconds)
		return arena_strdup(mem, "never");
	minute(when, text);
	bool past = !utc_before(now, when);
	span_format_short(past ? utc_difference(now, when) : utc_difference(when, now), distance);
	return past ? arena_printf(mem, "%s (%s ago)", text, distance)
		    : arena_printf(mem, "%s (in %s)", text, distance);
}

static void print_summary(FILE *out, const struct report_state *state, const struct report_style *style)
{
	struct arena *const mem = arena_new(0);
	struct report_tally tally = { .stopped = !state->standby && (state->restored || state->clock_behind) };
	char now[UTC_TEXT];
	for (size_t i = 0; i < state->zone_count; i++)
		report_tally_add(&tally, state->zones[i].health, state->zones[i].command != NULL);
	minute(style->now, now);
	fprintf(out, "%s  %s%s\n", report_tally_words(&tally, mem), now, state->virtual_clock ? "  VIRTUAL CLOCK" : "");
	arena_free(mem);
}

/* When zoneseal does something by itself: signatures or keys. */
static struct utc next_of(const struct report_zone *zone)
{
	const bool keys = zone->roll_next.seconds != 0 && zone->roll_stop == NULL;
	return keys && utc_before(zone->roll_next, zone->next) ? zone->roll_next : zone->next;
}

/* The same in lines of their own. A name as long as names can be is cut: status NAME has it whole. */
static void print_narrow(FILE *out, const struct report_zone *zone, const struct report_style *style)
{
	char left[SPAN_TEXT], age[SPAN_TEXT], next[UTC_TEXT] = "-";
	const bool is_long = strlen(zone->name) > NARROW_NAME;
	left_until(zone->valid_until, style->now, left);
	if (next_of(zone).seconds != 0)
		minute(next_of(zone), next);
	fprintf(out, "%.*s%s\n  %s%s%s", NARROW_NAME, zone->name, is_long ? "..." : "", paint(style, zone->health),
	    report_health_name(zone->health), plain(style));
	if (zone->published) {
		span_format_short(utc_difference(style->now, zone->published_at), age);
		fprintf(out, ", %" PRIu32 " %s ago, signatures %s", zone->serial, age, left);
	}
	if (zone->roll_word != NULL)
		fprintf(out, ", %s", zone->roll_word);
	if (zone->command != NULL)
		fprintf(out, "\n  YOU %s\n", zone->command);
	else
		fprintf(out, "\n  auto %s\n", zone->published ? next : "first publication with the next run");
}

static void print_row(FILE *out, const struct report_zone *zone, const struct report_style *style)
{
	if (style->narrow) {
		print_narrow(out, zone, style);
		return;
	}
	char published[64] = "-", left[SPAN_TEXT], age[SPAN_TEXT], next[UTC_TEXT] = "-";
	if (zone->published) {
		span_format_short(utc_difference(style->now, zone->published_at), age);
		snprintf(published, sizeof(published), "%" PRIu32 " %s ago", zone->serial, age);
	}
	left_until(zone->valid_until, style->now, left);
	if (next_of(zone).seconds != 0)
		minute(next_of(zone), next);
	fprintf(out, "%-*s %s%-8s%s  %-22s %-9s %-17s ", COLUMN_ZONE, zone->name, paint(style, zone->health),
	    report_health_name(zone->health), plain(style), published, left,
	    zone->roll_word != NULL ? zone->roll_word : "-");
	if (zone->command != NULL)
		fprintf(out, "YOU   %s\n", zone->command);
	else
		fprintf(out, "auto  %s\n", zone->published ? next : "first publication with the next run");
}

void report_stopped_text(FILE *out, const struct report_state *state, const struct report_style *style)
{
	struct arena *const mem = arena_new(0);
	const char *const words = report_stopped_words(state, style->now, mem);
	if (words != NULL)
		fprintf(out, "%s\n", words);
	arena_free(mem);
}

void report_status_text(FILE *out, const struct report_state *state, const struct report_style *style)
{
	enum { SHOWN_WITHOUT_ALL = 20 };
	report_stopped_text(out, state, style);
	print_summary(out, state, style);
	if (state->zone_count == 0)
		return;
	if (!style->narrow)
		fprintf(out, "%-*s %-8s  %-22s %-9s %-17s NEXT\n", COLUMN_ZONE, "ZONE", "STATE", "PUBLISHED",
		    "SIGS LEFT", "ROLLOVER");
	size_t hidden = 0;
	bool brief = !state->all && state->zone_count > SHOWN_WITHOUT_ALL;
	for (size_t i = 0; i < state->zone_count; i++) {
		if (brief && state->zones[i].health == REPORT_OK && state->zones[i].command == NULL)
			hidden++;
		else
			print_row(out, &state->zones[i], style);
	}
	if (hidden > 0)
		fprintf(out, "... %zu more, all ok (--all)\n", hidden);
}

static void print_published(FILE *out, const struct report_zone *zone, const struct report_style *style)
{
	char age[SPAN_TEXT], left[SPAN_TEXT], limit[SPAN_TEXT], until[UTC_TEXT];
	if (!zone->published) {
		fprintf(out, "Published  nothing yet\n");
		return;
	}
	span_format_short(utc_difference(style->now, zone->published_at), age);
	fprintf(out, "Published  serial %" PRIu32 ", %s ago, verified %u checks, %" PRIu64 " signatures all checked\n",
	    zone->serial, age, zone->checks, zone->signatures);
	left_until(zone->valid_until, style->now, left);
	span_format_short(zone->limit, limit);
	minute(zone->valid_until, until);
	fprintf(out, "Signatures earliest expiry %s (%s left; zoneseal makes new ones at %s)\n", until, left, limit);
}

static void print_parent(FILE *out, const struct report_zone *zone, struct utc now, struct arena *mem)
{
	char said[1200];
	if (zone->ds_checked.seconds == 0 || zone->ds_found == NULL)
		return;
	error_escape(zone->ds_found, strlen(zone->ds_found), said, sizeof(said));
	fprintf(out, "Parent     %s, asked %s\n", said, report_when(zone->ds_checked, now, mem));
}

static void print_pool(FILE *out, const struct report_zone *zone)
{
	for (size_t i = 0; i < zone->pool_count; i++) {
		const struct report_pool *pool = &zone->pool[i];
		fprintf(out, "Pool       %s: %u of %u made ahead", key_role_name(pool->role), pool->have, pool->wanted);
		if (pool->waiting > 0)
			fprintf(out, ", %u in no backup yet", pool->waiting);
		fprintf(out, "\n");
	}
}

static void print_rollovers(FILE *out, const struct report_zone *zone, const struct report_style *style)
{
	print_pool(out, zone);
	if (zone->roll_stop != NULL)
		fprintf(out, "Keys       %s\n", zone->roll_stop);
	if (zone->key_count > 0) {
		fprintf(out, "\n");
		report_keys_text(out, zone->keys, zone->key_count, style);
		report_proofs_text(out, zone->keys, zone->key_count, style->now);
	}
	for (size_t i = 0; i < zone->roll_count; i++) {
		fprintf(out, "\n");
		report_roll_text(out, &zone->rolls[i], style->now);
	}
	if (zone->wait_count > 0) {
		fprintf(out, "\nWaits\n");
		report_waits_text(out, zone->waits, zone->wait_count, style->now);
	}
}

/* A reason is an operator's text: escaped before a terminal. */
static void print_expected(FILE *out, const struct report_zone *zone, struct utc now, struct arena *mem)
{
	for (size_t i = 0; i < zone->expected_count; i++) {
		const struct report_expected *const one = &zone->expected[i];
		char reason[1024], actor[400];
		error_escape(one->reason, strlen(one->reason), reason, sizeof(reason));
		error_escape(one->actor, strlen(one->actor), actor, sizeof(actor));
		fprintf(out, "Planned    serial %" PRIu32 " may pass change limit %s until %s: %s (%s)\n", one->serial,
		    one->limit, report_when(one->expires, now, mem), reason, actor);
	}
}

void report_zone_text(
    FILE *out, const struct report_zone *zone, const struct report_state *state, const struct report_style *style)
{
	struct arena *mem = arena_new(0);
	/* A keystore that signs nothing has said so above; the zone's own verdict is of before. */
	const bool stopped = report_stopped_words(state, style->now, mem) != NULL;
	fprintf(out, "%s  %s%s%s%s%s\n", zone->name, stopped ? "as it was last published: " : "",
	    paint(style, zone->health), zone->headline, plain(style), state->virtual_clock ? "  VIRTUAL CLOCK" : "");
	if (zone->effect != NULL)
		fprintf(out, "%*s  %s\n", (int)strlen(zone->name), "", zone->effect);
	fprintf(out, "\n");
	print_published(out, zone, style);
	if (zone->next.seconds != 0)
		fprintf(
		    out, "Next       zoneseal will renew signatures at %s\n", report_when(zone->next, style->now, mem));
	fprintf(out, "Input      %s\n", zone->input != NULL ? zone->input : "given on each run (-i)");
	if (zone->input_unread_since.seconds != 0)
		fprintf(out, "           has changed since a run last looked at it, %s\n",
		    report_when(zone->input_unread_since, style->now, mem));
	if (zone->input_failing_since.seconds != 0)
		fprintf(out, "           registrations are not getting out since %s: %s\n",
		    report_when(zone->input_failing_since, style->now, mem), zone->input_failure);
	if (zone->hook_waiting_since.seconds != 0)
		fprintf(out, "Hook       %s since %s: %s\n",
		    zone->hook_again ? "wants to be tried again" : "has failed",
		    report_when(zone->hook_waiting_since, style->now, mem), zone->hook_failure);
	if (zone->last_failure.seconds != 0)
		fprintf(out, "Last run   failed %s: %s\n", report_when(zone->last_failure, style->now, mem),
		    zone->last_failure_message);
	fprintf(out, "Output     %s\nPolicy     %s\n", zone->output, zone->policy);
	print_parent(out, zone, style->now, mem);
	report_servers_text(out, zone, style->now, mem);
	print_expected(out, zone, style->now, mem);
	print_rollovers(out, zone, style);
	if (zone->command != NULL)
		fprintf(out, "\nDo now:   %s\n", zone->command);
	arena_free(mem);
}

static void print_states(FILE *out, const struct key *key)
{
	static const char *const names[KEY_RECORDS] = { "dnskey", "zrrsig", "krrsig", "ds" };
	char since[UTC_TEXT];
	for (int i = 0; i < KEY_RECORDS; i++) {
		if (key->state[i] == KEY_NA)
			continue;
		minute(key->since[i], since);
		fprintf(out, "          %-7s %-11s since %s\n", names[i], key_state_name(key->state[i]), since);
	}
}

void report_keys_text(FILE *out, const struct report_key keys[], size_t count, const struct report_style *style)
{
	fprintf(out, "KEY     ROLE  STATE       SINCE              WHAT IT WAITS FOR\n");
	for (size_t i = 0; i < count; i++) {
		const struct key *key = &keys[i].key;
		char since[UTC_TEXT];
		minute(report_key_since(key, keys[i].word), since);
		fprintf(out, "%-7u %-5s %-11s %-18s %s\n", key->tag, key_role_name(key->role), keys[i].word, since,
		    keys[i].waits_for);
		if (style->states)
			print_states(out, key);
	}
}

void report_events_text(FILE *out, const struct report_event events[], size_t count)
{
	for (size_t i = count; i > 0; i--) {
		const struct report_event *event = &events[i - 1];
		char when[UTC_TEXT], detail[1200];
		utc_format(event->when, when);
		error_escape(event->detail, strlen(event->detail), detail, sizeof(detail));
		fprintf(out, "%s  %-16s %-20s %s%s%s\n", when, event->actor, event->zone, event->what,
		    detail[0] != '\0' ? ": " : "", detail);
	}
}
