/* SPDX-License-Identifier: MIT */
/* What a zone looks like on its way in and out of DNSSEC: CDS forms, revoked and standby keys, no signatures at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "tests/unit/sign/signed.h"

enum { ED25519 = 15 };

static const char small[] = "$ORIGIN example.\n$TTL 3600\n"
			    "@ SOA ns.example. admin.example. 7 7200 3600 1209600 300\n@ NS ns\n"
			    "ns A 192.0.2.1\na NS ns.a\nns.a A 192.0.2.2\nb NS ns\nb DS 1 13 2 "
			    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\nm TXT m\n";

static void make(struct signed_zone *zone, const char *text, const char *previous)
{
	if (signed_make(zone, text, previous) != STATUS_OK)
		fail_msg("%s", zone->err.message);
}

static void has_count(const struct signed_zone *zone, const char *part, size_t count)
{
	if (signed_count(zone->text, part) != count)
		fail_msg("%zu times \"%s\", not %zu, in\n%s", signed_count(zone->text, part), part, count, zone->text);
}

static void cds_says_what_the_policy_chose(void **state)
{
	(void)state;
	static const struct {
		const char *title;
		enum apex_cds cds;
		bool cds_delete;
		enum key_state ds, second_ds;
		size_t records; /* of each type */
	} cases[] = {
		{ "never", APEX_CDS_NONE, false, KEY_RUMOURED, KEY_UNRETENTIVE, 0 },
		{ "always, while nothing changes", APEX_CDS_ALWAYS, false, KEY_OMNIPRESENT, KEY_HIDDEN, 1 },
		{ "always, the wanted set", APEX_CDS_ALWAYS, false, KEY_RUMOURED, KEY_UNRETENTIVE, 1 },
		{ "always, two wanted", APEX_CDS_ALWAYS, false, KEY_RUMOURED, KEY_OMNIPRESENT, 2 },
		{ "no empty set is published", APEX_CDS_ALWAYS, false, KEY_HIDDEN, KEY_UNRETENTIVE, 0 },
		{ "rollover, while nothing changes", APEX_CDS_ROLLOVER, false, KEY_OMNIPRESENT, KEY_HIDDEN, 0 },
		{ "rollover, one is introduced", APEX_CDS_ROLLOVER, false, KEY_OMNIPRESENT, KEY_RUMOURED, 2 },
		{ "rollover, one is withdrawn", APEX_CDS_ROLLOVER, false, KEY_OMNIPRESENT, KEY_UNRETENTIVE, 1 },
		{ "deletion, whatever the policy", APEX_CDS_NONE, true, KEY_UNRETENTIVE, KEY_HIDDEN, 1 },
		{ "deletion stands alone", APEX_CDS_ALWAYS, true, KEY_OMNIPRESENT, KEY_RUMOURED, 1 },
	};
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	struct key *const second = signed_add_key(&zone, KEY_KSK, ED25519);
	for (size_t i = 0; i < COUNT(cases); i++) {
		zone.parameters.cds = cases[i].cds;
		zone.parameters.cds_delete = cases[i].cds_delete;
		zone.keys[0].state[KEY_DS] = cases[i].ds;
		second->state[KEY_DS] = cases[i].second_ds;
		make(&zone, small, NULL);
		const size_t deleted = cases[i].cds_delete ? 1 : 0;
		const size_t made[] = { signed_count(zone.text, "\tIN\tCDS\t"),
			signed_count(zone.text, "\tIN\tCDNSKEY\t"), signed_count(zone.text, "\tIN\tCDS\t0 0 0 00"),
			signed_count(zone.text, "\tIN\tCDNSKEY\t0 3 0 AA==") };
		if (made[0] != cases[i].records || made[1] != made[0] || made[2] != deleted || made[3] != deleted)
			fail_msg("%s:\n%s", cases[i].title, zone.text);
		has_count(&zone, "\tRRSIG\tCDS ", cases[i].records > 0 ? 2 : 0);
		has_count(&zone, "\tRRSIG\tCDNSKEY ", cases[i].records > 0 ? 2 : 0);
	}
	signed_close(&zone);
}

static void a_revoked_key_signs_the_key_set_in_its_revoked_form_and_nothing_else(void **state)
{
	(void)state;
	struct signed_zone zone;
	char part[64];
	signed_open(&zone, "example.", ED25519, false);
	struct key *const revoked = signed_add_key(&zone, KEY_KSK, ED25519);
	revoked->revoked = zone.parameters.now;
	make(&zone, small, NULL);
	has_count(&zone, "\tIN\tDNSKEY\t385 3 15 ", 1);
	has_count(&zone, "\tIN\tDNSKEY\t257 3 15 ", 1);
	snprintf(part, sizeof(part), " %u example. ", revoked->revoked_tag);
	has_count(&zone, part, 1);
	has_count(&zone, "\tRRSIG\tDNSKEY ", 2);
	snprintf(part, sizeof(part), " %u example. ", revoked->tag);
	has_count(&zone, part, 0);
	has_count(&zone, "\tRRSIG\tCDS ", 1);
	has_count(&zone, "\tIN\tCDS\t", 1);
	has_count(&zone, "\tIN\tCDNSKEY\t257 ", 1);
	/* What it signed before it was revoked is of no use now; what it signed since is kept. */
	char *const before = strdup(zone.text);
	zone.parameters.serial++;
	make(&zone, small, before);
	assert_int_equal(zone.result.signatures_made, 2); /* SOA and ZONEMD */
	revoked->revoked = (struct utc){ 0 };
	make(&zone, small, before);
	has_count(&zone, "\tIN\tDNSKEY\t385 ", 0);
	snprintf(part, sizeof(part), " %u example. ", revoked->tag);
	has_count(&zone, part, 3); /* DNSKEY, CDS, CDNSKEY */
	free(before);
	signed_close(&zone);
}

