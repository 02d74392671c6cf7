/* SPDX-License-Identifier: MIT */
#include "policies/policy_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/rollover.h"

enum { HOUR = 3600, DAY = 86400 };

#define ROOT TEST_ROOT "/.."

static enum status parse(const char *text, struct policy *out, struct error *err)
{
	error_clear(err);
	return policy_yaml_parse("p.yaml", text, strlen(text), out, err);
}

static struct policy must_parse(const char *text)
{
	struct policy policy;
	struct error err;
	if (parse(text, &policy, &err) != STATUS_OK) {
		char said[1200];
		error_format(&err, said, sizeof(said));
		fail_msg("%s", said);
	}
	return policy;
}

/* Padding may differ between equal policies. */
static void assert_same(const struct policy *a, const struct policy *b)
{
	struct arena *const mem = arena_new(0);
	assert_string_equal(policy_yaml_print(a, mem), policy_yaml_print(b, mem));
	assert_int_equal(a->size_change.floor, b->size_change.floor);
	assert_int_equal(a->ds_removed.floor, b->ds_removed.floor);
	arena_free(mem);
}

/* What a person may get wrong, and what the program answers. A policy is refused as a whole: the output is untouched.
 */
static const struct {
	const char *title, *text, *says;
} refusals[] = {
	{ "nothing", "", "p.yaml:1:1: holds no policy" },
	{ "a comment only", "# empty\n", "p.yaml:2:1: holds no policy" },
	{ "a comment without a line end", "# empty", "p.yaml:1:8: holds no policy" },
	{ "a word", "keys\n", "p.yaml:1:1: a policy is a group of keys, as in \"keys:\"" },
	{ "a list", "- keys\n", "p.yaml:1:1: a policy is a group of keys, as in \"keys:\"" },
	{ "two documents", "name: a\n---\nname: b\n", "p.yaml:2:1: a second document; a file holds one policy" },
	{ "a directive", "%YAML 1.1\n---\nname: a\n", "p.yaml:1:1: directives (%YAML, %TAG) are not accepted" },
	{ "a tag directive", "%TAG ! tag:x,2026:\n---\nname: a\n",
	    "p.yaml:1:1: directives (%YAML, %TAG) are not accepted" },
	{ "unknown key, near one", "signatures:\n  valdity: 14d\n",
	    "p.yaml:2:3: signatures: unknown key \"valdity\"; did you mean \"validity\"?" },
	{ "unknown group, near one", "signature:\n  validity: 14d\n",
	    "p.yaml:1:1: unknown key \"signature\"; did you mean \"signatures\"?" },
	{ "upper case", "Keys: {}\n", "p.yaml:1:1: unknown key \"Keys\"; did you mean \"keys\"?" },
	{ "a key of another group", "keys:\n  validity: 14d\n",
	    "p.yaml:2:3: keys: unknown key \"validity\"; it is signatures.validity" },
	{ "unknown key, near none", "denial:\n  frobnicate: 1\n",
	    "p.yaml:2:3: denial: unknown key \"frobnicate\"; known here: type, opt-out, iterations, salt" },
	{ "a lifetime in words", "keys: {ksk: {lifetime: forever}}\n",
	    "p.yaml:1:24: keys.ksk.lifetime: duration \"forever\" is not understood: write 3600, 1d2h, PT1H or P14D" },
	{ "a method of another role", "keys: {ksk: {method: pre-publication}}\n",
	    "p.yaml:1:22: keys.ksk.method: \"pre-publication\" is none of double-ksk, double-ds, double-rrset" },
	{ "a lifetime below its own rollover", "keys: {zsk: {lifetime: 2d}}\n",
	    "p.yaml:1:14: keys.zsk.lifetime: 2d is not above what a rollover takes, 2d5h = zone.propagation-delay 1h + "
	    "keys.dnskey-ttl 1h + keys.publish-safety 1h + zone.propagation-delay 1h + zone.max-ttl 2d + "
	    "keys.retire-safety 1h" },
	{ "a day that no month has", "keys: {no-key-events: [02-30..03-01]}\n",
	    "p.yaml:1:24: keys.no-key-events: \"02-30..03-01\" is neither days of the year such as 12-20..01-05 nor of "
	    "the week such as fri..sun" },
	{ "from a day of the week to one of the year", "keys: {no-key-events: [fri..01-05]}\n",
	    "p.yaml:1:24: keys.no-key-events: \"fri..01-05\" is neither days of the year such as 12-20..01-05 nor of "
	    "the "
	    "week such as fri..sun" },
	{ "one window without a list", "keys: {no-key-events: fri}\n",
	    "p.yaml:1:23: keys.no-key-events: takes a list: [12-20..01-05, fri..sun]" },
	{ "too many windows", "keys: {no-key-events: [sat, sat, sat, sat, sat, sat, sat, sat, sat]}\n",
	    "p.yaml:1:64: keys.no-key-events: is too long: at most 8 windows" },
	{ "windows that never end", "keys: {no-key-events: [mon..sun]}\n",
	    "p.yaml:1:8: keys.no-key-events: leaves no day free: no key could ever be rolled" },
	{ "hook of a DS by name", "parent: {hook-ds-submit: [epp]}\n",
	    "p.yaml:1:10: parent.hook-ds-submit: \"epp\": the program is named by its absolute path; $PATH is not "
	    "searched" },
	{ "key with control characters", "\"\\e[31m\": 1\n",
	    "p.yaml:1:1: unknown key \"\\027[31m\"; known here: name, keys, ceremony, signatures, denial, zone, "
	    "parent, verifiers, publish, "
	    "clock, limits" },
	{ "duplicate key", "zone:\n  zonemd: true\n  serial: keep\n  zonemd: false\n",
	    "p.yaml:4:3: zone.zonemd: given twice; the first is in line 2" },
	{ "duplicate group", "zone: {}\nkeys: {}\nzone: {}\n",
	    "p.yaml:3:1: zone: given twice; the first is in line 1" },
	{ "anchor", "name: &a x\n", "p.yaml:1:7: name: anchors (&name) are not accepted" },
	{ "anchored group", "keys: &k {}\n", "p.yaml:1:7: keys: anchors (&name) are not accepted" },
	{ "verifier by name", "verifiers: {second: {command: [kzonecheck]}}\n",
	    "p.yaml:1:22: verifiers.second.command: \"kzonecheck\": the program is named by its absolute path; $PATH "
	    "is "
	    "not searched" },
	{ "fill-in that is none", "verifiers: {third: {command: [/bin/a, \"{zone}\"]}}\n",
	    "p.yaml:1:21: verifiers.third.command: holds a \"{\" that begins none of {file}, {origin} and {time}, or "
	    "is "
	    "in the program's name" },
	{ "anchored list", "publish: {hook: &h []}\n", "p.yaml:1:17: publish.hook: anchors (&name) are not accepted" },
	{ "alias", "name: *a\n", "p.yaml:1:7: name: aliases (*name) are not accepted; write the value out" },
	{ "tag", "name: !!str x\n",
	    "p.yaml:1:7: name: tags (!name) are not accepted; each key has one fixed kind of value" },
	{ "tagged group", "keys: !!map {}\n",
	    "p.yaml:1:7: keys: tags (!name) are not accepted; each key has one fixed kind of value" },
	{ "merge key", "keys:\n  <<: {}\n", "p.yaml:2:3: keys: merge keys (<<) are not accepted; write the keys out" },
	{ "a key that is a list", "? [a]\n: b\n", "p.yaml:1:3: a key must be a word" },
	{ "group without keys", "keys:\n", "p.yaml:1:6: keys: is a group: write its keys indented beneath it" },
	{ "word for a group", "keys: ksk\n", "p.yaml:1:7: keys: is a group: write its keys indented beneath it" },
	{ "list for a group", "keys: [ksk]\n", "p.yaml:1:7: keys: is a group: write its keys indented beneath it" },
	{ "group for a value", "zone:\n  zonemd:\n    on: true\n",
	    "p.yaml:3:5: zone.zonemd: takes true or false, without quotes" },
	{ "list for a value", "signatures: {validity: [14d]}\n",
	    "p.yaml:1:24: signatures.validity: takes a duration such as 3600, 1d2h, PT1H or P14D" },
	{ "value for a list", "publish: {hook: /bin/true}\n",
	    "p.yaml:1:17: publish.hook: takes a list: [/path/of/program, argument]" },
	{ "list in a list", "publish: {hook: [/bin/true, [a]]}\n",
	    "p.yaml:1:29: publish.hook: holds strings only, no lists and no groups" },
	{ "empty word in a hook", "publish: {hook: [/bin/true, \"\"]}\n",
	    "p.yaml:1:29: publish.hook: holds an empty word" },
	{ "hook by name", "publish: {hook: [rndc, reload]}\n",
	    "p.yaml:1:11: publish.hook: \"rndc\": the program is named by its absolute path; $PATH is not searched" },
	{ "no value", "zone:\n  serial:\n", "p.yaml:2:10: zone.serial: has no value; it takes one of a few words" },
	{ "null", "name: null\n",
	    "p.yaml:1:7: name: has no value; it takes a name of lower-case letters, digits, \"-\", \".\" and \"_\"" },
	{ "tilde", "zone: {zonemd: ~}\n",
	    "p.yaml:1:16: zone.zonemd: has no value; it takes true or false, without quotes" },
	{ "block text", "name: |\n  x\n",
	    "p.yaml:1:7: name: block text (| and >) is not accepted; write it on one line" },
	{ "yes", "zone: {zonemd: yes}\n", "p.yaml:1:16: zone.zonemd: \"yes\" is not true or false, without quotes" },
	{ "on", "zone: {zonemd: on}\n", "p.yaml:1:16: zone.zonemd: \"on\" is not true or false, without quotes" },
	{ "True", "zone: {zonemd: True}\n", "p.yaml:1:16: zone.zonemd: \"True\" is not true or false, without quotes" },
	{ "quoted true", "zone: {zonemd: \"true\"}\n",
	    "p.yaml:1:16: zone.zonemd: is quoted, so it is a word; it takes true or false, without quotes" },
	{ "octal", "publish: {keep-versions: 010}\n",
	    "p.yaml:1:26: publish.keep-versions: \"010\" is not a whole number in decimal digits" },
	{ "hexadecimal", "publish: {keep-versions: 0x10}\n",
	    "p.yaml:1:26: publish.keep-versions: \"0x10\" is not a whole number in decimal digits" },
	{ "negative", "publish: {keep-versions: -1}\n",
	    "p.yaml:1:26: publish.keep-versions: \"-1\" is not a whole number in decimal digits" },
	{ "fraction", "publish: {keep-versions: 3.0}\n",
	    "p.yaml:1:26: publish.keep-versions: \"3.0\" is not a whole number in decimal digits" },
	{ "underscore", "publish: {keep-versions: 1_0}\n",
	    "p.yaml:1:26: publish.keep-versions: \"1_0\" is not a whole number in decimal digits" },
	{ "sexagesimal", "zone: {max-ttl: 1:30}\n",
	    "p.yaml:1:17: zone.max-ttl: duration \"1:30\" is not understood: write 3600, 1d2h, PT1H or P14D" },
	{ "beyond any number", "publish: {keep-versions: 99999999999999999999}\n",
	    "p.yaml:1:26: publish.keep-versions: \"99999999999999999999\" is not a whole number in decimal digits" },
	{ "quoted number", "publish: {keep-versions: \"3\"}\n",
	    "p.yaml:1:26: publish.keep-versions: is quoted, so it is a word; it takes a whole number in decimal "
	    "digits" },
	{ "too few", "publish: {keep-versions: 0}\n", "p.yaml:1:26: publish.keep-versions: 0 is below the least, 1" },
	{ "too many", "publish: {keep-versions: 1001}\n",
	    "p.yaml:1:26: publish.keep-versions: 1001 is above the most, 1000" },
	{ "too short", "signatures: {inception-offset: 59m}\n",
	    "p.yaml:1:32: signatures.inception-offset: 59m is below the least, 1h" },
	{ "too long", "zone: {max-ttl: 29d}\n", "p.yaml:1:17: zone.max-ttl: 29d is above the most, 28d" },
	{ "months", "signatures: {validity: P1M}\n",
	    "p.yaml:1:24: signatures.validity: duration \"P1M\": years and months have no fixed length; write days "
	    "(P365D) "
	    "or minutes after a T (PT30M)" },
	{ "unit in upper case", "signatures: {validity: 14D}\n",
	    "p.yaml:1:24: signatures.validity: duration \"14D\": units are lower case s m h d w (m is minutes); months "
	    "and "
	    "years are not accepted" },
	{ "unknown algorithm", "keys: {algorithm: RSASHA1}\n",
	    "p.yaml:1:19: keys.algorithm: \"RSASHA1\" is none of RSASHA256, RSASHA512, ECDSAP256SHA256, "
	    "ECDSAP384SHA384, "
	    "ED25519, ED448" },
	{ "unknown choice", "keys: {scheme: both}\n", "p.yaml:1:16: keys.scheme: \"both\" is none of ksk-zsk, csk" },
	{ "choice in upper case", "denial: {type: NSEC3}\n",
	    "p.yaml:1:16: denial.type: \"NSEC3\" is none of nsec, nsec3" },
	{ "percentage without a sign", "limits: {ds-removed: 2}\n",
	    "p.yaml:1:22: limits.ds-removed: \"2\" is not a percentage such as 2% or 0.5%, or unlimited" },
	{ "percentage with a comma", "limits: {ds-removed: \"2,5%\"}\n",
	    "p.yaml:1:22: limits.ds-removed: \"2,5%\" is not a percentage such as 2% or 0.5%, or unlimited" },
	{ "percentage of too many digits", "limits: {ds-removed: 2.00001%}\n",
	    "p.yaml:1:22: limits.ds-removed: \"2.00001%\" is not a percentage such as 2% or 0.5%, or unlimited" },
	{ "more than all", "limits: {ds-removed: 100.1%}\n",
	    "p.yaml:1:22: limits.ds-removed: \"100.1%\" is above 100%" },
	{ "off", "limits: {ds-removed: off}\n",
	    "p.yaml:1:22: limits.ds-removed: \"off\" is not a percentage such as 2% or 0.5%, or unlimited" },
	{ "odd salt", "denial: {type: nsec3, salt: \"abc\"}\n",
	    "p.yaml:1:29: denial.salt: \"abc\" is not an even number of hexadecimal digits, at most 510" },
	{ "a path that is too long",
	    "parent:\n  trust-anchor: "
	    "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456789012345678901234567890\n",
	    "p.yaml:2:17: parent.trust-anchor: longer than 255 octets" },
	{ "no path", "parent: {trust-anchor: }\n",
	    "p.yaml:1:24: parent.trust-anchor: has no value; it takes the path of a file, \"\" for none" },
	{ "salt without quotes", "denial: {type: nsec3, salt: ab}\n",
	    "p.yaml:1:29: denial.salt: is not quoted; it takes hexadecimal digits in quotes, \"\" for none" },
	{ "name in upper case", "name: TLD\n",
	    "p.yaml:1:7: name: \"TLD\" is not a name of lower-case letters, digits, \"-\", \".\" and \"_\"" },
	{ "name with a folder", "name: ../x\n",
	    "p.yaml:1:7: name: \"../x\" is not a name of lower-case letters, digits, \"-\", \".\" and \"_\"" },
	{ "long name", "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	    "p.yaml:1:7: name: longer than 63 characters" },
	{ "rule between fields, at the field", "zone: {zonemd: true}\nsignatures:\n  refresh: 1d\n",
	    "p.yaml:3:3: signatures.refresh: 1d is not above zone.max-ttl + zone.propagation-delay (2d1h): caches "
	    "could "
	    "hold signatures that have expired (RFC 6781 4.4.1)" },
	{ "rule between fields, at one not given", "signatures:\n  validity: 10d\n",
	    "p.yaml: signatures.refresh: 10d is above nine tenths of signatures.validity (10d)" },
	{ "opt-out of NSEC", "denial: {opt-out: true}\n", "p.yaml:1:10: denial.opt-out: needs denial.type nsec3" },
	{ "tab", "zone:\n\tzonemd: true\n",
	    "p.yaml:2:1: not YAML: while scanning for the next token, found character that cannot start any token" },
	{ "open bracket", "publish: {hook: [/bin/true\n",
	    "p.yaml:2:1: not YAML: while parsing a flow sequence, did not find expected ',' or ']'" },
	{ "wide characters before the fault", "publish: {hook: [/\xc3\xa4, \"\"]}\n",
	    "p.yaml:1:23: publish.hook: holds an empty word" },
	{ "too many words", "publish: {hook: [/a,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b]}\n",
	    "p.yaml:1:83: publish.hook: is too long: at most 32 words and 1000 octets" },
	{ "not UTF-8", "name: x\n# \xff\n", "p.yaml:2:3: an octet that is not UTF-8" },
	{ "overlong UTF-8", "# \xc0\xaf\n", "p.yaml:1:3: an octet that is not UTF-8" },
	{ "cut UTF-8", "# \xe2\x82", "p.yaml:1:3: an octet that is not UTF-8" },
	{ "surrogate", "# \xed\xa0\x80\n", "p.yaml:1:3: an octet that is not UTF-8" },
	{ "beyond Unicode", "# \xf4\x90\x80\x80\n", "p.yaml:1:3: an octet that is not UTF-8" },
	{ "no character", "# \xef\xbf\xbf\n", "p.yaml:1:3: a code point that is no character" },
	{ "byte order mark", "\xef\xbb\xbfname: x\n", "p.yaml:1:1: a byte order mark; save the file as plain UTF-8" },
	{ "escape", "# \033[2J\n", "p.yaml:1:3: a control character" },
	{ "C1 control", "# \xc2\x85\n", "p.yaml:1:3: a control character" },
	{ "line separator", "# \xe2\x80\xa8\n", "p.yaml:1:3: a line end that editors do not count (U+2028, U+2029)" },
	{ "lone carriage return", "name: x\rzone: {}\n", "p.yaml:1:8: a carriage return without a line feed" },
	{ "NUL by escape", "name: \"a\\0b\"\n", "p.yaml:1:7: name: holds a control character or a line end by escape" },
	{ "line end by escape", "publish: {hook: [\"/a\\n\"]}\n",
	    "p.yaml:1:18: publish.hook: holds a control character or a line end by escape" },
	{ "line separator by escape", "publish: {hook: [\"/a\\L\"]}\n",
	    "p.yaml:1:18: publish.hook: holds a control character or a line end by escape" },
	{ "over two lines", "publish: {hook: [/a\n b]}\n",
	    "p.yaml:1:18: publish.hook: goes over several lines; write it on one" },
	{ "key with NUL", "\"na\\0me\": x\n", "p.yaml:1:1: a key holds a NUL" },
};

static void each_refusal_says_where_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct policy policy;
		struct policy before;
		struct error err;
		char said[1200];
		memset(&policy, 0x5a, sizeof(policy));
		memcpy(&before, &policy, sizeof(policy));
		const enum status status = parse(refusals[i].text, &policy, &err);
		error_format(&err, said, sizeof(said));
		if (status != STATUS_POLICY || err.code != STATUS_POLICY)
			fail_msg("%s: status %d, %s", refusals[i].title, (int)status, said);
		if (strcmp(said, refusals[i].says) != 0)
			fail_msg("%s:\n%s\nnot\n%s", refusals[i].title, said, refusals[i].says);
		assert_memory_equal(&policy, &before, sizeof(policy));
	}
}

