/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <string.h>

#include "signer/engine/clock.h"
#include "signer/engine/serial.h"

enum { NOV_24 = 1795478400 }; /* 2026-11-24T00:00:00Z */

struct next_case {
	const char *title;
	enum policy_serial policy;
	bool has_floor;
	uint32_t floor, input;
	int64_t now;
	enum status status;
	uint32_t expected;
};

static const struct next_case next_cases[] = {
	{ "increment takes the input's serial if it is greater", POLICY_SERIAL_INCREMENT, true, 5, 9, NOV_24, STATUS_OK,
	    9 },
	{ "increment counts on from the floor", POLICY_SERIAL_INCREMENT, true, 9, 9, NOV_24, STATUS_OK, 10 },
	{ "increment never goes back", POLICY_SERIAL_INCREMENT, true, 2026112405, 2026112401, NOV_24, STATUS_OK,
	    2026112406 },
	{ "increment starts with the input's serial", POLICY_SERIAL_INCREMENT, false, 0, 7, NOV_24, STATUS_OK, 7 },
	{ "increment wraps and leaves out zero", POLICY_SERIAL_INCREMENT, true, UINT32_MAX, 5000000000U % UINT32_MAX,
	    NOV_24, STATUS_OK, 705032705 },
	{ "the successor of the last number is one", POLICY_SERIAL_INCREMENT, true, UINT32_MAX, UINT32_MAX, NOV_24,
	    STATUS_OK, 1 },
	{ "a serial 2^31 away is not greater", POLICY_SERIAL_INCREMENT, true, 1, 1 + UINT32_C(0x80000000), NOV_24,
	    STATUS_OK, 2 },
	{ "unixtime is the clock", POLICY_SERIAL_UNIXTIME, true, 1000, 3, NOV_24, STATUS_OK, NOV_24 },
	{ "unixtime twice in a second counts on", POLICY_SERIAL_UNIXTIME, true, NOV_24, 3, NOV_24, STATUS_OK,
	    NOV_24 + 1 },
	{ "unixtime after date serials stays above them", POLICY_SERIAL_UNIXTIME, true, 2026112401, 3, NOV_24,
	    STATUS_OK, 2026112402 },
	{ "date-counter starts the day with nn=00", POLICY_SERIAL_DATE_COUNTER, true, 2026112399, 3, NOV_24, STATUS_OK,
	    2026112400 },
	{ "date-counter counts within the day", POLICY_SERIAL_DATE_COUNTER, true, 2026112407, 3, NOV_24, STATUS_OK,
	    2026112408 },
	{ "after nn=99 it counts on into the next day's numbers", POLICY_SERIAL_DATE_COUNTER, true, 2026112499, 3,
	    NOV_24, STATUS_OK, 2026112500 },
	{ "date-counter without a floor", POLICY_SERIAL_DATE_COUNTER, false, 0, 3, NOV_24, STATUS_OK, 2026112400 },
	{ "keep is the input's serial", POLICY_SERIAL_KEEP, true, 8, 9, NOV_24, STATUS_OK, 9 },
	{ "keep refuses a serial that is used", POLICY_SERIAL_KEEP, true, 9, 9, NOV_24, STATUS_REFUSED, 0 },
	{ "keep refuses a lower serial", POLICY_SERIAL_KEEP, true, 9, 8, NOV_24, STATUS_REFUSED, 0 },
};

static void next_serial_is_greater_than_the_floor(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(next_cases); i++) {
		const struct next_case *c = &next_cases[i];
		const struct serial_facts facts = { c->has_floor, c->floor, c->input, { c->now } };
		struct error err;
		uint32_t got = 0;
		error_clear(&err);
		enum status status = serial_next(c->policy, &facts, &got, &err);
		if (status != c->status || got != c->expected)
			fail_msg("%s: status %d, serial %u, expected %u", c->title, (int)status, got, c->expected);
		if (status == STATUS_OK && c->has_floor && !serial_greater(got, c->floor))
			fail_msg("%s: %u is not greater than %u", c->title, got, c->floor);
	}
}

static void keep_names_the_serial_that_is_needed(void **state)
{
	(void)state;
	const struct serial_facts facts = { true, 2026112407, 2026112401, { NOV_24 } };
	struct error err;
	uint32_t got;
	error_clear(&err);
	assert_int_equal(serial_next(POLICY_SERIAL_KEEP, &facts, &got, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "2026112408"));
}

static void dates_are_told_from_counters(void **state)
{
	static const struct {
		uint32_t serial;
		bool is_date;
	} cases[] = {
		{ 2026112401, true },
		{ 2024022900, true },
		{ 2023022900, false },
		{ 2026133101, false },
		{ 2026043100, false },
		{ 1795478400, false },
		{ 1, false },
		{ 1989123199, false },
		{ 4294967295, false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct utc date;
		if (serial_is_date(cases[i].serial, &date) != cases[i].is_date)
			fail_msg("%u", cases[i].serial);
	}
	struct utc date;
	assert_true(serial_is_date(2026112401, &date));
	assert_int_equal(date.seconds, NOV_24);
}

static void clock_guard_refuses_what_cannot_be(void **state)
{
	static const struct {
		const char *title;
		int64_t now, last, build;
		bool is_virtual;
		enum status expected;
	} cases[] = {
		{ "after build and last run", 300, 200, 100, false, STATUS_OK },
		{ "before the build date", 99, 0, 100, false, STATUS_REFUSED },
		{ "before the last run", 199, 200, 100, false, STATUS_REFUSED },
		{ "at the last run", 200, 200, 100, false, STATUS_OK },
		{ "a virtual clock may be before the build date", 50, 40, 100, true, STATUS_OK },
		{ "a virtual clock never goes backward", 39, 40, 100, true, STATUS_REFUSED },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err;
		error_clear(&err);
		enum status status = clock_check((struct utc){ cases[i].now }, (struct utc){ cases[i].last },
		    (struct utc){ cases[i].build }, cases[i].is_virtual, &err);
		if (status != cases[i].expected)
			fail_msg("%s: %d", cases[i].title, (int)status);
	}
}

static void input_serial_from_the_future_is_refused(void **state)
{
	static const struct {
		uint32_t serial;
		enum status expected;
	} cases[] = {
		{ 2026112401, STATUS_OK },
		{ 2026112500, STATUS_OK },
		{ 2026112600, STATUS_REFUSED },
		{ 2027010100, STATUS_REFUSED },
		{ 3000000000, STATUS_OK },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err;
		error_clear(&err);
		if (clock_check_serial((struct utc){ NOV_24 + 60 }, cases[i].serial, &err) != cases[i].expected)
			fail_msg("%u", cases[i].serial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_serial_is_greater_than_the_floor),
		cmocka_unit_test(keep_names_the_serial_that_is_needed),
		cmocka_unit_test(dates_are_told_from_counters),
		cmocka_unit_test(clock_guard_refuses_what_cannot_be),
		cmocka_unit_test(input_serial_from_the_future_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
