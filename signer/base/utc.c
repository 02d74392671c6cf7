/* SPDX-License-Identifier: MIT */
#include "signer/base/utc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 604800 };

struct utc utc_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (struct utc){ now.tv_sec };
}

bool utc_before(struct utc a, struct utc b)
{
	return a.seconds < b.seconds;
}

struct utc utc_add(struct utc t, struct span s)
{
	int64_t sum;
	if (__builtin_add_overflow(t.seconds, s.seconds, &sum))
		return UTC_NEVER;
	return (struct utc){ sum };
}

struct utc utc_subtract(struct utc t, struct span s)
{
	int64_t difference;
	if (__builtin_sub_overflow(t.seconds, s.seconds, &difference))
		return (struct utc){ INT64_MIN };
	return (struct utc){ difference };
}

struct span utc_difference(struct utc later, struct utc earlier)
{
	int64_t difference;
	if (__builtin_sub_overflow(later.seconds, earlier.seconds, &difference))
		difference = later.seconds > earlier.seconds ? INT64_MAX : INT64_MIN;
	return (struct span){ difference };
}

struct utc utc_later(struct utc a, struct utc b)
{
	return a.seconds > b.seconds ? a : b;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; years count from March, so leap days come last.
 */
static int64_t days_of_date(int year, int month, int day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = (y >= 0 ? y : y - 399) / 400;
	const int64_t year_of_era = y - era * 400;
	const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void date_of_days(int64_t days, int *year, int *month, int *day)
{
	const int64_t z = days + 719468;
	const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t day_of_era = z - era * 146097;
	const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	const int64_t shifted = (5 * day_of_year + 2) / 153;
	*day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2 ? 1 : 0));
}

static bool digits(const char *text, size_t count, int *out)
{
	int value = 0;
	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = value;
	return true;
}

struct moment {
	int year, month, day, hour, minute, second;
};

static bool moment_to_utc(const struct moment *m, struct utc *out)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (m->year < 1970 || m->month < 1 || m->month > 12 || m->day < 1 || m->day > lengths[m->month - 1])
		return false;
	const bool leap = (m->year % 4 == 0 && m->year % 100 != 0) || m->year % 400 == 0;
	if (m->month == 2 && m->day == 29 && !leap)
		return false;
	if (m->hour > 23 || m->minute > 59 || m->second > 59)
		return false;
	const int64_t days = days_of_date(m->year, m->month, m->day);
	out->seconds = days * DAY + m->hour * HOUR + m->minute * MINUTE + m->second;
	return true;
}

static bool parse_rfc3339(const char *text, struct utc *out)
{
	struct moment m = { 0 };
	const size_t size = strlen(text);
	if (size != 17 && size != 20)
		return false;
	if (!digits(text, 4, &m.year) || text[4] != '-' || !digits(text + 5, 2, &m.month) || text[7] != '-' ||
	    !digits(text + 8, 2, &m.day) || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
	    !digits(text + 11, 2, &m.hour) || text[13] != ':' || !digits(text + 14, 2, &m.minute))
		return false;
	if (size == 20 && (text[16] != ':' || !digits(text + 17, 2, &m.second)))
		return false;
	if (text[size - 1] != 'Z' && text[size - 1] != 'z')
		return false;
	return moment_to_utc(&m, out);
}

static bool parse_digits(const char *text, struct utc *out)
{
	struct moment m = { 0 };
	const size_t size = strlen(text);
	if (size == 14)
		return digits(text, 4, &m.year) && digits(text + 4, 2, &m.month) && digits(text + 6, 2, &m.day) &&
		       digits(text + 8, 2, &m.hour) && digits(text + 10, 2, &m.minute) &&
		       digits(text + 12, 2, &m.second) && moment_to_utc(&m, out);
	if (size == 0 || size > 11)
		return false;
	int64_t value = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	out->seconds = value;
	return true;
}

enum status utc_parse(const char *text, struct utc *out, struct error *err)
{
	struct utc parsed;
	if (parse_rfc3339(text, &parsed) || parse_digits(text, &parsed)) {
		*out = parsed;
		return STATUS_OK;
	}
	char shown[64];
	error_escape(text, strlen(text), shown, sizeof(shown));
	return error_set(err, STATUS_USAGE,
	    "time \"%s\" is not understood: write 2026-11-24T21:00:00Z, seconds since 1970, or YYYYMMDDHHMMSS, in UTC",
	    shown);
}

/* Years that a time in 32 or 64 bits may hold are shown as they are; nothing here needs more than four digits. */
static void split(struct utc t, struct moment *m)
{
	int64_t days = t.seconds / DAY;
	int64_t rest = t.seconds % DAY;
	if (rest < 0) {
		rest += DAY;
		days--;
	}
	date_of_days(days, &m->year, &m->month, &m->day);
	m->hour = (int)(rest / HOUR);
	m->minute = (int)(rest / MINUTE % 60);
	m->second = (int)(rest % MINUTE);
}

void utc_format(struct utc t, char out[UTC_TEXT])
{
	if (t.seconds < 0 || t.seconds >= 253402300800) {
		snprintf(out, UTC_TEXT, "%s", t.seconds < 0 ? "before 1970" : "never");
		return;
	}
	struct moment m;
	split(t, &m);
	snprintf(out, UTC_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)m.year % 10000, (unsigned)m.month % 100,
	    (unsigned)m.day % 100, (unsigned)m.hour % 100, (unsigned)m.minute % 100, (unsigned)m.second % 100);
}

