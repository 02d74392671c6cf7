/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "tests/unit/sign/signed.h"
#include "tests/unit/zone/text.h"

enum { ED25519 = 15, DAY = 86400 };

#define APEX                                                                                                           \
	"$ORIGIN example.\n$TTL 3600\n"                                                                                \
	"@ SOA ns.example. admin.example. 7 7200 3600 1209600 300\n"                                                   \
	"@ NS ns\n"

static const char small[] = APEX "ns A 192.0.2.1\na NS ns.a\nns.a A 192.0.2.2\nb NS ns\nb DS 1 13 2 "
				 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\nm TXT m\n";

static void make(struct signed_zone *zone, const char *text, const char *previous)
{
	if (signed_make(zone, text, previous) != STATUS_OK)
		fail_msg("%s", zone->err.message);
}

static void has_line(const struct signed_zone *zone, const char *start)
{
	char *const line = signed_line(zone->text, start);
	if (line == NULL)
		fail_msg("no line \"%s\" in\n%s", start, zone->text);
	free(line);
}

static void has_count(const struct signed_zone *zone, const char *part, size_t count)
{
	if (signed_count(zone->text, part) != count)
		fail_msg("%zu times \"%s\", not %zu, in\n%s", signed_count(zone->text, part), part, count, zone->text);
}

/* A few thousand names: more than one section, and names of every kind. */
static char *many_names(unsigned count)
{
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	fputs(small, out);
	for (unsigned i = 0; i < count; i++) {
		fprintf(out, "n%u NS ns.n%u\nns.n%u A 192.0.2.7\n", i * 7919U % count, i * 7919U % count,
		    i * 7919U % count);
		if (i % 5 == 0)
			fprintf(out,
			    "n%u DS %u 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", i,
			    i % 65536);
		if (i % 11 == 0)
			fprintf(out, "t%u.e%u TXT \"%u\"\n", i, i % 3, i);
	}
	fclose(out);
	return text;
}

static void threads_do_not_change_the_octets(void **state)
{
	(void)state;
	static const uint8_t algorithms[] = { ED25519, 8 };
	char *const text = many_names(3000);
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		struct signed_zone zone;
		signed_open(&zone, "example.", algorithms[i], false);
		for (int flavour = 0; flavour < 3; flavour++) {
			/* RSA is slow; opt-out has the fewest signatures. */
			if (algorithms[i] != ED25519 && flavour < 2)
				continue;
			zone.parameters.nsec3 = flavour > 0;
			zone.parameters.opt_out = flavour > 1;
			zone.parameters.threads = 1;
			make(&zone, text, NULL);
			const struct sign_result first = zone.result;
			zone.parameters.threads = 4;
			make(&zone, text, NULL);
			assert_memory_equal(zone.result.sha256, first.sha256, 32);
			assert_int_equal(zone.result.size, first.size);
			assert_true(zone.result.first_expiry.seconds == first.first_expiry.seconds);
		}
		signed_close(&zone);
	}
	free(text);
}

static void the_ksk_signs_keys_and_the_zsk_all_else(void **state)
{
	(void)state;
	struct signed_zone zone;
	char part[64];
	signed_open(&zone, "example.", ED25519, false);
	zone.parameters.nsec3 = true;
	make(&zone, small, NULL);
	snprintf(part, sizeof(part), " %u example. ", zone.keys[0].tag);
	has_count(&zone, part, 3);
	for (size_t i = 0; i < 3; i++) {
		static const char *const starts[] = { "RRSIG\tDNSKEY 15 1 3600 ", "RRSIG\tCDS 15 1 3600 ",
			"RRSIG\tCDNSKEY 15 1 3600 " };
		char line[96];
		snprintf(line, sizeof(line), "example.\t3600\tIN\t%s", starts[i]);
		has_line(&zone, line);
		has_count(&zone, starts[i], 1);
	}
	snprintf(part, sizeof(part), " %u example. ", zone.keys[1].tag);
	has_count(&zone, part, zone.result.signatures - 3);
	/* NS, SOA, NSEC3PARAM, ZONEMD; ns A, b DS, m TXT; an NSEC3 for the apex, a, b, m, ns. */
	assert_int_equal(zone.result.signatures, 3 + 4 + 3 + 5);
	assert_int_equal(zone.result.signatures_made, zone.result.signatures);
	assert_int_equal(zone.result.denial_records, 5);
	assert_int_equal(zone.result.delegations, 2);
	assert_int_equal(zone.result.secure_delegations, 1);
	assert_int_equal(zone.result.input_serial, 7);
	assert_int_equal(zone.result.negative_ttl, 300);
	assert_int_equal(zone.result.largest_ttl, 3600);
	has_count(&zone, "\tIN\t", zone.result.records);
	assert_int_equal(zone.result.size, strlen(zone.text));
	signed_close(&zone);
}

