/* SPDX-License-Identifier: MIT */
#include "policies/policy_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { HOUR = 3600, DAY = 86400 };

static void equal_policies_do_not_differ(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	struct policy policy;
	struct policy_diff diff;
	policy_defaults(&policy);
	policy_diff(&policy, &policy, mem, &diff);
	assert_int_equal(diff.wait_count + diff.field_count + diff.begin_count, 0);
	arena_free(mem);
}

/* Each row is an edit, and the one field and the waits that it changes. */
typedef void edit(struct policy *policy);

static void longer_dnskey_ttl(struct policy *policy)
{
	policy->dnskey_ttl = 2 * HOUR;
}

static void longer_ds_ttl(struct policy *policy)
{
	policy->ds_ttl = 2 * DAY;
}

static void shorter_lifetime(struct policy *policy)
{
	policy->lifetime[KEY_ZSK] = (struct span){ 30 * DAY };
}

static void more_versions(struct policy *policy)
{
	policy->keep_versions = 9;
}

static void frozen_week_ends(struct policy *policy)
{
	policy->no_key_events = (struct policy_windows){ { { true, 5, 6 } }, 1 };
}

static const struct {
	edit *edit;
	const char *field, *after;
	size_t waits;
} edits[] = {
	{ longer_dnskey_ttl, "keys.dnskey-ttl", "2h", 4 /* Ipub, IretC, both rolls */ },
	{ longer_ds_ttl, "parent.ds-ttl", "2d", 2 /* IpubP and the KSK roll */ },
	{ shorter_lifetime, "keys.zsk.lifetime", "30d", 0 },
	{ more_versions, "publish.keep-versions", "9", 0 },
	{ frozen_week_ends, "keys.no-key-events", "[sat..sun]", 0 },
};

static void each_edit_shows_its_field_and_the_waits_that_follow(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(edits); i++) {
		struct arena *const mem = arena_new(0);
		struct policy before;
		struct policy after;
		struct policy_diff diff;
		policy_defaults(&before);
		policy_defaults(&after);
		edits[i].edit(&after);
		policy_diff(&before, &after, mem, &diff);
		assert_int_equal(diff.field_count, 1);
		assert_string_equal(diff.fields[0].name, edits[i].field);
		assert_string_equal(diff.fields[0].after, edits[i].after);
		assert_int_equal(diff.begin_count, 0);
		if (diff.wait_count != edits[i].waits)
			fail_msg("%s: %zu waits, not %zu", edits[i].field, diff.wait_count, edits[i].waits);
		arena_free(mem);
	}
}

static void one_key_instead_of_two_has_other_waits(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	struct policy before;
	struct policy after;
	struct policy_diff diff;
	policy_defaults(&before);
	policy_defaults(&after);
	after.csk = true;
	policy_diff(&before, &after, mem, &diff);
	assert_int_equal(diff.wait_count, 3);
	assert_string_equal(diff.waits[0].name, "CSK roll");
	assert_null(diff.waits[0].before);
	assert_string_equal(diff.waits[1].name, "ZSK roll");
	assert_null(diff.waits[1].after);
	assert_int_equal(diff.begin_count, 1);
	assert_string_equal(diff.begins[0], "one combined key takes over from KSK and ZSK");
	arena_free(mem);
}

static void what_begins_is_said_in_order_of_weight(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	struct policy before;
	struct policy after;
	struct policy_diff diff;
	policy_defaults(&before);
	policy_defaults(&after);
	after.algorithm = 15;
	after.insecure = true;
	after.denial = POLICY_NSEC3;
	after.ds = POLICY_DS_NONE;
	policy_diff(&before, &after, mem, &diff);
	static const char *const starts[] = {
		"a rollover of all keys from ECDSAP256SHA256 to ED25519, in the conservative "
		"order",
		"the zone goes INSECURE", "the next publication carries a new chain", "the parent takes no DS"
	};
	assert_int_equal(diff.begin_count, COUNT(starts));
	for (size_t i = 0; i < COUNT(starts); i++)
		assert_memory_equal(diff.begins[i], starts[i], strlen(starts[i]));
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_policies_do_not_differ),
		cmocka_unit_test(each_edit_shows_its_field_and_the_waits_that_follow),
		cmocka_unit_test(one_key_instead_of_two_has_other_waits),
		cmocka_unit_test(what_begins_is_said_in_order_of_weight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
