/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "signer/base/bytes.h"
#include "signer/denial/bitmap.h"
#include "signer/denial/nsec.h"
#include "signer/denial/nsec3.h"
#include "signer/dns/zonetext_write.h"
#include "tests/unit/zone/text.h"

#define APEX                                                                                                           \
	"$ORIGIN example.\n$TTL 3600\n"                                                                                \
	"@ SOA ns.example. admin.example. 1 7200 3600 1209600 300\n"                                                   \
	"@ NS ns\n"

struct map {
	const char *title;
	uint16_t types[8]; /* ended by 0 */
	const char *hex;
};

static const struct map maps[] = {
	{ "no type, no window", { 0 }, "" },
	{ "A, MX, RRSIG, NSEC and TYPE1234, the example of RFC 4034 4.3", { 1, 15, 46, 47, 1234 },
	    "0006400100000003041b000000000000000000000000000000000000000000000000000020" },
	{ "order within a window does not count", { 47, 46, 15, 1, 1234 },
	    "0006400100000003041b000000000000000000000000000000000000000000000000000020" },
	{ "the last type of a window", { 255 },
	    "00200000000000000000000000000000000000000000000000000000000000000001" },
	{ "the first type of a window", { 256 }, "010180" },
	{ "the last window", { 65535 }, "ff200000000000000000000000000000000000000000000000000000000000000001" },
	{ "the same type twice", { 2, 2 }, "000120" },
};

static void bit_maps_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(maps); i++) {
		uint8_t out[BITMAP_MAX];
		char hex[2 * BITMAP_MAX + 1];
		/* What was in the buffer before must not show. */
		memset(out, 0xff, sizeof(out));
		struct bitmap bitmap = bitmap_init(out);
		for (size_t t = 0; maps[i].types[t] != 0; t++)
			bitmap_add(&bitmap, maps[i].types[t]);
		bytes_to_hex((struct bytes){ out, bitmap.size }, false, hex);
		if (strcmp(hex, maps[i].hex) != 0)
			fail_msg("%s: %s", maps[i].title, hex);
	}
}

/* All 65535 types fill 256 windows of 32 octets. */
static void all_types_fit(void **state)
{
	(void)state;
	uint8_t out[BITMAP_MAX];
	struct bitmap bitmap = bitmap_init(out);
	for (unsigned type = 0; type <= UINT16_MAX; type++)
		bitmap_add(&bitmap, (uint16_t)type);
	assert_int_equal(bitmap.size, BITMAP_MAX);
}

/* RFC 5155 Appendix A. */
static const char *const hashes[][2] = {
	{ "example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" },
	{ "a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl" },
	{ "ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi" },
	{ "ns1.EXAMPLE.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr" },
	{ "*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en" },
	{ "xx.example.", "t644ebqk9bibcna874givr6joj62mlhv" },
	{ "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi" },
};

static void hashes_are_those_of_the_rfc(void **state)
{
	(void)state;
	const struct nsec3_parameters parameters = { 12, (const uint8_t *)"\xaa\xbb\xcc\xdd", 4, false };
	struct nsec3_hasher *hasher;
	struct error err = { 0 };
	assert_int_equal(nsec3_hasher_new(&parameters, &hasher, &err), STATUS_OK);
	for (size_t i = 0; i < COUNT(hashes); i++) {
		uint8_t hash[NSEC3_HASH];
		char text[NSEC3_LABEL + 1];
		assert_int_equal(nsec3_hash(hasher, text_name(hashes[i][0]), hash, &err), STATUS_OK);
		bytes_to_base32hex((struct bytes){ hash, NSEC3_HASH }, text);
		assert_string_equal(text, hashes[i][1]);
	}
	nsec3_hasher_free(hasher);
}

static const char mixed[] =
    APEX "ns A 192.0.2.1\na NS ns.a\nns.a A 192.0.2.2\nb NS ns\nb DS 1 13 250 00\nb TXT occluded\n"
	 "x.ent1 NS ns\ny.ent2 TXT y\nMixed TXT m\nz TYPE65280 \\# 0\n";

static void nsec_links_names_with_data_in_a_ring(void **state)
{
	(void)state;
	struct zonetext read;
	struct zone zone;
	struct error err = { 0 };
	assert_int_equal(text_build(mixed, "example.", 1, &read, &zone, &err), STATUS_OK);
	struct zonetext_buffer buffer = { 0 };
	for (size_t i = 0; i < zone.name_count; i++) {
		if (!zone_is_in_nsec_chain(&zone.names[i]))
			continue;
		uint8_t rdata[NSEC_RDATA];
		const size_t size = nsec_rdata(&zone, i, rdata);
		zonetext_write(&buffer, zone.names[i].owner, 300, 47, rdata, size, true);
	}
	zonetext_buffer_reserve(&buffer, 1);
	buffer.data[buffer.size] = '\0';
	assert_string_equal(buffer.data, "example.\t300\tIN\tNSEC\ta.example. NS SOA RRSIG NSEC\n"
					 "a.example.\t300\tIN\tNSEC\tb.example. NS RRSIG NSEC\n"
					 "b.example.\t300\tIN\tNSEC\tx.ent1.example. NS DS RRSIG NSEC\n"
					 "x.ent1.example.\t300\tIN\tNSEC\ty.ent2.example. NS RRSIG NSEC\n"
					 "y.ent2.example.\t300\tIN\tNSEC\tmixed.example. TXT RRSIG NSEC\n"
					 "Mixed.example.\t300\tIN\tNSEC\tns.example. TXT RRSIG NSEC\n"
					 "ns.example.\t300\tIN\tNSEC\tz.example. A RRSIG NSEC\n"
					 "z.example.\t300\tIN\tNSEC\texample. RRSIG NSEC TYPE65280\n");
	zonetext_buffer_free(&buffer);
	zone_free(&zone);
	zonetext_free(&read);
}