static void a_key_does_what_its_states_say(void **state)
{
	(void)state;
	struct signed_zone zone;
	char part[64];
	signed_open(&zone, "example.", ED25519, false);
	struct key *const second = signed_add_key(&zone, KEY_ZSK, 13);
	struct key *const waiting = signed_add_key(&zone, KEY_ZSK, ED25519);
	struct key *const hidden = signed_add_key(&zone, KEY_KSK, ED25519);
	waiting->state[KEY_ZRRSIG] = KEY_HIDDEN;
	hidden->state[KEY_DNSKEY] = hidden->state[KEY_KRRSIG] = KEY_HIDDEN;
	hidden->state[KEY_DS] = KEY_UNRETENTIVE;
	make(&zone, small, NULL);
	has_count(&zone, "\tIN\tDNSKEY\t", 4);
	has_count(&zone, "\tIN\tCDS\t", 1);
	has_count(&zone, "\tIN\tCDNSKEY\t", 1);
	has_count(&zone, "\tRRSIG\tTXT 15 ", 1);
	has_count(&zone, "\tRRSIG\tTXT 13 ", 1);
	has_count(&zone, "\tRRSIG\tDNSKEY ", 1);
	snprintf(part, sizeof(part), " %u example. ", waiting->tag);
	has_count(&zone, part, 0);
	second->state[KEY_ZRRSIG] = KEY_UNRETENTIVE;
	zone.parameters.cds = APEX_CDS_NONE;
	make(&zone, small, NULL);
	has_count(&zone, "\tRRSIG\tTXT ", 1);
	has_count(&zone, "\tCDS\t", 0);
	has_count(&zone, "\tCDNSKEY\t", 0);
	signed_close(&zone);
}

static void no_key_no_zone(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	zone.keys[1].state[KEY_ZRRSIG] = KEY_HIDDEN;
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_KEY);
	assert_non_null(strstr(zone.err.message, "no key signs the zone's data"));
	zone.keys[1].state[KEY_ZRRSIG] = KEY_OMNIPRESENT;
	zone.keys[0].state[KEY_KRRSIG] = KEY_HIDDEN;
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_KEY);
	assert_non_null(strstr(zone.err.message, "no key signs the DNSKEY RRset"));
	zone.keys[0].state[KEY_KRRSIG] = KEY_OMNIPRESENT;
	zone.keys[0].state[KEY_DNSKEY] = zone.keys[1].state[KEY_DNSKEY] = KEY_HIDDEN;
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_KEY);
	assert_non_null(strstr(zone.err.message, "no key is published"));
	zone.keys[0].state[KEY_DNSKEY] = zone.keys[1].state[KEY_DNSKEY] = KEY_OMNIPRESENT;
	/* The private half of another key: nothing is signed with it. */
	memcpy(zone.keys[1].locator, zone.keys[0].locator, sizeof(zone.keys[1].locator));
	assert_int_equal(signed_make(&zone, small, NULL), STATUS_KEY);
	signed_close(&zone);
}