void utc_format_digits(struct utc t, char out[UTC_TEXT])
{
	struct moment m;
	split(t, &m);
	snprintf(out, UTC_TEXT, "%04u%02u%02u%02u%02u%02u", (unsigned)m.year % 10000, (unsigned)m.month % 100,
	    (unsigned)m.day % 100, (unsigned)m.hour % 100, (unsigned)m.minute % 100, (unsigned)m.second % 100);
}

void utc_date(struct utc t, int *year, int *month, int *day)
{
	struct moment m;
	split(t, &m);
	*year = m.year;
	*month = m.month;
	*day = m.day;
}

static const int64_t span_limit = (int64_t)100 * 365 * DAY;

/* Reads digits at *text; false if there are none. A value beyond what any duration may be stays just beyond it. */
static bool number(const char **text, int64_t *out)
{
	const char *at = *text;
	int64_t value = 0;
	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (*at - '0');
		if (value > span_limit)
			value = span_limit + 1;
	}
	*text = at;
	*out = value;
	return true;
}

struct unit {
	char letter;
	int64_t seconds;
};

/* Amounts with units in the order of `units`, each unit at most once. */
static bool amounts(const char **text, const struct unit units[], size_t count, int64_t *sum)
{
	size_t next = 0;
	int64_t amount;
	while (**text != '\0' && number(text, &amount)) {
		while (next < count && units[next].letter != **text)
			next++;
		if (next == count)
			return false;
		*sum += amount * units[next].seconds;
		next++;
		(*text)++;
	}
	return true;
}

static bool parse_iso(const char *text, int64_t *sum)
{
	static const struct unit days[] = { { 'W', WEEK }, { 'D', DAY } };
	static const struct unit times[] = { { 'H', HOUR }, { 'M', MINUTE }, { 'S', 1 } };
	const char *at = text + 1;
	if (*at == '\0' || !amounts(&at, days, COUNT(days), sum))
		return false;
	if (*at == 'T') {
		at++;
		if (*at == '\0' || !amounts(&at, times, COUNT(times), sum))
			return false;
	}
	return *at == '\0';
}

static bool parse_plain(const char *text, int64_t *sum)
{
	static const struct unit units[] = { { 'w', WEEK }, { 'd', DAY }, { 'h', HOUR }, { 'm', MINUTE }, { 's', 1 } };
	const char *at = text;
	if (number(&at, sum) && *at == '\0')
		return true;
	*sum = 0;
	at = text;
	return *at != '\0' && amounts(&at, units, COUNT(units), sum) && *at == '\0';
}

/* What a person may have meant, for the message. */
static const char *span_advice(const char *text)
{
	const char *const month = strchr(text, 'M');
	const char *const time = strchr(text, 'T');
	const bool iso = text[0] == 'P';
	if (iso && (strchr(text, 'Y') != NULL || (month != NULL && (time == NULL || month < time))))
		return "years and months have no fixed length; write days (P365D) or minutes after a T (PT30M)";
	if (!iso && strpbrk(text, "MYWDHSy") != NULL)
		return "units are lower case s m h d w (m is minutes); months and years are not accepted";
	return NULL;
}

enum status span_parse(const char *text, struct span *out, struct error *err)
{
	char shown[64];
	error_escape(text, strlen(text), shown, sizeof(shown));
	int64_t sum = 0;
	const bool good = text[0] == 'P' ? parse_iso(text, &sum) : parse_plain(text, &sum);
	if (good && sum > span_limit)
		return error_set(err, STATUS_POLICY, "duration \"%s\" is longer than 100 years", shown);
	if (good) {
		*out = (struct span){ sum };
		return STATUS_OK;
	}
	const char *const advice = span_advice(text);
	if (advice != NULL)
		return error_set(err, STATUS_POLICY, "duration \"%s\": %s", shown, advice);
	return error_set(
	    err, STATUS_POLICY, "duration \"%s\" is not understood: write 3600, 1d2h, PT1H or P14D", shown);
}

static const struct unit format_units[] = { { 'd', DAY }, { 'h', HOUR }, { 'm', MINUTE }, { 's', 1 } };

void span_format_exact(struct span s, char out[SPAN_TEXT])
{
	int64_t rest = s.seconds < 0 ? 0 : s.seconds;
	size_t used = 0;
	for (size_t i = 0; i < COUNT(format_units); i++) {
		const int64_t amount = rest / format_units[i].seconds;
		rest %= format_units[i].seconds;
		if (amount > 0 && used < SPAN_TEXT)
			used += (size_t)snprintf(
			    out + used, SPAN_TEXT - used, "%" PRId64 "%c", amount, format_units[i].letter);
	}
	if (used == 0)
		snprintf(out, SPAN_TEXT, "0s");
}

void span_format(struct span s, char out[SPAN_TEXT])
{
	char units[SPAN_TEXT];
	if (s.seconds < MINUTE) {
		snprintf(out, SPAN_TEXT, "%" PRId64 "s", s.seconds);
		return;
	}
	span_format_exact(s, units);
	snprintf(out, SPAN_TEXT, "%" PRId64 "s (%.*s)", s.seconds, 16, units);
}

void span_format_short(struct span s, char out[SPAN_TEXT])
{
	int64_t rest = s.seconds < 0 ? 0 : s.seconds;
	size_t first = 0;
	while (first + 1 < COUNT(format_units) && rest < format_units[first].seconds)
		first++;
	const int64_t amount = rest / format_units[first].seconds;
	rest %= format_units[first].seconds;
	int used = snprintf(out, SPAN_TEXT, "%" PRId64 "%c", amount, format_units[first].letter);
	if (first + 1 == COUNT(format_units) || used < 0)
		return;
	const int64_t next = rest / format_units[first + 1].seconds;
	if (next > 0)
		snprintf(out + used, SPAN_TEXT - (size_t)used, " %" PRId64 "%c", next, format_units[first + 1].letter);
}
