/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"
#include "signer/zone/zone.h"
#include "tests/unit/zone/text.h"

#define APEX                                                                                                           \
	"$ORIGIN example.\n$TTL 3600\n"                                                                                \
	"@ SOA ns.example. admin.example. 1 7200 3600 1209600 300\n"                                                   \
	"@ NS ns\n"

/* One name a line: "kind[+secure] owner types", as the walk sees them. */
static char *describe(const struct zone *zone)
{
	static const char *const kinds[] = {
		[ZONE_APEX] = "apex",
		[ZONE_AUTHORITATIVE] = "data",
		[ZONE_DELEGATION] = "cut",
		[ZONE_GLUE] = "glue",
		[ZONE_OCCLUDED] = "occluded",
		[ZONE_EMPTY_NON_TERMINAL] = "ent",
	};
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	assert_non_null(out);
	for (size_t i = 0; i < zone->name_count; i++) {
		const struct zone_name *const name = &zone->names[i];
		char owner[NAME_TEXT];
		name_to_text(name->owner, owner);
		fprintf(out, "%s%s %s", kinds[name->kind], name->secure ? "+" : "", owner);
		for (size_t r = 0; r < name->rrset_count; r++) {
			const struct rrset *const rrset = &zone->rrsets[name->first_rrset + r];
			char type[RRTYPE_TEXT];
			rrtype_to_text(rrset->type, false, type);
			fprintf(out, " %s", type);
			if (rrset->count > 1)
				fprintf(out, "*%u", rrset->count);
		}
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

struct shape {
	const char *title;
	const char *text;
	const char *names; /* after the apex and ns.example. */
};

static const struct shape shapes[] = {
	{ "glue below a cut is glue, and a name at a cut is the cut",
	    APEX "ns A 192.0.2.1\na NS ns.a\na A 192.0.2.9\nns.a A 192.0.2.2\n",
	    "cut a.example. A NS\nglue ns.a.example. A\ndata ns.example. A\n" },
	{ "a delegation with DS is secure", APEX "ns A 192.0.2.1\na NS ns\na DS 1 13 250 00\nb NS ns\n",
	    "cut+ a.example. NS DS\ncut b.example. NS\ndata ns.example. A\n" },
	{ "data below a cut is occluded, also below another cut",
	    APEX "ns A 192.0.2.1\na NS ns\nb.a NS ns\nc.b.a A 192.0.2.3\nd.a TXT x\n",
	    "cut a.example. NS\noccluded b.a.example. NS\nglue c.b.a.example. A\noccluded d.a.example. TXT\n"
	    "data ns.example. A\n" },
	{ "a DNAME stands beside data, and a DNAME that a cut hides covers nothing",
	    APEX
	    "ns A 192.0.2.1\na DNAME b.test.\na A 192.0.2.1\nab A 192.0.2.4\nc NS ns\nd.c DNAME b.test.\ne.d.c TXT x\n",
	    "data a.example. A DNAME\ndata ab.example. A\ncut c.example. NS\noccluded d.c.example. DNAME\n"
	    "occluded e.d.c.example. TXT\ndata ns.example. A\n" },
	{ "empty non-terminals are found at any depth, once",
	    APEX "ns A 192.0.2.1\na.b.c TXT x\nd.b.c TXT x\n*.e TXT x\n",
	    "ent c.example.\nent b.c.example.\ndata a.b.c.example. TXT\ndata d.b.c.example. TXT\n"
	    "ent e.example.\ndata *.e.example. TXT\ndata ns.example. A\n" },
	{ "empty non-terminals are found above delegations too",
	    APEX "ns A 192.0.2.1\na.b.c NS ns\nd.e NS ns\nd.e DS 1 13 250 00\nf.e NS ns\nx.y.z NS ns\nt.z TXT x\n",
	    "ent c.example.\nent b.c.example.\ncut a.b.c.example. NS\nent e.example.\ncut+ d.e.example. NS DS\n"
	    "cut f.e.example. NS\ndata ns.example. A\nent z.example.\ndata t.z.example. TXT\nent y.z.example.\n"
	    "cut x.y.z.example. NS\n" },
	{ "below a cut no empty non-terminal is made", APEX "ns A 192.0.2.1\na NS ns.x.y.a\nns.x.y.a A 192.0.2.3\n",
	    "cut a.example. NS\nglue ns.x.y.a.example. A\ndata ns.example. A\n" },
	{ "names are one whatever their case, and records one whatever their order",
	    APEX "ns A 192.0.2.1\nb TXT 2\nB TXT 1\nb TXT 2\nA MX 1 X.example.\na MX 1 x.EXAMPLE.\n",
	    "data A.example. MX\ndata b.example. TXT*2\ndata ns.example. A\n" },
	{ "escaped octets sort by their value", APEX "ns A 192.0.2.1\n\\000 TXT x\nz TXT x\n\\200 TXT x\na\\.b TXT x\n",
	    "data \\000.example. TXT\ndata a\\046b.example. TXT\ndata ns.example. A\ndata z.example. TXT\n"
	    "data \\200.example. TXT\n" },
	{ "a wildcard gives the zone's name server its address", APEX "* AAAA 2001:db8::1\n",
	    "data *.example. AAAA\n" },
	{ "below a delegation another zone says where the zone's name server is", APEX "ns NS x.a\na NS ns.test.\n",
	    "cut a.example. NS\ncut ns.example. NS\n" },
	{ "KEY may stand beside CNAME", APEX "ns A 192.0.2.1\na CNAME b.test.\na TYPE25 \\# 5 0100030d00\n",
	    "data a.example. CNAME KEY\ndata ns.example. A\n" },
};

static void names_are_what_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (unsigned threads = 1; threads <= 3; threads += 2) {
			struct zonetext read;
			struct zone zone;
			struct error err = { 0 };
			if (text_build(shapes[i].text, "example.", threads, &read, &zone, &err) != STATUS_OK)
				fail_msg("%s: %s", shapes[i].title, err.message);
			char *const found = describe(&zone);
			const char *const rest = strchr(found, '\n') + 1;
			if (strncmp(found, "apex example. NS SOA", 20) != 0 || strcmp(rest, shapes[i].names) != 0)
				fail_msg("%s: found\n%sexpected\n%s", shapes[i].title, found, shapes[i].names);
			free(found);
			zone_free(&zone);
			zonetext_free(&read);
		}
	}
}

