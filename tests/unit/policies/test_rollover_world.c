/* SPDX-License-Identifier: MIT */
/* Ten years of rollovers in thousands of random worlds: no cache ever finds the zone bogus, and engines that are known
 * to be bad are caught. ZONESEAL_SOAK=1 lives through 100000 worlds; WORLD_COUNT=N through N,
 * WORLD_SEED=N through that one, WORLD_DEBUG=1 shows where it went wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/policies/world.h"

enum { WORLDS = 2000, SOAK = 100000, BAD_WORLDS = 400 };

static const char *say(const struct world_trial *trial, const struct world_story *story, char out[256])
{
	snprintf(out, 256,
	    "seed %llu, hour %lld: %s (ZSK %u, KSK %u, CSK %u, %s, %s, trouble %x): WORLD_SEED=%llu shows it again",
	    (unsigned long long)trial->seed, (long long)story->hour, story->bogus, trial->zsk_method, trial->ksk_method,
	    trial->csk_method, trial->csk ? "csk" : "ksk-zsk", trial->strict ? "strict" : "liberal", trial->trouble,
	    (unsigned long long)trial->seed);
	return out;
}

/* The worlds that are asked for: first and one past the last. */
static void seeds(uint64_t *from, uint64_t *to)
{
	const char *const soak = getenv("ZONESEAL_SOAK");
	const char *const one = getenv("WORLD_SEED");
	*from = 1;
	*to = 1 + (soak != NULL && soak[0] != '\0' ? SOAK : WORLDS);
	if (getenv("WORLD_COUNT") != NULL)
		*to = 1 + strtoull(getenv("WORLD_COUNT"), NULL, 10);
	if (one != NULL) {
		*from = strtoull(one, NULL, 10);
		*to = *from + 1;
	}
}

static void no_cache_is_ever_bogus_whatever_happens(void **state)
{
	(void)state;
	uint64_t from;
	uint64_t to;
	size_t rolls = 0;
	size_t checks = 0;
	size_t publications = 0;
	size_t parts = 0;
	char said[256];
	seeds(&from, &to);
	for (uint64_t seed = from; seed < to; seed++) {
		const struct world_trial trial = world_random_trial(seed, WORLD_DECADE);
		const struct world_story story = world_live(&trial);
		if (story.bogus != NULL)
			fail_msg("%s", say(&trial, &story, said));
		rolls += story.rolls;
		checks += story.checks;
		publications += story.publications;
		parts += story.parts;
	}
	print_message("%llu worlds of ten years: %zu rollovers, %zu publications, %zu parts of zones that went over to "
		      "a new key, %zu "
		      "combinations in caches judged\n",
	    (unsigned long long)(to - from), rolls, publications, parts, checks);
	assert_true(parts > 10 * (to - from));
	assert_true(rolls > 10 * (to - from));
}

/* A test that cannot fail proves nothing. */
static void each_engine_that_is_known_to_be_bad_is_caught(void **state)
{
	(void)state;
	for (enum world_fault fault = FAULT_NONE + 1; fault < FAULTS; fault++) {
		struct world_story story = { .bogus = NULL };
		uint64_t seed = 0;
		while (story.bogus == NULL && seed < BAD_WORLDS) {
			struct world_trial trial = world_random_trial(++seed, WORLD_DECADE);
			trial.fault = fault;
			story = world_live(&trial);
		}
		if (story.bogus == NULL)
			fail_msg("%s: not caught in %d worlds", world_fault_name(fault), (int)BAD_WORLDS);
		else
			print_message("%s: caught in world %llu, hour %lld: %s\n", world_fault_name(fault),
			    (unsigned long long)seed, (long long)story.hour, story.bogus);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_cache_is_ever_bogus_whatever_happens),
		cmocka_unit_test(each_engine_that_is_known_to_be_bad_is_caught),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