static void nul_octet_is_refused(void **state)
{
	(void)state;
	struct policy policy;
	struct error err;
	error_clear(&err);
	assert_int_equal(policy_yaml_parse("p.yaml", "name: x\0\n", 9, &policy, &err), STATUS_POLICY);
	assert_string_equal(err.message, "a NUL");
	assert_int_equal(err.column, 8);
}

static void over_long_text_is_refused(void **state)
{
	(void)state;
	struct policy policy;
	struct error err;
	char *const text = malloc(POLICY_YAML_MOST + 1);
	assert_non_null(text);
	memset(text, '#', POLICY_YAML_MOST + 1);
	error_clear(&err);
	assert_int_equal(policy_yaml_parse("p.yaml", text, POLICY_YAML_MOST + 1, &policy, &err), STATUS_POLICY);
	assert_string_equal(err.message, "65537 octets; a policy has at most 65536");
	memcpy(text, "name: x\n", 8);
	assert_int_equal(policy_yaml_parse("p.yaml", text, POLICY_YAML_MOST, &policy, &err), STATUS_OK);
	free(text);
}

/* Deep input ends at its first level that no field has: neither the stack nor time is spent on the rest. */
static void over_deep_text_is_refused(void **state)
{
	(void)state;
	static const char *const openers[] = { "[", "{keys: ", "{a: ", "? ", "- ", "{? " };
	for (size_t i = 0; i < COUNT(openers); i++) {
		struct policy policy;
		struct error err;
		char *const text = malloc(POLICY_YAML_MOST);
		assert_non_null(text);
		const size_t size = strlen(openers[i]);
		size_t used = 0;
		for (; used + size < POLICY_YAML_MOST; used += size)
			memcpy(text + used, openers[i], size);
		error_clear(&err);
		assert_int_equal(policy_yaml_parse("p.yaml", text, used, &policy, &err), STATUS_POLICY);
		assert_int_equal(err.line, 1);
		free(text);
	}
}

