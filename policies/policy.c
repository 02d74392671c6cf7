/* SPDX-License-Identifier: MIT */
#include "policies/policy.h"

#include <string.h>

#include "keystore/algorithm.h"
#include "policies/policy_rollover.h"

enum { HOUR = 3600, DAY = 86400, PERCENT = 10000 /* parts per million */ };

/* Refresh is above SOA expire (7 days in most zones) + largest TTL + propagation, so that a secondary which stopped
 * being updated falls silent before the signatures it holds run out (RFC 6781 4.4.1), and a broken signer leaves ten
 * days to act. */
void policy_defaults(struct policy *policy)
{
	*policy = (struct policy){
		.name = "default",
		.csk = false,
		.algorithm = 13,
		.dnskey_ttl = HOUR,
		.lifetime = { [KEY_ZSK] = { 90 * DAY } },
		.method = { [KEY_KSK] = ROLLOVER_KSK_DOUBLE_KSK,
		    [KEY_ZSK] = ROLLOVER_ZSK_PRE_PUBLICATION,
		    [KEY_CSK] = ROLLOVER_CSK_PRE_PUBLICATION },
		.strict = true,
		.publish_safety = { HOUR },
		.retire_safety = { HOUR },
		.purge_after = { 90 * DAY },
		.skr_period = { 90 * DAY },
		.skr_interval = { 10 * DAY },
		.skr_overlap = { 14 * DAY },
		.skr_horizon = { 200 * DAY },
		.skr_alarm = { 30 * DAY },
		.validity = { 21 * DAY },
		.validity_dnskey = { 0 },
		.inception_offset = { HOUR },
		.jitter = { 12 * HOUR },
		.refresh = { 10 * DAY },
		.roll_runs = 1,
		.roll_interval = { HOUR },
		.denial = POLICY_NSEC,
		.serial = POLICY_SERIAL_INCREMENT,
		.max_zone_ttl = 2 * DAY,
		.zonemd = true,
		.zone_propagation = { HOUR },
		.cds = POLICY_CDS_NONE,
		.ds = POLICY_DS_CHECK,
		.ds_ttl = DAY,
		.parent_propagation = { HOUR },
		.registration = { DAY },
		.check_interval = { HOUR },
		.full_verify_every = { DAY },
		.verifier = { { .timeout = { 600 } }, { .timeout = { 600 } }, { .timeout = { 600 } } },
		.keep_versions = 3,
		.hook_timeout = { 300 },
		.max_clock_jump = { 30 * DAY },
		.clock_tolerance = { 60 },
		.delegations_removed = { 10 * PERCENT, 50 },
		.ds_removed = { 10 * PERCENT, 50 },
		.size_change = { 20 * PERCENT, 50 },
	};
	policy_complete(policy);
}

static unsigned default_bits(const struct policy *policy)
{
	const struct algorithm *const algorithm = alg_by_number(policy->algorithm);
	return algorithm == NULL ? 0 : algorithm->default_bits;
}

static unsigned count_sources(const struct policy *policy)
{
	const char *words[POLICY_HOOK_WORDS + 1];
	return (unsigned)policy_hook_words(policy->time_sources, words);
}

/* One liar among three is outvoted by two only if all three answer; with four, one may lie or be silent. */
static unsigned default_quorum(unsigned sources)
{
	enum { WANTED = 3 };
	const unsigned most = sources / 2 + 1;
	const unsigned least = sources < WANTED ? sources : WANTED;
	return sources == 0 || most < least ? least : most;
}

void policy_complete(struct policy *policy)
{
	if (policy->ksk_bits == 0)
		policy->ksk_bits = default_bits(policy);
	if (policy->zsk_bits == 0 && !policy->csk)
		policy->zsk_bits = default_bits(policy);
	if (policy->validity_dnskey.seconds == 0)
		policy->validity_dnskey = policy->validity;
	if (policy->clock_quorum == 0)
		policy->clock_quorum = default_quorum(count_sources(policy));
}

struct text {
	char text[SPAN_TEXT];
};

static struct text show(struct span span)
{
	struct text shown;
	span_format_exact(span, shown.text);
	return shown;
}

/* A rule looks at the policy; if it is broken it says so in err and returns its status. */
typedef enum status rule_check(const struct policy *policy, struct error *err);

