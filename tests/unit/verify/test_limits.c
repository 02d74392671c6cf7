/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "signer/verify/vlimits.h"

#define SCHEMA "\"schema\": \"zoneseal.limits/1\""
#define EXPECTED(limit, serial)                                                                                        \
	"{\"limit\": \"" limit "\", \"serial\": " serial ", \"reason\": \"a purge\", \"who\": \"root\\u0007\", "       \
	"\"given\": \"2026-11-24T12:00:00Z\"}"

static void all_members_are_read(void **state)
{
	static const char text[] =
	    "{" SCHEMA ", \"max_ttl\": 3600, \"min_remaining\": 0, \"algorithms\": [13, 15], "
	    "\"rsa_min_bits\": 3072, \"denial\": \"nsec3\", \"iterations\": 5, \"salt\": \"ABcd\", "
	    "\"opt_out\": false, \"zonemd\": true, \"cds_delete\": true, \"require_sandbox\": true, "
	    "\"warn\": [\"structure.glue\", \"K1\"], "
	    "\"change\": {\"records\": {\"ppm\": 1, \"floor\": 2}, \"ds\": {\"floor\": 9}}, "
	    "\"expected\": [" EXPECTED("removed", "7") ", " EXPECTED("ds", "8") "]}";
	struct vlimits l;
	struct error err;
	(void)state;
	assert_int_equal(vlimits_parse("limits", text, sizeof(text) - 1, &l, &err), STATUS_OK);
	assert_true(l.given && l.have_max_ttl && l.max_ttl == 3600);
	assert_true(l.have_min_remaining && l.min_remaining == 0);
	assert_true(l.have_algorithms && l.algorithms[13] && l.algorithms[15] && !l.algorithms[8]);
	assert_true(l.rsa_min_bits == 3072 && l.denial == VDENIAL_NSEC3 && l.iterations == 5);
	assert_true(l.salt_size == 2 && l.salt[0] == 0xab && l.salt[1] == 0xcd);
	assert_true(l.opt_out == VCHOICE_NO && l.zonemd && l.cds_delete && l.require_sandbox);
	assert_true(l.warn[VC_STRUCTURE_GLUE] && l.warn[VC_KEY_TAG] && !l.warn[VC_DENIAL_TTL]);
	assert_true(l.change[VERIFY_RECORDS].ppm == 1 && l.change[VERIFY_RECORDS].floor == 2);
	assert_true(l.change[VERIFY_DS].floor == 9 && l.change[VERIFY_DS].ppm == 50000);
	assert_true(l.expected[VERIFY_REMOVED].given && l.expected[VERIFY_REMOVED].serial == 7);
	assert_true(l.expected[VERIFY_DS].given && l.expected[VERIFY_DS].serial == 8);
	assert_false(l.expected[VERIFY_RECORDS].given || l.expected[VERIFY_ADDED].given || l.expected[VERIFY_NS].given);
	assert_string_equal(l.expected[VERIFY_DS].words, "a purge, root?, 2026-11-24T12:00:00Z");
}

struct refusal {
	const char *text;
	const char *says;
};