static void rollover_keys_reach_their_fields(const struct policy *policy)
{
	assert_int_equal(policy->lifetime[KEY_KSK].seconds, 14 * DAY);
	assert_int_equal(policy->lifetime[KEY_ZSK].seconds, 0);
	assert_int_equal(policy->lifetime[KEY_CSK].seconds, 365 * DAY);
	assert_int_equal(policy->method[KEY_KSK], ROLLOVER_KSK_DOUBLE_DS);
	assert_int_equal(policy->method[KEY_ZSK], ROLLOVER_ZSK_DOUBLE_RRSIG);
	assert_int_equal(policy->method[KEY_CSK], ROLLOVER_CSK_SINGLE_SIGNATURE);
	assert_false(policy->strict);
	assert_true(policy->manual);
	assert_int_equal(policy->publish_safety.seconds, 120);
	assert_int_equal(policy->retire_safety.seconds, 180);
	assert_int_equal(policy->purge_after.seconds, 0);
	assert_int_equal(policy->standby_ksk, 1);
	assert_int_equal(policy->standby_zsk, 2);
	assert_int_equal(policy->no_key_events.count, 4);
	assert_int_equal(policy->no_key_events.window[0].from, 1220);
	assert_int_equal(policy->no_key_events.window[1].to, 6);
	assert_int_equal(policy->no_key_events.window[2].to, 501);
	assert_true(policy->no_key_events.window[3].weekly);
	assert_true(policy->insecure);
	assert_int_equal(policy->ds, POLICY_DS_BY_HAND);
	assert_int_equal(policy->check_interval.seconds, 600);
	assert_int_equal(policy->ds_ttl, 6 * HOUR);
	assert_int_equal(policy->parent_propagation.seconds, 240);
	assert_int_equal(policy->registration.seconds, 9 * DAY);
	assert_string_equal(policy->hook_ds_submit + strlen("/bin/a") + 1, "b");
	assert_string_equal(policy->hook_ds_withdraw, "/bin/c");
	assert_int_equal(policy->max_clock_jump.seconds, 8 * DAY);
	assert_string_equal(policy->time_sources + strlen("192.0.2.1") + 1, "2001:db8::1@1123");
	assert_true(policy->clock_tolerance.seconds == 30 && policy->clock_quorum == 2);
}

