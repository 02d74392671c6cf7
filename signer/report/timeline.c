/* SPDX-License-Identifier: MIT */
#include "signer/report/timeline.h"

#include <stdlib.h>
#include <string.h>

/* ---- what a picture is made of ---- */

const char *timeline_kind_name(enum timeline_kind kind)
{
	static const char *const names[TIMELINE_KINDS] = { "none", "prepared", "waiting", "ready", "active", "retiring",
		"person" };
	return names[kind];
}

static int64_t shared_seconds(const struct timeline_band *band, struct utc from, struct utc until)
{
	const int64_t begin = band->from.seconds > from.seconds ? band->from.seconds : from.seconds;
	const int64_t end = band->until.seconds < until.seconds ? band->until.seconds : until.seconds;
	return end - begin;
}

enum timeline_kind timeline_kind_in(const struct timeline_lane *lane, struct utc from, struct utc until)
{
	int64_t seconds[TIMELINE_KINDS] = { 0 };
	for (size_t i = 0; i < lane->count; i++) {
		const int64_t shared = shared_seconds(&lane->bands[i], from, until);
		if (shared > 0)
			seconds[lane->bands[i].kind] += shared;
	}
	if (seconds[TIMELINE_PERSON] > 0)
		return TIMELINE_PERSON;
	enum timeline_kind longest = TIMELINE_NONE;
	for (enum timeline_kind kind = TIMELINE_PREPARED; kind < TIMELINE_PERSON; kind++)
		if (seconds[kind] > 0 && (longest == TIMELINE_NONE || seconds[kind] > seconds[longest]))
			longest = kind;
	return longest;
}

/* ---- columns ---- */

enum { LABEL = 10, NAME_MOST = 24, NEXT = 7, AXIS_STEP = 10 };

/* Columns before the mark of now and from it on: together `width`, the mark is one more. */
struct scale {
	struct utc from, now, until;
	unsigned past, width;
};

static struct scale scale_of(const struct timeline *timeline, unsigned width)
{
	const int64_t all = timeline->until.seconds - timeline->from.seconds;
	const int64_t past = timeline->now.seconds - timeline->from.seconds;
	return (struct scale){ .from = timeline->from,
		.now = timeline->now,
		.until = timeline->until,
		.width = width,
		.past = all <= 0 ? 0 : (unsigned)((past * width + all / 2) / all) };
}

/* Where a column begins; column `past` begins now. */
static struct utc column_begin(const struct scale *scale, unsigned column)
{
	const bool past = column <= scale->past;
	const struct utc from = past ? scale->from : scale->now, until = past ? scale->now : scale->until;
	const unsigned columns = past ? scale->past : scale->width - scale->past;
	const unsigned at = past ? column : column - scale->past;
	if (columns == 0)
		return from;
	return (struct utc){ from.seconds + (until.seconds - from.seconds) * at / columns };
}

/* ---- signs ---- */

struct sign {
	const char *ascii, *unicode, *colour;
	const char *words;
};

static const struct sign recorded[TIMELINE_KINDS] = {
	[TIMELINE_NONE] = { " ", " ", "", "" },
	[TIMELINE_PREPARED] = { ".", "\xc2\xb7", "\033[2m", "prepared" },
	[TIMELINE_WAITING] = { "~", "\xe2\x96\x91", "\033[33m", "waiting for caches" },
	[TIMELINE_READY] = { "=", "\xe2\x96\x93", "\033[36m", "ready" },
	[TIMELINE_ACTIVE] = { "#", "\xe2\x96\x88", "\033[32m", "active" },
	[TIMELINE_RETIRING] = { "-", "\xe2\x96\x92", "\033[35m", "retiring" },
	[TIMELINE_PERSON] = { "?", "\xe2\x97\x86", "\033[1;31m", "needs a person" },
};
static const struct sign planned_active = { "+", "\xe2\x95\x90", "\033[32m", "planned active" };

static const struct sign *sign_of(enum timeline_kind kind, bool planned)
{
	return kind == TIMELINE_ACTIVE && planned ? &planned_active : &recorded[kind];
}

