/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/report/timeline.h"

enum { DAY = 86400 };

#define NOW INT64_C(1795521600) /* 2026-11-24T12:00:00Z */

#define BAND(begin, end, what, is_plan)                                                                                \
	{                                                                                                              \
		{ NOW + (begin)*DAY }, { NOW + (end)*DAY }, (what), (is_plan)                                          \
	}

static const struct timeline_band old_ksk[] = { BAND(-20, 0, TIMELINE_ACTIVE, false),
	BAND(0, 10, TIMELINE_ACTIVE, true), BAND(10, 15, TIMELINE_RETIRING, true) };
static const struct timeline_band new_ksk[] = { BAND(-10, -6, TIMELINE_WAITING, false),
	BAND(-6, 0, TIMELINE_READY, false), BAND(0, 5, TIMELINE_READY, true), BAND(5, 30, TIMELINE_ACTIVE, true) };
static const struct timeline_band new_ds[] = { BAND(-2, 0, TIMELINE_PERSON, false), BAND(0, 5, TIMELINE_WAITING, true),
	BAND(5, 30, TIMELINE_ACTIVE, true) };
static const struct timeline_band spare[] = { BAND(-20, 30, TIMELINE_PREPARED, false) };

static const struct timeline_lane lanes[] = {
	{ "KSK 20326", 1, KEY_KSK, false, false, old_ksk, 3 },
	{ "KSK 41001", 2, KEY_KSK, false, false, new_ksk, 4 },
	{ "DS 41001", 2, KEY_KSK, true, true, new_ds, 3 },
	{ "ZSK 7", 3, KEY_ZSK, false, false, spare, 1 },
};

static const struct report_wait waits[] = {
	{ .key = 2,
	    .who = REPORT_YOU,
	    .what = "the DS of KSK 41001 at every parent server",
	    .earliest = { INT64_MAX },
	    .command = "zoneseal ds show nl.test." },
};

static struct timeline picture(const char *zone)
{
	return (struct timeline){ .zone = zone,
		.headline = "OK, but an action for you.",
		.from = { NOW - (int64_t)20 * DAY },
		.now = { NOW },
		.until = { NOW + (int64_t)30 * DAY },
		.lanes = lanes,
		.lane_count = COUNT(lanes),
		.waits = waits,
		.wait_count = COUNT(waits),
		.next = { NOW + (int64_t)5 * DAY } };
}

/* Inlined, gcc 12 takes the text for a pointer into the frame. */
__attribute__((noinline)) static char *drawn(const struct timeline *timeline, struct timeline_style style)
{
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	assert_non_null(out);
	timeline_text(out, timeline, &style);
	fclose(out);
	return text;
}

/* 50 days in 50 columns. */
static void each_column_shows_what_is_there(void **state)
{
	(void)state;
	const struct timeline timeline = picture("nl.test.");
	char *const text = drawn(&timeline, (struct timeline_style){ .width = 62, .ascii = true });
	assert_string_equal(text, "nl.test. OK, but an action for you.\n"
				  "\n"
				  "            4 Nov    14 Nov    now         4 Dec    14 Dec\n"
				  "KSK 20326  ####################|++++++++++-----               \n"
				  "KSK 41001            ~~~~======|=====+++++++++++++++++++++++++\n"
				  "DS 41001                     ??|?~~~~+++++++++++++++++++++++++\n"
				  "ZSK 7      ....................|..............................\n"
				  "\n"
				  ". prepared  ~ waiting for caches  = ready  # active\n"
				  "- retiring  ? needs a person  + planned active\n"
				  "YOU: the DS of KSK 41001 at every parent server\n"
				  "do: zoneseal ds show nl.test.\n"
				  "next change planned: 2026-11-29 12:00Z (in 5d)\n");
	free(text);
}

