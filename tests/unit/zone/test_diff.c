/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "signer/dns/name.h"
#include "signer/dns/zonetext_write.h"
#include "signer/zone/diff.h"
#include "tests/unit/zone/text.h"

#define SOA "$ORIGIN example.\n$TTL 60\n@ SOA ns admin 1 7200 3600 1209600 300\n"
#define NS "@ NS ns.other.\n"

struct pair {
	const char *title;
	const char *old, *new;
	const char *counts; /* "kind +added -removed ~changed", what is not all 0 */
	const char *lines;
	bool dnssec;
};

static const struct pair pairs[] = {
	{ "the serial alone is no difference", SOA NS,
	    "$ORIGIN example.\n@ 60 SOA NS admin 9 7200 3600 1209600 300\n@ 60 NS ns.OTHER.\n", "", "", false },
	{ "any other number of the SOA is", SOA NS,
	    "$ORIGIN example.\n@ 60 SOA ns admin 1 7200 3600 1209600 301\n@ 60 NS ns.other.\n", "apex +0 -0 ~1",
	    "-example.\t60\tIN\tSOA\tns.example. admin.example. 1 7200 3600 1209600 300\n"
	    "+example.\t60\tIN\tSOA\tns.example. admin.example. 1 7200 3600 1209600 301\n",
	    false },
	{ "order, case, duplicates and form do not matter", SOA NS "a TXT \"x\"\nb A 192.0.2.1\nb A 192.0.2.2\n",
	    "example. 60 IN SOA ns.EXAMPLE. admin.example. 1 7200 3600 1209600 300\n$ORIGIN example.\n"
	    "B 60 A 192.0.2.2\n 60 TYPE1 \\# 4 C0000201\nA 60 TXT x\nB 60 A 192.0.2.2\n@ 60 NS NS.other.\n",
	    "", "", false },
	{ "a delegation comes with its DS and glue", SOA NS,
	    SOA NS "d NS ns.d\nd A 192.0.2.9\nns.d A 192.0.2.1\nns.d AAAA ::1\nd DS 1 8 2 " /* its digest: */
		   "0000000000000000000000000000000000000000000000000000000000000000\n",
	    "delegations +1 -0 ~0\nds +1 -0 ~0\nglue +3 -0 ~0\n",
	    "+d.example.\t60\tIN\tA\t192.0.2.9\n+d.example.\t60\tIN\tNS\tns.d.example.\n+d.example.\t60\tIN\tDS\t1 8 2 "
	    "0000000000000000000000000000000000000000000000000000000000000000\n"
	    "+ns.d.example.\t60\tIN\tA\t192.0.2.1\n+ns.d.example.\t60\tIN\tAAAA\t::1\n",
	    false },
	{ "what goes is counted by what it was", SOA NS "d NS ns.d\nns.d A 192.0.2.1\nx.d TXT \"hidden\"\n", SOA NS,
	    "delegations +0 -1 ~0\nglue +0 -1 ~0\nother +0 -1 ~0\n",
	    "-d.example.\t60\tIN\tNS\tns.d.example.\n-ns.d.example.\t60\tIN\tA\t192.0.2.1\n"
	    "-x.d.example.\t60\tIN\tTXT\t\"hidden\"\n",
	    false },
	{ "one record of several that changes is one that goes and one that comes", SOA NS "d NS a.x.\nd NS b.x.\n",
	    SOA NS "d NS b.x.\nd NS c.x.\n", "delegations +0 -0 ~1\n",
	    "-d.example.\t60\tIN\tNS\ta.x.\n+d.example.\t60\tIN\tNS\tc.x.\n", false },
	{ "another TTL makes other records", SOA NS "t 60 A 192.0.2.1\n", SOA NS "t 61 A 192.0.2.1\n",
	    "other +0 -0 ~1\n", "-t.example.\t60\tIN\tA\t192.0.2.1\n+t.example.\t61\tIN\tA\t192.0.2.1\n", false },
	{ "a name beside a delegation is not below it", SOA NS "d NS a.x.\nd-e A 192.0.2.1\n",
	    SOA NS "d NS a.x.\nd-e A 192.0.2.2\n", "other +0 -0 ~1\n",
	    "-d-e.example.\t60\tIN\tA\t192.0.2.1\n+d-e.example.\t60\tIN\tA\t192.0.2.2\n", false },
	{ "an octet that moves terminals comes out as digits", SOA NS, SOA NS "\\027[31m TXT \"\\155\\200\"\n",
	    "other +1 -0 ~0\n", "+\\027\\09131m.example.\t60\tIN\tTXT\t\"\\155\\200\"\n", false },
	{ "what a signer makes is left aside", SOA NS,
	    SOA NS "@ NSEC a.example. NS SOA\n@ DNSKEY 256 3 8 AAAA\na CDS 0 0 0 00\n", "other +1 -0 ~0\n",
	    "+a.example.\t60\tIN\tCDS\t0 0 0 00\n", false },
	{ "and shown if it is asked for", SOA NS, SOA NS "@ NSEC a.example. NS SOA\n@ DNSKEY 256 3 8 AAAA\n",
	    "dnssec +2 -0 ~0\n",
	    "+example.\t60\tIN\tNSEC\ta.example. NS SOA\n+example.\t60\tIN\tDNSKEY\t256 3 8 AAAA\n", true },
	{ "a zone that is none can be compared", SOA "d NS ns.d\nc CNAME a\nc TXT \"beside\"\n",
	    SOA "d NS ns.d\nc CNAME b\n", "other +0 -1 ~1\n",
	    "-c.example.\t60\tIN\tCNAME\ta.example.\n+c.example.\t60\tIN\tCNAME\tb.example.\n-c.example."
	    "\t60\tIN\tTXT\t\"beside\"\n",
	    false },
};

