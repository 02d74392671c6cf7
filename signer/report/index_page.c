/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/build.h"
#include "signer/report/html.h"
#include "signer/report/report_level.h"
#include "signer/report/zone_page.h"

/* A page ends there, in octets, and another goes on. */
enum { PAGE_END = 88 * 1000, NAME_SHOWN = 120, TEXT_SHOWN = 160 };

void index_name(size_t number, char out[INDEX_NAME])
{
	if (number == 1)
		snprintf(out, INDEX_NAME, "index.html");
	else
		snprintf(out, INDEX_NAME, "index-%zu.html", number);
}

static bool is_bad(const struct index_row *row)
{
	return row->health == REPORT_BLOCKED || row->health == REPORT_EXPIRED;
}

static bool is_needy(const struct index_row *row)
{
	return row->command != NULL || row->health == REPORT_WARN;
}

static int by_need(const void *a, const void *b)
{
	const struct index_row *const x = a, *const y = b;
	const int need = 2 * is_bad(y) + is_needy(y) - 2 * is_bad(x) - is_needy(x);
	return need != 0 ? need : strcmp(x->zone, y->zone);
}

void index_sort(struct index_row rows[], size_t count)
{
	qsort(rows, count, sizeof(*rows), by_need);
}

static void put_banner(FILE *out, const struct index_row rows[], size_t count, const struct report_state *state,
    struct utc now, struct arena *mem)
{
	struct report_tally tally = { .stopped = !state->standby && (state->restored || state->clock_behind) };
	for (size_t i = 0; i < count; i++)
		report_tally_add(&tally, rows[i].health, rows[i].command != NULL);
	html_banner(out, state->level);
	fputs("<h1>", out);
	const char *const stopped = report_stopped_words(state, now, mem);
	if (stopped != NULL) {
		html_text(out, stopped, 0);
		fputs("</h1>\n<p>", out);
	}
	html_text(out, report_tally_words(&tally, mem), 0);
	fputs(stopped != NULL ? "</p>\n" : "</h1>\n", out);
	if (state->virtual_clock)
		fputs("<p>VIRTUAL CLOCK: this is a rehearsal.</p>\n", out);
	fputs("</header>\n", out);
}

/* File names hold nothing but letters, digits, "-", "_", "." and "%", which stands for itself in no address. */
static void put_link(FILE *out, const struct index_row *row)
{
	fputs("<a href=\"", out);
	for (const char *at = row->file; *at != '\0'; at++)
		fputs(*at == '%' ? "%25" : (char[]){ *at, '\0' }, out);
	fputs("\">", out);
	html_text(out, row->zone, NAME_SHOWN);
	fputs("</a>", out);
}

static void put_row(FILE *out, const struct index_row *row, struct utc now, struct arena *mem)
{
	fputs("<tr><td>", out);
	put_link(out, row);
	fprintf(out, "</td><td class=\"t\">%s</td><td class=\"n\">", report_health_name(row->health));
	if (row->published)
		fprintf(out, "%" PRIu32, row->serial);
	fputs("</td><td class=\"t\">", out);
	if (row->valid_until.seconds != 0)
		html_text(out, report_when(row->valid_until, now, mem), 0);
	fputs("</td><td class=\"wide\">", out);
	html_text(out, row->roll == NULL ? "-" : row->roll, TEXT_SHOWN);
	fputs("</td><td>", out);
	if (row->command != NULL) {
		fputs("<b>YOU</b> <code>", out);
		html_text(out, row->command, TEXT_SHOWN);
		fputs("</code>", out);
	} else {
		html_text(
		    out, is_bad(row) || is_needy(row) ? row->headline : report_when(row->next, now, mem), TEXT_SHOWN);
	}
	fputs("</td></tr>\n", out);
}

static void put_links(FILE *out, size_t number, bool more)
{
	char name[INDEX_NAME];
	fputs("<nav><p>", out);
	if (number > 1) {
		index_name(number - 1, name);
		fprintf(out, "<a href=\"%s\">Previous</a> ", name);
	}
	if (more) {
		index_name(number + 1, name);
		fprintf(out, "<a href=\"%s\">Next</a>", name);
	}
	fputs("</p></nav>\n", out);
}

size_t index_page(FILE *out, const struct index_row rows[], size_t count, size_t first, size_t number, struct utc now,
    const struct report_state *state, const char *keystore)
{
	struct arena *const mem = arena_new(0);
	char text[UTC_TEXT];
	size_t at = first;
	utc_format(now, text);
	html_begin(out, "zoneseal: all zones", keystore);
	put_banner(out, rows, count, state, now, mem);
	fputs("<section>\n<h2>Zones</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"zones\"><table><thead>"
	      "<tr><th scope=\"col\">zone</th><th scope=\"col\">state</th><th scope=\"col\" class=\"n\">serial</th>"
	      "<th scope=\"col\">first signature ends</th><th scope=\"col\" class=\"wide\">rollover</th>"
	      "<th scope=\"col\">next</th></tr></thead><tbody>\n",
	    out);
	while (at < count && ftell(out) < PAGE_END)
		put_row(out, &rows[at++], now, mem);
	fputs("</tbody></table></div>\n</section>\n", out);
	if (number > 1 || at < count)
		put_links(out, number, at < count);
	fprintf(out, "<footer class=\"dim\"><p>As of %s, made by zoneseal %s.</p></footer>\n", text, build_version());
	html_end(out);
	arena_free(mem);
	return at;
}
