/* SPDX-License-Identifier: MIT */
#include "signer/report/policy_report.h"

bool policy_report_is_empty(const struct policy_report *report)
{
	return report->diff->field_count == 0;
}

static const char *or_none(const char *text)
{
	return text == NULL ? "none" : text;
}

static void print_waits(FILE *out, const struct policy_diff *diff)
{
	fputs(diff->wait_count == 0 ? "No wait of a rollover changes.\n" : "Waits of rollovers that change:\n", out);
	for (size_t i = 0; i < diff->wait_count; i++) {
		const struct policy_change *const wait = &diff->waits[i];
		fprintf(out, "  %-8s  %s\n            now   %s\n            then  %s\n", wait->name, wait->what,
		    or_none(wait->before), or_none(wait->after));
	}
}

static void print_rolls(FILE *out, const struct policy_report *report)
{
	for (int role = KEY_KSK; role <= KEY_CSK; role++) {
		char before[UTC_TEXT] = "not within ten years";
		char after[UTC_TEXT] = "not within ten years";
		if (report->next_before[role].seconds == report->next_after[role].seconds)
			continue;
		if (report->next_before[role].seconds != 0)
			utc_format(report->next_before[role], before);
		if (report->next_after[role].seconds != 0)
			utc_format(report->next_after[role], after);
		fprintf(out, "Next new %s: now %s, then %s\n", key_role_name((enum key_role)role), before, after);
	}
}

void policy_report_text(FILE *out, const struct policy_report *report)
{
	const struct policy_diff *const diff = report->diff;
	if (policy_report_is_empty(report)) {
		fprintf(out, "%s has this policy already: no value differs.\n", report->zone);
		return;
	}
	fprintf(out, "%s (revision %lld): policy %s, then %s from %s\n", report->zone, (long long)report->revision,
	    report->before, report->after, report->path);
	print_waits(out, diff);
	fputs("Fields that change:\n", out);
	for (size_t i = 0; i < diff->field_count; i++)
		fprintf(out, "  %s: now %s, then %s\n", diff->fields[i].name, diff->fields[i].before,
		    diff->fields[i].after);
	print_rolls(out, report);
	if (diff->begin_count > 0)
		fputs("What begins:\n", out);
	for (size_t i = 0; i < diff->begin_count; i++)
		fprintf(out, "  %s\n", diff->begins[i]);
}

static void add_changes(struct report *into, const char *name, const struct policy_change changes[], size_t count)
{
	struct report *const list = report_list();
	for (size_t i = 0; i < count; i++) {
		struct report *const one = report_new(NULL);
		report_text(one, "name", changes[i].name);
		report_text(one, "before", changes[i].before);
		report_text(one, "after", changes[i].after);
		report_append(list, one);
	}
	report_child(into, name, list);
}

void policy_report_json(struct report *into, const struct policy_report *report)
{
	report_text(into, "zone", report->zone);
	report_number(into, "revision", report->revision);
	report_text(into, "policy_before", report->before);
	report_text(into, "policy_after", report->after);
	report_text(into, "policy_path", report->path);
	add_changes(into, "waits", report->diff->waits, report->diff->wait_count);
	add_changes(into, "fields", report->diff->fields, report->diff->field_count);
	report_texts(into, "begins", report->diff->begins, report->diff->begin_count);
	struct report *const list = report_list();
	for (int role = KEY_KSK; role <= KEY_CSK; role++) {
		struct report *const one = report_new(NULL);
		report_text(one, "role", key_role_name((enum key_role)role));
		report_time(one, "before", report->next_before[role]);
		report_time(one, "after", report->next_after[role]);
		report_append(list, one);
	}
	report_child(into, "next_rollovers", list);
}