static void times_are_exact(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	zone.parameters.jitter.seconds = 0;
	make(&zone, small, NULL);
	/* 14 days for data, 21 for keys, an hour back; now is 2025-01-01T12:00:00Z. */
	has_count(&zone, "300 20250115120000 20250101110000", 5);
	has_line(&zone, "m.example.\t3600\tIN\tRRSIG\tTXT 15 2 3600 20250115120000 20250101110000 ");
	has_line(&zone, "example.\t3600\tIN\tRRSIG\tDNSKEY 15 1 3600 20250122120000 20250101110000 ");
	assert_true(zone.result.first_expiry.seconds == zone.parameters.now.seconds + 14 * DAY);
	assert_true(zone.result.refresh_due.seconds == zone.parameters.now.seconds + 9 * DAY);
	zone.parameters.jitter.seconds = DAY;
	char *const text = many_names(300);
	make(&zone, text, NULL);
	const int64_t early = zone.parameters.now.seconds + 14 * DAY - zone.result.first_expiry.seconds;
	assert_true(early > DAY / 2 && early < DAY);
	has_count(&zone, " 20250122120000 20250101110000 ", 3);
	free(text);
	signed_close(&zone);
}

/* 2106-02-07T06:28:16Z is 2^32. */
static void serial_time_wraps(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	zone.parameters.now = (struct utc){ (INT64_C(1) << 32) - 2 * DAY };
	zone.parameters.jitter.seconds = 0;
	make(&zone, small, NULL);
	has_line(&zone, "m.example.\t3600\tIN\tRRSIG\tTXT 15 2 3600 19700113000000 21060205052816 ");
	assert_true(zone.result.first_expiry.seconds == (INT64_C(1) << 32) + 12 * DAY);
	char *const previous = strdup(zone.text);
	zone.parameters.now.seconds += 4 * DAY;
	make(&zone, small, previous);
	assert_true(zone.result.signatures_kept > 5);
	free(previous);
	signed_close(&zone);
}

static void fresh_signatures_are_kept(void **state)
{
	(void)state;
	struct signed_zone zone;
	char *const text = many_names(2500);
	signed_open(&zone, "example.", 13, false);
	for (int flavour = 0; flavour < 3; flavour++) {
		zone.parameters.nsec3 = flavour > 0;
		zone.parameters.opt_out = flavour > 1;
		make(&zone, text, NULL);
		const uint64_t all = zone.result.signatures;
		char *const previous = strdup(zone.text);
		zone.parameters.serial++;
		zone.parameters.now.seconds += DAY;
		make(&zone, text, previous);
		assert_int_equal(zone.result.signatures, all);
		/* SOA and ZONEMD. */
		assert_int_equal(zone.result.signatures_made, 2);
		assert_int_equal(zone.result.signatures_kept, all - 2);
		free(previous);
	}
	signed_close(&zone);
	free(text);
}

struct change {
	const char *title;
	const char *was, *is; /* a line of the zone before and after */
	const char *type;     /* whose signature at m.example. must be new */
	bool kept;
};

static const struct change changes[] = {
	{ "nothing changed", "m TXT m\n", "m TXT m\n", "TXT", true },
	{ "another record beside it", "m TXT m\n", "m TXT m\nm A 192.0.2.9\n", "TXT", true },
	{ "another RDATA", "m TXT m\n", "m TXT n\n", "TXT", false },
	{ "a record more", "m TXT m\n", "m TXT m\nm TXT n\n", "TXT", false },
	{ "a record less", "m TXT m\nm TXT n\n", "m TXT m\n", "TXT", false },
	{ "another TTL", "m TXT m\n", "m 60 TXT m\n", "TXT", false },
	{ "another bit map", "m TXT m\n", "m TXT m\nm A 192.0.2.9\n", "NSEC", false },
	{ "another next name", "m TXT m\n", "m TXT m\nn TXT n\n", "NSEC", false },
	{ "another case of the owner", "m TXT m\n", "M TXT m\n", "TXT", true },
};

