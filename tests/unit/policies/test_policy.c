/* SPDX-License-Identifier: MIT */
#include "policies/policy.h"
#include "policies/rollover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { HOUR = 3600, DAY = 86400 };

static void defaults_pass_their_own_rules(void **state)
{
	(void)state;
	struct policy policy;
	struct error err;
	error_clear(&err);
	policy_defaults(&policy);
	if (policy_check(&policy, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	assert_string_equal(policy.name, "default");
	assert_int_equal(policy.algorithm, 13);
	assert_false(policy.csk);
	assert_int_equal(policy.denial, POLICY_NSEC);
	assert_true(policy.zonemd);
}

/* RFC 6781 4.4.1, with the SOA expire that most zones have. */
static void cut_off_secondary_expires_before_its_signatures(void **state)
{
	(void)state;
	struct policy policy;
	policy_defaults(&policy);
	const int64_t expire = 7 * DAY;
	assert_true(policy.refresh.seconds > expire + policy.max_zone_ttl + policy.zone_propagation.seconds);
}

static void rsa_keys_get_a_size_and_others_none(void **state)
{
	(void)state;
	struct policy policy;
	policy_defaults(&policy);
	assert_int_equal(policy.ksk_bits, 0);
	policy.algorithm = 8;
	policy_complete(&policy);
	assert_int_equal(policy.ksk_bits, 2048);
	assert_int_equal(policy.zsk_bits, 2048);
	policy_defaults(&policy);
	policy.algorithm = 8;
	policy.csk = true;
	policy_complete(&policy);
	assert_int_equal(policy.ksk_bits, 2048);
	assert_int_equal(policy.zsk_bits, 0);
}

static void dnskey_validity_follows_validity(void **state)
{
	(void)state;
	struct policy policy;
	policy_defaults(&policy);
	policy.validity = (struct span){ 30 * DAY };
	policy.validity_dnskey = (struct span){ 0 };
	policy_complete(&policy);
	assert_int_equal(policy.validity_dnskey.seconds, 30 * DAY);
}

/* Each row breaks one rule of a good policy. */
typedef void change(struct policy *policy);

static void unknown_algorithm(struct policy *policy)
{
	policy->algorithm = 5;
}

static void size_without_rsa(struct policy *policy)
{
	policy->zsk_bits = 2048;
}

static void small_rsa(struct policy *policy)
{
	policy->algorithm = 8;
	policy_complete(policy);
	policy->ksk_bits = 1024;
}

static void zsk_size_of_csk(struct policy *policy)
{
	policy->algorithm = 8;
	policy->csk = true;
	policy_complete(policy);
	policy->zsk_bits = 2048;
}

static void long_dnskey_ttl(struct policy *policy)
{
	policy->dnskey_ttl = policy->max_zone_ttl + 1;
}

static void refresh_near_validity(struct policy *policy)
{
	policy->refresh = (struct span){ 19 * DAY };
}

static void refresh_within_caches(struct policy *policy)
{
	policy->refresh = (struct span){ policy->max_zone_ttl + HOUR };
}

static void short_dnskey_validity(struct policy *policy)
{
	policy->validity_dnskey = (struct span){ 11 * DAY };
}

static void jitter_eats_refresh(struct policy *policy)
{
	policy->jitter = (struct span){ 11 * DAY };
}

static void parts_of_both_signatures(struct policy *policy)
{
	policy->roll_runs = 4;
	policy->method[KEY_ZSK] = ROLLOVER_ZSK_DOUBLE_SIGNATURE;
}

static void parts_of_csk(struct policy *policy)
{
	policy->roll_runs = 4;
	policy->csk = true;
	policy->method[KEY_CSK] = ROLLOVER_CSK_DOUBLE_SIGNATURE;
}

static void parts_for_weeks(struct policy *policy)
{
	policy->roll_runs = 12;
	policy->roll_interval = (struct span){ DAY };
}

static void early_inception(struct policy *policy)
{
	policy->inception_offset = policy->validity;
}

static void opt_out_of_nsec(struct policy *policy)
{
	policy->opt_out = true;
}

static void iterations_of_nsec(struct policy *policy)
{
	policy->iterations = 1;
}

static void salt_of_nsec(struct policy *policy)
{
	policy->salt_size = 1;
}

static void short_ksk_lifetime(struct policy *policy)
{
	policy->lifetime[KEY_KSK] = (struct span){ 2 * DAY };
}

static void short_zsk_lifetime(struct policy *policy)
{
	policy->lifetime[KEY_ZSK] = (struct span){ 2 * DAY + 5 * HOUR };
}

static void short_csk_lifetime(struct policy *policy)
{
	policy->csk = true;
	policy->zsk_bits = 0;
	policy->lifetime[KEY_CSK] = (struct span){ DAY };
}

static void standby_ksk_of_csk(struct policy *policy)
{
	policy->csk = true;
	policy->standby_ksk = 1;
}

static void pool_zsk_of_csk(struct policy *policy)
{
	policy->csk = true;
	policy->pool_zsk = 1;
}

static void standby_zsk_of_csk(struct policy *policy)
{
	policy->csk = true;
	policy->standby_zsk = 1;
}

static void frozen_summer(struct policy *policy)
{
	policy->no_key_events = (struct policy_windows){ { { false, 501, 831 }, { true, 4, 6 } }, 2 };
}

static void always_frozen(struct policy *policy)
{
	policy->no_key_events = (struct policy_windows){ { { true, 2, 1 } }, 1 };
}

static void jitter_eats_dnskey_refresh(struct policy *policy)
{
	policy->validity_dnskey = (struct span){ 12 * DAY };
	policy->jitter = (struct span){ 2 * DAY };
}

static void submit_by_name(struct policy *policy)
{
	memcpy(policy->hook_ds_submit, "epp\0", 5);
}

static void withdraw_by_name(struct policy *policy)
{
	memcpy(policy->hook_ds_withdraw, "epp\0", 5);
}

static void keeps_nothing(struct policy *policy)
{
	policy->keep_versions = 0;
}

static void hook_by_name(struct policy *policy)
{
	memcpy(policy->hook_publish, "rndc\0reload\0", 13);
}

static void offline_csk(struct policy *policy)
{
	policy->offline_ksk = policy->csk = true;
}

static void offline_by_steps(struct policy *policy)
{
	policy->offline_ksk = policy->manual = true;
}

static void offline_short_overlap(struct policy *policy)
{
	policy->offline_ksk = true;
	policy->skr_overlap = policy->refresh;
}

static void offline_one_bundle(struct policy *policy)
{
	policy->offline_ksk = true;
	policy->skr_interval.seconds = policy->skr_period.seconds + 1;
}

static void offline_many_bundles(struct policy *policy)
{
	policy->offline_ksk = true;
	policy->skr_interval.seconds = 3600;
}

static void offline_near_horizon(struct policy *policy)
{
	policy->offline_ksk = true;
	policy->skr_horizon = policy->skr_period;
}

static void offline_always_alarm(struct policy *policy)
{
	policy->offline_ksk = true;
	policy->skr_alarm = policy->skr_period;
}

static const struct {
	change *change;
	const char *says;
} broken[] = {
	{ offline_csk, "keys.offline-ksk: needs keys.scheme ksk-zsk: a combined key signs the zone as well" },
	{ offline_by_steps, "keys.offline-ksk: cannot go with keys.manual: the SKR says when keys come and go" },
	{ offline_short_overlap, "ceremony.overlap: 10d is not above signatures.refresh (10d)" },
	{ offline_one_bundle, "ceremony.interval: 90d1s is above ceremony.period (90d)" },
	{ offline_many_bundles, "ceremony.interval: 1h makes more than 400 bundles of ceremony.period (90d)" },
	{ offline_near_horizon, "ceremony.horizon: 90d is below ceremony.period + ceremony.alarm (120d)" },
	{ offline_always_alarm,
	    "ceremony.alarm: 90d is not below ceremony.period (90d): there would always be an alarm" },
	{ unknown_algorithm, "keys.algorithm: algorithm 5 is not supported" },
	{ size_without_rsa, "keys.zsk.bits: ECDSAP256SHA256 keys have one size; only RSA keys take one" },
	{ small_rsa, "keys.ksk.bits: 1024 bits, but a new RSASHA256 key has 2048 to 4096" },
	{ zsk_size_of_csk, "keys.zsk.bits: scheme csk has no ZSK; the size of its one key is keys.ksk.bits" },
	{ long_dnskey_ttl, "keys.dnskey-ttl: 2d1s is above zone.max-ttl (2d)" },
	{ refresh_near_validity, "signatures.refresh: 19d is above nine tenths of signatures.validity (21d)" },
	{ refresh_within_caches,
	    "signatures.refresh: 2d1h is not above zone.max-ttl + zone.propagation-delay (2d1h): caches could hold "
	    "signatures that have expired (RFC 6781 4.4.1)" },
	{ short_dnskey_validity,
	    "signatures.validity-dnskey: signatures.refresh (10d) is above nine tenths of it (11d)" },
	{ parts_of_both_signatures,
	    "signatures.roll-runs: 4 needs keys.zsk.method pre-publication: with the other methods "
	    "each RRset has both signatures" },
	{ parts_of_csk,
	    "signatures.roll-runs: 4 needs keys.csk.method pre-publication or single-signature: with the other "
	    "methods each RRset has both signatures" },
	{ parts_for_weeks, "signatures.roll-interval: 12 runs of signatures.roll-runs take 11d, which is not below "
			   "signatures.validity - signatures.refresh (11d): by then every signature was renewed" },
	{ jitter_eats_refresh, "signatures.jitter: 11d is not below signatures.validity - signatures.refresh (11d)" },
	{ jitter_eats_dnskey_refresh,
	    "signatures.jitter: 2d is not below signatures.validity-dnskey - signatures.refresh (2d)" },
	{ short_ksk_lifetime,
	    "keys.ksk.lifetime: 2d is not above what a rollover takes, 2d5h = zone.propagation-delay 1h + "
	    "keys.dnskey-ttl 1h + keys.publish-safety 1h + parent.registration-delay 1d + parent.propagation-delay 1h "
	    "+ "
	    "parent.ds-ttl 1d + keys.retire-safety 1h" },
	{ short_zsk_lifetime,
	    "keys.zsk.lifetime: 2d5h is not above what a rollover takes, 2d5h = zone.propagation-delay 1h + "
	    "keys.dnskey-ttl 1h + keys.publish-safety 1h + zone.propagation-delay 1h + zone.max-ttl 2d + "
	    "keys.retire-safety 1h" },
	{ short_csk_lifetime,
	    "keys.csk.lifetime: 1d is not above what a rollover takes, 2d5h = zone.propagation-delay 1h + "
	    "keys.dnskey-ttl 1h + keys.publish-safety 1h + zone.propagation-delay 1h + zone.max-ttl 2d + "
	    "keys.retire-safety 1h" },
	{ standby_ksk_of_csk, "keys.standby-ksk: needs keys.scheme ksk-zsk" },
	{ pool_zsk_of_csk, "keys.pool-zsk: needs keys.scheme ksk-zsk" },
	{ standby_zsk_of_csk, "keys.standby-zsk: needs keys.scheme ksk-zsk" },
	{ frozen_summer,
	    "keys.no-key-events: covers 129 days without a break, at most 92: a rollover that is under way would stand "
	    "still for that long" },
	{ always_frozen, "keys.no-key-events: leaves no day free: no key could ever be rolled" },
	{ submit_by_name,
	    "parent.hook-ds-submit: \"epp\": the program is named by its absolute path; $PATH is not searched" },
	{ withdraw_by_name,
	    "parent.hook-ds-withdraw: \"epp\": the program is named by its absolute path; $PATH is not searched" },
	{ early_inception, "signatures.inception-offset: 21d is not below signatures.validity (21d)" },
	{ opt_out_of_nsec, "denial.opt-out: needs denial.type nsec3" },
	{ iterations_of_nsec, "denial.iterations: needs denial.type nsec3" },
	{ salt_of_nsec, "denial.salt: needs denial.type nsec3" },
	{ keeps_nothing, "publish.keep-versions: the last good version is always kept: at least 1" },
	{ hook_by_name, "publish.hook: \"rndc\": the program is named by its absolute path; $PATH is not searched" },
};

static void each_broken_rule_names_the_field_to_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct policy policy;
		struct error err;
		error_clear(&err);
		policy_defaults(&policy);
		broken[i].change(&policy);
		assert_int_equal(policy_check(&policy, &err), STATUS_POLICY);
		assert_string_equal(err.message, broken[i].says);
	}
}

static void hook_words_end_with_null(void **state)
{
	(void)state;
	struct policy policy;
	const char *words[POLICY_HOOK_WORDS + 1];
	policy_defaults(&policy);
	assert_int_equal(policy_hook_words(policy.hook_publish, words), 0);
	assert_null(words[0]);
	memcpy(policy.hook_publish, "/bin/true\0a b\0", 15);
	assert_int_equal(policy_hook_words(policy.hook_publish, words), 2);
	assert_string_equal(words[0], "/bin/true");
	assert_string_equal(words[1], "a b");
	assert_null(words[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_pass_their_own_rules),
		cmocka_unit_test(cut_off_secondary_expires_before_its_signatures),
		cmocka_unit_test(rsa_keys_get_a_size_and_others_none),
		cmocka_unit_test(dnskey_validity_follows_validity),
		cmocka_unit_test(each_broken_rule_names_the_field_to_change),
		cmocka_unit_test(hook_words_end_with_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
