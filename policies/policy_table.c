/* SPDX-License-Identifier: MIT */
/* The rows of the one table of policy fields. */
#include <string.h>

#include "policies/policy_field.h"
#include "policies/rollover.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, ALL_PPM = 1000000 };

#define AT(member) .at = offsetof(struct policy, member), .width = sizeof(((struct policy *)0)->member)

static const struct field_choice schemes[] = { { "ksk-zsk", false }, { "csk", true }, { NULL, 0 } };
static const struct field_choice ksk_methods[] = { { "double-ksk", ROLLOVER_KSK_DOUBLE_KSK },
	{ "double-ds", ROLLOVER_KSK_DOUBLE_DS }, { "double-rrset", ROLLOVER_KSK_DOUBLE_RRSET }, { NULL, 0 } };
static const struct field_choice zsk_methods[] = { { "pre-publication", ROLLOVER_ZSK_PRE_PUBLICATION },
	{ "double-signature", ROLLOVER_ZSK_DOUBLE_SIGNATURE }, { "double-rrsig", ROLLOVER_ZSK_DOUBLE_RRSIG },
	{ NULL, 0 } };
static const struct field_choice csk_methods[] = { { "pre-publication", ROLLOVER_CSK_PRE_PUBLICATION },
	{ "double-signature", ROLLOVER_CSK_DOUBLE_SIGNATURE }, { "single-signature", ROLLOVER_CSK_SINGLE_SIGNATURE },
	{ "double-ds", ROLLOVER_CSK_DOUBLE_DS }, { "double-rrset", ROLLOVER_CSK_DOUBLE_RRSET }, { NULL, 0 } };
static const struct field_choice algorithm_rolls[] = { { "conservative", true }, { "liberal", false }, { NULL, 0 } };
static const struct field_choice goals[] = { { "signed", false }, { "insecure", true }, { NULL, 0 } };
static const struct field_choice cds_times[] = { { "none", POLICY_CDS_NONE }, { "always", POLICY_CDS_ALWAYS },
	{ "rollover", POLICY_CDS_ROLLOVER }, { NULL, 0 } };
static const struct field_choice ds_ways[] = { { "check", POLICY_DS_CHECK }, { "by-hand", POLICY_DS_BY_HAND },
	{ "none", POLICY_DS_NONE }, { NULL, 0 } };
static const struct field_choice weights[] = { { "required", false }, { "advisory", true }, { NULL, 0 } };
static const struct field_choice denials[] = { { "nsec", POLICY_NSEC }, { "nsec3", POLICY_NSEC3 }, { NULL, 0 } };
static const struct field_choice serials[] = { { "increment", POLICY_SERIAL_INCREMENT },
	{ "unixtime", POLICY_SERIAL_UNIXTIME }, { "date-counter", POLICY_SERIAL_DATE_COUNTER },
	{ "keep", POLICY_SERIAL_KEEP }, { NULL, 0 } };

/* RSA sizes are bound by policy_check, which knows the algorithm. RFC 9276 3.1 wants 0 iterations; above 50, resolvers
 * in use stop to validate. Times are bound by what RRSIG can say (RFC 4034 3.1.5) and by sense. */