static char *signature_of(const struct signed_zone *zone, const char *type)
{
	char start[64];
	for (const char *ttl = "3600"; ttl != NULL; ttl = strcmp(ttl, "3600") == 0  ? "300"
							  : strcmp(ttl, "300") == 0 ? "60"
										    : NULL) {
		for (const char *owner = "m"; owner != NULL; owner = *owner == 'm' ? "M" : NULL) {
			snprintf(start, sizeof(start), "%s.example.\t%s\tIN\tRRSIG\t%s ", owner, ttl, type);
			char *const line = signed_line(zone->text, start);
			if (line != NULL)
				return line;
		}
	}
	fail_msg("no RRSIG %s", type);
	return NULL;
}

static void what_changed_is_signed_again(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", 13, false);
	for (size_t i = 0; i < COUNT(changes); i++) {
		char was[512];
		char is[512];
		snprintf(was, sizeof(was), APEX "ns A 192.0.2.1\n%s", changes[i].was);
		snprintf(is, sizeof(is), APEX "ns A 192.0.2.1\n%s", changes[i].is);
		make(&zone, was, NULL);
		char *const previous = strdup(zone.text);
		char *const before = signature_of(&zone, changes[i].type);
		make(&zone, is, previous);
		char *const after = signature_of(&zone, changes[i].type);
		/* The owner's case is no part of what is signed. */
		if ((strcmp(before + 1, after + 1) == 0) != changes[i].kept)
			fail_msg("%s: %s", changes[i].title, after);
		free(before);
		free(after);
		free(previous);
	}
	signed_close(&zone);
}

static void what_is_not_fresh_is_signed_again(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", 13, false);
	zone.parameters.jitter.seconds = 0;
	make(&zone, small, NULL);
	char *const previous = strdup(zone.text);
	const struct utc then = zone.parameters.now;
	const uint64_t data = zone.result.signatures - 3;
	/* With exactly the refresh time left they stay. */
	zone.parameters.now.seconds = then.seconds + 9 * DAY;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_made, 2);
	/* The KSK's have a week more. */
	zone.parameters.now.seconds = then.seconds + 9 * DAY + 1;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_made, data);
	/* Before they begin. */
	zone.parameters.now.seconds = then.seconds - 3601;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_kept, 0);
	/* Begun later than the policy now says. */
	zone.parameters.now.seconds = then.seconds + 60;
	zone.parameters.inception_offset.seconds += 61;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_kept, 0);
	zone.parameters.inception_offset.seconds -= 1;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_made, 2);
	zone.parameters.inception_offset.seconds -= 60;
	/* Valid for longer than the policy now says. */
	zone.parameters.now = then;
	zone.parameters.validity.seconds = 14 * DAY - 1;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_kept, 3);
	/* By a key that signs no more. */
	zone.parameters.validity.seconds = 14 * DAY;
	zone.keys[1].state[KEY_ZRRSIG] = KEY_UNRETENTIVE;
	signed_add_key(&zone, KEY_ZSK, 13)->state[KEY_DNSKEY] = KEY_HIDDEN;
	make(&zone, small, previous);
	assert_int_equal(zone.result.signatures_kept, 3);
	free(previous);
	signed_close(&zone);
}

static void a_previous_zone_of_another_name_is_no_help_and_no_harm(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	make(&zone, small, "test. 60 SOA a. b. 1 2 3 4 5\n");
	assert_int_equal(zone.result.signatures_kept, 0);
	/* Nor is one whose records are in no order: they are sorted. */
	make(&zone, small, NULL);
	char *const text = strdup(zone.text);
	char *const apex_end = strstr(text, "\na.example.") + 1;
	char *shuffled;
	size_t size;
	FILE *const out = open_memstream(&shuffled, &size);
	fprintf(out, "%s%.*s", apex_end, (int)(apex_end - text), text);
	fclose(out);
	make(&zone, small, shuffled);
	assert_int_equal(zone.result.signatures_made, 2);
	free(shuffled);
	free(text);
	signed_close(&zone);
}

