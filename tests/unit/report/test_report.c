/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/report/report.h"

enum { NOW = 1795521600, DAY = 86400 }; /* 2026-11-24T12:00:00Z */

static struct key key_of(enum key_role role, enum key_state dnskey, bool goal)
{
	struct key key = {
		.role = role, .algorithm = 13, .tag = 41001, .goal_present = goal, .created = { NOW - DAY }
	};
	key.state[KEY_DNSKEY] = dnskey;
	key.state[KEY_ZRRSIG] = role == KEY_KSK ? KEY_NA : dnskey;
	key.state[KEY_KRRSIG] = role == KEY_ZSK ? KEY_NA : dnskey;
	key.state[KEY_DS] = role == KEY_ZSK ? KEY_NA : KEY_HIDDEN;
	for (int i = 0; i < KEY_RECORDS; i++)
		key.since[i] = (struct utc){ NOW - DAY };
	if (dnskey != KEY_HIDDEN)
		key.active = (struct utc){ NOW - DAY };
	return key;
}

static void one_word_says_what_a_key_does(void **state)
{
	static const struct {
		const char *title;
		enum key_role role;
		enum key_state dnskey;
		bool goal, no_ds;
		const char *word;
	} cases[] = {
		{ "never published", KEY_KSK, KEY_HIDDEN, true, false, "prepared" },
		{ "a ZSK that signs is active at once", KEY_ZSK, KEY_RUMOURED, true, false, "active" },
		{ "a KSK waits for caches", KEY_KSK, KEY_RUMOURED, true, false, "publishing" },
		{ "then for the parent", KEY_KSK, KEY_OMNIPRESENT, true, false, "ready" },
		{ "a CSK as well", KEY_CSK, KEY_OMNIPRESENT, true, false, "ready" },
		{ "no parent, no waiting", KEY_CSK, KEY_OMNIPRESENT, true, true, "active" },
		{ "a ZSK to be replaced signs and is active", KEY_ZSK, KEY_OMNIPRESENT, false, false, "active" },
		{ "a KSK that never had a DS and is given up", KEY_KSK, KEY_OMNIPRESENT, false, false, "retiring" },
		{ "a key on its way out", KEY_ZSK, KEY_UNRETENTIVE, false, false, "retiring" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct key key = key_of(cases[i].role, cases[i].dnskey, cases[i].goal);
		const char *word = report_key_word(&key, cases[i].no_ds);
		if (strcmp(word, cases[i].word) != 0)
			fail_msg("%s: %s, expected %s", cases[i].title, word, cases[i].word);
	}
	struct key gone = key_of(KEY_KSK, KEY_HIDDEN, false);
	gone.active = (struct utc){ NOW - 9 * DAY };
	gone.state[KEY_DNSKEY] = gone.state[KEY_KRRSIG] = gone.state[KEY_DS] = KEY_HIDDEN;
	gone.since[KEY_DNSKEY] = (struct utc){ NOW - 3 * DAY };
	gone.since[KEY_KRRSIG] = (struct utc){ NOW - 4 * DAY };
	gone.since[KEY_DS] = (struct utc){ NOW - 2 * DAY };
	assert_int_equal(report_key_since(&gone, "removed").seconds, NOW - 2 * DAY);
	assert_int_equal(report_key_since(&gone, "retiring").seconds, NOW - 9 * DAY);
	gone.state[KEY_DS] = KEY_NA;
	assert_int_equal(report_key_since(&gone, "removed").seconds, NOW - 3 * DAY);
	struct key revoked = key_of(KEY_KSK, KEY_OMNIPRESENT, false);
	revoked.revoked = (struct utc){ NOW };
	assert_string_equal(report_key_word(&revoked, false), "revoked");
	assert_string_equal(report_key_word(&gone, false), "removed");
	struct key replaced = key_of(KEY_KSK, KEY_OMNIPRESENT, false);
	assert_string_equal(report_key_word(&replaced, true), "active");
	replaced.state[KEY_DS] = KEY_OMNIPRESENT;
	assert_string_equal(report_key_word(&replaced, false), "active");
	replaced.state[KEY_DS] = KEY_UNRETENTIVE;
	assert_string_equal(report_key_word(&replaced, false), "retiring");
	struct key zsk = key_of(KEY_ZSK, KEY_OMNIPRESENT, false);
	zsk.state[KEY_ZRRSIG] = KEY_UNRETENTIVE;
	assert_string_equal(report_key_word(&zsk, false), "retiring");
	struct key active = key_of(KEY_KSK, KEY_OMNIPRESENT, true);
	active.state[KEY_DS] = KEY_OMNIPRESENT;
	assert_string_equal(report_key_word(&active, false), "active");
	struct key next = key_of(KEY_ZSK, KEY_OMNIPRESENT, true);
	next.state[KEY_ZRRSIG] = KEY_HIDDEN;
	assert_string_equal(report_key_word(&next, false), "ready");
}

static struct report_zone zone_of(const char *name, enum report_health health)
{
	return (struct report_zone){ .name = name,
		.policy = "default",
		.output = "/srv/out",
		.parents = "",
		.health = health,
		.headline = "OK, nothing for you to do.",
		.published = true,
		.serial = 2026112401,
		.published_at = { NOW - 1260 },
		.valid_until = { NOW + 11 * DAY + 7200 },
		.next = { NOW + DAY },
		.signatures = 12,
		.checks = 31,
		.limit = { 5 * DAY } };
}

static char *status_text(const struct report_zone zones[], size_t count, bool is_virtual)
{
	char *text = NULL;
	size_t size;
	const struct report_state report = {
		.folder = "/s", .virtual_clock = is_virtual, .zones = zones, .zone_count = count
	};
	const struct report_style style = { .now = { NOW } };
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	report_status_text(out, &report, &style);
	fclose(out);
	return text;
}

static void first_line_says_whether_a_person_must_act(void **state)
{
	(void)state;
	struct report_zone zones[3] = { zone_of("a.test.", REPORT_OK), zone_of("b.test.", REPORT_WARN),
		zone_of("c.test.", REPORT_BLOCKED) };
	zones[1].command = "zoneseal log b.test.";
	zones[2].command = "zoneseal verify --last c.test.";
	char *text = status_text(zones, 3, false);
	assert_ptr_equal(
	    strstr(text, "1 zone needs you, 1 publication is BLOCKED, 1 fine.  2026-11-24 12:00Z\n"), text);
	assert_non_null(strstr(text, "YOU   zoneseal verify --last c.test.\n"));
	assert_non_null(strstr(text, "2026112401 21m ago"));
	assert_non_null(strstr(text, "11d 2h"));
	free(text);
	text = status_text(zones, 1, true);
	assert_ptr_equal(strstr(text, "The zone is fine, nothing for you to do."), text);
	assert_non_null(strstr(text, "VIRTUAL CLOCK"));
	free(text);
	text = status_text(NULL, 0, false);
	assert_ptr_equal(strstr(text, "No zones yet."), text);
	free(text);
}

static void first_line_is_true_in_each_state(void **state)
{
	(void)state;
	static const struct {
		enum report_health health[3];
		size_t count;
		bool stopped;
		const char *words;
	} cases[] = {
		{ { REPORT_NEW }, 1, false, "The zone is new; the next zoneseal run publishes it for the first time." },
		{ { REPORT_OK, REPORT_NEW }, 2, false, "1 fine, 1 new; the next zoneseal run publishes what is new." },
		{ { REPORT_OK, REPORT_OK }, 2, false, "All 2 zones are fine, nothing for you to do." },
		{ { REPORT_EXPIRED }, 1, false, "1 zone has EXPIRED." },
		{ { REPORT_WARN, REPORT_NEW, REPORT_OK }, 3, false, "1 zone needs you, 1 new, 1 fine." },
		{ { REPORT_BLOCKED, REPORT_BLOCKED, REPORT_EXPIRED }, 3, false,
		    "1 zone has EXPIRED, 2 publications are BLOCKED." },
		{ { REPORT_OK }, 1, true, "1 zone, as it was last published." },
		{ { REPORT_OK, REPORT_OK }, 2, true, "2 zones, as they were last published." },
		{ { REPORT_WARN, REPORT_OK }, 2, true, "1 zone needs you, 1 fine." },
		{ { REPORT_OK }, 0, true, "No zones yet. Add one: zoneseal zone add ZONE -i FILE" },
	};
	struct arena *const mem = arena_new(0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct report_tally tally = { .stopped = cases[i].stopped };
		for (size_t k = 0; k < cases[i].count; k++)
			report_tally_add(&tally, cases[i].health[k], false);
		assert_string_equal(report_tally_words(&tally, mem), cases[i].words);
	}
	arena_free(mem);
}

static void what_stops_everything_comes_before_the_zones(void **state)
{
	(void)state;
	const struct report_zone zone = zone_of("a.test.", REPORT_OK);
	const struct report_style style = { .now = { NOW } };
	static const char *const begins[] = { "The zone is fine",
		"RESTORED from a backup and not reconciled: nothing is signed",
		"CLOCK: it is behind the last recorded run, so nothing is signed", "STANDBY, fenced" };
	for (size_t i = 0; i < COUNT(begins); i++) {
		char *text = NULL;
		size_t size;
		const struct report_state report = { .folder = "/s",
			.zones = &zone,
			.zone_count = 1,
			.restored = i == 1,
			.clock_behind = i == 2,
			.standby = i == 3 };
		FILE *const out = open_memstream(&text, &size);
		assert_non_null(out);
		report_status_text(out, &report, &style);
		fclose(out);
		assert_ptr_equal(strstr(text, begins[i]), text);
		assert_int_equal(strstr(text, "nothing for you to do") == NULL, i == 1 || i == 2);
		free(text);
	}
}

static void many_good_zones_are_one_line(void **state)
{
	(void)state;
	struct report_zone zones[40];
	for (size_t i = 0; i < COUNT(zones); i++)
		zones[i] = zone_of("good.test.", i == 7 ? REPORT_BLOCKED : REPORT_OK);
	char *text = status_text(zones, COUNT(zones), false);
	assert_non_null(strstr(text, "... 39 more, all ok (--all)"));
	assert_non_null(strstr(text, "BLOCKED"));
	free(text);
}

static void times_come_with_their_distance(void **state)
{
	static const struct {
		int64_t when;
		const char *text;
	} cases[] = {
		{ NOW - 60, "2026-11-24 11:59Z (1m ago)" },
		{ NOW + 9 * DAY + 72000, "2026-12-04 08:00Z (in 9d 20h)" },
		{ 0, "never" },
		{ INT64_MAX, "never" },
	};
	(void)state;
	struct arena *mem = arena_new(0);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(
		    report_when((struct utc){ cases[i].when }, (struct utc){ NOW }, mem), cases[i].text);
	arena_free(mem);
}

static char *printed(struct report *report)
{
	char *text = NULL;
	size_t size;
	struct error err;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(report_print(out, report, &err), STATUS_OK);
	fclose(out);
	return text;
}

static void json_keeps_order_and_gives_both_times(void **state)
{
	(void)state;
	struct report *report = report_new("zoneseal.test/1");
	report_text(report, "z", "1");
	report_time(report, "when", (struct utc){ NOW });
	report_time(report, "unset", (struct utc){ 0 });
	report_time(report, "never", UTC_NEVER);
	report_text(report, "a", NULL);
	report_bool(report, "yes", true);
	char *text = printed(report);
	assert_string_equal(text, "{\n"
				  "  \"schema\": \"zoneseal.test/1\",\n"
				  "  \"z\": \"1\",\n"
				  "  \"when\": \"2026-11-24T12:00:00Z\",\n"
				  "  \"when_epoch\": 1795521600,\n"
				  "  \"unset\": null,\n"
				  "  \"unset_epoch\": null,\n"
				  "  \"never\": null,\n"
				  "  \"never_epoch\": null,\n"
				  "  \"a\": null,\n"
				  "  \"yes\": true\n"
				  "}\n");
	free(text);
}

static void json_stays_a_document_whatever_octets_come(void **state)
{
	(void)state;
	struct report *report = report_new(NULL);
	report_text(report, "name", "\377\001\"");
	report_json(report, "verdict", "{cut");
	char *text = printed(report);
	assert_string_equal(text, "{\n  \"name\": \"\\\\255\\\\001\\\"\",\n  \"verdict\": null\n}\n");
	free(text);
}

static void errors_are_json_with_their_place(void **state)
{
	(void)state;
	struct error err;
	(void)error_set_at(&err, STATUS_MALFORMED, "nl.zone", 7, 3, "bad address");
	struct report *report = report_new("zoneseal.error/1");
	report_error(report, &err, STATUS_MALFORMED, "sig.valid");
	char *text = printed(report);
	assert_non_null(strstr(text, "\"status\": \"malformed\""));
	assert_non_null(strstr(text, "\"exit_code\": 65"));
	assert_non_null(strstr(text, "\"line\": 7"));
	assert_non_null(strstr(text, "\"check\": \"sig.valid\""));
	free(text);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	struct error err;
	FILE *full = fopen("/dev/full", "w");
	assert_non_null(full);
	error_clear(&err);
	assert_int_equal(report_print(full, report_new("zoneseal.test/1"), &err), STATUS_IO);
	fclose(full);
}

/* The text of a verdict; the caller frees it. */
static char *told(const char *json, bool *pass)
{
	char *text = NULL;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	assert_true(report_verdict_text(out, json, false, pass));
	fclose(out);
	return text;
}

static void a_verdict_is_told_without_raw_octets(void **state)
{
	static const char json[] =
	    "{\"verdict\":\"fail\",\"zone\":\"nl.test.\",\"serial\":7,\"records\":3,\"signatures\":2,\"time\":\"t\","
	    "\"checks\":[{\"id\":\"sig.valid\",\"result\":\"fail\",\"checked\":2,\"failed\":1},"
	    "{\"id\":\"x\",\"result\":\"not asked\",\"checked\":0,\"failed\":0}],"
	    "\"findings\":[{\"id\":\"sig.valid\",\"count\":1,\"what\":\"bad\\u001b[31m\",\"cause\":\"\",\"advice\":"
	    "\"\","
	    "\"examples\":[{\"owner\":\"a.\",\"type\":\"A\",\"line\":9,\"detail\":\"d\"}]}]}";
	(void)state;
	bool pass = true;
	char *const text = told(json, &pass);
	assert_false(pass);
	assert_null(strchr(text, 033));
	assert_non_null(strstr(text, "FAIL  nl.test. serial 7"));
	assert_non_null(strstr(text, "a. A (line 9)"));
	assert_non_null(strstr(text, "0 pass, 1 FAIL, 1 not asked"));
	free(text);
	assert_false(report_verdict_text(stdout, "{cut", true, &pass));
}

static void a_stored_verdict_tells_each_cause_once(void **state)
{
	static const char json[] =
	    "{\"verdict\":\"fail\",\"zone\":\"nl.test.\",\"checks\":[],\"findings\":["
	    "{\"id\":\"sig.valid\",\"result\":\"fail\",\"count\":4,\"what\":\"bad\",\"examples\":[]},"
	    "{\"id\":\"sig.valid\",\"result\":\"fail\",\"count\":1,\"what\":\"worse\",\"examples\":[]},"
	    "{\"id\":\"response.nodata\",\"result\":\"fail\",\"count\":2,\"what\":\"x\",\"follows\":\"sig.valid\"},"
	    "{\"id\":\"response.nxdomain\",\"result\":\"fail\",\"count\":3,\"what\":\"x\",\"follows\":\"sig.valid\"},"
	    "{\"id\":\"zonemd.every\",\"result\":\"warn\",\"count\":9,\"what\":\"y\",\"examples\":[]},"
	    "{\"id\":\"structure.doubled\",\"result\":\"warn\",\"count\":8,\"what\":\"z\",\"cause\":\"lost\"}]}";
	(void)state;
	bool pass = true;
	char *const text = told(json, &pass);
	assert_non_null(
	    strstr(text, "\nsig.valid  bad  (4)\n  Do: zoneseal explain sig.valid\n"
			 "  With it 5 answers of name servers fail (response.nodata, response.nxdomain; --json has "
			 "each)\n\nsig.valid  worse  (1)\n  Do: zoneseal explain sig.valid\n\n"
			 "structure.doubled  z  (8)\n  => lost\n\nwarn  zonemd.every  y: 9\n\nCHECKS"));
	assert_null(strstr(text, "response.nodata  x"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_word_says_what_a_key_does),
		cmocka_unit_test(first_line_says_whether_a_person_must_act),
		cmocka_unit_test(first_line_is_true_in_each_state),
		cmocka_unit_test(what_stops_everything_comes_before_the_zones),
		cmocka_unit_test(many_good_zones_are_one_line),
		cmocka_unit_test(times_come_with_their_distance),
		cmocka_unit_test(json_keeps_order_and_gives_both_times),
		cmocka_unit_test(json_stays_a_document_whatever_octets_come),
		cmocka_unit_test(a_stored_verdict_tells_each_cause_once),
		cmocka_unit_test(errors_are_json_with_their_place),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_verdict_is_told_without_raw_octets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
