/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <string.h>

#include "signer/engine/clock_sources.h"

#define SECOND INT64_C(1000000000)

struct voice_case {
	const char *title;
	bool answered;
	int64_t offset, delay, doubt; /* milliseconds */
	bool agrees;
};

static const struct voice_case voice_cases[] = {
	{ "no answer agrees with nothing", false, 0, 0, 0, false },
	{ "the tolerance itself is within it", true, 60000, 0, 0, true },
	{ "a millisecond more is not", true, 60001, 0, 0, false },
	{ "nor is it on the other side", true, -60001, 0, 0, false },
	{ "half of the delay is not known, so it is allowed for", true, -60400, 800, 0, true },
	{ "the other half is not", true, 60401, 800, 0, false },
	{ "a server that is as unsure as that says nothing", true, 0, 0, 60001, false },
	{ "136 years are not near", true, INT64_C(4294967296000), 2000, 0, false },
};

static void a_server_agrees_within_tolerance_and_half_its_delay(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(voice_cases); i++) {
		const struct voice_case *const c = &voice_cases[i];
		const struct clock_voice voice = { .answered = c->answered,
			.offset = { c->offset * (SECOND / 1000), c->delay * (SECOND / 1000) },
			.doubt = c->doubt * (SECOND / 1000) };
		if (clock_agrees(&voice, (struct span){ 60 }) != c->agrees)
			fail_msg("%s", c->title);
	}
}

/* Eight servers at long addresses: what to do is not what is cut. */
static void a_refusal_says_what_to_do_however_many_servers_there_are(void **state)
{
	(void)state;
	struct clock_voice voices[POLICY_SOURCES];
	struct arena *const mem = arena_new(0);
	struct policy policy;
	struct error err;
	const char *words;
	policy_defaults(&policy);
	policy.clock_quorum = 5;
	for (size_t i = 0; i < COUNT(voices); i++)
		voices[i] = (struct clock_voice){ .source = "2001:db8:1111:2222:3333:4444:5555:6666@65535",
			.answered = true,
			.offset = { .offset = 86400 * SECOND } };
	error_clear(&err);
	assert_int_equal(
	    clock_judge(voices, COUNT(voices), &policy, (struct utc){ 1795953600 }, mem, &words, &err), STATUS_REFUSED);
	assert_non_null(strstr(err.message, "the clock says 2026-11-29T12:00:00Z, and 0 of 8 time servers agree"));
	assert_non_null(strstr(err.message, "set the clock, or change clock.sources"));
	assert_non_null(strstr(err.message, "@65535 is 86400.0s ahead of this clock"));
	for (size_t i = 3; i < COUNT(voices); i++)
		voices[i].offset.offset = 0;
	assert_int_equal(
	    clock_judge(voices, COUNT(voices), &policy, (struct utc){ 1795953600 }, mem, &words, &err), STATUS_OK);
	voices[3].answered = false;
	assert_int_equal(
	    clock_judge(voices, COUNT(voices), &policy, (struct utc){ 1795953600 }, mem, &words, &err), STATUS_REFUSED);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_agrees_within_tolerance_and_half_its_delay),
		cmocka_unit_test(a_refusal_says_what_to_do_however_many_servers_there_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
