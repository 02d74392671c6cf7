/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/verify/verify.h"

/* Every record of a good zone is dropped, repeated elsewhere, and altered, one at a time: each must be refused. */

enum { NOW = 1768003200, ROOM = 256 * 1024 };

struct text {
	char *data;
	size_t size;
};

static struct text load(const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/zones/good/%s.zone", TEST_ROOT, name);
	FILE *const file = fopen(path, "r");
	assert_non_null(file);
	struct text text = { malloc(ROOM), 0 };
	assert_non_null(text.data);
	text.size = fread(text.data, 1, ROOM - 1, file);
	text.data[text.size] = '\0';
	fclose(file);
	return text;
}

/* True if a zone passes, even with nothing but its own octets to go by. */
static bool passes(const char *data, size_t size)
{
	struct verify_verdict *verdict = NULL;
	struct error err;
	const struct verify_options options = { .origin = "zs.test.",
		.zone = { "mutant", -1, (const uint8_t *)data, size },
		.times = { { NOW } },
		.time_count = 1,
		.threads = 1 };
	const bool good = verify_run(&options, &verdict, &err) == STATUS_OK && verify_passed(verdict);
	verify_free(verdict);
	return good;
}

static void assert_refused(const char *data, size_t size, const char *how, const char *line)
{
	if (passes(data, size))
		fail_msg("%s, and still it passes: %.*s", how, (int)strcspn(line, "\n"), line);
}

typedef size_t mutate(const struct text *zone, size_t start, size_t end, size_t step, char *out);

/* For each line, steps 0, 1, ... until the mutation has no more to do (returns 0). */
static void refuse_all(const char *zone_name, const char *how, mutate *mutation)
{
	struct text zone = load(zone_name);
	char *const out = malloc(ROOM + 64);
	size_t tried = 0;
	assert_non_null(out);
	assert_true(passes(zone.data, zone.size));
	for (size_t start = 0; start < zone.size;) {
		const size_t end = start + strcspn(zone.data + start, "\n") + 1;
		for (size_t step = 0;; step++) {
			const size_t size = mutation(&zone, start, end, step, out);
			if (size == 0)
				break;
			assert_refused(out, size, how, zone.data + start);
			tried++;
		}
		start = end;
	}
	assert_true(tried > 20);
	free(out);
	free(zone.data);
}

static size_t drop_line(const struct text *zone, size_t start, size_t end, size_t step, char *out)
{
	if (step > 0)
		return 0;
	memcpy(out, zone->data, start);
	memcpy(out + start, zone->data + end, zone->size - end);
	return zone->size - (end - start);
}

static size_t repeat_line(const struct text *zone, size_t start, size_t end, size_t step, char *out)
{
	if (step > 0)
		return 0;
	memcpy(out, zone->data, zone->size);
	memcpy(out + zone->size, zone->data + start, end - start);
	return zone->size + end - start;
}

/* Changes one digit of the TTL. */
static size_t change_ttl(const struct text *zone, size_t start, size_t end, size_t step, char *out)
{
	(void)end;
	if (step > 0)
		return 0;
	memcpy(out, zone->data, zone->size);
	char *const ttl = strchr(out + start, '\t') + 1;
	*ttl = *ttl == '1' ? '2' : '1';
	return zone->size;
}

/* Changes each letter or digit of owner and RDATA in turn, but not only its case. */
static size_t change_letter(const struct text *zone, size_t start, size_t end, size_t step, char *out)
{
	const size_t stride = 17; /* some of them: all would take minutes */
	const size_t at = start + step * stride + start % stride;
	if (at >= end - 1)
		return 0;
	memcpy(out, zone->data, zone->size);
	char *const c = out + at;
	const char lower = (char)(*c | 0x20);
	if (*c >= '0' && *c <= '9')
		*c = *c == '9' ? '8' : (char)(*c + 1);
	else if (lower >= 'a' && lower <= 'z')
		*c = lower == 'b' ? (char)(*c + 1) : (char)(*c - lower + 'b');
	else
		*c = '~';
	return zone->size;
}

static void each_record_counts(void **state)
{
	(void)state;
	refuse_all("nsec_zonemd", "dropped", drop_line);
	refuse_all("nsec3_zonemd_both", "dropped", drop_line);
}

static void no_record_may_stand_twice(void **state)
{
	(void)state;
	refuse_all("nsec_zonemd", "repeated", repeat_line);
	refuse_all("nsec3_opt_out", "repeated", repeat_line);
}

static void each_ttl_counts(void **state)
{
	(void)state;
	refuse_all("nsec_zonemd", "TTL changed", change_ttl);
}

static void each_letter_counts(void **state)
{
	(void)state;
	refuse_all("nsec_zonemd", "letter changed", change_letter);
	refuse_all("nsec3_zonemd_both", "letter changed", change_letter);
}

/* Without a digest, glue and delegations may change; what is signed or part of the chain may not. */
static void a_cut_file_never_passes(void **state)
{
	(void)state;
	struct text zone = load("nsec_zonemd");
	for (size_t size = 1; size < zone.size - 1; size += 61)
		assert_refused(zone.data, size, "cut", zone.data + size);
	free(zone.data);
	zone = load("nsec3");
	for (size_t size = 1; size < zone.size - 200; size += 61)
		assert_refused(zone.data, size, "cut", zone.data + size);
	free(zone.data);
}

static void the_self_test_holds(void **state)
{
	struct error err;
	(void)state;
	error_clear(&err);
	if (verify_self_test(&err) != STATUS_OK)
		fail_msg("%s", err.message);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_record_counts),
		cmocka_unit_test(no_record_may_stand_twice), cmocka_unit_test(each_ttl_counts),
		cmocka_unit_test(each_letter_counts), cmocka_unit_test(a_cut_file_never_passes),
		cmocka_unit_test(the_self_test_holds) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