static const char all_of_it[] =
    "name: all-of-it\n"
    "keys:\n"
    "  scheme: ksk-zsk\n"
    "  algorithm: rsasha512\n"
    "  ksk: {bits: 4096, lifetime: 2w, method: double-ds}\n"
    "  zsk: {bits: 2048, lifetime: unlimited, method: double-rrsig}\n"
    "  csk: {lifetime: P365D, method: single-signature}\n"
    "  dnskey-ttl: 2h\n"
    "  algorithm-roll: liberal\n"
    "  manual: true\n"
    "  publish-safety: 2m\n"
    "  retire-safety: 3m\n"
    "  purge-after: 0\n"
    "  standby-ksk: 1\n"
    "  standby-zsk: 2\n"
    "  no-key-events: [12-20..01-05, fri..sun, \"05-01\", wed]\n"
    "signatures:\n"
    "  validity: P28D\n"
    "  validity-dnskey: 30d\n"
    "  refresh: 1w\n"
    "  jitter: 90m\n"
    "  inception-offset: 7200\n"
    "denial: {type: nsec3, opt-out: true, iterations: 5, salt: '00aAfF'}\n"
    "zone: {dnssec: insecure, serial: date-counter, max-ttl: 1d, zonemd: false, propagation-delay: 5m}\n"
    "parent: {cds: always, ds: by-hand, trust-anchor: /etc/a b, check-interval: 10m, ds-ttl: 6h, propagation-delay: "
    "4m,\n"
    "  registration-delay: 9d, hook-ds-submit: [/bin/a, b], hook-ds-withdraw: [/bin/c]}\n"
    "publish:\n"
    "  keep-versions: 7\n"
    "  hook: [/usr/bin/logger, \"a b\", '$(id)']\n"
    "  hook-timeout: 90s\n"
    "clock: {max-jump: 8d, sources: [192.0.2.1, \"2001:db8::1@1123\", 192.0.2.3@9], tolerance: 30s, quorum: 2}\n"
    "limits:\n"
    "  delegations-removed: 0%\n"
    "  ds-removed: 0.0001%\n"
    "  size-change: unlimited\n"
    "  floor: 0\n";

