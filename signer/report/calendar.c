/* SPDX-License-Identifier: MIT */
#include "signer/report/calendar.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <string.h>

#include "signer/base/build.h"
#include "signer/base/bytes.h"

enum { LINE = 75, CONTENT = 2000, UID_OCTETS = 16 };

/* A content line, folded so that none is longer than 75 octets (RFC 5545 3.1). */
static void put_line(FILE *out, const char *text)
{
	size_t left = strlen(text);
	for (size_t room = LINE; left > room; room = LINE - 1) {
		fprintf(out, "%.*s\r\n ", (int)room, text);
		text += room;
		left -= room;
	}
	fprintf(out, "%s\r\n", text);
}

static void PRINTF_LIKE(2, 3) put(FILE *out, const char *format, ...)
{
	char text[CONTENT];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	put_line(out, text);
}

/* A value of type TEXT (RFC 5545 3.3.11); what is no printable ASCII is left out. */
static void put_text(FILE *out, const char *name, const char *text)
{
	char line[CONTENT];
	size_t at = (size_t)snprintf(line, sizeof(line), "%s:", name);
	for (; *text != '\0' && at + 3 < sizeof(line); text++) {
		if (strchr("\\;,", *text) != NULL)
			line[at++] = '\\';
		if (*text >= ' ' && *text < 0x7f)
			line[at++] = *text;
	}
	line[at] = '\0';
	put_line(out, line);
}

/* 20261124T210000Z */
static void stamp(struct utc when, char out[UTC_TEXT])
{
	char text[UTC_TEXT];
	utc_format(when, text);
	snprintf(
	    out, UTC_TEXT, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8, text + 11, text + 14, text + 17);
}

/* From everything of the act but its date, and how many like it come before. */
static void uid_of(const char *zone, const struct report_plan_line lines[], size_t index, char out[2 * UID_OCTETS + 1])
{
	uint8_t hash[EVP_MAX_MD_SIZE] = { 0 };
	char text[CONTENT];
	size_t earlier = 0;
	for (size_t i = 0; i < index; i++)
		earlier += strcmp(lines[i].what, lines[index].what) == 0;
	snprintf(text, sizeof(text), "%s\n%zu\n%s", zone, earlier, lines[index].what);
	(void)EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), hash, NULL);
	bytes_to_hex((struct bytes){ hash, UID_OCTETS }, false, out);
}

static void put_alarm(FILE *out, const char *before)
{
	put(out, "BEGIN:VALARM");
	put(out, "ACTION:DISPLAY");
	put(out, "DESCRIPTION:zoneseal waits for you");
	put(out, "TRIGGER:-%s", before);
	put(out, "END:VALARM");
}

void calendar_begin(FILE *out)
{
	put(out, "BEGIN:VCALENDAR");
	put(out, "VERSION:2.0");
	put(out, "PRODID:-//zoneseal//zoneseal %s//EN", build_version());
	put(out, "CALSCALE:GREGORIAN");
	put(out, "X-WR-CALNAME:zoneseal");
}

void calendar_plan(FILE *out, const char *zone, const struct report_plan_line lines[], size_t count, struct utc now)
{
	char made[UTC_TEXT], when[UTC_TEXT], uid[2 * UID_OCTETS + 1], summary[CONTENT];
	stamp(now, made);
	for (size_t i = 0; i < count; i++) {
		if (lines[i].when.seconds == UTC_NEVER.seconds)
			continue;
		const bool person = lines[i].who == REPORT_YOU;
		stamp(lines[i].when, when);
		uid_of(zone, lines, i, uid);
		snprintf(summary, sizeof(summary), "%s %s%s", zone, person ? "YOU: " : "", lines[i].what);
		put(out, "BEGIN:VEVENT");
		put(out, "UID:%s@zoneseal", uid);
		put(out, "DTSTAMP:%s", made);
		put(out, "DTSTART:%s", when);
		put_text(out, "SUMMARY", summary);
		put_text(out, "CATEGORIES", report_who_name(lines[i].who));
		put(out, "TRANSP:TRANSPARENT");
		if (person) {
			put_alarm(out, "P7D");
			put_alarm(out, "P1D");
		}
		put(out, "END:VEVENT");
	}
}

void calendar_end(FILE *out)
{
	put(out, "END:VCALENDAR");
}
