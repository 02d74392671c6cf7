/* SPDX-License-Identifier: MIT */
#include "policies/policy_rollover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { HOUR = 3600, DAY = 86400 };

static struct policy base(void)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.zone_propagation = (struct span){ 300 };
	policy.parent_propagation = (struct span){ 2 * HOUR };
	policy.registration = (struct span){ 3 * DAY };
	policy.publish_safety = (struct span){ 7 };
	policy.retire_safety = (struct span){ 11 };
	policy.roll_runs = 3;
	policy.roll_interval = (struct span){ 13 };
	return policy;
}

/* The planner's waits and the sums that people see are made apart. */
static void sums_are_the_intervals_of_the_planner(void **state)
{
	(void)state;
	const struct policy policy = base();
	const struct timing t = policy_rollover(&policy).timing;
	const struct span retire = policy.retire_safety;
	struct policy_interval interval[POLICY_INTERVALS];
	assert_int_equal(policy_intervals(&policy, interval), 6);
	const int64_t wants[] = { timing_zsk_publication(&t).seconds, timing_zsk_retire(&t).seconds,
		timing_ksk_retire(&t).seconds, t.propagation.seconds + t.ttl_key.seconds + retire.seconds,
		timing_zsk_publication(&t).seconds + timing_zsk_retire(&t).seconds,
		timing_ksk_publication(&t).seconds + t.registration.seconds + timing_ksk_retire(&t).seconds };
	for (size_t i = 0; i < COUNT(wants); i++)
		assert_int_equal(policy_sum_total(&interval[i].sum).seconds, wants[i]);
}

static void each_method_has_its_length(void **state)
{
	(void)state;
	const int64_t key = 300 + HOUR + 7;
	const int64_t data = 2 * 13 + 300 + 2 * DAY + 11;
	const int64_t ds = 3 * DAY + 2 * HOUR + DAY + 11;
	const struct {
		const char *title;
		enum key_role role;
		unsigned method;
		int64_t takes;
	} rows[] = {
		{ "ZSK pre-publication", KEY_ZSK, ROLLOVER_ZSK_PRE_PUBLICATION, key + data },
		{ "ZSK double-signature", KEY_ZSK, ROLLOVER_ZSK_DOUBLE_SIGNATURE, data },
		{ "ZSK double-RRSIG", KEY_ZSK, ROLLOVER_ZSK_DOUBLE_RRSIG, data + key },
		{ "KSK double-KSK", KEY_KSK, ROLLOVER_KSK_DOUBLE_KSK, key + ds },
		{ "KSK double-DS", KEY_KSK, ROLLOVER_KSK_DOUBLE_DS, ds + key },
		{ "KSK double-RRset", KEY_KSK, ROLLOVER_KSK_DOUBLE_RRSET, ds },
		{ "CSK double-RRset", KEY_CSK, ROLLOVER_CSK_DOUBLE_RRSET, ds },
		{ "CSK single-signature", KEY_CSK, ROLLOVER_CSK_SINGLE_SIGNATURE, ds },
		{ "CSK double-DS", KEY_CSK, ROLLOVER_CSK_DOUBLE_DS, ds + key },
		{ "CSK double-signature", KEY_CSK, ROLLOVER_CSK_DOUBLE_SIGNATURE, key + ds },
		{ "CSK pre-publication", KEY_CSK, ROLLOVER_CSK_PRE_PUBLICATION, key + ds },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy policy = base();
		policy.method[rows[i].role] = rows[i].method;
		const struct policy_sum sum = policy_roll_length(&policy, rows[i].role);
		if (policy_sum_total(&sum).seconds != rows[i].takes)
			fail_msg("%s: %lld, not %lld", rows[i].title, (long long)policy_sum_total(&sum).seconds,
			    (long long)rows[i].takes);
	}
}

static void parent_without_ds_takes_no_time(void **state)
{
	(void)state;
	struct policy policy = base();
	policy.ds = POLICY_DS_NONE;
	struct policy_interval interval[POLICY_INTERVALS];
	char text[POLICY_SUM_TEXT];
	assert_int_equal(policy_intervals(&policy, interval), 5);
	policy_sum_format(&interval[4].sum, text);
	assert_string_equal(text, "1h5m7s = zone.propagation-delay 5m + keys.dnskey-ttl 1h + keys.publish-safety 7s");
	assert_true(policy_rollover(&policy).no_ds);
}