static void put_sign(FILE *out, const struct sign *sign, const struct timeline_style *style)
{
	const bool colour = style->colour && sign->colour[0] != '\0';
	fprintf(out, "%s%s%s", colour ? sign->colour : "", style->ascii ? sign->ascii : sign->unicode,
	    colour ? "\033[0m" : "");
}

static const char *now_mark(const struct timeline_style *style)
{
	return style->ascii ? "|" : "\xe2\x94\x82";
}

const char *timeline_kind_words(enum timeline_kind kind)
{
	return recorded[kind].words;
}

void timeline_day(struct utc when, char out[TIMELINE_DAY])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int year, month, day;
	utc_date(when, &year, &month, &day);
	snprintf(out, TIMELINE_DAY, "%2d %.3s", day % 100, months + (size_t)3 * (size_t)((month + 11) % 12));
}

/* ---- lines ---- */

static unsigned width_of(const struct timeline_style *style)
{
	return style->width < TIMELINE_NARROWEST ? TIMELINE_NARROWEST
	       : style->width > TIMELINE_WIDEST  ? TIMELINE_WIDEST
						 : style->width;
}

/* Words in lines of at most `width`, all but the first behind `indent` spaces; a longer word is cut into lines. */
static void put_wrapped(FILE *out, const char *text, unsigned width, unsigned indent)
{
	unsigned column = 0;
	bool first = true; /* in its line */
	for (const char *at = text; *at != '\0'; first = false) {
		size_t size = strcspn(at, " ");
		if (!first && column + 1 + size > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		while (column + size > width) {
			const unsigned room = width - column;
			fprintf(out, "%.*s\n%*s", (int)room, at, (int)indent, "");
			at += room;
			size -= room;
			column = indent;
		}
		fprintf(out, "%.*s", (int)size, at);
		column += (unsigned)size;
		at += size;
		at += strspn(at, " ");
	}
	fputc('\n', out);
}

/* "24 Nov" each ten columns and "now" over its mark; what would run into another is left out. */
static void put_axis(FILE *out, const struct scale *scale, unsigned indent)
{
	char line[TIMELINE_WIDEST + 8];
	const unsigned end = scale->width + 1;
	memset(line, ' ', end);
	line[end] = '\0';
	const unsigned now = scale->past + 3 > end ? end - 3 : scale->past;
	memcpy(line + now, "now", 3);
	for (unsigned column = 0; column + 6 <= scale->width; column += AXIS_STEP) {
		const unsigned at = column < scale->past ? column : column + 1;
		char words[TIMELINE_DAY];
		if (at < now + 4 && at + 7 > now)
			continue;
		timeline_day(column_begin(scale, column), words);
		memcpy(line + at, words, 6);
	}
	for (unsigned last = end; last > 0 && line[last - 1] == ' '; last--)
		line[last - 1] = '\0';
	fprintf(out, "%*s%s\n", (int)indent, "", line);
}

static void put_lane(
    FILE *out, const struct timeline_lane *lane, const struct scale *scale, const struct timeline_style *style)
{
	fprintf(out, "%-*.*s ", LABEL, LABEL, lane->label);
	for (unsigned column = 0; column < scale->width; column++) {
		if (column == scale->past)
			fputs(now_mark(style), out);
		const bool planned = column >= scale->past;
		const bool person = lane->person && column == scale->past;
		const enum timeline_kind kind =
		    person ? TIMELINE_PERSON
			   : timeline_kind_in(lane, column_begin(scale, column), column_begin(scale, column + 1));
		put_sign(out, sign_of(kind, planned), style);
	}
	if (scale->past == scale->width)
		fputs(now_mark(style), out);
	fputc('\n', out);
}

/* Only what occurs is explained. */
static void put_legend(FILE *out, const struct timeline *timeline, unsigned width, const struct timeline_style *style)
{
	bool seen[TIMELINE_KINDS + 1] = { false };
	for (size_t i = 0; i < timeline->lane_count; i++) {
		const struct timeline_lane *const lane = &timeline->lanes[i];
		for (size_t b = 0; b < lane->count; b++)
			seen[lane->bands[b].kind == TIMELINE_ACTIVE && lane->bands[b].planned ? TIMELINE_KINDS
											      : lane->bands[b].kind] =
			    true;
		seen[TIMELINE_PERSON] = seen[TIMELINE_PERSON] || lane->person;
	}
	unsigned column = 0;
	for (unsigned kind = TIMELINE_PREPARED; kind <= TIMELINE_KINDS; kind++) {
		const struct sign *const sign = kind == TIMELINE_KINDS ? &planned_active : &recorded[kind];
		const unsigned size = 2 + (unsigned)strlen(sign->words);
		if (!seen[kind])
			continue;
		if (column > 0 && column + 2 + size > width) {
			fputc('\n', out);
			column = 0;
		}
		fputs(column > 0 ? "  " : "", out);
		put_sign(out, sign, style);
		fprintf(out, " %s", sign->words);
		column += size + (column > 0 ? 2 : 0);
	}
	fputs(column > 0 ? "\n" : "", out);
}

static void put_waits(FILE *out, const struct timeline *timeline, unsigned width, struct arena *mem)
{
	for (size_t i = 0; i < timeline->wait_count; i++) {
		const struct report_wait *const wait = &timeline->waits[i];
		const bool open = wait->earliest.seconds == UTC_NEVER.seconds;
		const char *const when =
		    open ? "" : arena_printf(mem, ", %s", report_when(wait->earliest, timeline->now, mem));
		put_wrapped(out, arena_printf(mem, "%s: %s%s", report_who_name(wait->who), wait->what, when), width, 2);
		if (wait->command != NULL)
			put_wrapped(out, arena_printf(mem, "do: %s", wait->command), width, 4);
	}
}

void timeline_text(FILE *out, const struct timeline *timeline, const struct timeline_style *style)
{
	const unsigned width = width_of(style);
	const struct scale scale = scale_of(timeline, width - LABEL - 2);
	struct arena *const mem = arena_new(0);
	put_wrapped(out,
	    arena_printf(mem, "%s  %s", timeline->zone, timeline->headline == NULL ? "" : timeline->headline), width,
	    2);
	fputc('\n', out);
	if (timeline->lane_count == 0)
		put_wrapped(out, "No key, and none is planned.", width, 0);
	else
		put_axis(out, &scale, LABEL + 1);
	for (size_t i = 0; i < timeline->lane_count; i++)
		put_lane(out, &timeline->lanes[i], &scale, style);
	fputc('\n', out);
	put_legend(out, timeline, width, style);
	put_waits(out, timeline, width, mem);
	if (timeline->next.seconds != UTC_NEVER.seconds)
		put_wrapped(out,
		    arena_printf(mem, "next change planned: %s", report_when(timeline->next, timeline->now, mem)),
		    width, 2);
	if (timeline->veto != NULL)
		put_wrapped(out, arena_printf(mem, "the plan ends early: %s", timeline->veto), width, 2);
	arena_free(mem);
}

/* ---- many zones ---- */

static bool moves(enum timeline_kind kind)
{
	return kind == TIMELINE_WAITING || kind == TIMELINE_READY || kind == TIMELINE_RETIRING;
}

/* '?', 'K', 'Z', 'B' for both, '.' for keys that stay as they are. */
static char letter_in(const struct timeline *timeline, struct utc from, struct utc until, bool at_now)
{
	bool any = false, zsk = false, ksk = false;
	for (size_t i = 0; i < timeline->lane_count; i++) {
		const struct timeline_lane *const lane = &timeline->lanes[i];
		const enum timeline_kind kind = timeline_kind_in(lane, from, until);
		if (kind == TIMELINE_PERSON || (at_now && lane->person))
			return '?';
		any = any || kind != TIMELINE_NONE;
		zsk = zsk || (lane->role == KEY_ZSK && moves(kind));
		ksk = ksk || (lane->role != KEY_ZSK && moves(kind));
	}
	return ksk && zsk ? 'B' : ksk ? 'K' : zsk ? 'Z' : any ? '.' : ' ';
}

static bool needs_person(const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->wait_count; i++)
		if (timeline->waits[i].who == REPORT_YOU)
			return true;
	return false;
}