struct refusal {
	const char *title;
	const char *text;
	unsigned line;
	const char *message;
};

static const struct refusal refusals[] = {
	{ "no SOA", "@ 60 NS ns.example.\n", 0, "example.: no SOA record" },
	{ "an empty zone but for a name", "a.example. 60 NS ns.example.\n", 0, "example.: no SOA record" },
	{ "two SOAs", APEX "@ SOA ns.example. admin.example. 2 7200 3600 1209600 300\n", 5, "two different SOA" },
	{ "an SOA below the apex", APEX "a SOA ns.example. admin.example. 2 7200 3600 1209600 300\n", 5,
	    "SOA below the apex" },
	{ "no NS at the apex", "@ 60 SOA ns.example. admin.example. 1 7200 3600 1209600 300\n", 0,
	    "no NS record at the apex" },
	{ "an owner outside", APEX "a.test. A 192.0.2.1\n", 5, "a.test. is outside the zone example." },
	{ "a CNAME beside data", APEX "a CNAME b\na TXT x\n", 6, "CNAME beside other data" },
	{ "two CNAMEs", APEX "a CNAME b\na CNAME c\n", 6, "two CNAME records" },
	{ "two DNAMEs", APEX "a DNAME b\na DNAME c\n", 6, "two DNAME records" },
	{ "a DNAME beside a delegation", APEX "a NS ns.test.\na DNAME b\n", 6, "DNAME beside NS" },
	{ "an address below a DNAME", APEX "a DNAME b\nx.a A 192.0.2.3\n", 6, "x.a.example.: data below a DNAME" },
	{ "a delegation below a DNAME", APEX "y.x.a NS b\na DNAME b\n", 5, "y.x.a.example.: data below a DNAME" },
	{ "a CNAME beside a DNAME", APEX "a DNAME b\na CNAME c\n", 6, "CNAME beside other data" },
	{ "a DS at the apex", APEX "@ DS 1 13 250 00\n", 5, "DS at the apex" },
	{ "a DS without NS", APEX "a DS 1 13 250 00\n", 5, "DS without NS" },
	{ "a name server of the zone without address", APEX, 4,
	    "the zone's name server ns.example. has no address, and this zone is where it would be" },
	{ "a name server of the zone whose final dot is lost", APEX "ns A 192.0.2.1\n@ NS ns2.EXAMPLE\n", 6,
	    "ns2.EXAMPLE.example. has no address, and ends in the zone's name twice: has it lost its final dot" },
	{ "a name server of the zone with other data", APEX "ns TXT x\n", 4, "ns.example. has no address" },
	{ "a name server of the zone that is an empty non-terminal", APEX "x.ns A 192.0.2.1\n* A 192.0.2.1\n", 4,
	    "ns.example. has no address" },
	{ "a name server of the zone that is an alias", APEX "ns CNAME a\na A 192.0.2.1\n", 4,
	    "ns.example. is an alias in this zone" },
	{ "a name server below a DNAME of the zone", APEX "ns A 192.0.2.1\n@ NS x.d\nd DNAME b.test.\n", 6,
	    "x.d.example. has no address" },
	{ "a name server that a wildcard above its closest encloser does not reach",
	    APEX "ns A 192.0.2.1\n@ NS x.d\na.d TXT x\n* A 192.0.2.1\n", 6, "x.d.example. has no address" },
	{ "an SOA below a delegation, which servers refuse to load",
	    APEX "a NS ns.test.\nx.a SOA ns.example. admin.example. 2 7200 3600 1209600 300\n", 6,
	    "SOA below the apex" },
	{ "a DNSKEY below the apex", APEX "a DNSKEY 256 3 13 AAAA\n", 5, "DNSKEY at a name that is no zone's" },
};