static enum status algorithm_is_known(const struct policy *policy, struct error *err)
{
	if (alg_by_number(policy->algorithm) == NULL)
		return error_set(err, STATUS_POLICY, "algorithm %u is not supported", policy->algorithm);
	return STATUS_OK;
}

static enum status check_bits(const struct policy *policy, unsigned bits, struct error *err)
{
	const struct algorithm *const algorithm = alg_by_number(policy->algorithm);
	if (algorithm->default_bits == 0 && bits != 0)
		return error_set(err, STATUS_POLICY, "%s keys have one size; only RSA keys take one", algorithm->name);
	/* Shorter ones are taken where they exist already, and never made. */
	if (bits < algorithm->default_bits || bits > algorithm->most_bits)
		return error_set(err, STATUS_POLICY, "%u bits, but a new %s key has %u to %u", bits, algorithm->name,
		    algorithm->default_bits, algorithm->most_bits);
	return STATUS_OK;
}

static enum status ksk_size_fits(const struct policy *policy, struct error *err)
{
	return check_bits(policy, policy->ksk_bits, err);
}

static enum status zsk_size_fits(const struct policy *policy, struct error *err)
{
	if (!policy->csk)
		return check_bits(policy, policy->zsk_bits, err);
	if (policy->zsk_bits != 0)
		return error_set(err, STATUS_POLICY, "scheme csk has no ZSK; the size of its one key is keys.ksk.bits");
	return STATUS_OK;
}

static enum status dnskey_ttl_within_zone(const struct policy *policy, struct error *err)
{
	if (policy->dnskey_ttl <= policy->max_zone_ttl)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is above zone.max-ttl (%s)",
	    show((struct span){ policy->dnskey_ttl }).text, show((struct span){ policy->max_zone_ttl }).text);
}

/* BIND asks for the same tenth: a smaller one means that nearly all is signed anew in each run. */
static bool leaves_a_tenth(struct span refresh, struct span validity)
{
	return refresh.seconds <= validity.seconds / 10 * 9;
}

static enum status refresh_below_validity(const struct policy *policy, struct error *err)
{
	if (leaves_a_tenth(policy->refresh, policy->validity))
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is above nine tenths of signatures.validity (%s)",
	    show(policy->refresh).text, show(policy->validity).text);
}

static enum status refresh_below_dnskey_validity(const struct policy *policy, struct error *err)
{
	if (leaves_a_tenth(policy->refresh, policy->validity_dnskey))
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "signatures.refresh (%s) is above nine tenths of it (%s)",
	    show(policy->refresh).text, show(policy->validity_dnskey).text);
}

/* RFC 6781 4.4.1: signatures are replaced at least the largest TTL before they expire; secondaries take their time too.
 */
static enum status refresh_outlives_caches(const struct policy *policy, struct error *err)
{
	const struct span wait = { policy->max_zone_ttl + policy->zone_propagation.seconds };
	if (policy->refresh.seconds > wait.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY,
	    "%s is not above zone.max-ttl + zone.propagation-delay (%s): caches could hold signatures that have "
	    "expired "
	    "(RFC 6781 4.4.1)",
	    show(policy->refresh).text, show(wait).text);
}

static enum status jitter_leaves_refresh(const struct policy *policy, struct error *err)
{
	const struct span room = { policy->validity.seconds - policy->refresh.seconds };
	if (policy->jitter.seconds < room.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is not below signatures.validity - signatures.refresh (%s)",
	    show(policy->jitter).text, show(room).text);
}

static enum status jitter_leaves_refresh_of_keys(const struct policy *policy, struct error *err)
{
	const struct span room = { policy->validity_dnskey.seconds - policy->refresh.seconds };
	if (policy->jitter.seconds < room.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is not below signatures.validity-dnskey - signatures.refresh (%s)",
	    show(policy->jitter).text, show(room).text);
}

static enum status parts_are_swapped(const struct policy *policy, struct error *err)
{
	const enum key_role role = policy->csk ? KEY_CSK : KEY_ZSK;
	if (policy->roll_runs == 1 || (policy->method[role] & ROLLOVER_FEW_RRSIG) != 0)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%u needs %s: with the other methods each RRset has both signatures",
	    policy->roll_runs,
	    policy->csk ? "keys.csk.method pre-publication or single-signature" : "keys.zsk.method pre-publication");
}