static void put_row(FILE *out, const struct timeline *timeline, unsigned name, const struct scale *scale,
    const struct timeline_style *style)
{
	char next[TIMELINE_DAY] = "-";
	const size_t size = strlen(timeline->zone);
	if (size > name)
		fprintf(out, "%.*s~ ", (int)name - 1, timeline->zone);
	else
		fprintf(out, "%-*s ", (int)name, timeline->zone);
	for (unsigned column = 0; column < scale->width; column++) {
		if (column == scale->past)
			fputs(now_mark(style), out);
		const char letter = letter_in(timeline, column_begin(scale, column), column_begin(scale, column + 1),
		    column == scale->past && needs_person(timeline));
		const bool red = letter == '?' && style->colour;
		fprintf(out, "%s%c%s", red ? "\033[1;31m" : "", letter, red ? "\033[0m" : "");
	}
	if (scale->past == scale->width)
		fputs(now_mark(style), out);
	if (timeline->next.seconds != UTC_NEVER.seconds)
		timeline_day(timeline->next, next);
	fprintf(out, " %6s\n", needs_person(timeline) ? "YOU" : next);
}

static int by_need(const void *a, const void *b)
{
	const struct timeline *const x = *(const struct timeline *const *)a;
	const struct timeline *const y = *(const struct timeline *const *)b;
	const int need = (int)needs_person(y) - (int)needs_person(x);
	return need != 0 ? need : strcmp(x->zone, y->zone);
}