static void what_is_no_zone_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct zonetext read;
		struct zone zone;
		struct error err = { 0 };
		const enum status status = text_build(refusals[i].text, "example.", 1, &read, &zone, &err);
		if (status != STATUS_MALFORMED || strstr(err.message, refusals[i].message) == NULL ||
		    err.line != refusals[i].line || strcmp(err.file, "zone") != 0)
			fail_msg(
			    "%s: %d, %s:%u: %s", refusals[i].title, status, err.file, (unsigned)err.line, err.message);
		zonetext_free(&read);
	}
}

static void what_no_message_can_carry_is_refused_with_its_place(void **state)
{
	enum { RECORDS = 260 };
	static char text[RECORDS * 300];
	(void)state;
	for (int records = RECORDS - 2; records <= RECORDS; records += 2) {
		struct zonetext read;
		struct zone zone;
		struct error err = { 0 };
		size_t used = (size_t)snprintf(text, sizeof(text), "%sns A 192.0.2.1\n", APEX);
		for (int i = 0; i < records; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "a TXT %0240d\n", i);
		const enum status status = text_build(text, "example.", 1, &read, &zone, &err);
		assert_int_equal(status, records < RECORDS ? STATUS_OK : STATUS_MALFORMED);
		if (status == STATUS_OK)
			zone_free(&zone);
		else
			assert_true(err.line == 5 + RECORDS && strstr(err.message, "65535") != NULL);
		zonetext_free(&read);
	}
}

