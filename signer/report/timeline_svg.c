/* SPDX-License-Identifier: MIT */
/* The timeline as a picture within a page: classes and no colours, so that the page's style sheet has the last word. */
#include <string.h>

#include "signer/report/html.h"
#include "signer/report/timeline.h"

/* In units of the picture. A picture has at most so many lanes and bands: it is one part of a page. */
enum {
	WIDTH = 1000,
	LEFT = 112,
	TOP = 34,
	LANE = 30,
	BAND = 20,
	TICKS = 8,
	LANES_MOST = 40,
	BANDS_MOST = 120,
	LETTER = 7
};

struct picture {
	const struct timeline *timeline;
	size_t bands; /* drawn so far */
};

static int x_of(const struct timeline *timeline, struct utc when)
{
	const int64_t all = timeline->until.seconds - timeline->from.seconds;
	return all <= 0 ? LEFT : LEFT + (int)((when.seconds - timeline->from.seconds) * (WIDTH - LEFT) / all);
}

static void put_axis(FILE *out, const struct timeline *timeline, int height)
{
	const int64_t all = timeline->until.seconds - timeline->from.seconds;
	for (int tick = 0; tick < TICKS; tick++) {
		const struct utc when = { timeline->from.seconds + all * tick / TICKS };
		char day[TIMELINE_DAY];
		timeline_day(when, day);
		fprintf(out,
		    "<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><text class=\"s\" x=\"%d\" "
		    "y=\"14\">%s</text>\n",
		    x_of(timeline, when), TOP - 14, x_of(timeline, when), height, x_of(timeline, when), day);
	}
}

static void put_band(
    FILE *out, struct picture *picture, const struct timeline_lane *lane, const struct timeline_band *band, int y)
{
	const int x = x_of(picture->timeline, band->from), end = x_of(picture->timeline, band->until);
	const int width = end - x < 2 ? 2 : end - x;
	const char *const word = timeline_kind_words(band->kind);
	char from[UTC_TEXT], until[UTC_TEXT];
	if (picture->bands++ >= BANDS_MOST)
		return;
	utc_format(band->from, from);
	utc_format(band->until, until);
	fprintf(out, "<rect class=\"b k%s%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"><title>",
	    timeline_kind_name(band->kind), band->planned ? " p" : "", x, y, width, BAND);
	html_text(out, lane->label, 0);
	fprintf(out, ": %s%s, %.16sZ to %.16sZ</title></rect>", band->planned ? "planned: " : "", word, from, until);
	if ((int)strlen(word) * LETTER + 8 < width)
		fprintf(out, "<text class=\"w\" x=\"%d\" y=\"%d\">%s</text>", x + 4, y + 14, word);
	fputc('\n', out);
}

static void put_lane(FILE *out, struct picture *picture, const struct timeline_lane *lane, int y)
{
	fprintf(out, "<text x=\"%d\" y=\"%d\"%s>", lane->ds ? 14 : 0, y + 14, lane->ds ? " class=\"s\"" : "");
	html_text(out, lane->label, 24);
	fputs("</text>\n", out);
	for (size_t i = 0; i < lane->count; i++)
		put_band(out, picture, lane, &lane->bands[i], y);
}

static void put_diamond(FILE *out, int x, int y)
{
	fprintf(out,
	    "<path class=\"who\" d=\"M%d %dl9 10l-9 10l-9 -10z\"><title>needs a person</title></path>"
	    "<text class=\"whot\" x=\"%d\" y=\"%d\">?</text>\n",
	    x, y, x - 3, y + 14);
}

static void put_signed(FILE *out, const struct timeline *timeline, const char *kind, const char *words, struct utc from,
    struct utc until, int y)
{
	const struct utc begin = utc_later(from, timeline->from);
	const struct utc end = utc_before(until, timeline->until) ? until : timeline->until;
	char first[UTC_TEXT], last[UTC_TEXT];
	if (!utc_before(begin, end))
		return;
	const int x = x_of(timeline, begin);
	const int width = x_of(timeline, end) - x < 2 ? 2 : x_of(timeline, end) - x;
	utc_format(from, first);
	utc_format(until, last);
	fprintf(out,
	    "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"><title>signatures: %s, %.16sZ to "
	    "%.16sZ</title></rect>\n",
	    kind, x, y, width, BAND, words, first, last);
}

static void put_signatures(
    FILE *out, const struct timeline *timeline, const struct timeline_signatures *signatures, int y)
{
	fprintf(out, "<text x=\"0\" y=\"%d\">signatures</text>\n", y + 14);
	put_signed(out, timeline, "sg", "valid", signatures->from, signatures->renew, y);
	put_signed(
	    out, timeline, "se", "to be made anew; the first ends at the end", signatures->renew, signatures->end, y);
}

void timeline_svg(FILE *out, const struct timeline *timeline, const struct timeline_signatures *signatures)
{
	struct picture picture = { .timeline = timeline };
	const size_t lanes = timeline->lane_count < LANES_MOST ? timeline->lane_count : LANES_MOST;
	const int height = TOP + LANE * (int)(lanes + (signatures != NULL ? 1 : 0)),
		  now = x_of(timeline, timeline->now);
	fprintf(out,
	    "<svg class=\"pic\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"tt\"><title id=\"tt\">Keys and "
	    "their DS "
	    "over time; the table below has the same facts</title>\n<defs>"
	    "<pattern id=\"h\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
	    "patternTransform=\"rotate(45)\">"
	    "<rect class=\"hw\" width=\"6\" height=\"6\"/><path class=\"hl\" d=\"M0 0V6\"/></pattern>"
	    "<pattern id=\"r\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
	    "patternTransform=\"rotate(-45)\">"
	    "<rect class=\"rw\" width=\"6\" height=\"6\"/><path class=\"rl\" d=\"M0 0V6\"/></pattern></defs>\n",
	    WIDTH, height + 2);
	put_axis(out, timeline, height);
	for (size_t i = 0; i < lanes; i++)
		put_lane(out, &picture, &timeline->lanes[i], TOP + LANE * (int)i);
	if (signatures != NULL)
		put_signatures(out, timeline, signatures, TOP + LANE * (int)lanes);
	fprintf(out,
	    "<line class=\"now\" x1=\"%d\" y1=\"16\" x2=\"%d\" y2=\"%d\"/><text class=\"nowt\" x=\"%d\" "
	    "y=\"28\">now</text>\n",
	    now, now, height, now + 3);
	for (size_t i = 0; i < lanes; i++)
		if (timeline->lanes[i].person)
			put_diamond(out, now, TOP + LANE * (int)i);
	fputs("</svg>\n", out);
	if (lanes < timeline->lane_count || picture.bands > BANDS_MOST)
		fputs("<p class=\"dim\">The picture shows the first of them; zoneseal timeline shows all.</p>\n", out);
}
