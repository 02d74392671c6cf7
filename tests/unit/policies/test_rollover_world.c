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

#include "policies/rollover_rules.h"
#include "tests/unit/policies/world.h"

enum { DECADE = 3652 * 24, WORLDS = 2000, SOAK = 100000, BAD_WORLDS = 400 };

/* ---- known-bad engines, made by the linker's --wrap ---- */

bool __real_rollover_rule_ds_exists(const struct rollover_view *view);
bool __real_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);
bool __real_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm);
struct span __real_ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from);
bool __wrap_rollover_rule_ds_exists(const struct rollover_view *view);
bool __wrap_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);
bool __wrap_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm);
struct span __wrap_ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from);

bool __wrap_rollover_rule_ds_exists(const struct rollover_view *view)
{
	return world_fault_now() == FAULT_NO_DS_RULE || __real_rollover_rule_ds_exists(view);
}

bool __wrap_rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm)
{
	return world_fault_now() == FAULT_NO_CHAIN_RULE || __real_rollover_rule_key_chain(view, algorithm);
}

bool __wrap_rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm)
{
	return world_fault_now() == FAULT_NO_SIGNATURE_RULE || __real_rollover_rule_signatures(view, algorithm);
}

struct span __wrap_ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from)
{
	struct span wait = __real_ttl_ledger_wait(ledger, from);
	if (ledger->count > 0 && world_shortens(ledger)) {
		wait.seconds -= ledger->served[ledger->count - 1].ttl;
		wait.seconds = wait.seconds < 0 ? 0 : wait.seconds;
	}
	return wait;
}

/* ---- claims ---- */

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
	char said[256];
	seeds(&from, &to);
	for (uint64_t seed = from; seed < to; seed++) {
		const struct world_trial trial = world_random_trial(seed, DECADE);
		const struct world_story story = world_live(&trial);
		if (story.bogus != NULL)
			fail_msg("%s", say(&trial, &story, said));
		rolls += story.rolls;
		checks += story.checks;
		publications += story.publications;
	}
	print_message("%llu worlds of ten years: %zu rollovers, %zu publications, %zu combinations in caches judged\n",
	    (unsigned long long)(to - from), rolls, publications, checks);
	assert_true(rolls > 10 * (to - from));
}

/* A test that cannot fail proves nothing. */
static void each_engine_that_is_known_to_be_bad_is_caught(void **state)
{
	(void)state;
	static const char *const faults[FAULTS] = {
		[FAULT_NONE] = "",
		[FAULT_NO_DS_RULE] = "rule 1 off",
		[FAULT_NO_CHAIN_RULE] = "rule 2 off",
		[FAULT_NO_SIGNATURE_RULE] = "rule 3 off",
		[FAULT_SHORT_DNSKEY_WAIT] = "waits for DNSKEY too short by one TTL",
		[FAULT_SHORT_DATA_WAIT] = "waits for signatures too short by one TTL",
		[FAULT_SHORT_DS_WAIT] = "waits for DS too short by one TTL",
		[FAULT_NO_NEGATIVE_WAIT] = "the cached absence of DNSKEY forgotten",
		[FAULT_CONFIGURED_DS_TTL] = "the configured DS TTL instead of the real one",
		[FAULT_PRESENT_TTL] = "the present TTL instead of the ledger",
		[FAULT_NO_PROPAGATION] = "slow secondaries forgotten",
		[FAULT_DS_ASSUMED] = "a DS that was handed in counts as published",
		[FAULT_EARLY_SIGHT] = "a DS seen before it was wanted counts",
		[FAULT_INTENDED_TIME] = "time counts from the plan, published or not",
		[FAULT_NO_CLOCK_GUARD] = "a clock that jumps is believed",
	};
	for (size_t fault = FAULT_NONE + 1; fault < COUNT(faults); fault++) {
		struct world_story story = { .bogus = NULL };
		uint64_t seed = 0;
		while (story.bogus == NULL && seed < BAD_WORLDS) {
			struct world_trial trial = world_random_trial(++seed, DECADE);
			trial.fault = (enum world_fault)fault;
			story = world_live(&trial);
		}
		if (story.bogus == NULL)
			fail_msg("%s: not caught in %d worlds", faults[fault], (int)BAD_WORLDS);
		else
			print_message("%s: caught in world %llu, hour %lld: %s\n", faults[fault],
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