static void what_is_not_understood_is_refused(void **state)
{
	static const struct refusal refusals[] = {
		{ "", "not JSON" },
		{ "{", "not JSON" },
		{ "[]", "no object" },
		{ "{}", "no object" },
		{ "{\"schema\": \"zoneseal.limits/2\"}", "bad value of \"schema\"" },
		{ "{" SCHEMA ", " SCHEMA "}", "not JSON" },
		{ "{" SCHEMA ", \"nope\": 1}", "unknown member" },
		{ "{" SCHEMA ", \"max_ttl\": -1}", "max_ttl" },
		{ "{" SCHEMA ", \"max_ttl\": \"1\"}", "max_ttl" },
		{ "{" SCHEMA ", \"min_remaining\": 1.5}", "min_remaining" },
		{ "{" SCHEMA ", \"algorithms\": []}", "algorithms" },
		{ "{" SCHEMA ", \"algorithms\": [256]}", "algorithms" },
		{ "{" SCHEMA ", \"rsa_min_bits\": 99999}", "rsa_min_bits" },
		{ "{" SCHEMA ", \"denial\": \"none\"}", "denial" },
		{ "{" SCHEMA ", \"iterations\": 65536}", "iterations" },
		{ "{" SCHEMA ", \"salt\": \"abc\"}", "salt" },
		{ "{" SCHEMA ", \"salt\": 5}", "salt" },
		{ "{" SCHEMA ", \"opt_out\": 1}", "opt_out" },
		{ "{" SCHEMA ", \"zonemd\": null}", "zonemd" },
		{ "{" SCHEMA ", \"cds_delete\": \"no\"}", "cds_delete" },
		{ "{" SCHEMA ", \"require_sandbox\": 1}", "require_sandbox" },
		{ "{" SCHEMA ", \"warn\": \"structure.glue\"}", "warn" },
		{ "{" SCHEMA ", \"warn\": [\"no.check\"]}", "warn" },
		{ "{" SCHEMA ", \"warn\": [\"sig.valid\"]}", "warn" },
		{ "{" SCHEMA ", \"dnskey_ttl\": -1}", "dnskey_ttl" },
		{ "{" SCHEMA ", \"inception_offset\": \"1h\"}", "inception_offset" },
		{ "{" SCHEMA ", \"max_validity\": null}", "max_validity" },
		{ "{" SCHEMA ", \"serial\": \"keep\"}", "serial" },
		{ "{" SCHEMA ", \"serial\": {\"policy\": \"\"}}", "serial" },
		{ "{" SCHEMA ", \"serial\": {\"floor\": 5}}", "serial" },
		{ "{" SCHEMA ", \"serial\": {\"policy\": \"keep\", \"floor\": -1}}", "serial" },
		{ "{" SCHEMA ", \"serial\": {\"policy\": \"keep\", \"more\": 1}}", "serial" },
		{ "{" SCHEMA ", \"expected\": {}}", "expected" },
		{ "{" SCHEMA ", \"expected\": [5]}", "expected" },
		{ "{" SCHEMA ", \"expected\": [{\"limit\": \"ds\", \"serial\": 1}]}", "expected" },
		{ "{" SCHEMA ", \"expected\": [" EXPECTED("sig.valid", "1") "]}", "expected" },
		{ "{" SCHEMA ", \"expected\": [" EXPECTED("ds", "-1") "]}", "expected" },
		{ "{" SCHEMA ", \"expected\": [" EXPECTED("ds", "\"1\"") "]}", "expected" },
		{ "{" SCHEMA ", \"expected\": [" EXPECTED("ds", "1") ", " EXPECTED("ds", "2") "]}", "expected" },
		{ "{" SCHEMA ", \"change\": []}", "change" },
		{ "{" SCHEMA ", \"change\": {\"x\": {}}}", "change" },
		{ "{" SCHEMA ", \"change\": {\"ds\": 5}}", "change" },
		{ "{" SCHEMA ", \"change\": {\"ds\": {\"ppm\": -1}}}", "change" },
		{ "{" SCHEMA ", \"change\": {\"ds\": {\"other\": 1}}}", "change" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct vlimits untouched = { .max_ttl = 7 };
		struct error err;
		error_clear(&err);
		const enum status status =
		    vlimits_parse("limits", refusals[i].text, strlen(refusals[i].text), &untouched, &err);
		if (status != STATUS_MALFORMED || strstr(err.message, refusals[i].says) == NULL ||
		    untouched.max_ttl != 7)
			fail_msg("%s: %d %s", refusals[i].text, status, err.message);
	}
}

static void each_check_is_found_by_id_and_by_alias(void **state)
{
	size_t count;
	const struct verify_check *const checks = verify_checks(&count);
	(void)state;
	assert_true(count > 80);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(verify_check_find(checks[i].id), &checks[i]);
		assert_string_equal(verify_check_find(checks[i].alias)->alias, checks[i].alias);
		assert_true(strlen(checks[i].explain) > 20 && strlen(checks[i].counts) > 3);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(checks[i].id, checks[j].id);
	}
	assert_null(verify_check_find("no.check"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_members_are_read),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(each_check_is_found_by_id_and_by_alias) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