/* What is left then was renewed anyway. */
static enum status parts_end_in_time(const struct policy *policy, struct error *err)
{
	const struct span all = policy_sign_all(policy);
	const struct span room = { policy->validity.seconds - policy->refresh.seconds };
	if (all.seconds < room.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY,
	    "%u runs of signatures.roll-runs take %s, which is not below signatures.validity - signatures.refresh "
	    "(%s): "
	    "by then every signature was renewed",
	    policy->roll_runs, show(all).text, show(room).text);
}

/* The next rollover must not be due before this one has ended. */
static enum status outlives_its_rollover(const struct policy *policy, enum key_role role, struct error *err)
{
	const struct span lifetime = policy->lifetime[role];
	const struct policy_sum sum = policy_roll_length(policy, role);
	if (lifetime.seconds == 0 || lifetime.seconds > policy_sum_total(&sum).seconds)
		return STATUS_OK;
	char text[POLICY_SUM_TEXT];
	policy_sum_format(&sum, text);
	return error_set(err, STATUS_POLICY, "%s is not above what a rollover takes, %s", show(lifetime).text, text);
}

static enum status ksk_outlives_its_rollover(const struct policy *policy, struct error *err)
{
	return policy->csk ? STATUS_OK : outlives_its_rollover(policy, KEY_KSK, err);
}

static enum status zsk_outlives_its_rollover(const struct policy *policy, struct error *err)
{
	return policy->csk ? STATUS_OK : outlives_its_rollover(policy, KEY_ZSK, err);
}

static enum status csk_outlives_its_rollover(const struct policy *policy, struct error *err)
{
	return policy->csk ? outlives_its_rollover(policy, KEY_CSK, err) : STATUS_OK;
}

static enum status no_standby_with_csk(bool csk, unsigned standby, struct error *err)
{
	if (!csk || standby == 0)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "needs keys.scheme ksk-zsk");
}

static enum status standby_ksk_has_a_role(const struct policy *policy, struct error *err)
{
	return no_standby_with_csk(policy->csk, policy->standby_ksk, err);
}

static enum status standby_zsk_has_a_role(const struct policy *policy, struct error *err)
{
	return no_standby_with_csk(policy->csk, policy->standby_zsk, err);
}

static enum status pool_zsk_has_a_role(const struct policy *policy, struct error *err)
{
	return no_standby_with_csk(policy->csk, policy->pool_zsk, err);
}

static enum status windows_leave_room(const struct policy *policy, struct error *err)
{
	enum { MOST = 92, ALL = 366 };
	const unsigned longest = policy_windows_longest(&policy->no_key_events);
	if (longest <= MOST)
		return STATUS_OK;
	if (longest > ALL)
		return error_set(err, STATUS_POLICY, "leaves no day free: no key could ever be rolled");
	return error_set(err, STATUS_POLICY,
	    "covers %u days without a break, at most %d: a rollover that is under way would stand still for that "
	    "long",
	    longest, (int)MOST);
}

static enum status inception_within_validity(const struct policy *policy, struct error *err)
{
	if (policy->inception_offset.seconds < policy->validity.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is not below signatures.validity (%s)",
	    show(policy->inception_offset).text, show(policy->validity).text);
}

static enum status only_with_nsec3(const struct policy *policy, bool set, struct error *err)
{
	if (policy->denial == POLICY_NSEC3 || !set)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "needs denial.type nsec3");
}

/* ---- key ceremonies ---- */

static enum status offline_fits_the_rest(const struct policy *policy, struct error *err)
{
	if (!policy->offline_ksk)
		return STATUS_OK;
	if (policy->csk)
		return error_set(
		    err, STATUS_POLICY, "needs keys.scheme ksk-zsk: a combined key signs the zone as well");
	if (policy->manual)
		return error_set(err, STATUS_POLICY, "cannot go with keys.manual: the SKR says when keys come and go");
	if (policy->no_key_events.count > 0)
		return error_set(
		    err, STATUS_POLICY, "cannot go with keys.no-key-events: the SKR says when keys come and go");
	return STATUS_OK;
}

