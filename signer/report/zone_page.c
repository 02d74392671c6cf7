/* SPDX-License-Identifier: MIT */
#include "signer/report/zone_page.h"

#include <inttypes.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "signer/base/build.h"
#include "signer/report/html.h"
#include "signer/report/report_level.h"
#include "signer/report/zone_parts.h"

/* So much of what others choose; and where parts of the page end, in octets, so that all of them fit into 100 kB. */
enum {
	NAME_SHOWN = 120,
	TEXT_SHOWN = 300,
	DETAIL_SHOWN = 240,
	EVENTS_SHOWN = 25,
	BANDS_END = 40 * 1000,
	ROLLS_END = 46 * 1000,
	YEAR_END = 54 * 1000,
	SERVERS_END = 60 * 1000,
	FINDINGS_END = 64 * 1000,
	EVENTS_END = 95 * 1000,
	KEYS_SHOWN = 5
};

static void put_line(FILE *out, const char *before, const char *text, const char *after)
{
	if (text == NULL || text[0] == '\0')
		return;
	fputs(before, out);
	html_text(out, text, TEXT_SHOWN);
	fputs(after, out);
}

/* Nothing that is right with a zone is right while nothing is signed at all: that stands first. */
static void put_banner(FILE *out, const struct zone_page *page, struct arena *mem)
{
	const struct report_zone *const zone = page->zone;
	struct report_worst whole = { .level = zone->level };
	const char *const stopped = report_stopped_words(page->state, page->now, mem);
	if (stopped != NULL)
		report_level_of_keystore(page->state, page->now, &whole);
	html_banner(out, whole.level);
	fputs("<h1>", out);
	html_text(out, zone->name, NAME_SHOWN);
	put_line(out, " ", stopped != NULL ? stopped : zone->headline, "");
	fputs("</h1>\n", out);
	if (stopped != NULL)
		put_line(out, "<p>As it was last published: ", zone->headline, "</p>\n");
	put_line(out, "<p>", zone->effect, "</p>\n");
	put_line(out, "<p>Do now: <code class=\"do\">", zone->command, "</code></p>\n");
	if (page->state->virtual_clock)
		fputs("<p>VIRTUAL CLOCK: this is a rehearsal.</p>\n", out);
	fputs("</header>\n", out);
}

static void put_cards(FILE *out, const struct zone_page *page, struct arena *mem)
{
	const struct report_zone *const zone = page->zone;
	const struct utc next =
	    zone->roll_next.seconds != 0 && zone->roll_stop == NULL && utc_before(zone->roll_next, zone->next)
		? zone->roll_next
		: zone->next;
	fputs("<div class=\"cards\">\n", out);
	if (!zone->published) {
		html_card(out, "published", "nothing yet", "the first run publishes");
	} else {
		html_card(out, "published serial", arena_printf(mem, "%" PRIu32, zone->serial),
		    report_when(zone->published_at, page->now, mem));
		html_card(out, "verified", arena_printf(mem, "%u checks", zone->checks),
		    arena_printf(mem, "%" PRIu64 " signatures, %" PRIu64 " records", zone->signatures, zone->records));
		html_card(out, "first signature ends", report_when(zone->valid_until, page->now, mem),
		    "zoneseal makes new ones long before");
	}
	if (next.seconds != 0 && next.seconds != UTC_NEVER.seconds)
		html_card(
		    out, "next automatic step", report_when(next, page->now, mem), "with the next run from then on");
	fputs("</div>\n", out);
}

static void put_bands(FILE *out, const struct timeline *timeline)
{
	size_t left = 0;
	fputs("<details><summary>The same as a table</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"keys over time\"><table><thead><tr><th scope=\"col\">key</th><th scope=\"col\">is</th>"
	      "<th scope=\"col\">from</th><th scope=\"col\">until</th></tr></thead><tbody>\n",
	    out);
	for (size_t i = 0; i < timeline->lane_count; i++)
		for (size_t b = 0; b < timeline->lanes[i].count; b++) {
			const struct timeline_band *const band = &timeline->lanes[i].bands[b];
			char from[UTC_TEXT], until[UTC_TEXT];
			if (ftell(out) > BANDS_END) {
				left++;
				continue;
			}
			utc_format(band->from, from);
			utc_format(band->until, until);
			fputs("<tr><td class=\"t\">", out);
			html_text(out, timeline->lanes[i].label, NAME_SHOWN);
			fprintf(out, "</td><td>%s%s</td><td class=\"t\">%.16sZ</td><td class=\"t\">%.16sZ</td></tr>\n",
			    band->planned ? "planned: " : "", timeline_kind_words(band->kind), from, until);
		}
	fputs("</tbody></table></div></details>\n", out);
	if (left > 0)
		fprintf(out, "<p>and %zu more: zoneseal timeline shows them.</p>\n", left);
}

