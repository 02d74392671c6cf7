/* SPDX-License-Identifier: MIT */
#include "signer/engine/serial.h"

#include <stdio.h>

bool serial_greater(uint32_t a, uint32_t b)
{
	uint32_t distance = a - b;
	return distance != 0 && distance < UINT32_C(0x80000000);
}

uint32_t serial_successor(uint32_t serial)
{
	uint32_t next = serial + 1;
	return next == 0 ? 1 : next;
}

static uint32_t date_serial(struct utc now)
{
	int year, month, day;
	utc_date(now, &year, &month, &day);
	return (uint32_t)year * 1000000 + (uint32_t)month * 10000 + (uint32_t)day * 100;
}

static bool leap(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool serial_is_date(uint32_t serial, struct utc *out)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint32_t year = serial / 1000000, month = serial / 10000 % 100, day = serial / 100 % 100;
	if (year < 1990 || year > 2099 || month < 1 || month > 12)
		return false;
	uint32_t most = days[month - 1] + (month == 2 && leap(year) ? 1U : 0U);
	if (day < 1 || day > most)
		return false;
	char text[UTC_TEXT];
	snprintf(text, sizeof(text), "%04u%02u%02u000000", year % 10000, month % 100, day % 100);
	return utc_parse(text, out, NULL) == STATUS_OK;
}

static enum status keep(const struct serial_facts *facts, uint32_t *out, struct error *err)
{
	if (facts->has_floor && !serial_greater(facts->input, facts->floor))
		return error_set(err, STATUS_REFUSED,
		    "serial policy keep: the input's serial %u is not greater than %u, which is used already "
		    "(RFC 1982 3.2); the input needs serial %u or greater",
		    facts->input, facts->floor, serial_successor(facts->floor));
	*out = facts->input;
	return STATUS_OK;
}

/* The wish if it is greater than the floor, else the floor's successor. */
static uint32_t at_least(uint32_t wish, const struct serial_facts *facts)
{
	return !facts->has_floor || serial_greater(wish, facts->floor) ? wish : serial_successor(facts->floor);
}

enum status serial_next(enum policy_serial policy, const struct serial_facts *facts, uint32_t *out, struct error *err)
{
	switch (policy) {
	case POLICY_SERIAL_INCREMENT:
		*out = at_least(facts->input, facts);
		return STATUS_OK;
	case POLICY_SERIAL_UNIXTIME:
		*out = at_least((uint32_t)facts->now.seconds, facts);
		return STATUS_OK;
	case POLICY_SERIAL_DATE_COUNTER:
		/* After nn=99 the successor runs on into the next day's numbers. */
		*out = at_least(date_serial(facts->now), facts);
		return STATUS_OK;
	case POLICY_SERIAL_KEEP:
		return keep(facts, out, err);
	}
	return error_set(err, STATUS_INTERNAL, "serial policy %d is unknown", (int)policy);
}