/* Signatures are replaced while they have `refresh` left, and the next bundle's are the only ones to come. */
static enum status overlap_is_above_refresh(const struct policy *policy, struct error *err)
{
	if (!policy->offline_ksk || policy->skr_overlap.seconds > policy->refresh.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is not above signatures.refresh (%s)", show(policy->skr_overlap).text,
	    show(policy->refresh).text);
}

static enum status interval_fits_period(const struct policy *policy, struct error *err)
{
	enum { MOST_BUNDLES = 400 };
	if (!policy->offline_ksk)
		return STATUS_OK;
	if (policy->skr_interval.seconds > policy->skr_period.seconds)
		return error_set(err, STATUS_POLICY, "%s is above ceremony.period (%s)",
		    show(policy->skr_interval).text, show(policy->skr_period).text);
	if (policy->skr_period.seconds / policy->skr_interval.seconds > MOST_BUNDLES)
		return error_set(err, STATUS_POLICY, "%s makes more than %d bundles of ceremony.period (%s)",
		    show(policy->skr_interval).text, (int)MOST_BUNDLES, show(policy->skr_period).text);
	return STATUS_OK;
}

static enum status horizon_holds_a_period(const struct policy *policy, struct error *err)
{
	const struct span least = { policy->skr_period.seconds + policy->skr_alarm.seconds };
	if (!policy->offline_ksk || policy->skr_horizon.seconds >= least.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is below ceremony.period + ceremony.alarm (%s)",
	    show(policy->skr_horizon).text, show(least).text);
}

static enum status alarm_is_below_period(const struct policy *policy, struct error *err)
{
	if (!policy->offline_ksk || policy->skr_alarm.seconds < policy->skr_period.seconds)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "%s is not below ceremony.period (%s): there would always be an alarm",
	    show(policy->skr_alarm).text, show(policy->skr_period).text);
}

static enum status opt_out_with_nsec3(const struct policy *policy, struct error *err)
{
	return only_with_nsec3(policy, policy->opt_out, err);
}

static enum status iterations_with_nsec3(const struct policy *policy, struct error *err)
{
	return only_with_nsec3(policy, policy->iterations != 0, err);
}

static enum status salt_with_nsec3(const struct policy *policy, struct error *err)
{
	return only_with_nsec3(policy, policy->salt_size != 0, err);
}

static enum status is_a_path(const char *hook, struct error *err)
{
	if (hook[0] == '\0' || hook[0] == '/')
		return STATUS_OK;
	char shown[64];
	error_escape(hook, strlen(hook), shown, sizeof(shown));
	return error_set(
	    err, STATUS_POLICY, "\"%s\": the program is named by its absolute path; $PATH is not searched", shown);
}

static enum status hook_is_a_path(const struct policy *policy, struct error *err)
{
	return is_a_path(policy->hook_publish, err);
}

static enum status submit_is_a_path(const struct policy *policy, struct error *err)
{
	return is_a_path(policy->hook_ds_submit, err);
}

static enum status withdraw_is_a_path(const struct policy *policy, struct error *err)
{
	return is_a_path(policy->hook_ds_withdraw, err);
}

/* A word that looks like something to fill in and is not is a mistake that nobody would see. */
static enum status fill_ins_are_known(const char *command, struct error *err)
{
	static const char *const known[] = { "{file}", "{origin}", "{time}" };
	const char *words[POLICY_HOOK_WORDS + 1];
	const size_t count = policy_hook_words(command, words);
	for (size_t i = 0; i < count; i++)
		for (const char *at = strchr(words[i], '{'); at != NULL; at = strchr(at + 1, '{')) {
			size_t k = 0;
			while (k < COUNT(known) && strncmp(at, known[k], strlen(known[k])) != 0)
				k++;
			if (k == COUNT(known) || i == 0)
				return error_set(err, STATUS_POLICY,
				    "holds a \"{\" that begins none of {file}, {origin} and {time}, or is in the "
				    "program's name");
		}
	return STATUS_OK;
}

static enum status verifier_can_run(const struct policy_verifier *verifier, struct error *err)
{
	const enum status status = is_a_path(verifier->command, err);
	return status == STATUS_OK ? fill_ins_are_known(verifier->command, err) : status;
}