static void every_key_reaches_its_field(void **state)
{
	(void)state;
	const struct policy policy = must_parse(all_of_it);
	assert_string_equal(policy.name, "all-of-it");
	assert_false(policy.csk);
	assert_int_equal(policy.algorithm, 10);
	assert_int_equal(policy.ksk_bits, 4096);
	assert_int_equal(policy.zsk_bits, 2048);
	assert_int_equal(policy.dnskey_ttl, 2 * HOUR);
	rollover_keys_reach_their_fields(&policy);
	assert_int_equal(policy.validity.seconds, 28 * DAY);
	assert_int_equal(policy.validity_dnskey.seconds, 30 * DAY);
	assert_int_equal(policy.refresh.seconds, 7 * DAY);
	assert_int_equal(policy.jitter.seconds, 90 * 60);
	assert_int_equal(policy.inception_offset.seconds, 7200);
	assert_int_equal(policy.denial, POLICY_NSEC3);
	assert_true(policy.opt_out);
	assert_int_equal(policy.iterations, 5);
	assert_int_equal(policy.salt_size, 3);
	assert_memory_equal(policy.salt, "\x00\xaa\xff", 3);
	assert_int_equal(policy.serial, POLICY_SERIAL_DATE_COUNTER);
	assert_int_equal(policy.max_zone_ttl, DAY);
	assert_false(policy.zonemd);
	assert_int_equal(policy.zone_propagation.seconds, 300);
	assert_int_equal(policy.cds, POLICY_CDS_ALWAYS);
	assert_string_equal(policy.trust_anchor, "/etc/a b");
	assert_int_equal(policy.keep_versions, 7);
	const char *words[POLICY_HOOK_WORDS + 1];
	assert_int_equal(policy_hook_words(policy.hook_publish, words), 3);
	assert_string_equal(words[1], "a b");
	assert_string_equal(words[2], "$(id)");
	assert_int_equal(policy.hook_timeout.seconds, 90);
	assert_int_equal(policy.delegations_removed.most_ppm, 0);
	assert_int_equal(policy.ds_removed.most_ppm, 1);
	assert_int_equal(policy.size_change.most_ppm, POLICY_UNLIMITED);
	assert_int_equal(policy.size_change.floor, 0);
}

