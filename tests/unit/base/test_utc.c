/* SPDX-License-Identifier: MIT */
#include "signer/base/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct moment_case {
	const char *text;
	int64_t seconds;
};

/* The seconds are those of date(1). */
static const struct moment_case moments[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00Z", 0 },
	{ "0", 0 },
	{ "2026-11-24T21:00:00Z", 1795554000 },
	{ "2026-11-24T21:00Z", 1795554000 },
	{ "2026-11-24 21:00Z", 1795554000 },
	{ "2026-11-24 21:00:00Z", 1795554000 },
	{ "2026-11-24t21:00:00z", 1795554000 },
	{ "20261124210000", 1795554000 },
	{ "1795554000", 1795554000 },
	{ "2000-02-29T12:34:56Z", 951827696 },
	{ "2038-01-19T03:14:08Z", 2147483648 },
	{ "2106-02-07T06:28:16Z", 4294967296 },
	{ "9999-12-31T23:59:59Z", 253402300799 },
	{ "99999999999", 99999999999 },
};

static const char *const no_moments[] = {
	"",
	" ",
	"now",
	"-1",
	"+5",
	"1.5",
	"999999999999",
	"2026-11-24",
	"2026-11-24T21:00:00",
	"2026-11-24T21:00:00+00:00",
	"2026-11-24_21:00:00Z",
	"2026-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z",
	"2100-02-29T00:00:00Z",
	"2026-13-01T00:00:00Z",
	"2026-00-01T00:00:00Z",
	"2026-01-00T00:00:00Z",
	"2026-04-31T00:00:00Z",
	"2026-01-01T24:00:00Z",
	"2026-01-01T00:60:00Z",
	"2026-01-01T00:00:60Z",
	"1969-12-31T23:59:59Z",

	"20261124250000",
	"202611242100000",
	"2026-11-24T21:00:00Zx",
	"2026-11-24T2 :00:00Z",
	"\x1b[2J",
};

static void moments_are_read_in_each_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		struct utc got = { -1 };
		struct error err = { 0 };
		if (utc_parse(moments[i].text, &got, &err) != STATUS_OK)
			fail_msg("%s: %s", moments[i].text, err.message);
		if (got.seconds != moments[i].seconds)
			fail_msg("%s: %lld", moments[i].text, (long long)got.seconds);
	}
}

static void anything_else_is_a_wrong_use_and_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(no_moments); i++) {
		struct utc got = { 77 };
		struct error err = { 0 };
		if (utc_parse(no_moments[i], &got, &err) != STATUS_USAGE || got.seconds != 77)
			fail_msg("taken: \"%s\"", no_moments[i]);
		assert_non_null(strstr(err.message, "YYYYMMDDHHMMSS"));
		assert_null(strchr(err.message, '\x1b'));
	}
}

static void every_day_of_four_centuries_is_written_as_it_is_read(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		const struct utc t = { day * 86400 + 86399 };
		char text[UTC_TEXT];
		char digits[UTC_TEXT];
		struct utc again;
		struct error err;
		utc_format(t, text);
		assert_int_equal(utc_parse(text, &again, &err), STATUS_OK);
		assert_true(again.seconds == t.seconds);
		utc_format_digits(t, digits);
		assert_int_equal(utc_parse(digits, &again, &err), STATUS_OK);
		assert_true(again.seconds == t.seconds);
	}
}

static void never_is_written_as_a_word_and_is_never_passed(void **state)
{
	(void)state;
	char text[UTC_TEXT];
	utc_format(UTC_NEVER, text);
	assert_string_equal(text, "never");
	assert_true(utc_add(UTC_NEVER, (struct span){ 1 }).seconds == INT64_MAX);
	assert_true(utc_before((struct utc){ INT64_MAX - 1 }, UTC_NEVER));
	assert_true(utc_difference(UTC_NEVER, (struct utc){ -5 }).seconds == INT64_MAX);
	assert_true(utc_difference((struct utc){ 30 }, (struct utc){ 50 }).seconds == -20);
	assert_true(utc_later((struct utc){ 3 }, (struct utc){ 4 }).seconds == 4);
	assert_true(utc_subtract((struct utc){ 30 }, (struct span){ 50 }).seconds == -20);
}

static void date_has_the_parts_that_a_serial_needs(void **state)
{
	(void)state;
	int year = 0;
	int month = 0;
	int day = 0;
	utc_date((struct utc){ 1795554000 }, &year, &month, &day);
	assert_int_equal(year, 2026);
	assert_int_equal(month, 11);
	assert_int_equal(day, 24);
}

static const struct moment_case spans[] = {
	{ "0", 0 },
	{ "3600", 3600 },
	{ "1h", 3600 },
	{ "90m", 5400 },
	{ "1d2h", 93600 },
	{ "1w2d3h4m5s", 788645 },
	{ "0s", 0 },
	{ "PT1H", 3600 },
	{ "P14D", 1209600 },
	{ "P2W", 1209600 },
	{ "P1DT2H3M4S", 93784 },
	{ "PT90M", 5400 },
	{ "36500d", 3153600000 },
};

