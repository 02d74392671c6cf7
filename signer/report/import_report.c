/* SPDX-License-Identifier: MIT */
#include "signer/report/import_report.h"

#include <string.h>

static const char *const kinds[IMPORT_KINDS] = {
	[IMPORT_DEFAULT] = "default",
	[IMPORT_OURS] = "zoneseal-default",
	[IMPORT_CHANGED] = "changed",
	[IMPORT_DROPPED] = "no-counterpart",
	[IMPORT_UNKNOWN] = "unknown",
};

static const char *const steps[IMPORT_STEPS] = {
	[IMPORT_PUBLISHED] = "published",
	[IMPORT_SIGNS] = "signs",
	[IMPORT_DS_WANTED] = "ds-wanted",
	[IMPORT_LEAVES] = "predecessor-leaves",
};

static void print_difference(FILE *out, const struct import_difference *difference)
{
	fputs("  ", out);
	if (difference->line > 0)
		fprintf(out, "line %llu: ", (unsigned long long)difference->line);
	if (difference->option != NULL)
		fprintf(out, "%s %s%s", difference->option, difference->theirs == NULL ? "" : difference->theirs,
		    difference->field == NULL ? "" : " -> ");
	if (difference->field != NULL)
		fprintf(out, "%s %s", difference->field, difference->ours);
	if (difference->why != NULL)
		fprintf(out, ": %s", difference->why);
	fputc('\n', out);
}

static size_t count_of(const struct import *import, enum import_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < import->count; i++)
		count += import->differences[i].kind == kind;
	return count;
}

static void print_kind(FILE *out, const struct import *import, enum import_kind kind, const char *headline)
{
	if (count_of(import, kind) > 0)
		fprintf(out, "%s\n", headline);
	for (size_t i = 0; i < import->count; i++)
		if (import->differences[i].kind == kind)
			print_difference(out, &import->differences[i]);
}

struct shown {
	char text[SPAN_TEXT];
};

static struct shown show(struct span span, const char *unknown)
{
	struct shown shown;
	if (span.seconds < 0)
		snprintf(shown.text, sizeof(shown.text), "%s", unknown);
	else
		span_format_exact(span, shown.text);
	return shown;
}

/* "", "1d later", "2h earlier". */
static void print_pair(FILE *out, struct span theirs, struct span ours, const char *more, const char *less)
{
	const bool differ = theirs.seconds >= 0 && ours.seconds >= 0 && theirs.seconds != ours.seconds;
	fprintf(out, differ ? "%-14s  %-14s" : "%-14s  %s", show(theirs, "-").text, show(ours, "-").text);
	if (differ) {
		const bool later = ours.seconds > theirs.seconds;
		const struct span by = { later ? ours.seconds - theirs.seconds : theirs.seconds - ours.seconds };
		fprintf(out, "  %s %s", show(by, "").text, later ? more : less);
	}
	fputc('\n', out);
}

static void print_timing(FILE *out, const struct import *import)
{
	static const char *const words[IMPORT_STEPS] = {
		[IMPORT_PUBLISHED] = "is published",
		[IMPORT_SIGNS] = "signs",
		[IMPORT_DS_WANTED] = "is to have its DS at the parent",
		[IMPORT_LEAVES] = "leaves",
	};
	const struct import_timing *const timing = &import->timing;
	fprintf(out, "%-54s  %-14s  %s\n", "Timing, since signing began", import_peer_title(import->peer), "zoneseal");
	for (size_t i = 0; i < timing->moment_count; i++) {
		const struct import_moment *const moment = &timing->moment[i];
		const unsigned number = moment->number - (moment->step == IMPORT_LEAVES);
		char what[80];
		snprintf(what, sizeof(what), "%s %u %s", key_role_name(moment->role), number, words[moment->step]);
		fprintf(out, "  %-52s  ", what);
		print_pair(out, moment->theirs, moment->ours, "later", "earlier");
	}
	for (size_t i = 0; i < timing->length_count; i++) {
		fprintf(out, "  %-52s  ", timing->length[i].what);
		print_pair(out, timing->length[i].theirs, timing->length[i].ours, "longer", "shorter");
	}
	for (size_t i = 0; i < timing->note_count; i++)
		fprintf(out, "  (%s)\n", timing->note[i]);
}

void import_report_text(FILE *out, const struct import *import, bool all)
{
	const char *const title = import_peer_title(import->peer);
	const size_t defaults = count_of(import, IMPORT_DEFAULT);
	print_kind(out, import, IMPORT_UNKNOWN, "Not understood, and so not imported:");
	print_kind(out, import, IMPORT_DROPPED, "Without a counterpart:");
	print_kind(out, import, IMPORT_CHANGED, "Not quite the same:");
	print_kind(out, import, IMPORT_OURS, "zoneseal's defaults, where the file cannot say it:");
	if (all)
		print_kind(
		    out, import, IMPORT_DEFAULT, "Not in the file, so the other signer's default was written out:");
	else if (defaults > 0)
		fprintf(out, "%zu values are not in the file: %s's defaults were written out (-v lists them).\n",
		    defaults, title);
	print_timing(out, import);
}

static void add_span(struct report *into, const char *name, struct span span)
{
	if (span.seconds < 0)
		report_json(into, name, NULL);
	else
		report_number(into, name, span.seconds);
}

static void add_differences(struct report *into, const struct import *import)
{
	struct report *const list = report_list();
	for (size_t i = 0; i < import->count; i++) {
		const struct import_difference *const difference = &import->differences[i];
		struct report *const one = report_new(NULL);
		report_text(one, "kind", kinds[difference->kind]);
		report_text(one, "option", difference->option);
		report_text(one, "theirs", difference->theirs);
		report_number(one, "line", (int64_t)difference->line);
		report_text(one, "field", difference->field);
		report_text(one, "ours", difference->ours);
		report_text(one, "why", difference->why);
		report_append(list, one);
	}
	report_child(into, "differences", list);
}

void import_report_json(struct report *into, const struct import *import)
{
	const struct import_timing *const timing = &import->timing;
	add_differences(into, import);
	struct report *const moments = report_list();
	for (size_t i = 0; i < timing->moment_count; i++) {
		const struct import_moment *const moment = &timing->moment[i];
		struct report *const one = report_new(NULL);
		report_text(one, "role", key_role_name(moment->role));
		report_number(one, "number", moment->number);
		report_text(one, "step", steps[moment->step]);
		add_span(one, "theirs", moment->theirs);
		add_span(one, "ours", moment->ours);
		report_append(moments, one);
	}
	report_child(into, "timing", moments);
	struct report *const lengths = report_list();
	for (size_t i = 0; i < timing->length_count; i++) {
		struct report *const one = report_new(NULL);
		report_text(one, "what", timing->length[i].what);
		add_span(one, "theirs", timing->length[i].theirs);
		add_span(one, "ours", timing->length[i].ours);
		report_append(lengths, one);
	}
	report_child(into, "lengths", lengths);
	report_texts(into, "notes", timing->note, timing->note_count);
}
