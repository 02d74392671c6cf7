/* SPDX-License-Identifier: MIT */
/* Moments and durations: what is taken is written and taken again as the same value. */
#include <stdlib.h>
#include <string.h>

#include "signer/base/utc.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void arithmetic(struct utc t)
{
	int year = 0;
	int month = 0;
	int day = 0;
	const struct utc later = utc_add(t, (struct span){ 86400 });
	must(utc_before(t, later) && utc_later(t, later).seconds == later.seconds);
	must(utc_difference(later, t).seconds == 86400);
	must(utc_subtract(later, (struct span){ 86400 }).seconds == t.seconds);
	must(utc_add(UTC_NEVER, (struct span){ 1 }).seconds == UTC_NEVER.seconds);
	must(utc_difference(UTC_NEVER, utc_subtract((struct utc){ -2 }, (struct span){ INT64_MAX })).seconds ==
	     INT64_MAX);
	utc_date(t, &year, &month, &day);
	must(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
}

static void moment(const char *text)
{
	struct utc first = { -1 };
	struct utc again = { -1 };
	struct error err;
	char written[UTC_TEXT];
	if (utc_parse(text, &first, &err) != STATUS_OK) {
		must(first.seconds == -1 && err.code == STATUS_USAGE);
		return;
	}
	utc_format(first, written);
	must(utc_parse(written, &again, &err) == STATUS_OK && again.seconds == first.seconds);
	if (first.seconds <= 253402300799) {
		utc_format_digits(first, written);
		must(utc_parse(written, &again, &err) == STATUS_OK && again.seconds == first.seconds);
	}
	arithmetic(first);
}

static void duration(const char *text)
{
	struct span first = { -1 };
	struct span again = { -1 };
	struct error err;
	char written[SPAN_TEXT];
	if (span_parse(text, &first, &err) != STATUS_OK) {
		must(first.seconds == -1 && err.code == STATUS_POLICY);
		return;
	}
	span_format_short(first, written);
	span_format(first, written);
	char *const end = strchr(written, 's');
	must(end != NULL);
	*end = '\0';
	must(span_parse(written, &again, &err) == STATUS_OK && again.seconds == first.seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[128];
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	moment(text);
	duration(text);
	return 0;
}