static const char *const no_spans[] = {
	"",
	" ",
	"-1",
	"+1",
	"1.5h",
	"h",
	"1h2d",
	"1h1h",
	"1d2",
	"1H",
	"1M",
	"1y",
	"P",
	"PT",
	"P1",
	"P1DT",
	"P1Y",
	"P1M",
	"PT1D",
	"P1H",
	"PT1H30",
	"P1D2W",
	"1 d",
	"1d ",
	"p1d",
	"36501d",
	"3153600001",
	"99999999999999999999",
	"9999999999999999999w",
	"P1DT1H1",
	"5min",
	"\x1b[2J",
};

static void durations_are_read_in_each_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spans); i++) {
		struct span got = { -1 };
		struct error err = { 0 };
		if (span_parse(spans[i].text, &got, &err) != STATUS_OK)
			fail_msg("%s: %s", spans[i].text, err.message);
		if (got.seconds != spans[i].seconds)
			fail_msg("%s: %lld", spans[i].text, (long long)got.seconds);
	}
}

static void other_durations_are_refused_and_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(no_spans); i++) {
		struct span got = { 77 };
		struct error err = { 0 };
		if (span_parse(no_spans[i], &got, &err) != STATUS_POLICY || got.seconds != 77)
			fail_msg("taken: \"%s\"", no_spans[i]);
		assert_null(strchr(err.message, '\x1b'));
	}
}

static void refusal_of_a_month_says_what_to_write(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *advice;
	} cases[] = {
		{ "P1M", "PT30M" },
		{ "P1Y", "P365D" },
		{ "1M", "m is minutes" },
		{ "2H", "lower case" },
		{ "soon", "PT1H or P14D" },
		{ "1y", "months and years are not accepted" },
		{ "P1YT1M", "P365D" },
		{ "PT5M3H", "is not understood" },
		{ "36501d", "longer than 100 years" },
		{ "3153600001", "longer than 100 years" },
		{ "99999999999999999999", "longer than 100 years" },
		{ "P9999999999999999999W", "longer than 100 years" },
		{ "9999999999d9999999999h", "longer than 100 years" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span got;
		struct error err = { 0 };
		assert_int_equal(span_parse(cases[i].text, &got, &err), STATUS_POLICY);
		if (strstr(err.message, cases[i].advice) == NULL)
			fail_msg("%s: %s", cases[i].text, err.message);
	}
}

static void exact_text_is_read_back(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = { { 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 90, "1m30s" }, { 3601, "1h1s" }, { 86400, "1d" },
		{ 604800, "7d" }, { 93784, "1d2h3m4s" }, { 3153600000, "36500d" }, { 3153599999, "36499d23h59m59s" } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[SPAN_TEXT];
		struct span again;
		struct error err;
		span_format_exact((struct span){ cases[i].seconds }, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(span_parse(text, &again, &err), STATUS_OK);
		assert_true(again.seconds == cases[i].seconds);
	}
	char text[SPAN_TEXT];
	span_format_exact((struct span){ -5 }, text);
	assert_string_equal(text, "0s");
	span_format_exact((struct span){ INT64_MAX }, text);
	assert_true(strlen(text) < SPAN_TEXT);
}

static void durations_are_written_for_machines_and_for_people(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *exact;
		const char *rough;
	} cases[] = {
		{ 0, "0s", "0s" },
		{ 59, "59s", "59s" },
		{ 3600, "3600s (1h)", "1h" },
		{ 93784, "93784s (1d2h3m4s)", "1d 2h" },
		{ 1260, "1260s (21m)", "21m" },
		{ 849600, "849600s (9d20h)", "9d 20h" },
		{ 777900, "777900s (9d5m)", "9d" },
		{ 3153600000, "3153600000s (36500d)", "36500d" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[SPAN_TEXT];
		span_format((struct span){ cases[i].seconds }, text);
		assert_string_equal(text, cases[i].exact);
		span_format_short((struct span){ cases[i].seconds }, text);
		assert_string_equal(text, cases[i].rough);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_read_in_each_form),
		cmocka_unit_test(anything_else_is_a_wrong_use_and_changes_nothing),
		cmocka_unit_test(every_day_of_four_centuries_is_written_as_it_is_read),
		cmocka_unit_test(never_is_written_as_a_word_and_is_never_passed),
		cmocka_unit_test(date_has_the_parts_that_a_serial_needs),
		cmocka_unit_test(durations_are_read_in_each_form),
		cmocka_unit_test(other_durations_are_refused_and_change_nothing),
		cmocka_unit_test(refusal_of_a_month_says_what_to_write),
		cmocka_unit_test(exact_text_is_read_back),
		cmocka_unit_test(durations_are_written_for_machines_and_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