static void left_out_keys_have_their_defaults(void **state)
{
	(void)state;
	struct policy defaults;
	policy_defaults(&defaults);
	const struct policy policy = must_parse("name: default\n");
	assert_same(&policy, &defaults);
	const struct policy bare = must_parse("--- {}\n...\n");
	assert_string_equal(bare.name, "p");
}

static void name_comes_from_the_file_if_the_text_has_none(void **state)
{
	(void)state;
	static const struct {
		const char *file, *name;
	} rows[] = { { "/etc/zoneseal/policies/tld-rsa.yaml", "tld-rsa" }, { "x", "x" }, { "-", "unnamed" },
		{ "Upper.yaml", "unnamed" }, { ".yaml", "unnamed" }, { "", "unnamed" } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct policy policy;
		assert_int_equal(policy_yaml_parse(rows[i].file, "{}", 2, &policy, NULL), STATUS_OK);
		assert_string_equal(policy.name, rows[i].name);
	}
}

static void windows_line_ends_are_read(void **state)
{
	(void)state;
	const struct policy policy = must_parse("zone:\r\n  serial: keep\r\n");
	assert_int_equal(policy.serial, POLICY_SERIAL_KEEP);
}

static char *whole_file(const char *path)
{
	FILE *const file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing", path);
	char *const text = calloc(1, 200000);
	assert_non_null(text);
	const size_t size = fread(text, 1, 199999, file);
	assert_true(size > 0 && size < 199999);
	fclose(file);
	return text;
}