static const struct field table[] = {
	{ "name", FIELD_NAME, .absent = "the file's name without .yaml", .doc = "Name of the policy." },
	{ "keys.scheme", FIELD_CHOICE, AT(csk), .choices = schemes,
	    .doc = "A KSK that signs the DNSKEY set and a ZSK that signs the rest, or one combined key (CSK)." },
	{ "keys.algorithm", FIELD_ALGORITHM, AT(algorithm), .doc = "Signing algorithm of all keys." },
	{ "keys.ksk.bits", FIELD_COUNT, AT(ksk_bits), .most = 4096, .absent = "2048 with RSA",
	    .doc = "Size of a new RSA KSK or CSK; other algorithms have one size." },
	{ "keys.ksk.lifetime", FIELD_LIFETIME, AT(lifetime[KEY_KSK]), .most = 36500LL * DAY,
	    .doc = "How long a KSK signs before it is rolled; unlimited: only by hand." },
	{ "keys.ksk.stores", FIELD_STORES, AT(stores[KEY_KSK]),
	    .doc =
		"In which stores of keys/stores.conf a KSK is, the same in each; a change rolls it there. [files]: the "
		"software store; []: new ones go where stores.conf says." },
	{ "keys.ksk.method", FIELD_CHOICE, AT(method[KEY_KSK]), .choices = ksk_methods,
	    .doc =
		"How a KSK is rolled: two KSKs sign while the DS changes (RFC 7583 3.3.1), two DS exist while the KSK "
		"changes (3.3.2), or both at once (3.3.3)." },
	{ "keys.zsk.bits", FIELD_COUNT, AT(zsk_bits), .most = 4096, .absent = "2048 with RSA",
	    .doc = "Size of a new RSA ZSK; other algorithms have one size." },
	{ "keys.zsk.lifetime", FIELD_LIFETIME, AT(lifetime[KEY_ZSK]), .most = 36500LL * DAY,
	    .doc = "How long a ZSK signs before it is rolled; unlimited: only by hand." },
	{ "keys.zsk.stores", FIELD_STORES, AT(stores[KEY_ZSK]),
	    .doc =
		"In which stores of keys/stores.conf a ZSK is, the same in each; a change rolls it there. [files]: the "
		"software store; []: new ones go where stores.conf says." },
	{ "keys.zsk.method", FIELD_CHOICE, AT(method[KEY_ZSK]), .choices = zsk_methods,
	    .doc = "How a ZSK is rolled: its DNSKEY first (RFC 7583 3.2.1), DNSKEY and signatures at once (3.2.2), or "
		   "signatures first." },
	{ "keys.csk.lifetime", FIELD_LIFETIME, AT(lifetime[KEY_CSK]), .most = 36500LL * DAY,
	    .doc = "How long a CSK signs before it is rolled; unlimited: only by hand." },
	{ "keys.csk.stores", FIELD_STORES, AT(stores[KEY_CSK]),
	    .doc =
		"In which stores of keys/stores.conf a CSK is, the same in each; a change rolls it there. [files]: the "
		"software store; []: new ones go where stores.conf says." },
	{ "keys.csk.method", FIELD_CHOICE, AT(method[KEY_CSK]), .choices = csk_methods,
	    .doc = "How a CSK is rolled: what the old and the new key have at the same time." },
	{ "keys.dnskey-ttl", FIELD_TTL, AT(dnskey_ttl), .least = 1, .most = 7 * DAY,
	    .doc = "TTL of the DNSKEY, CDS and CDNSKEY records." },
	{ "keys.algorithm-roll", FIELD_CHOICE, AT(strict), .choices = algorithm_rolls,
	    .doc =
		"Order of an algorithm roll: conservative also for validators that want every algorithm they know of "
		"to sign everything (RFC 6781 4.1.4), liberal faster, with fewer steps." },
	{ "keys.manual", FIELD_BOOL, AT(manual), .doc = "Each step of a rollover waits for zoneseal roll step." },
	{ "keys.publish-safety", FIELD_SPAN, AT(publish_safety), .most = 30 * DAY,
	    .doc = "Added to each wait for a new key to reach all caches." },
	{ "keys.retire-safety", FIELD_SPAN, AT(retire_safety), .most = 30 * DAY,
	    .doc = "Added to each wait for an old key, its signatures or its DS to leave all caches." },
	{ "keys.purge-after", FIELD_SPAN, AT(purge_after), .most = 3650LL * DAY,
	    .doc = "How long after it left the zone a key's private half is destroyed; 0: never." },
	{ "keys.standby-ksk", FIELD_COUNT, AT(standby_ksk), .most = 4,
	    .doc = "How many KSKs are published ahead, without a DS, for an emergency." },
	{ "keys.standby-zsk", FIELD_COUNT, AT(standby_zsk), .most = 4,
	    .doc = "How many ZSKs are published ahead, without signing, for an emergency." },
	{ "keys.pool-ksk", FIELD_COUNT, AT(pool_ksk), .most = 12,
	    .doc =
		"How many KSKs (with scheme csk: CSKs) are made ahead, for rollovers to come; they are in no zone." },
	{ "keys.pool-zsk", FIELD_COUNT, AT(pool_zsk), .most = 12,
	    .doc = "How many ZSKs are made ahead, for rollovers to come; they are in no zone." },
	{ "keys.require-backup", FIELD_BOOL, AT(require_backup),
	    .doc = "No key is published or signs before zoneseal key backup-done says that a backup holds it." },
	{ "keys.shared", FIELD_BOOL, AT(shared),
	    .doc = "A key that another zone has may be imported, if the policy of that zone says so too." },
	{ "keys.no-key-events", FIELD_WINDOWS, AT(no_key_events),
	    .doc = "Days on which no step of a rollover begins, in UTC, both ends included: of each year "
		   "(12-20..01-05) or "
		   "each week (fri..sun). Signatures are still renewed." },
	{ "keys.offline-ksk", FIELD_BOOL, AT(offline_ksk),
	    .doc =
		"The private half of the KSK is kept elsewhere: what it signs comes from a key ceremony as an SKR." },
	{ "ceremony.period", FIELD_SPAN, AT(skr_period), .least = DAY, .most = 3650LL * DAY,
	    .doc = "With keys.offline-ksk: how long one SKR lasts." },
	{ "ceremony.interval", FIELD_SPAN, AT(skr_interval), .least = HOUR, .most = 366 * DAY,
	    .doc = "How long each bundle of an SKR is in use; keys come and go where one begins." },
	{ "ceremony.overlap", FIELD_SPAN, AT(skr_overlap), .least = HOUR, .most = 366 * DAY,
	    .doc = "How long the signatures of a bundle stay valid after the next one has begun." },
	{ "ceremony.horizon", FIELD_SPAN, AT(skr_horizon), .least = DAY, .most = 3650LL * DAY,
	    .doc = "No SKR reaches further into the future than this." },
	{ "ceremony.alarm", FIELD_SPAN, AT(skr_alarm), .most = 3650LL * DAY,
	    .doc = "zoneseal asks for the next SKR this long before the present one runs out." },
	{ "signatures.validity", FIELD_SPAN, AT(validity), .least = HOUR, .most = 3650LL * DAY,
	    .doc = "How long a new signature is valid." },
	{ "signatures.validity-dnskey", FIELD_SPAN, AT(validity_dnskey), .least = HOUR, .most = 3650LL * DAY,
	    .absent = "as signatures.validity", .doc = "The same, for the records that the KSK signs." },
	{ "signatures.refresh", FIELD_SPAN, AT(refresh), .least = MINUTE, .most = 3650LL * DAY,
	    .doc = "A signature that is valid for less than this is replaced. It should be above SOA expire + "
		   "zone.max-ttl + "
		   "zone.propagation-delay." },
	{ "signatures.jitter", FIELD_SPAN, AT(jitter), .most = 3650LL * DAY,
	    .doc = "Signatures expire up to this much early, each by its own amount, so that work spreads." },
	{ "signatures.roll-runs", FIELD_COUNT, AT(roll_runs), .least = 1, .most = 1000,
	    .doc = "In so many runs the signatures of a new key take the place of the old one's, an equal part in each "
		   "(Dsgn of RFC 7583 3.2.1); 1: in one." },
	{ "signatures.roll-interval", FIELD_SPAN, AT(roll_interval), .least = MINUTE, .most = 30 * DAY,
	    .doc = "With roll-runs above 1: no part is signed sooner than this after the one before." },
	{ "signatures.inception-offset", FIELD_SPAN, AT(inception_offset), .least = HOUR, .most = 7 * DAY,
	    .doc = "Signatures begin this long before they are made, for validators whose clock is late." },
	{ "denial.type", FIELD_CHOICE, AT(denial), .choices = denials,
	    .doc = "Which records prove that a name is not there." },
	{ "denial.opt-out", FIELD_BOOL, AT(opt_out),
	    .doc = "With nsec3: leave unsigned delegations out of the chain (RFC 5155 6)." },
	{ "denial.iterations", FIELD_COUNT, AT(iterations), .most = 50,
	    .doc =
		"With nsec3: extra hash rounds; anything but 0 is for zones that cannot change yet (RFC 9276 3.1)." },
	{ "denial.salt", FIELD_SALT,
	    .doc = "With nsec3: salt in hexadecimal; anything but \"\" is for zones that cannot change yet (RFC 9276 "
		   "3.1)." },
	{ "zone.dnssec", FIELD_CHOICE, AT(insecure), .choices = goals,
	    .doc = "What the zone is to be; insecure withdraws the DS first and the signatures once no cache needs "
		   "them." },
	{ "zone.serial", FIELD_CHOICE, AT(serial), .choices = serials,
	    .doc = "Serial of a publication, always greater than all before it (RFC 1982): the input's or the next "
		   "(increment), "
		   "the time, YYYYMMDDnn, or only ever the input's (keep)." },
	{ "zone.max-ttl", FIELD_TTL, AT(max_zone_ttl), .least = 1, .most = 28 * DAY,
	    .doc = "A zone with a larger TTL is refused; all waits are built on it." },
	{ "zone.zonemd", FIELD_BOOL, AT(zonemd), .doc = "Add a digest over the zone (RFC 8976, SIMPLE, SHA-384)." },
	{ "zone.propagation-delay", FIELD_SPAN, AT(zone_propagation), .most = 7 * DAY,
	    .doc = "How long until all secondaries serve what was published." },
	{ "parent.cds", FIELD_CHOICE, AT(cds), .choices = cds_times,
	    .doc =
		"CDS and CDNSKEY for a parent that looks for them (RFC 7344): never (none), always, or only while a DS "
		"is to come or to go (rollover). Both ask for the removal of every DS when the zone goes insecure (RFC "
		"8078 4)." },
	{ "parent.ds", FIELD_CHOICE, AT(ds), .choices = ds_ways,
	    .doc = "Who finds out what DS the parent shows: zoneseal asks its servers (check), a person says it with "
		   "zoneseal ds seen and ds gone (by-hand), or the parent takes no DS (none)." },
	{ "parent.check-interval", FIELD_SPAN, AT(check_interval), .least = MINUTE, .most = 7 * DAY,
	    .doc = "With check: the parent's servers are asked at most this often, and only while a DS is to change." },
	{ "parent.trust-anchor", FIELD_PATH, AT(trust_anchor),
	    .doc = "With check: file with DS or DNSKEY records of the parent's zone; a relative path is below the "
		   "configuration folder. An answer that does not validate with it counts as not known." },
	{ "parent.ds-ttl", FIELD_TTL, AT(ds_ttl), .least = 1, .most = 28 * DAY,
	    .doc = "TTL of the DS records, until the parent's own answer is known." },
	{ "parent.propagation-delay", FIELD_SPAN, AT(parent_propagation), .most = 30 * DAY,
	    .doc = "How long until all of the parent's servers show a new version of its zone." },
	{ "parent.registration-delay", FIELD_SPAN, AT(registration), .most = 90 * DAY,
	    .doc = "How long from handing in a DS to its publication, as an estimate: a rollover begins that much "
		   "earlier, "
		   "and never ends before the DS is really seen." },
	{ "parent.hook-ds-submit", FIELD_WORDS, AT(hook_ds_submit),
	    .doc = "Program and arguments that hand in a DS, without a shell." },
	{ "parent.hook-ds-withdraw", FIELD_WORDS, AT(hook_ds_withdraw),
	    .doc = "Program and arguments that withdraw a DS, without a shell." },
	{ "verifiers.require-sandbox", FIELD_BOOL, AT(require_sandbox),
	    .doc = "zoneseal-verify gives no verdict, so nothing is published, where the kernel lacks Landlock or "
		   "seccomp; else its verdict only says so." },
	{ "verifiers.full-verify-every", FIELD_SPAN, AT(full_verify_every), .most = 30 * DAY,
	    .doc =
		"For so long zoneseal-verify takes from its memo which signatures it verified in the zones published "
		"before, "
		"and computes the others and a sample; then, and after each key event, it computes all. 0s: in each "
		"run." },
	{ "verifiers.first.command", FIELD_WORDS, AT(verifier[0].command),
	    .doc =
		"Program and arguments, without a shell; {file}, {origin} and {time} (YYYYMMDDHHMMSS) stand for the "
		"signed zone, its name and the time of the run. The zone is on its standard input as well. []: none." },
	{ "verifiers.first.timeout", FIELD_SPAN, AT(verifier[0].timeout), .least = 1, .most = DAY,
	    .doc = "A verifier that takes longer is killed, and that is a no." },
	{ "verifiers.first.verdict", FIELD_CHOICE, AT(verifier[0].advisory), .choices = weights,
	    .doc = "Whether its no keeps the zone from being published (required) or is only told (advisory)." },
	{ "verifiers.second.command", FIELD_WORDS, AT(verifier[1].command), .doc = "As verifiers.first.command." },
	{ "verifiers.second.timeout", FIELD_SPAN, AT(verifier[1].timeout), .least = 1, .most = DAY,
	    .doc = "A verifier that takes longer is killed, and that is a no." },
	{ "verifiers.second.verdict", FIELD_CHOICE, AT(verifier[1].advisory), .choices = weights,
	    .doc = "Whether its no keeps the zone from being published (required) or is only told (advisory)." },
	{ "verifiers.third.command", FIELD_WORDS, AT(verifier[2].command), .doc = "As verifiers.first.command." },
	{ "verifiers.third.timeout", FIELD_SPAN, AT(verifier[2].timeout), .least = 1, .most = DAY,
	    .doc = "A verifier that takes longer is killed, and that is a no." },
	{ "verifiers.third.verdict", FIELD_CHOICE, AT(verifier[2].advisory), .choices = weights,
	    .doc = "Whether its no keeps the zone from being published (required) or is only told (advisory)." },
	{ "publish.keep-versions", FIELD_COUNT, AT(keep_versions), .least = 1, .most = 1000,
	    .doc = "How many published versions are kept, the present one not counted." },
	{ "publish.hook", FIELD_WORDS, AT(hook_publish),
	    .doc = "Program and arguments to run after a publication, without a shell; it finds ZONESEAL_ZONE, "
		   "ZONESEAL_SERIAL, ZONESEAL_FILE and ZONESEAL_SHA256 in its environment." },
	{ "publish.hook-timeout", FIELD_SPAN, AT(hook_timeout), .least = 1, .most = HOUR,
	    .doc = "A hook that takes longer is ended and counts as failed." },
	{ "clock.max-jump", FIELD_SPAN, AT(max_clock_jump), .least = DAY, .most = 3650LL * DAY,
	    .doc = "If the clock moved forward by more than this since the last run, it is doubted and no step of a "
		   "rollover is completed." },
	{ "clock.sources", FIELD_SERVERS, AT(time_sources),
	    .doc = "Time servers (NTP, UDP port 123 without @PORT) that each run asks before it signs anything, run by "
		   "different people and reached by different ways; best four or more. []: no other clock is asked." },
	{ "clock.tolerance", FIELD_SPAN, AT(clock_tolerance), .least = 1, .most = 10 * MINUTE,
	    .doc = "How far the clock may be from that of a time server, or be set while a run is under way." },
	{ "clock.quorum", FIELD_COUNT, AT(clock_quorum), .most = POLICY_SOURCES,
	    .absent = "more than half of clock.sources, and at least 3 if there are as many",
	    .doc = "How many of clock.sources must agree with the clock, or nothing is signed and what is published "
		   "stays." },
	{ "limits.delegations-removed", FIELD_PERCENT, AT(delegations_removed.most_ppm),
	    .doc = "Most delegations that one publication may remove." },
	{ "limits.ds-removed", FIELD_PERCENT, AT(ds_removed.most_ppm),
	    .doc = "Most signed delegations that one publication may turn unsigned." },
	{ "limits.size-change", FIELD_PERCENT, AT(size_change.most_ppm),
	    .doc = "Most that the number of records may grow or shrink in one publication." },
	{ "limits.floor", FIELD_COUNT, AT(delegations_removed.floor), .most = ALL_PPM,
	    .doc = "So many more may change than each limit says: in a small zone one delegation is a large part." },
};