static void a_zone_cannot_rest_on_revoked_keys(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	zone.keys[0].revoked = zone.parameters.now;
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_KEY);
	assert_non_null(strstr(zone.err.message, "revoked"));
	zone.keys[0].revoked = (struct utc){ 0 };
	zone.keys[1].revoked = zone.parameters.now;
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_KEY);
	assert_non_null(strstr(zone.err.message, "no key signs the zone's data"));
	signed_close(&zone);
}

static void standby_keys_are_published_and_sign_nothing(void **state)
{
	(void)state;
	struct signed_zone zone;
	char part[64];
	signed_open(&zone, "example.", ED25519, false);
	struct key *const zsk = signed_add_key(&zone, KEY_ZSK, ED25519);
	struct key *const ksk = signed_add_key(&zone, KEY_KSK, ED25519);
	zsk->standby = ksk->standby = true;
	zsk->state[KEY_ZRRSIG] = ksk->state[KEY_DS] = KEY_HIDDEN;
	ksk->state[KEY_KRRSIG] = KEY_HIDDEN;
	make(&zone, small, NULL);
	has_count(&zone, "\tIN\tDNSKEY\t", 4);
	for (int i = 0; i < 2; i++) {
		snprintf(part, sizeof(part), " %u example. ", i == 0 ? zsk->tag : ksk->tag);
		has_count(&zone, part, 0);
	}
	has_count(&zone, "\tIN\tCDS\t", 1);
	signed_close(&zone);
}

static void an_unsigned_zone_is_its_input(void **state)
{
	(void)state;
	static const char expected[] = "example.\t3600\tIN\tSOA\tns.example. admin.example. 2026112401 7200 3600 "
				       "1209600 300\n"
				       "example.\t3600\tIN\tNS\tns.example.\n"
				       "a.example.\t3600\tIN\tNS\tns.a.example.\n"
				       "ns.a.example.\t3600\tIN\tA\t192.0.2.2\n"
				       "b.example.\t3600\tIN\tNS\tns.example.\n"
				       "b.example.\t3600\tIN\tDS\t1 13 2 "
				       "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n"
				       "m.example.\t3600\tIN\tTXT\t\"m\"\n"
				       "ns.example.\t3600\tIN\tA\t192.0.2.1\n";
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	make(&zone, small, NULL);
	char *const before = strdup(zone.text);
	zone.parameters.unsigned_output = true;
	zone.parameters.zonemd = false;
	for (int flavour = 0; flavour < 8; flavour++) {
		zone.parameters.nsec3 = (flavour & 1) != 0;
		zone.parameters.cds_delete = (flavour & 2) != 0;
		/* From the plain input, and from what was published signed: our own records are dropped. */
		make(&zone, (flavour & 4) != 0 ? before : small, before);
		assert_string_equal(zone.text, expected);
		assert_int_equal(zone.result.signatures, 0);
		assert_int_equal(zone.result.denial_records, 0);
		assert_int_equal(zone.result.records, 8);
		assert_int_equal(zone.result.secure_delegations, 1);
		assert_true(zone.result.first_expiry.seconds == UTC_NEVER.seconds);
		assert_true(zone.result.refresh_due.seconds == UTC_NEVER.seconds);
	}
	free(before);
	signed_close(&zone);
}

static void an_unsigned_zone_needs_no_keys_and_may_have_a_zonemd(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	zone.key_count = 0;
	zone.parameters.unsigned_output = true;
	make(&zone, small, NULL);
	has_count(&zone, "\tIN\tZONEMD\t2026112401 1 1 ", 1);
	has_count(&zone, "\tRRSIG\t", 0);
	assert_int_equal(zone.result.records, 9);
	char *const one = strdup(zone.text);
	zone.parameters.threads = 1;
	make(&zone, small, NULL);
	assert_string_equal(zone.text, one);
	free(one);
	signed_close(&zone);
}

static void an_unsigned_zone_is_refused_where_a_signed_one_is(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	make(&zone, small, NULL);
	char *const foreign = strdup(zone.text);
	zone.parameters.unsigned_output = true;
	zone.parameters.max_ttl = 300;
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_MALFORMED);
	zone.parameters.max_ttl = 0;
	zone.key_count = 0;
	assert_int_equal(signed_make(&zone, foreign, NULL), STATUS_REFUSED);
	zone.replace_foreign = true;
	make(&zone, foreign, NULL);
	has_count(&zone, "DNSKEY", 0);
	assert_int_equal(signed_make(&zone, "$TTL 60\n@ SOA a. b. 1 2 3 4 5\n", NULL), STATUS_MALFORMED);
	free(foreign);
	signed_close(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cds_says_what_the_policy_chose),
		cmocka_unit_test(a_revoked_key_signs_the_key_set_in_its_revoked_form_and_nothing_else),
		cmocka_unit_test(a_zone_cannot_rest_on_revoked_keys),
		cmocka_unit_test(standby_keys_are_published_and_sign_nothing),
		cmocka_unit_test(an_unsigned_zone_is_its_input),
		cmocka_unit_test(an_unsigned_zone_needs_no_keys_and_may_have_a_zonemd),
		cmocka_unit_test(an_unsigned_zone_is_refused_where_a_signed_one_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