/* In columns: a character of UTF-8 is one. */
static size_t columns(const char *line, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += ((unsigned char)line[i] & 0xc0) != 0x80;
	return count;
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	(void)state;
	char name[400] = "";
	for (int i = 0; i < 6; i++)
		strcat(name, "a-very-long-label-of-a-zone-that-nobody-would-want-to-type\\027.");
	for (unsigned width = 0; width < 500; width += 3)
		for (int form = 0; form < 4; form++) {
			const struct timeline timelines[2] = { picture(name), picture("nl.test.") };
			const unsigned most = width < 40 ? 40 : width > 400 ? 400 : width;
			const struct timeline_style style = { .width = width, .ascii = form % 2 == 0 };
			char *text = NULL;
			size_t size;
			FILE *const out = open_memstream(&text, &size);
			if (form < 2)
				timeline_text(out, &timelines[0], &style);
			else
				timeline_list_text(out, timelines, 2, &style);
			fclose(out);
			for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
				if (columns(line, strcspn(line, "\n")) > most)
					fail_msg("%u columns: %.*s", most, (int)strcspn(line, "\n"), line);
			free(text);
		}
}

static void the_same_is_said_without_colour_and_without_unicode(void **state)
{
	(void)state;
	const struct timeline timeline = picture("nl.test.");
	char *const plain = drawn(&timeline, (struct timeline_style){ .width = 80, .ascii = true });
	char *const colour = drawn(&timeline, (struct timeline_style){ .width = 80, .ascii = true, .colour = true });
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(colour, "\033["));
	for (char *at = strchr(colour, '\033'); at != NULL; at = strchr(at, '\033'))
		memmove(at, strchr(at, 'm') + 1, strlen(strchr(at, 'm')));
	assert_string_equal(plain, colour);
	for (const char *at = plain; *at != '\0'; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
	free(plain);
	free(colour);
}

static void what_a_person_must_do_is_never_too_short_to_see(void **state)
{
	(void)state;
	static const struct timeline_band bands[] = {
		{ { NOW }, { NOW + 90 }, TIMELINE_ACTIVE, false },
		{ { NOW + 90 }, { NOW + 91 }, TIMELINE_PERSON, false },
		{ { NOW + 91 }, { NOW + 100 }, TIMELINE_RETIRING, false },
	};
	const struct timeline_lane lane = { .bands = bands, .count = 3 };
	assert_int_equal(timeline_kind_in(&lane, (struct utc){ NOW }, (struct utc){ NOW + 100 }), TIMELINE_PERSON);
	assert_int_equal(timeline_kind_in(&lane, (struct utc){ NOW }, (struct utc){ NOW + 90 }), TIMELINE_ACTIVE);
	assert_int_equal(
	    timeline_kind_in(&lane, (struct utc){ NOW + 95 }, (struct utc){ NOW + 300 }), TIMELINE_RETIRING);
	assert_int_equal(timeline_kind_in(&lane, (struct utc){ NOW + 100 }, (struct utc){ NOW + 300 }), TIMELINE_NONE);
}

static void who_needs_a_person_comes_first_in_the_list(void **state)
{
	(void)state;
	struct timeline timelines[2] = { picture("a.test."), picture("z.test.") };
	timelines[0].wait_count = 0;
	timelines[0].lane_count = 2;
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	timeline_list_text(out, timelines, 2, &(const struct timeline_style){ .width = 66, .ascii = true });
	fclose(out);
	assert_string_equal(text, "2 zones, 1 of them waiting for you\n"
				  "         4 Nov    14 Nov    now         4 Dec    14 Dec\n"
				  "z.test. ..........KKKKKKKK??|?KKKK.....KKKKK...............    YOU\n"
				  "a.test. ..........KKKKKKKKKK|KKKKK.....KKKKK............... 29 Nov\n"
				  "K: a KSK or its DS comes or goes, Z: a ZSK does, B: both, ?: needs\n"
				  "  a person\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_column_shows_what_is_there),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(the_same_is_said_without_colour_and_without_unicode),
		cmocka_unit_test(what_a_person_must_do_is_never_too_short_to_see),
		cmocka_unit_test(who_needs_a_person_comes_first_in_the_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