static void printed_policy_reads_back_the_same(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{}",
		"keys: {scheme: csk, algorithm: ED25519}",
		"keys: {scheme: csk, algorithm: 8, ksk: {bits: 3072}}",
		"denial: {type: nsec3, salt: \"0123456789abcdef\"}\nlimits: {ds-removed: 33.3333%, floor: 1}",
		"publish: {hook: [/a, \"with \\\"quotes\\\" and \\\\\", \"\xc3\xa4\", \"# no comment\"], hook-timeout: "
		"1s}",
		"signatures: {validity: 1893456s, jitter: 1d1h1m1s}",
		"verifiers: {require-sandbox: true, full-verify-every: 12h, first: {command: [/a, \"-o{origin}\", "
		"\"{file}\", \"{time}\"]}, "
		"third: {command: [/b], "
		"timeout: 1s, "
		"verdict: advisory}}",
		"keys: {no-key-events: [12-20..01-05, fri..sun, 02-29, wed], ksk: {lifetime: 1000d}}",
		"parent: {hook-ds-submit: [/a, \"b c\"], hook-ds-withdraw: [/d]}\nzone: {dnssec: insecure}",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct arena *const mem = arena_new(0);
		const struct policy policy = must_parse(texts[i]);
		char *const printed = policy_yaml_print(&policy, mem);
		const struct policy again = must_parse(printed);
		assert_same(&policy, &again);
		assert_string_equal(policy_yaml_print(&again, mem), printed);
		arena_free(mem);
	}
}