static void duplicates_and_ttls_are_counted(void **state)
{
	(void)state;
	struct zonetext read;
	struct zone zone;
	struct error err = { 0 };
	assert_int_equal(text_build(APEX "ns A 192.0.2.1\na 60 TXT 1\na 30 TXT 2\na 40 TXT 1\nb 50 TXT 1\nb 20 TXT "
					 "1\nc NS x.c\nx.c A 192.0.2.1\n"
					 "x.c TXT y\nc DS 1 13 250 00\nc TXT z\n",
			     "example.", 1, &read, &zone, &err),
	    STATUS_OK);
	assert_int_equal(zone.duplicates, 2);
	assert_int_equal(zone.ttl_lowered, 2);
	assert_int_equal(zone.delegations, 1);
	assert_int_equal(zone.secure_delegations, 1);
	assert_int_equal(zone.occluded, 3);
	assert_int_equal(zone.record_count, 2 + 1 + 2 + 1 + 3 + 2);
	assert_int_equal(zone.largest_ttl, 3600);
	assert_int_equal(zone_rrset(&zone, zone_find(&zone, text_name("A.example.")), RRTYPE_TXT)->ttl, 30);
	assert_int_equal(zone_rrset(&zone, zone_find(&zone, text_name("b.example.")), RRTYPE_TXT)->ttl, 20);
	assert_true(zone_find(&zone, text_name("d.example.")) == SIZE_MAX);
	zone_free(&zone);
	zonetext_free(&read);
}

static void what_the_signer_makes_is_moved_to_the_end(void **state)
{
	(void)state;
	struct zonetext read;
	text_read(APEX
	    "@ DNSKEY 256 3 13 AAAA\n@ CDS 1 13 250 00\n@ CDNSKEY 256 3 13 AAAA\n@ NSEC3PARAM 1 0 0 -\n"
	    "@ ZONEMD 1 1 1 000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	    "000000000000\n"
	    "a NSEC b TXT\na CDS 1 13 250 00\na CDNSKEY 256 3 13 AAAA\na TXT x\n",
	    "example.", &read);
	const size_t kept = zone_strip(read.records, read.count, text_name("example."));
	assert_int_equal(read.count, 11);
	assert_int_equal(kept, 5);
	assert_int_equal(read.records[0].type, RRTYPE_SOA);
	assert_int_equal(read.records[2].type, RRTYPE_CDS);
	assert_int_equal(read.records[4].type, RRTYPE_TXT);
	assert_int_equal(read.records[5].type, RRTYPE_DNSKEY);
	assert_int_equal(read.records[10].type, RRTYPE_NSEC);
	zonetext_free(&read);
}

/* Many names in a scrambled order against a plain sort by name_compare. */
static void order_is_canonical_on_any_number_of_threads(void **state)
{
	(void)state;
	enum { NAMES = 60000 };
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	fputs(APEX "ns A 192.0.2.1\n", out);
	for (unsigned i = 0; i < NAMES; i++) {
		const unsigned scrambled = i * 40503U % 65536U;
		/* Some are told apart by their first octets, some only by later ones. */
		fprintf(
		    out, "%s%x.%x TXT \"%u\"\n", i % 3 == 0 ? "a-rather-long-label" : "n", scrambled, scrambled % 7, i);
	}
	fclose(out);
	char *shape[2];
	for (unsigned t = 0; t < 2; t++) {
		struct zonetext read;
		struct zone zone;
		struct error err = { 0 };
		assert_int_equal(text_build(text, "example.", t == 0 ? 1 : 4, &read, &zone, &err), STATUS_OK);
		assert_int_equal(zone.name_count, NAMES + 7 + 2);
		for (size_t i = 1; i < zone.name_count; i++)
			assert_int_equal(name_compare(zone.names[i - 1].owner, zone.names[i].owner), -1);
		shape[t] = describe(&zone);
		zone_free(&zone);
		zonetext_free(&read);
	}
	assert_string_equal(shape[0], shape[1]);
	free(shape[0]);
	free(shape[1]);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_what_they_are),
		cmocka_unit_test(what_is_no_zone_is_refused_with_its_place),
		cmocka_unit_test(what_no_message_can_carry_is_refused_with_its_place),
		cmocka_unit_test(duplicates_and_ttls_are_counted),
		cmocka_unit_test(what_the_signer_makes_is_moved_to_the_end),
		cmocka_unit_test(order_is_canonical_on_any_number_of_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