static enum status first_can_run(const struct policy *policy, struct error *err)
{
	return verifier_can_run(&policy->verifier[0], err);
}

static enum status second_can_run(const struct policy *policy, struct error *err)
{
	return verifier_can_run(&policy->verifier[1], err);
}

static enum status third_can_run(const struct policy *policy, struct error *err)
{
	return verifier_can_run(&policy->verifier[2], err);
}

static enum status keeps_a_version(const struct policy *policy, struct error *err)
{
	if (policy->keep_versions > 0)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "the last good version is always kept: at least 1");
}

/* Fewer than that, and as many again could say the opposite. */
static enum status quorum_is_most_of_the_sources(const struct policy *policy, struct error *err)
{
	const unsigned sources = count_sources(policy);
	const unsigned quorum = policy->clock_quorum;
	if (sources == 0 && quorum > 0)
		return error_set(err, STATUS_POLICY, "needs clock.sources");
	if (quorum > sources || (sources > 0 && quorum <= sources / 2))
		return error_set(err, STATUS_POLICY,
		    "%u of %u clock.sources: it must be more than half, and no more than all", quorum, sources);
	return STATUS_OK;
}

static const struct {
	const char *path;
	rule_check *check;
} rules[] = {
	{ "keys.algorithm", algorithm_is_known },
	{ "keys.ksk.bits", ksk_size_fits },
	{ "keys.zsk.bits", zsk_size_fits },
	{ "keys.dnskey-ttl", dnskey_ttl_within_zone },
	{ "keys.ksk.lifetime", ksk_outlives_its_rollover },
	{ "keys.zsk.lifetime", zsk_outlives_its_rollover },
	{ "keys.csk.lifetime", csk_outlives_its_rollover },
	{ "keys.standby-ksk", standby_ksk_has_a_role },
	{ "keys.standby-zsk", standby_zsk_has_a_role },
	{ "keys.pool-zsk", pool_zsk_has_a_role },
	{ "keys.no-key-events", windows_leave_room },
	{ "signatures.refresh", refresh_below_validity },
	{ "signatures.refresh", refresh_outlives_caches },
	{ "signatures.validity-dnskey", refresh_below_dnskey_validity },
	{ "signatures.jitter", jitter_leaves_refresh },
	{ "signatures.jitter", jitter_leaves_refresh_of_keys },
	{ "signatures.roll-runs", parts_are_swapped },
	{ "signatures.roll-interval", parts_end_in_time },
	{ "signatures.inception-offset", inception_within_validity },
	{ "keys.offline-ksk", offline_fits_the_rest },
	{ "ceremony.interval", interval_fits_period },
	{ "ceremony.overlap", overlap_is_above_refresh },
	{ "ceremony.horizon", horizon_holds_a_period },
	{ "ceremony.alarm", alarm_is_below_period },
	{ "denial.opt-out", opt_out_with_nsec3 },
	{ "denial.iterations", iterations_with_nsec3 },
	{ "denial.salt", salt_with_nsec3 },
	{ "verifiers.first.command", first_can_run },
	{ "verifiers.second.command", second_can_run },
	{ "verifiers.third.command", third_can_run },
	{ "publish.keep-versions", keeps_a_version },
	{ "clock.quorum", quorum_is_most_of_the_sources },
	{ "publish.hook", hook_is_a_path },
	{ "parent.hook-ds-submit", submit_is_a_path },
	{ "parent.hook-ds-withdraw", withdraw_is_a_path },
};

enum status policy_check_field(const struct policy *policy, const char **path, struct error *err)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		const enum status status = rules[i].check(policy, err);
		if (status == STATUS_OK)
			continue;
		*path = rules[i].path;
		return status;
	}
	return STATUS_OK;
}

enum status policy_check(const struct policy *policy, struct error *err)
{
	const char *path;
	const enum status status = policy_check_field(policy, &path, err);
	if (status != STATUS_OK)
		error_context(err, "%s", path);
	return status;
}

size_t policy_hook_words(const char hook[POLICY_HOOK], const char *words[POLICY_HOOK_WORDS + 1])
{
	size_t count = 0;
	for (const char *at = hook; *at != '\0' && count < POLICY_HOOK_WORDS; at += strlen(at) + 1)
		words[count++] = at;
	words[count] = NULL;
	return count;
}