void timeline_list_text(FILE *out, const struct timeline timelines[], size_t count, const struct timeline_style *style)
{
	const unsigned width = width_of(style);
	unsigned longest = 0, needy = 0;
	struct arena *const mem = arena_new(0);
	const struct timeline **const order = arena_calloc(mem, count + 1, sizeof(*order));
	for (size_t i = 0; i < count; i++) {
		const size_t size = strlen(timelines[i].zone);
		longest = size > longest ? size > NAME_MOST ? NAME_MOST : (unsigned)size : longest;
		needy += needs_person(&timelines[i]);
		order[i] = &timelines[i];
	}
	qsort(order, count, sizeof(const struct timeline *), by_need);
	const unsigned name = longest > width / 3 ? width / 3 : longest;
	fprintf(out, "%zu zone%s, %u of them waiting for you\n", count, count == 1 ? "" : "s", needy);
	for (size_t i = 0; i < count; i++) {
		const struct scale scale = scale_of(order[i], width - name - NEXT - 2);
		if (i == 0)
			put_axis(out, &scale, name + 1);
		put_row(out, order[i], name, &scale, style);
	}
	if (count > 0)
		put_wrapped(
		    out, "K: a KSK or its DS comes or goes, Z: a ZSK does, B: both, ?: needs a person", width, 2);
	arena_free(mem);
}

/* ---- JSON ---- */

static struct report *report_of_lane(const struct timeline_lane *lane)
{
	static const char *const roles[] = { "ksk", "zsk", "csk" };
	struct report *const report = report_new(NULL), *const bands = report_list();
	report_text(report, "label", lane->label);
	report_text(report, "role", roles[lane->role]);
	report_bool(report, "ds", lane->ds);
	report_bool(report, "needs_person", lane->person);
	for (size_t i = 0; i < lane->count; i++) {
		struct report *const band = report_new(NULL);
		report_text(band, "state", timeline_kind_name(lane->bands[i].kind));
		report_bool(band, "planned", lane->bands[i].planned);
		report_time(band, "from", lane->bands[i].from);
		report_time(band, "until", lane->bands[i].until);
		report_append(bands, band);
	}
	report_child(report, "bands", bands);
	return report;
}

struct report *report_of_timeline(const struct timeline *timeline)
{
	struct report *const report = report_new(NULL), *const lanes = report_list();
	report_text(report, "zone", timeline->zone);
	report_text(report, "headline", timeline->headline);
	report_time(report, "from", timeline->from);
	report_time(report, "until", timeline->until);
	for (size_t i = 0; i < timeline->lane_count; i++)
		report_append(lanes, report_of_lane(&timeline->lanes[i]));
	report_child(report, "lanes", lanes);
	report_child(report, "waits", report_of_waits(timeline->waits, timeline->wait_count));
	report_time(report, "next", timeline->next);
	report_text(report, "veto", timeline->veto);
	return report;
}
