/* SPDX-License-Identifier: MIT */
#include "policies/policy_window.h"

#include <stdio.h>
#include <string.h>

enum { DAY = 86400, WEEK_DAYS = 7, MOST_DAYS = 400 };

static const char *const weekdays[WEEK_DAYS] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

/* Day of the week or of the year; false if it is neither. */
static bool parse_day(const char *text, size_t size, bool *weekly, uint16_t *out)
{
	static const uint8_t longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	for (int i = 0; i < WEEK_DAYS; i++) {
		if (size == 3 && memcmp(text, weekdays[i], 3) == 0) {
			*weekly = true;
			*out = (uint16_t)i;
			return true;
		}
	}
	if (size != 5 || text[2] != '-')
		return false;
	static const uint8_t digits[] = { 0, 1, 3, 4 };
	for (size_t i = 0; i < COUNT(digits); i++)
		if (text[digits[i]] < '0' || text[digits[i]] > '9')
			return false;
	const unsigned month = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
	const unsigned day = (unsigned)(text[3] - '0') * 10 + (unsigned)(text[4] - '0');
	if (month < 1 || month > 12 || day < 1 || day > longest[month - 1])
		return false;
	*weekly = false;
	*out = (uint16_t)(month * 100 + day);
	return true;
}

enum status policy_window_parse(const char *text, struct policy_window *out, struct error *err)
{
	struct policy_window window;
	bool weekly_end;
	const char *const dots = strstr(text, "..");
	const char *const end = dots == NULL ? text : dots + 2;
	const size_t size = dots == NULL ? strlen(text) : (size_t)(dots - text);
	if (parse_day(text, size, &window.weekly, &window.from) &&
	    parse_day(end, strlen(end), &weekly_end, &window.to) && weekly_end == window.weekly) {
		*out = window;
		return STATUS_OK;
	}
	char shown[64];
	error_escape(text, strlen(text), shown, sizeof(shown));
	return error_set(err, STATUS_POLICY,
	    "\"%s\" is neither days of the year such as 12-20..01-05 nor of the week such "
	    "as fri..sun",
	    shown);
}

static void format_day(const struct policy_window *window, uint16_t day, char out[POLICY_WINDOW_TEXT])
{
	if (window->weekly)
		snprintf(out, POLICY_WINDOW_TEXT, "%s", weekdays[day % WEEK_DAYS]);
	else
		snprintf(out, POLICY_WINDOW_TEXT, "%02u-%02u", day / 100U, day % 100U);
}

void policy_window_format(struct policy_window window, char out[POLICY_WINDOW_TEXT])
{
	char from[POLICY_WINDOW_TEXT];
	char to[POLICY_WINDOW_TEXT];
	format_day(&window, window.from, from);
	format_day(&window, window.to, to);
	if (window.from == window.to)
		snprintf(out, POLICY_WINDOW_TEXT, "%.5s", from);
	else
		snprintf(out, POLICY_WINDOW_TEXT, "%.5s..%.5s", from, to);
}

static bool covers(const struct policy_windows *windows, struct utc day)
{
	int year;
	int month;
	int in_month;
	utc_date(day, &year, &month, &in_month);
	/* 1970-01-01 was a Thursday. */
	const unsigned weekday = (unsigned)((day.seconds / DAY + 3) % WEEK_DAYS);
	const unsigned in_year = (unsigned)(month * 100 + in_month);
	for (size_t i = 0; i < windows->count; i++) {
		const struct policy_window *const w = &windows->window[i];
		const unsigned at = w->weekly ? weekday : in_year;
		if (w->from <= w->to ? at >= w->from && at <= w->to : at >= w->from || at <= w->to)
			return true;
	}
	return false;
}

struct utc policy_windows_end(const struct policy_windows *windows, struct utc now)
{
	if (windows->count == 0 || now.seconds < 0 || !covers(windows, now))
		return now;
	struct utc day = { now.seconds - now.seconds % DAY };
	for (unsigned i = 0; i < MOST_DAYS; i++) {
		day.seconds += DAY;
		if (!covers(windows, day))
			return day;
	}
	return UTC_NEVER;
}

/* Weekdays and dates come together again after 28 years, as long as no year in between skips its leap day. */
unsigned policy_windows_longest(const struct policy_windows *windows)
{
	const unsigned days = windows->count == 0 ? 0 : 29 * 366;
	unsigned longest = 0;
	unsigned run = 0;
	for (unsigned i = 0; i < days; i++) {
		run = covers(windows, (struct utc){ (int64_t)i * DAY }) ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}
