/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/verify/verdict.h"
#include "signer/verify/verify.h"

/* Zones large enough that they are compared in several stretches (vpast.c), whose first names matter. */
enum { STRETCH = 4096, LINE = 200 };

/* What happens to the n-th delegation, so that each stretch has all of it, also at its borders. */
enum fate { STAYS, ADDED, REMOVED, MOVED, DS_ADDED, DS_REMOVED, DS_CHANGED, GLUE_CHANGED, FATES };

static enum fate fate_of(unsigned n)
{
	return n % STRETCH < 16 || n % 97 == 0 ? (enum fate)(n / 3 % FATES) : STAYS;
}

static char *zone_text(unsigned delegations, bool later, size_t *size)
{
	char *const text = malloc((delegations + 4) * (size_t)LINE);
	assert_non_null(text);
	size_t used =
	    (size_t)sprintf(text, "z. 60 SOA a. b. %u 1 1 1 1\nz. 60 NS a.\na.z. 60 TXT a\n", later ? 2U : 1U);
	for (unsigned n = 0; n < delegations; n++) {
		const enum fate fate = fate_of(n);
		if (fate == (later ? REMOVED : ADDED))
			continue;
		used += (size_t)sprintf(
		    text + used, "d%06u.z. 60 NS %s.d%06u.z.\n", n, later && fate == MOVED ? "m" : "n", n);
		if (fate == DS_CHANGED || fate == (later ? DS_ADDED : DS_REMOVED))
			used += (size_t)sprintf(text + used, "d%06u.z. 60 DS %u 13 2 %064u\n", n, later ? 2U : 1U, n);
		used += (size_t)sprintf(text + used, "%s.d%06u.z. 60 A 192.0.2.%u\n",
		    later && fate == MOVED ? "m" : "n", n, later && fate == GLUE_CHANGED ? 2U : 1U);
	}
	*size = used;
	return text;
}

static unsigned count(unsigned delegations, enum fate fate)
{
	unsigned sum = 0;
	for (unsigned n = 0; n < delegations; n++)
		sum += fate_of(n) == fate;
	return sum;
}

/* Delegations for which the later zone has so many owners: apex, a name, and two for each that is in it. */
static unsigned with_owners(unsigned owners)
{
	unsigned n = 0;
	for (unsigned have = 2; have < owners; n++)
		have += fate_of(n) == REMOVED ? 0 : 2;
	return n;
}

static unsigned first(unsigned delegations, enum fate fate)
{
	unsigned n = 0;
	while (n < delegations && fate_of(n) != fate)
		n++;
	return n;
}

static struct verify_verdict *judge(
    const char *before, size_t before_size, const char *after, size_t after_size, unsigned threads)
{
	static const char policy[] =
	    "{\"schema\": \"zoneseal.limits/1\", \"change\": {\"removed\": {\"ppm\": 0, \"floor\": 0}, "
	    "\"ns\": {\"ppm\": 0, \"floor\": 0}, \"ds\": {\"ppm\": 0, \"floor\": 0}}}";
	struct verify_options options = {
		.expect_unsigned = true, .time_count = 1, .threads = threads, .previous_count = 1
	};
	options.zone = (struct verify_input){ "after", -1, (const uint8_t *)after, after_size };
	options.previous[0].file = (struct verify_input){ "before", -1, (const uint8_t *)before, before_size };
	options.times[0].seconds = 1800000000;
	struct verify_verdict *verdict;
	struct error err;
	options.policy = (struct verify_input){ "policy", -1, (const uint8_t *)policy, sizeof(policy) - 1 };
	error_clear(&err);
	if (verify_run(&options, &verdict, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return verdict;
}

/* The finding names the first owner that it is about. */
static void expect_first(struct verify_verdict *verdict, enum vcheck check, const char *what, unsigned n)
{
	char name[16];
	uint8_t wire[VNAME_MAX];
	bool relative;
	const char *why;
	sprintf(name, "d%06u.z.", n);
	assert_true(vname_parse(name, strlen(name), NULL, wire, &relative, &why) > 0);
	const struct vfinding *const finding = vreport_find(verdict->run.report, check, what);
	assert_non_null(finding);
	assert_true(vname_equal(finding->examples[0].owner, wire));
}

static void changes_of_zones_of_any_size_are_counted_on_any_number_of_threads(void **state)
{
	const unsigned sizes[] = { 1, STRETCH / 2, with_owners(2 * STRETCH), with_owners(2 * STRETCH + 2), 20000 };
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t before_size, after_size;
		char *const before = zone_text(sizes[i], false, &before_size);
		char *const after = zone_text(sizes[i], true, &after_size);
		for (unsigned threads = 1; threads <= 8; threads *= 2) {
			struct verify_verdict *const verdict = judge(before, before_size, after, after_size, threads);
			const struct vchanges *const c = &verdict->run.changes;
			assert_int_equal(c->added, count(sizes[i], ADDED));
			assert_int_equal(c->removed, count(sizes[i], REMOVED));
			assert_int_equal(c->ns, count(sizes[i], MOVED));
			assert_int_equal(c->ds_added, count(sizes[i], DS_ADDED));
			assert_int_equal(c->ds_removed, count(sizes[i], DS_REMOVED));
			assert_int_equal(c->ds, count(sizes[i], DS_CHANGED));
			assert_int_equal(c->glue, count(sizes[i], GLUE_CHANGED));
			if (c->removed > 0)
				expect_first(verdict, VC_CHANGE_DELEGATIONS, "more delegations removed than allowed",
				    first(sizes[i], REMOVED));
			if (c->ns > 0)
				expect_first(verdict, VC_CHANGE_NS,
				    "more delegations with other name servers than allowed", first(sizes[i], MOVED));
			verify_free(verdict);
		}
		free(before);
		free(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_of_zones_of_any_size_are_counted_on_any_number_of_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