static void printed_policy_shows_what_follows_from_it(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	struct policy policy;
	policy_defaults(&policy);
	const char *const printed = policy_yaml_print(&policy, mem);
	static const char *const lines[] = {
		"\n# a signature is replaced 10d12h to 11d after it is made (validity - refresh, less up to jitter)\n",
		"\n# if signing stops, the zone stays valid for 10d at least (refresh)\n",
		"\n# a change is in all caches 2d1h after it is published (propagation-delay + max-ttl)\n",
		"\n# a new DNSKEY is in all caches this long after it is published (RFC 7583 3.2.1, 3.3.1)\n"
		"#   Ipub = 3h = zone.propagation-delay 1h + keys.dnskey-ttl 1h + keys.publish-safety 1h\n",
		"\n#   ZSK roll = 2d5h = zone.propagation-delay 1h + keys.dnskey-ttl 1h + keys.publish-safety 1h + "
		"zone.propagation-delay 1h + zone.max-ttl 2d + keys.retire-safety 1h\n",
	};
	for (size_t i = 0; i < COUNT(lines); i++)
		if (strstr(printed, lines[i]) == NULL)
			fail_msg("not in the text:%s", lines[i]);
	arena_free(mem);
}

static void shipped_policies_are_what_they_are_named_for(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint8_t algorithm;
		unsigned bits;
		enum policy_denial denial;
		bool opt_out;
	} rows[] = { { "default", 13, 0, POLICY_NSEC, false }, { "tld", 13, 0, POLICY_NSEC3, true },
		{ "tld-rsa", 8, 2048, POLICY_NSEC3, true } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[300];
		snprintf(path, sizeof(path), "%s/policies/shipped/%s.yaml", ROOT, rows[i].name);
		char *const text = whole_file(path);
		const struct policy policy = must_parse(text);
		free(text);
		assert_string_equal(policy.name, rows[i].name);
		assert_int_equal(policy.algorithm, rows[i].algorithm);
		assert_int_equal(policy.ksk_bits, rows[i].bits);
		assert_int_equal(policy.zsk_bits, rows[i].bits);
		assert_int_equal(policy.denial, rows[i].denial);
		assert_int_equal(policy.opt_out, rows[i].opt_out);
		assert_int_equal(policy.iterations, 0);
		assert_int_equal(policy.salt_size, 0);
		assert_true(policy.zonemd);
		assert_false(policy.csk);
	}
}

static void shipped_default_is_the_built_in_one(void **state)
{
	(void)state;
	struct policy defaults;
	policy_defaults(&defaults);
	char *const text = whole_file(ROOT "/policies/shipped/default.yaml");
	const struct policy policy = must_parse(text);
	free(text);
	assert_same(&policy, &defaults);
}

static void committed_pages_are_what_the_table_yields(void **state)
{
	(void)state;
	struct arena *const mem = arena_new(0);
	char *const schema = whole_file(ROOT "/schema/policy.schema.json");
	char *const reference = whole_file(ROOT "/contrib/doc/policy.md");
	if (strcmp(schema, policy_yaml_schema(mem)) != 0)
		fail_msg("run: build/release/bin/policy_forms schema > schema/policy.schema.json");
	if (strcmp(reference, policy_yaml_reference(mem)) != 0)
		fail_msg("run: build/release/bin/policy_forms reference > contrib/doc/policy.md");
	free(schema);
	free(reference);
	arena_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal_says_where_and_why),
		cmocka_unit_test(nul_octet_is_refused),
		cmocka_unit_test(over_long_text_is_refused),
		cmocka_unit_test(over_deep_text_is_refused),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(left_out_keys_have_their_defaults),
		cmocka_unit_test(name_comes_from_the_file_if_the_text_has_none),
		cmocka_unit_test(windows_line_ends_are_read),
		cmocka_unit_test(printed_policy_reads_back_the_same),
		cmocka_unit_test(printed_policy_shows_what_follows_from_it),
		cmocka_unit_test(shipped_policies_are_what_they_are_named_for),
		cmocka_unit_test(shipped_default_is_the_built_in_one),
		cmocka_unit_test(committed_pages_are_what_the_table_yields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