static void policy_reaches_the_planner(void **state)
{
	(void)state;
	struct policy policy = base();
	policy.csk = policy.insecure = policy.manual = true;
	policy.strict = false;
	policy.algorithm = 15;
	policy.lifetime[KEY_CSK] = (struct span){ 5 * DAY };
	const struct rollover_policy r = policy_rollover(&policy);
	assert_true(r.csk && r.insecure && r.manual && r.parent_by_hand);
	assert_false(r.strict || r.no_ds);
	assert_int_equal(r.algorithm, 15);
	assert_int_equal(r.lifetime[KEY_CSK].seconds, 5 * DAY);
	assert_int_equal(r.minimize[KEY_CSK], ROLLOVER_CSK_PRE_PUBLICATION);
	assert_int_equal(r.parts, 3);
	assert_int_equal(r.part_interval.seconds, 13);
	assert_int_equal(r.timing.sign_all.seconds, 2 * 13);
	assert_int_equal(r.timing.ttl_ds.seconds, DAY);
	assert_int_equal(r.timing.ttl_sig.seconds, 2 * DAY);
	policy.cds = POLICY_CDS_ROLLOVER;
	assert_false(policy_rollover(&policy).parent_by_hand);
	policy.cds = POLICY_CDS_NONE;
	memcpy(policy.hook_ds_submit, "/bin/true\0", 11);
	assert_false(policy_rollover(&policy).parent_by_hand);
}

static void windows_end_with_the_first_free_day(void **state)
{
	(void)state;
	static const struct {
		const char *title, *first, *second, *now, *end;
	} rows[] = {
		{ "no window", NULL, NULL, "2026-12-24T12:00:00Z", "2026-12-24T12:00:00Z" },
		{ "before it", "12-20..01-05", NULL, "2026-12-19T23:59:59Z", "2026-12-19T23:59:59Z" },
		{ "its first second", "12-20..01-05", NULL, "2026-12-20T00:00:00Z", "2027-01-06T00:00:00Z" },
		{ "after the turn of the year", "12-20..01-05", NULL, "2027-01-05T23:59:59Z", "2027-01-06T00:00:00Z" },
		{ "a week-end", "sat..sun", NULL, "2026-11-28T10:00:00Z", "2026-11-30T00:00:00Z" },
		{ "over the turn of the week", "fri..mon", NULL, "2026-11-30T10:00:00Z", "2026-12-01T00:00:00Z" },
		{ "one runs into the next", "12-20..01-01", "fri..sun", "2026-12-31T10:00:00Z",
		    "2027-01-04T00:00:00Z" },
		{ "a leap day", "02-29", NULL, "2028-02-29T10:00:00Z", "2028-03-01T00:00:00Z" },
		{ "no leap day", "02-29..02-29", NULL, "2027-02-28T10:00:00Z", "2027-02-28T10:00:00Z" },
		{ "for ever", "mon..sun", NULL, "2027-02-28T10:00:00Z", "never" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy_windows windows = { .count = 0 };
		struct error err;
		struct utc now;
		char text[UTC_TEXT];
		if (rows[i].first != NULL)
			assert_int_equal(
			    policy_window_parse(rows[i].first, &windows.window[windows.count++], &err), STATUS_OK);
		if (rows[i].second != NULL)
			assert_int_equal(
			    policy_window_parse(rows[i].second, &windows.window[windows.count++], &err), STATUS_OK);
		assert_int_equal(utc_parse(rows[i].now, &now, &err), STATUS_OK);
		utc_format(policy_windows_end(&windows, now), text);
		if (strcmp(text, rows[i].end) != 0)
			fail_msg("%s: %s, not %s", rows[i].title, text, rows[i].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_the_intervals_of_the_planner),
		cmocka_unit_test(each_method_has_its_length),
		cmocka_unit_test(parent_without_ds_takes_no_time),
		cmocka_unit_test(policy_reaches_the_planner),
		cmocka_unit_test(windows_end_with_the_first_free_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