static const struct field_group groups[] = {
	{ "keys", "The keys of a zone." },
	{ "keys.ksk", "The key-signing key." },
	{ "keys.zsk", "The zone-signing key." },
	{ "keys.csk", "The combined key of scheme csk." },
	{ "ceremony", "Key ceremonies, for a KSK that is kept offline." },
	{ "signatures", "Life of signatures." },
	{ "denial", "Denial of existence." },
	{ "zone", "What is added to the zone, and how far it is from its readers." },
	{ "parent", "The zone above." },
	{ "verifiers", "Further verifiers: run at the same time, after zoneseal-verify said yes and before "
		       "publication. Exit code 0 is yes; anything else, a signal or a time-out is no." },
	{ "verifiers.first", "A further verifier." },
	{ "verifiers.second", "A further verifier." },
	{ "verifiers.third", "A further verifier." },
	{ "publish", "What happens to a zone that passed the gate." },
	{ "clock", "How far the clock is trusted, and which others are asked." },
	{ "limits",
	    "How much one publication may differ from the last; a percentage of the previous number, or unlimited." },
};

const struct field *field_table(size_t *count)
{
	*count = COUNT(table);
	return table;
}

const struct field_group *field_groups(size_t *count)
{
	*count = COUNT(groups);
	return groups;
}