/* Names with the text of their bit maps, in the order of names; the ring is checked apart. */
struct chain_case {
	const char *title;
	bool opt_out;
	const char *names;
};

static const struct chain_case chain_cases[] = {
	{ "without opt-out every name of the zone and every empty non-terminal has one", false,
	    "example.\tNS SOA RRSIG\na.example.\tNS\nb.example.\tNS DS RRSIG\nent1.example.\t\nx.ent1.example.\tNS\n"
	    "ent2.example.\t\ny.ent2.example.\tTXT RRSIG\nMixed.example.\tTXT RRSIG\nns.example.\tA RRSIG\n"
	    "z.example.\tRRSIG TYPE65280\n" },
	{ "with opt-out insecure delegations have none, but empty non-terminals above them do", true,
	    "example.\tNS SOA RRSIG\nb.example.\tNS DS RRSIG\nent1.example.\t\n"
	    "ent2.example.\t\ny.ent2.example.\tTXT RRSIG\nMixed.example.\tTXT RRSIG\nns.example.\tA RRSIG\n"
	    "z.example.\tRRSIG TYPE65280\n" },
};

/* What follows the next hash in the text of an NSEC3. */
static void put_map(FILE *out, const struct zone *zone, const struct nsec3_chain *chain, size_t entry)
{
	uint8_t rdata[NSEC3_RDATA];
	uint8_t owner[NAME_WIRE];
	struct zonetext_buffer buffer = { 0 };
	const size_t size = nsec3_rdata(zone, chain, entry, rdata);
	nsec3_owner(zone, &chain->entries[entry], owner);
	zonetext_write(&buffer, owner, 300, 50, rdata, size, true);
	/* owner TAB ttl TAB IN TAB NSEC3 TAB 1 flags 0 - hash [types] LF */
	buffer.data[buffer.size - 1] = '\0';
	const char *types = buffer.data;
	for (int tabs = 0; tabs < 4; types++)
		tabs += *types == '\t' ? 1 : 0;
	assert_memory_equal(types, chain->parameters.opt_out ? "1 1 0 - " : "1 0 0 - ", 8);
	const char *const next = types + 8;
	uint8_t next_owner[NAME_WIRE];
	nsec3_owner(zone, &chain->entries[(entry + 1) % chain->count], next_owner);
	for (size_t i = 0; i < NSEC3_LABEL; i++)
		assert_int_equal(next[i] | 0x20, next_owner[1 + i] | 0x20);
	fputs(next[NSEC3_LABEL] == ' ' ? next + NSEC3_LABEL + 1 : "", out);
	zonetext_buffer_free(&buffer);
}

static char *describe_chain(const struct zone *zone, const struct nsec3_chain *chain)
{
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	for (size_t i = 0; i < zone->name_count; i++) {
		for (size_t e = 0; e < chain->count; e++) {
			if (chain->entries[e].name != i)
				continue;
			char owner[NAME_TEXT];
			name_to_text(zone->names[i].owner, owner);
			fprintf(out, "%s\t", owner);
			put_map(out, zone, chain, e);
			fputc('\n', out);
		}
	}
	fclose(out);
	return text;
}

static void nsec3_covers_what_rfc_5155_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chain_cases); i++) {
		struct zonetext read;
		struct zone zone;
		struct nsec3_chain chain;
		struct error err = { 0 };
		const struct nsec3_parameters parameters = { .opt_out = chain_cases[i].opt_out };
		assert_int_equal(text_build(mixed, "example.", 1, &read, &zone, &err), STATUS_OK);
		assert_int_equal(nsec3_build(&zone, &parameters, 3, &chain, &err), STATUS_OK);
		for (size_t e = 1; e < chain.count; e++)
			assert_true(memcmp(chain.entries[e - 1].hash, chain.entries[e].hash, NSEC3_HASH) < 0);
		char *const found = describe_chain(&zone, &chain);
		if (strcmp(found, chain_cases[i].names) != 0)
			fail_msg("%s: found\n%s", chain_cases[i].title, found);
		free(found);
		nsec3_free(&chain);
		zone_free(&zone);
		zonetext_free(&read);
	}
}

static void an_apex_without_room_for_a_hash_is_refused(void **state)
{
	(void)state;
	char origin[256] = "";
	char text[1024];
	for (int i = 0; i < 4; i++)
		strcat(origin, "a23456789a123456789b123456789c123456789d123456789e123456.");
	snprintf(text, sizeof(text), "@ 60 SOA n. a. 1 2 3 4 5\n@ 60 NS n.\n");
	struct zonetext read;
	struct zone zone;
	struct nsec3_chain chain;
	struct error err = { 0 };
	const struct nsec3_parameters parameters = { 0 };
	assert_int_equal(text_build(text, origin, 1, &read, &zone, &err), STATUS_OK);
	assert_int_equal(nsec3_build(&zone, &parameters, 1, &chain, &err), STATUS_MALFORMED);
	assert_non_null(strstr(err.message, "too long for NSEC3"));
	zone_free(&zone);
	zonetext_free(&read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bit_maps_are_exact),
		cmocka_unit_test(all_types_fit),
		cmocka_unit_test(hashes_are_those_of_the_rfc),
		cmocka_unit_test(nsec_links_names_with_data_in_a_ring),
		cmocka_unit_test(nsec3_covers_what_rfc_5155_says),
		cmocka_unit_test(an_apex_without_room_for_a_hash_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