static void the_serial_of_the_input_is_found(void **state)
{
	(void)state;
	struct zonetext input;
	uint32_t serial = 0;
	text_read("a.example. 60 SOA a. b. 3 2 3 4 5\nEXAMPLE. 60 SOA a. b. 4294967295 2 3 4 5\n", "example.", &input);
	assert_true(sign_input_serial(input.records, input.count, text_name("example."), &serial));
	assert_true(serial == UINT32_MAX);
	assert_false(sign_input_serial(input.records, 1, text_name("example."), &serial));
	zonetext_free(&input);
}

static void a_full_disk_is_told(void **state)
{
	(void)state;
	struct signed_zone zone;
	struct zonetext input;
	struct publish publish = PUBLISH_NONE;
	signed_open(&zone, "example.", ED25519, false);
	char *const text = many_names(2000);
	text_read(text, "example.", &input);
	publish.file = open("/dev/full", O_RDWR | O_CLOEXEC);
	assert_true(publish.file >= 0);
	assert_int_equal(sign_zone(&input, NULL, zone.keys, zone.key_count, zone.token, false, &zone.parameters,
			     &publish, &zone.result, &zone.err),
	    STATUS_IO);
	assert_non_null(strstr(zone.err.message, "No space left on device"));
	assert_int_equal(zone.result.size, 0);
	close(publish.file);
	zonetext_free(&input);
	free(text);
	signed_close(&zone);
}

static void foreign_signatures_stop_it(void **state)
{
	(void)state;
	struct signed_zone zone;
	struct signed_zone other;
	signed_open(&zone, "example.", ED25519, false);
	signed_open(&other, "example.", ED25519, false);
	make(&other, small, NULL);
	assert_int_equal(signed_make(&zone, other.text, NULL), STATUS_REFUSED);
	assert_non_null(strstr(zone.err.message, "zoneseal zone adopt"));
	assert_non_null(strstr(zone.err.message, "--new-keys"));
	zone.replace_foreign = true;
	make(&zone, other.text, NULL);
	assert_int_equal(zone.result.stripped, 2 + 2 + 1 + other.result.signatures + other.result.denial_records);
	/* Our own records come off and are made again. */
	zone.replace_foreign = false;
	char *const own = strdup(zone.text);
	make(&zone, own, own);
	assert_int_equal(zone.result.signatures_made, 2);
	free(own);
	signed_close(&other);
	signed_close(&zone);
}

static void a_ttl_over_the_limit_is_refused(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	zone.parameters.max_ttl = 3600;
	make(&zone, small, NULL);
	assert_int_equal(signed_make(&zone, APEX "ns A 192.0.2.1\na 3601 TXT x\n", NULL), STATUS_MALFORMED);
	assert_int_equal(zone.err.line, 6);
	assert_non_null(strstr(zone.err.message, "a.example. TXT: TTL 3601 is larger"));
	signed_close(&zone);
}

/* 27 octets of header and question, 244 records of 268, one of 13, one RRSIG of 103: 65535. tests/zones has the same
 * two zones for the verifier. */
static void what_no_message_carries_with_its_signatures_is_refused_with_its_place(void **state)
{
	enum { LONG_ONES = 244 };
	static char text[LONG_ONES * 300];
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", APEX "ns A 192.0.2.1\n");
	for (int i = 0; i < LONG_ONES; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "a TXT %0255d\n", i);
	snprintf(text + used, sizeof(text) - used, "a TXT \"\"\n");
	make(&zone, text, NULL);
	snprintf(text + used, sizeof(text) - used, "a TXT \"x\"\n");
	assert_int_equal(signed_make(&zone, text, NULL), STATUS_MALFORMED);
	if (zone.err.line < 6 || strstr(zone.err.message, "a.example. TXT: 65536 octets with its signatures") == NULL)
		fail_msg("line %u: %s", (unsigned)zone.err.line, zone.err.message);
	/* Nobody signs glue. */
	memcpy(strstr(text, "ns A"), "a NS", 4);
	memcpy(strstr(text, "a NS 192.0.2.1"), "a NS ns.x.test", 14);
	memcpy(strstr(text, "@ NS ns\n"), "@ NS z.\n", 8);
	make(&zone, text, NULL);
	signed_close(&zone);
}

