/* SPDX-License-Identifier: MIT */
#include "signer/report/zone_parts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/report/html.h"

enum { MONTHS = 12, NAME_SHOWN = 120, TEXT_SHOWN = 300 };

/* ---- what changed ---- */

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void put_changes(FILE *out, const json_t *verdict, const json_t *changes)
{
	static const struct {
		const char *what, *added, *removed, *changed;
	} rows[] = { { "delegations", "delegations_added", "delegations_removed", "delegations_changed" },
		{ "DS", "ds_added", "ds_removed", "ds_changed" },
		{ "address records of delegations", NULL, NULL, "glue_changed" },
		{ "RRsets of the zone itself", NULL, NULL, "apex_changed" } };
	const bool refused = strcmp(json_string_value(json_object_get(verdict, "verdict")), "pass") != 0;
	fprintf(out,
	    "<section>\n<h2>What changed last</h2>\n<p>Serial %lld%s against %lld: %lld records, %lld before.</p>\n"
	    "<table><thead><tr><th scope=\"col\">of</th><th scope=\"col\" class=\"n\">added</th>"
	    "<th scope=\"col\" class=\"n\">removed</th><th scope=\"col\" "
	    "class=\"n\">changed</th></tr></thead><tbody>\n",
	    number_of(verdict, "serial"), refused ? ", which was refused," : "", number_of(changes, "serial"),
	    number_of(changes, "records_after"), number_of(changes, "records_before"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const names[] = { rows[i].added, rows[i].removed, rows[i].changed };
		fprintf(out, "<tr><td>%s</td>", rows[i].what);
		for (size_t k = 0; k < COUNT(names); k++)
			if (names[k] != NULL)
				fprintf(out, "<td class=\"n\">%lld</td>", number_of(changes, names[k]));
			else
				fputs("<td class=\"n\">-</td>", out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n</section>\n", out);
}

void zone_part_changes(FILE *out, const struct zone_page *page)
{
	json_t *const verdict = page->verdict.json == NULL ? NULL : json_loads(page->verdict.json, 0, NULL);
	const json_t *const changes = json_object_get(verdict, "changes");
	if (json_is_object(changes) && json_is_string(json_object_get(verdict, "verdict")))
		put_changes(out, verdict, changes);
	json_decref(verdict);
}

/* ---- twelve months ---- */

/* Months since year 0. */
static int month_of(struct utc when)
{
	char text[UTC_TEXT];
	utc_format(when, text);
	return (int)strtol(text, NULL, 10) * MONTHS + (int)strtol(text + 5, NULL, 10) - 1;
}

static void put_act(FILE *out, const struct report_plan_line *act, bool first)
{
	char day[TIMELINE_DAY], text[UTC_TEXT];
	timeline_day(act->when, day);
	utc_format(act->when, text);
	fprintf(out, "%s%s %.5sZ %s", first ? "" : "<br>", day, text + 11, act->who == REPORT_YOU ? "<b>" : "");
	html_text(out, report_who_name(act->who), 0);
	fputs(act->who == REPORT_YOU ? "</b>: " : ": ", out);
	html_text(out, act->what, TEXT_SHOWN);
}

/* Returns how many acts found no room. */
static size_t put_month(FILE *out, const struct zone_page *page, int month, long end)
{
	static const char *const names[MONTHS] = { "January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December" };
	size_t shown = 0;
	size_t left = 0;
	fprintf(out, "<tr><td class=\"t\">%s %d</td><td>", names[month % MONTHS], month / MONTHS);
	for (size_t i = 0; i < page->plan_count; i++) {
		const struct report_plan_line *const act = &page->plan[i];
		if (act->when.seconds == UTC_NEVER.seconds || month_of(act->when) != month)
			continue;
		if (ftell(out) > end)
			left++;
		else
			put_act(out, act, shown++ == 0);
	}
	fputs(shown + left == 0 ? "<span class=\"dim\">-</span></td></tr>\n" : "</td></tr>\n", out);
	return left;
}

void zone_part_year(FILE *out, const struct zone_page *page, long end)
{
	const int first = month_of(page->now);
	size_t left = 0;
	fputs("<section>\n<h2>Twelve months of keys</h2>\n<p class=\"dim\">If the parent takes each DS in the time "
	      "that the "
	      "policy gives it, and runs happen. For a calendar program: zoneseal plan --format ics.</p>\n"
	      "<table class=\"year\"><thead><tr><th scope=\"col\">month</th><th scope=\"col\">what happens "
	      "(UTC)</th></tr>"
	      "</thead><tbody>\n",
	    out);
	for (int month = first; month < first + MONTHS; month++)
		left += put_month(out, page, month, end);
	fputs("</tbody></table>\n", out);
	if (left > 0)
		fprintf(out, "<p>and %zu more: zoneseal plan shows them.</p>\n", left);
	fputs("</section>\n", out);
}

/* ---- what name servers serve ---- */

void zone_part_servers(FILE *out, const struct zone_page *page, long end, struct arena *mem)
{
	size_t left = 0;
	if (page->zone->server_count == 0)
		return;
	fputs("<section>\n<h2>What name servers serve</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"name servers\"><table><thead><tr><th scope=\"col\">server</th><th scope=\"col\">serves</th>"
	      "</tr></thead><tbody>\n",
	    out);
	for (size_t i = 0; i < page->zone->server_count; i++) {
		const struct report_server *const server = &page->zone->servers[i];
		if (ftell(out) > end) {
			left++;
			continue;
		}
		fputs("<tr><td class=\"t\">", out);
		html_text(out, server->server, NAME_SHOWN);
		fputs("</td><td>", out);
		html_text(out, report_server_words(page->zone, server, page->now, mem), TEXT_SHOWN);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
	if (left > 0)
		fprintf(out, "<p>and %zu more: zoneseal status shows them.</p>\n", left);
	fputs("</section>\n", out);
}