/* The lane of signatures, in words. */
static void put_signatures(FILE *out, const struct zone_page *page)
{
	char renew[UTC_TEXT], end[UTC_TEXT];
	if (!page->zone->published)
		return;
	utc_format(page->zone->next, renew);
	utc_format(page->zone->valid_until, end);
	fprintf(out,
	    "<p>Signatures of serial %" PRIu32
	    ": the first ends %.10s %.5sZ; zoneseal makes new ones from %.10s %.5sZ on (hatched).</p>\n",
	    page->zone->serial, end, end + 11, renew, renew + 11);
}

static void put_timeline(FILE *out, const struct zone_page *page)
{
	fputs("<section>\n<h2>Keys over time</h2>\n", out);
	if (page->timeline->lane_count == 0) {
		fputs("<p>No key yet, and none is planned.</p>\n</section>\n", out);
		return;
	}
	fputs("<p class=\"dim\">Left of now: recorded in the audit log. Right of it, dashed: planned. Hatched: waiting "
	      "for "
	      "caches. A diamond: a person is needed. Times are UTC.</p>\n<div class=\"scroll\" tabindex=\"0\" "
	      "role=\"region\" aria-label=\"timeline\">\n",
	    out);
	const struct timeline_signatures signatures = { page->zone->serial, page->zone->published_at, page->zone->next,
		page->zone->valid_until };
	timeline_svg(out, page->timeline, page->zone->published ? &signatures : NULL);
	fputs("</div>\n", out);
	put_signatures(out, page);
	put_bands(out, page->timeline);
	put_line(out, "<p>The plan ends early: ", page->timeline->veto, "</p>\n");
	fputs("</section>\n", out);
}

/* ---- rollovers and what they wait for ---- */

/* As in the text: of what others do it is an estimate, of when they have done it. */
static const char *date_words(const struct report_step *step, struct utc now, struct arena *mem)
{
	if (utc_before(now, step->when))
		return arena_printf(mem, step->who == REPORT_ZONESEAL ? "earliest %s" : "expected by %s",
		    report_when(step->when, now, mem));
	return step->who == REPORT_ZONESEAL ? "with the next run" : "now";
}

static void put_step(FILE *out, const struct report_step *step, bool next, struct utc now, struct arena *mem)
{
	fprintf(out, "<li>%s ", step->done ? "&#10003;" : next ? "&#9654;" : "&#9675;");
	html_text(out, step->what, TEXT_SHOWN);
	fputs(" <span class=\"dim\">", out);
	if (step->done)
		html_text(out, report_when(step->when, now, mem), 0);
	else if (step->when.seconds == UTC_NEVER.seconds)
		html_text(out, report_who_name(step->who), 0);
	else
		html_text(out, arena_printf(mem, "%s, %s", report_who_name(step->who), date_words(step, now, mem)), 0);
	fputs("</span></li>\n", out);
}

static void put_roll(FILE *out, const struct report_roll *roll, struct utc now, struct arena *mem)
{
	bool waiting = false;
	html_element(out, "h3", roll->title);
	fputs("<ol class=\"steps\">\n", out);
	for (size_t i = 0; i < roll->step_count; i++) {
		put_step(out, &roll->steps[i], !waiting && !roll->steps[i].done, now, mem);
		waiting = waiting || !roll->steps[i].done;
	}
	fputs("</ol>\n", out);
}

static void put_wait(FILE *out, const struct report_wait *wait, struct utc now, struct arena *mem)
{
	put_line(out, "<h3>Waits for ", wait->what, "</h3>\n");
	put_line(out, "<p>Ended by ", report_who_name(wait->who), "");
	if (wait->earliest.seconds != UTC_NEVER.seconds)
		put_line(out, ", ", report_when(wait->earliest, now, mem), "");
	fputs(".</p>\n", out);
	put_line(out, "<p>The date = <code>", wait->sum, "</code></p>\n");
	put_line(out, "<p>If nobody acts: ", wait->if_nobody, "</p>\n");
	put_line(out, "<p>Do: <code>", wait->command, "</code></p>\n");
}