static void output_is_in_canonical_order_with_the_soa_first(void **state)
{
	(void)state;
	struct signed_zone zone;
	signed_open(&zone, "example.", ED25519, false);
	make(&zone, APEX "ns A 192.0.2.1\n@ A 192.0.2.2\n*.B TXT w\nb TXT b\n", NULL);
	static const char *const starts[] = {
		"example.\t3600\tIN\tSOA\tns.example. admin.example. 2026112401 7200 3600 1209600 300\n",
		"example.\t3600\tIN\tRRSIG\tSOA 15 1 3600 ", "example.\t3600\tIN\tA\t192.0.2.2\n",
		"example.\t3600\tIN\tRRSIG\tA ", "example.\t3600\tIN\tNS\t", "example.\t3600\tIN\tRRSIG\tNS ",
		"example.\t300\tIN\tNSEC\tb.example. A NS SOA RRSIG", "example.\t300\tIN\tRRSIG\tNSEC ",
		"example.\t3600\tIN\tDNSKEY\t", "example.\t3600\tIN\tDNSKEY\t", "example.\t3600\tIN\tRRSIG\tDNSKEY ",
		"example.\t3600\tIN\tCDS\t", "example.\t3600\tIN\tRRSIG\tCDS ", "example.\t3600\tIN\tCDNSKEY\t",
		"example.\t3600\tIN\tRRSIG\tCDNSKEY ", "example.\t3600\tIN\tZONEMD\t2026112401 1 1 ",
		"example.\t3600\tIN\tRRSIG\t", "b.example.\t3600\tIN\tTXT\t\"b\"\n",
		"b.example.\t3600\tIN\tRRSIG\tTXT 15 2 ", "b.example.\t300\tIN\tNSEC\t*.b.example. ",
		"b.example.\t300\tIN\tRRSIG\tNSEC 15 2 300 ", "*.B.example.\t3600\tIN\tTXT\t\"w\"\n",
		"*.B.example.\t3600\tIN\tRRSIG\tTXT 15 2 ", "*.B.example.\t300\tIN\tNSEC\tns.example. TXT RRSIG NSEC\n",
		"*.B.example.\t300\tIN\tRRSIG\tNSEC 15 2 300 ", "ns.example.\t3600\tIN\tA\t192.0.2.1\n"
	};
	const char *line = zone.text;
	for (size_t i = 0; i < COUNT(starts); i++) {
		if (strncmp(line, starts[i], strlen(starts[i])) != 0)
			fail_msg("expected \"%s\" at\n%s", starts[i], line);
		line = strchr(line, '\n') + 1;
	}
	signed_close(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_do_not_change_the_octets),
		cmocka_unit_test(the_ksk_signs_keys_and_the_zsk_all_else),
		cmocka_unit_test(a_key_does_what_its_states_say),
		cmocka_unit_test(no_key_no_zone),
		cmocka_unit_test(times_are_exact),
		cmocka_unit_test(serial_time_wraps),
		cmocka_unit_test(fresh_signatures_are_kept),
		cmocka_unit_test(what_changed_is_signed_again),
		cmocka_unit_test(what_is_not_fresh_is_signed_again),
		cmocka_unit_test(a_previous_zone_of_another_name_is_no_help_and_no_harm),
		cmocka_unit_test(the_serial_of_the_input_is_found),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(foreign_signatures_stop_it),
		cmocka_unit_test(a_ttl_over_the_limit_is_refused),
		cmocka_unit_test(what_no_message_carries_with_its_signatures_is_refused_with_its_place),
		cmocka_unit_test(output_is_in_canonical_order_with_the_soa_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