static void keep(void *context, char sign, const struct rrset *rrset, const struct record *record)
{
	struct zonetext_buffer *const out = context;
	zonetext_buffer_reserve(out, 1);
	out->data[out->size++] = sign;
	zonetext_write(out, record->owner, rrset->ttl, record->type, record->rdata, record->rdata_size, true);
}

static char *counts_of(const struct diff *diff)
{
	static const char *const names[DIFF_KINDS] = { "delegations", "ds", "glue", "apex", "other", "dnssec" };
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	assert_non_null(out);
	for (size_t i = 0; i < DIFF_KINDS; i++)
		if (diff->kinds[i].added + diff->kinds[i].removed + diff->kinds[i].changed > 0)
			fprintf(out, "%s +%d -%d ~%d\n", names[i], (int)diff->kinds[i].added,
			    (int)diff->kinds[i].removed, (int)diff->kinds[i].changed);
	fclose(out);
	return text;
}

static void compare(const char *old, const char *new, bool dnssec, struct diff *diff, struct zonetext_buffer *lines)
{
	struct zonetext texts[2];
	struct zone zones[2];
	struct error err = { 0 };
	uint32_t serial;
	text_read(old, "example.", &texts[0]);
	text_read(new, "example.", &texts[1]);
	for (size_t i = 0; i < 2; i++) {
		const uint8_t *const apex = diff_apex(&texts[i], &serial);
		assert_non_null(apex);
		if (diff_sort(&texts[i], apex, dnssec, 1, &zones[i], &err) != STATUS_OK)
			fail_msg("%s", err.message);
	}
	diff_zones(&zones[0], &zones[1], keep, lines, diff);
	zonetext_buffer_reserve(lines, 1);
	lines->data[lines->size] = '\0';
	for (size_t i = 0; i < 2; i++) {
		zone_free(&zones[i]);
		zonetext_free(&texts[i]);
	}
}

static void differences_are_told_and_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct zonetext_buffer lines = { 0 };
		struct diff diff;
		compare(pairs[i].old, pairs[i].new, pairs[i].dnssec, &diff, &lines);
		char *const counts = counts_of(&diff);
		const size_t size = strlen(pairs[i].counts);
		if (strncmp(counts, pairs[i].counts, size) != 0 || strlen(counts) > size + 1 ||
		    strcmp(lines.data, pairs[i].lines) != 0)
			fail_msg("%s:\n%s%s", pairs[i].title, counts, lines.data);
		assert_int_equal(diff_is_empty(&diff), pairs[i].lines[0] == '\0');
		free(counts);
		zonetext_buffer_free(&lines);
	}
}

/* What one way is added the other way is removed. */
static void the_way_back_is_the_opposite(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct zonetext_buffer lines = { 0 };
		struct diff there;
		struct diff back;
		compare(pairs[i].old, pairs[i].new, true, &there, &lines);
		compare(pairs[i].new, pairs[i].old, true, &back, &lines);
		zonetext_buffer_free(&lines);
		assert_int_equal(there.records_added, back.records_removed);
		assert_int_equal(there.records_removed, back.records_added);
		for (size_t k = 0; k < DIFF_KINDS; k++) {
			assert_int_equal(there.kinds[k].added, back.kinds[k].removed);
			assert_int_equal(there.kinds[k].changed, back.kinds[k].changed);
		}
	}
}

static void a_record_outside_of_the_zone_is_refused_with_its_place(void **state)
{
	(void)state;
	struct zonetext text;
	struct zone zone;
	struct error err = { 0 };
	uint32_t serial;
	text_read(SOA "other.test. 60 A 192.0.2.1\n", "example.", &text);
	assert_int_equal(diff_sort(&text, diff_apex(&text, &serial), false, 1, &zone, &err), STATUS_MALFORMED);
	assert_int_equal(err.line, 4);
	zonetext_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_are_told_and_counted),
		cmocka_unit_test(the_way_back_is_the_opposite),
		cmocka_unit_test(a_record_outside_of_the_zone_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