static void put_rollovers(FILE *out, const struct zone_page *page, struct arena *mem)
{
	const struct report_zone *const zone = page->zone;
	if (zone->roll_count + zone->wait_count == 0 && zone->roll_stop == NULL)
		return;
	fputs("<section>\n<h2>Rollovers, and what they wait for</h2>\n", out);
	put_line(out, "<p>No key moves: ", zone->roll_stop, "</p>\n");
	for (size_t i = 0; i < zone->roll_count && ftell(out) < ROLLS_END; i++)
		put_roll(out, &zone->rolls[i], page->now, mem);
	for (size_t i = 0; i < zone->wait_count && ftell(out) < ROLLS_END; i++)
		put_wait(out, &zone->waits[i], page->now, mem);
	fputs("</section>\n", out);
}

/* ---- the chain ---- */

enum { BOX_WIDTH = 170, BOX_HEIGHT = 40, BOX_STEP = 205, ROW = 52 };

static void put_box(FILE *out, int column, double row, const char *first, const char *second)
{
	const int x = 1 + column * BOX_STEP, y = 4 + (int)(row * ROW);
	fprintf(out,
	    "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/><text x=\"%d\" y=\"%d\">", x, y,
	    BOX_WIDTH, BOX_HEIGHT, x + 8, y + 17);
	html_text(out, first, 26);
	fprintf(out, "</text><text class=\"s\" x=\"%d\" y=\"%d\">", x + 8, y + 32);
	html_text(out, second, 28);
	fputs("</text>\n", out);
}

static void put_wire(FILE *out, int column, double from, double to, bool certain)
{
	fprintf(out, "<line class=\"wire%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", certain ? "" : " d",
	    1 + column * BOX_STEP + BOX_WIDTH, 24 + (int)(from * ROW), 1 + (column + 1) * BOX_STEP,
	    24 + (int)(to * ROW));
}

/* Keys in the zone of one kind: those that sign keys, or those that sign all else. */
static size_t chain_keys(const struct report_zone *zone, bool zsk, const struct report_key *out[KEYS_SHOWN])
{
	size_t count = 0;
	for (size_t i = 0; i < zone->key_count && count < KEYS_SHOWN; i++) {
		const struct key *const key = &zone->keys[i].key;
		if (key_is_published(key) && (zsk ? key_signs_zone(key) : key_signs_keys(key)))
			out[count++] = &zone->keys[i];
	}
	return count;
}

static const char *ds_words(const struct key *key)
{
	switch (key->state[KEY_DS]) {
	case KEY_NA:
	case KEY_HIDDEN:
		return NULL;
	case KEY_RUMOURED:
		return key->ds_seen.seconds != 0 ? "seen, waits for caches" : "wanted, not seen yet";
	case KEY_OMNIPRESENT:
		return "at the parent";
	case KEY_UNRETENTIVE:
		return "on its way out";
	}
	return NULL;
}

static const char *algorithm_words(const struct key *key, struct arena *mem)
{
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	return algorithm == NULL ? arena_printf(mem, "algorithm %u", key->algorithm) : algorithm->name;
}

static void put_chain_boxes(FILE *out, const struct report_zone *zone, const struct report_key *const ksk[],
    size_t ksks, const struct report_key *const zsk[], size_t zsks, struct arena *mem)
{
	const size_t rows = ksks > zsks ? ksks : zsks;
	const double middle = rows == 0 ? 0 : ((double)rows - 1) / 2;
	for (size_t i = 0; i < ksks; i++) {
		const struct key *const key = &ksk[i]->key;
		const char *const ds = ds_words(key);
		if (ds != NULL) {
			put_box(out, 0, (double)i, arena_printf(mem, "DS %u", key->tag), ds);
			put_wire(out, 0, (double)i, (double)i, key->state[KEY_DS] == KEY_OMNIPRESENT);
		}
		put_box(out, 1, (double)i,
		    arena_printf(mem, "%s %u, %s", key_role_name(key->role), key->tag, ksk[i]->word),
		    algorithm_words(key, mem));
		put_wire(out, 1, (double)i, middle, true);
	}
	put_box(out, 2, middle, "DNSKEY RRset", arena_printf(mem, "signed by %zu key%s", ksks, ksks == 1 ? "" : "s"));
	for (size_t i = 0; i < zsks; i++) {
		const struct key *const key = &zsk[i]->key;
		put_wire(out, 2, middle, (double)i, true);
		put_box(out, 3, (double)i,
		    arena_printf(mem, "%s %u, %s", key_role_name(key->role), key->tag, zsk[i]->word),
		    algorithm_words(key, mem));
		put_wire(out, 3, (double)i, middle, true);
	}
	put_box(out, 4, middle, arena_printf(mem, "%" PRIu64 " signatures", zone->signatures),
	    arena_printf(mem, "over %" PRIu64 " records", zone->records));
}

static void put_chain(FILE *out, const struct zone_page *page, struct arena *mem)
{
	const struct report_key *ksk[KEYS_SHOWN], *zsk[KEYS_SHOWN];
	const size_t ksks = chain_keys(page->zone, false, ksk), zsks = chain_keys(page->zone, true, zsk);
	const size_t rows = ksks > zsks ? ksks : zsks;
	fputs("<section>\n<h2>The chain from the parent</h2>\n", out);
	if (rows == 0 || !page->zone->published) {
		fputs("<p>No key signs the published zone.</p>\n</section>\n", out);
		return;
	}
	fprintf(out,
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"chain\">\n<svg class=\"pic\" "
	    "viewBox=\"0 0 1000 "
	    "%zu\" role=\"img\" aria-labelledby=\"ct\"><title id=\"ct\">%zu keys sign the DNSKEY RRset, %zu sign the "
	    "zone; a "
	    "dashed line: not in all caches</title>\n",
	    rows * ROW, ksks, zsks);
	put_chain_boxes(out, page->zone, ksk, ksks, zsk, zsks, mem);
	fputs("</svg>\n</div>\n</section>\n", out);
}

/* ---- the last verdict, the log ---- */

static void put_verdict(FILE *out, const struct zone_page *page)
{
	fputs("<section>\n<h2>The last verdict</h2>\n", out);
	if (page->verdict.json == NULL || !verdict_part(out, &page->verdict, FINDINGS_END))
		fputs("<p>No verdict is stored.</p>\n", out);
	fputs("</section>\n", out);
}

static void put_events(FILE *out, const struct zone_page *page)
{
	fputs("<section>\n<h2>What happened</h2>\n<p class=\"dim\">The newest first; zoneseal log shows all, zoneseal "
	      "audit "
	      "verify proves that nothing was altered.</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"log\"><table class=\"log\"><thead><tr><th scope=\"col\">when</th><th "
	      "scope=\"col\">who</th><th "
	      "scope=\"col\">what"
	      "</th><th scope=\"col\">detail</th></tr></thead><tbody>\n",
	    out);
	for (size_t i = 0; i < page->event_count && i < EVENTS_SHOWN && ftell(out) < EVENTS_END; i++) {
		const struct report_event *const event = &page->events[i];
		char when[UTC_TEXT];
		utc_format(event->when, when);
		fprintf(out, "<tr><td class=\"t\">%.10s %.5sZ</td><td class=\"v\">", when, when + 11);
		html_text(out, event->actor, 40);
		fputs("</td><td class=\"v\">", out);
		html_text(out, event->what, 60);
		fputs("</td><td>", out);
		html_text(out, event->detail, DETAIL_SHOWN);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n</section>\n", out);
}

void zone_page(FILE *out, const struct zone_page *page)
{
	struct arena *const mem = arena_new(0);
	char now[UTC_TEXT];
	utc_format(page->now, now);
	html_begin(out, arena_printf(mem, "%.100s %s", page->zone->name, report_health_name(page->zone->health)),
	    page->keystore);
	put_banner(out, page, mem);
	put_cards(out, page, mem);
	zone_part_changes(out, page);
	put_timeline(out, page);
	put_rollovers(out, page, mem);
	zone_part_year(out, page, YEAR_END);
	put_chain(out, page, mem);
	zone_part_servers(out, page, SERVERS_END, mem);
	put_verdict(out, page);
	put_events(out, page);
	fprintf(out,
	    "<footer class=\"dim\"><p><a href=\"index.html\">All zones</a>. As of %s, made by zoneseal %s; a page "
	    "grows old, "
	    "look at its date.</p></footer>\n",
	    now, build_version());
	html_end(out);
	arena_free(mem);
}
