/* SPDX-License-Identifier: MIT */
/* What we sign, other people's verifiers accept, and so does ours; and they refuse it with one character changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "tests/unit/sign/signed.h"

/* A little of everything that a zone can hold. */
static const char little_of_all[] =
    "$ORIGIN example.\n$TTL 3600\n"
    "@ SOA ns.Example. Admin.example. 7 7200 3600 1209600 300\n"
    "@ NS ns\n@ NS ns.other.test.\n@ MX 10 Mail.Example.\n@ TXT \"v=spf1 -all\"\n"
    "ns A 192.0.2.1\nns AAAA 2001:db8::1\n"
    "MAIL A 192.0.2.2\n"
    "insecure NS ns.insecure\nns.insecure A 192.0.2.3\nns.insecure AAAA 2001:db8::3\n"
    "insecure2 NS ns\n"
    "secure NS ns.insecure\nsecure DS 12345 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "self NS self\nself A 192.0.2.4\n"
    "deep.cut.insecure2 A 192.0.2.5\n"
    "a.b.c TXT \"below two empty non-terminals\"\n"
    "x.ent-insecure NS ns\n"
    "x.ent-secure NS ns\nx.ent-secure DS 12345 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "*.wild A 192.0.2.6\n*.wild TXT w\nsub.*.wild TXT s\n"
    "alias CNAME mail\n"
    "dname DNAME other.test.\n"
    "_sip._tcp SRV 0 5 5060 SIP.Example.\n"
    "esc\\.aped TXT \"\\000\\255\\\"\"\n"
    "\\200octet TXT x\n"
    "Mixed.CASE TXT x\n"
    "naptr NAPTR 100 50 \"s\" \"z3950+I2L+I2C\" \"\" _z3950._tcp.Example.\n"
    "below ZONEMD 5 1 1 "
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "unknown TYPE65280 \\# 4 0a000001\n";

struct flavour {
	const char *title;
	uint8_t algorithm;
	bool csk, nsec3, opt_out;
	uint16_t iterations;
	const char *salt;
};

static const struct flavour flavours[] = {
	{ "nsec, P-256", 13, false, false, false, 0, "" },
	{ "nsec, P-256, one key", 13, true, false, false, 0, "" },
	{ "nsec3, P-256", 13, false, true, false, 0, "" },
	{ "nsec3 with opt-out, P-256", 13, false, true, true, 0, "" },
	{ "nsec3 with salt and iterations", 13, false, true, false, 5, "\xaa\xbb\xcc\xdd" },
	{ "nsec3 with opt-out, salt and iterations", 13, false, true, true, 3, "\x01" },
	{ "RSA/SHA-256", 8, false, true, true, 0, "" },
	{ "RSA/SHA-512", 10, false, false, false, 0, "" },
	{ "P-384", 14, false, true, true, 0, "" },
	{ "Ed25519", 15, false, false, false, 0, "" },
	{ "Ed448", 16, false, true, false, 0, "" },
};

/* What they print goes to a file beside the zone, and is shown when it is not what we expect. */
static int run(const struct signed_zone *zone, const char *command, const char *path)
{
	char line[512];
	snprintf(line, sizeof(line), "timeout 60 %s %s > %s/said 2>&1", command, path, zone->folder);
	return system(line);
}

static void show(const struct signed_zone *zone)
{
	char line[128];
	snprintf(line, sizeof(line), "cat %s/said >&2", zone->folder);
	if (system(line) != 0)
		fputs("nothing was said\n", stderr);
}

static const char *const peers[] = {
	"dnssec-verify -o example.",
	"ldns-verify-zone -Z -t 20250101120000",
	"kzonecheck -o example. -t 1735732800 -d on",
	VERIFIER " --origin example. --now 20250101120000",
};

/* BIND wants to be told that one key does all. */
static const char *command_of(const struct flavour *flavour, size_t peer)
{
	return peer == 0 && flavour->csk ? "dnssec-verify -z -o example." : peers[peer];
}

static void open_flavour(struct signed_zone *zone, const struct flavour *flavour)
{
	signed_open(zone, "example.", flavour->algorithm, flavour->csk);
	zone->parameters.nsec3 = flavour->nsec3;
	zone->parameters.opt_out = flavour->opt_out;
	zone->parameters.iterations = flavour->iterations;
	zone->parameters.salt = (const uint8_t *)flavour->salt;
	zone->parameters.salt_size = (uint8_t)strlen(flavour->salt);
	/* dnssec-verify has no option for the time, and ldns ends in 2038. */
	zone->parameters.validity.seconds = zone->parameters.validity_dnskey.seconds = INT64_C(86400) * 365 * 12;
}

static void peers_accept_every_flavour(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(flavours); i++) {
		struct signed_zone zone;
		open_flavour(&zone, &flavours[i]);
		if (signed_make(&zone, little_of_all, NULL) != STATUS_OK)
			fail_msg("%s: %s", flavours[i].title, zone.err.message);
		for (size_t p = 0; p < COUNT(peers); p++) {
			if (run(&zone, command_of(&flavours[i], p), zone.path) == 0)
				continue;
			show(&zone);
			fail_msg("%s: refused by: %s", flavours[i].title, peers[p]);
		}
		signed_close(&zone);
	}
}

/* ldns 1.8 takes minutes for a thousand opted-out delegations, and never ends on some zones with several names below a
 * cut. */
enum { LDNS = 1 };

static void peers_judge(struct signed_zone *zone, const char *title, bool accept, bool all)
{
	for (size_t p = 0; p < COUNT(peers); p++) {
		if (p == LDNS && !all)
			continue;
		if ((run(zone, peers[p], zone->path) == 0) == accept)
			continue;
		show(zone);
		fail_msg("%s: %s by: %s", title, accept ? "refused" : "accepted", peers[p]);
	}
}

static void sign_and_judge(const struct flavour *flavour, const char *title, const char *text, bool all)
{
	struct signed_zone zone;
	open_flavour(&zone, flavour);
	if (signed_make(&zone, text, NULL) != STATUS_OK)
		fail_msg("%s: %s: %s", title, flavour->title, zone.err.message);
	char both[256];
	snprintf(both, sizeof(both), "%s: %s", title, flavour->title);
	peers_judge(&zone, both, true, all);
	signed_close(&zone);
}

/* NSEC, NSEC3, opt-out. */
static const struct flavour *const three[] = { &flavours[0], &flavours[2], &flavours[3] };

#define APEX                                                                                                           \
	"$ORIGIN example.\n$TTL 3600\n"                                                                                \
	"@ SOA ns.example. admin.example. 7 7200 3600 1209600 300\n"                                                   \
	"@ NS ns\nns A 192.0.2.1\n"

struct oddity {
	const char *title;
	const char *text;
};

static const struct oddity oddities[] = {
	{ "a zone of its apex alone", "@ 60 SOA a.test. b.test. 1 2 3 4 5\n@ 60 NS a.test.\n" },
	{ "a DNAME at the apex", "@ 60 SOA a.test. b.test. 1 2 3 4 5\n@ 60 NS a.test.\n@ 60 DNAME b.test.\n" },
	{ "a minimum larger than the SOA's TTL", "@ 60 SOA a.test. b.test. 1 2 3 4 500\n@ 600 NS a.test.\n" },
	/* 3msev9usmd4br9s97v51r2tdvmr9iqo1 is the hash of "example." with neither salt nor iterations. */
	{ "delegations whose names are hashes of names",
	    APEX "3msev9usmd4br9s97v51r2tdvmr9iqo1 NS ns\n3MSEV9USMD4BR9S97V51R2TDVMR9IQO2 NS ns\n" },
	{ "text at a name that is the hash of the apex", APEX "3msev9usmd4br9s97v51r2tdvmr9iqo1 TXT x\n" },
	{ "an empty non-terminal that is the hash of the apex", APEX "x.3msev9usmd4br9s97v51r2tdvmr9iqo1 TXT x\n" },
	{ "an empty non-terminal above a delegation that is the hash of the apex",
	    APEX "x.3msev9usmd4br9s97v51r2tdvmr9iqo1 NS ns\n" },
	{ "types in many windows", APEX "t TYPE511 \\# 1 00\nt TYPE65280 \\# 1 00\nt TYPE1000 \\# 1 00\nt TXT x\n" },
};

static void peers_accept_oddities(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(oddities); i++)
		for (size_t f = 0; f < COUNT(three); f++)
			sign_and_judge(three[f], oddities[i].title, oddities[i].text, true);
}

static void peers_accept_rrsets_over_16_kib(void **state)
{
	(void)state;
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	fputs(APEX, out);
	for (int i = 0; i < 200; i++)
		fprintf(out, "big TXT \"%d %0200d\"\n", i * 7 % 200, i);
	fclose(out);
	sign_and_judge(three[0], "one RRset of 40,000 octets", text, true);
	free(text);
}

/* With opt-out the fillers have no NSEC3, so in one of these zones a section of 1,024 would end between the two. */
static void a_name_and_the_nsec3_beside_it_stay_together(void **state)
{
	(void)state;
	for (int fillers = 1018; fillers <= 1024; fillers++) {
		char *text;
		size_t size;
		FILE *const out = open_memstream(&text, &size);
		fputs(APEX "3msev9usmd4br9s97v51r2tdvmr9iqo1 NS ns\n3msev9usmd4br9s97v51r2tdvmr9iqo1 DS 1 13 2 "
			   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		    out);
		for (int i = 0; i < fillers; i++)
			fprintf(out, "0%d NS ns\n", i);
		fclose(out);
		char title[32];
		snprintf(title, sizeof(title), "%d fillers", fillers);
		sign_and_judge(three[2], title, text, false);
		free(text);
	}
}

static void peers_accept_the_root(void **state)
{
	(void)state;
	static const char *const commands[] = { "dnssec-verify -o .", "ldns-verify-zone -Z -t 20250101120000",
		"kzonecheck -o . -t 1735732800 -d on", VERIFIER " --origin . --now 20250101120000" };
	for (size_t f = 0; f < COUNT(three); f++) {
		struct signed_zone zone;
		open_flavour(&zone, three[f]);
		zone.apex[0] = 0;
		if (signed_make(&zone,
			". 86400 SOA a.root. n.root. 1 1800 900 604800 86400\n. 518400 NS a.root.\n"
			"a.root. 518400 A 192.0.2.1\ntest. 172800 NS ns.test.\nns.test. 172800 A 192.0.2.2\n"
			"example. 172800 NS ns.test.\nexample. 86400 DS 1 13 2 "
			"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
			NULL) != STATUS_OK)
			fail_msg("%s: %s", three[f]->title, zone.err.message);
		for (size_t i = 0; i < COUNT(commands); i++) {
			if (run(&zone, commands[i], zone.path) == 0)
				continue;
			show(&zone);
			fail_msg("%s: refused by: %s", three[f]->title, commands[i]);
		}
		signed_close(&zone);
	}
}

static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 16;
}

/* Whether `name` is `other` or below it. */
static bool is_below(const char *name, const char *other)
{
	const size_t size = strlen(name);
	const size_t other_size = strlen(other);
	return size >= other_size && strcmp(name + size - other_size, other) == 0 &&
	       (size == other_size || name[size - other_size - 1] == '.');
}

/* Names of few labels, so that cuts, glue, wildcards and empty non-terminals meet in every way. */
static char *random_zone(uint32_t seed)
{
	static const char *const labels[] = { "a", "b", "c", "z9", "_x", "*" };
	static const char *const data[] = { "TXT x", "A 192.0.2.9", "MX 5 A.example.", "CNAME b", "AAAA 2001:db8::9",
		"NS ns\n%1$s A 192.0.2.8", "NS ns",
		"NS ns\n%1$s DS 1 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"DNAME other.test." };
	enum { DNAME = COUNT(data) - 1 };
	char names[60][64];
	size_t count = 0;
	char dnames[60][64];
	size_t dname_count = 0;
	char *text;
	size_t size;
	FILE *const out = open_memstream(&text, &size);
	fputs(APEX, out);
	for (int i = 0; i < 60; i++) {
		char *const name = names[count];
		name[0] = '\0';
		bool star = false;
		for (unsigned depth = next_random(&seed) % 4 + 1; depth > 0; depth--) {
			const unsigned label = next_random(&seed) % COUNT(labels);
			star |= label == 5;
			snprintf(name + strlen(name), sizeof(names[0]) - strlen(name), "%s%s",
			    name[0] == '\0' ? "" : ".", labels[label]);
		}
		const unsigned what = next_random(&seed) % COUNT(data);
		bool fits = !(star && what >= 5);
		for (size_t k = 0; k < count; k++)
			fits &= strcmp(names[k], name) != 0 && !(what == DNAME && is_below(names[k], name));
		for (size_t k = 0; k < dname_count; k++)
			fits &= !is_below(name, dnames[k]);
		if (!fits)
			continue;
		if (what == DNAME)
			snprintf(dnames[dname_count++], sizeof(dnames[0]), "%s", name);
		count++;
		fprintf(out, "%s ", name);
		for (const char *at = data[what]; *at != '\0'; at++) {
			if (*at == '%') {
				fputs(name, out);
				at += 3;
			} else {
				fputc(*at, out);
			}
		}
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static void peers_accept_random_zones(void **state)
{
	(void)state;
	const uint32_t seeds = getenv("ZONESEAL_SOAK") != NULL ? 1000 : 24;
	for (uint32_t seed = 1; seed <= seeds; seed++) {
		char *const text = random_zone(seed);
		char title[32];
		snprintf(title, sizeof(title), "seed %u", seed);
		sign_and_judge(three[seed % 3], title, text, false);
		free(text);
	}
}

/* Revoked and standby keys, and a request to delete the DS. */
static void peers_accept_a_zone_on_its_way(void **state)
{
	(void)state;
	for (size_t f = 0; f < COUNT(three); f++) {
		struct signed_zone zone;
		open_flavour(&zone, three[f]);
		struct key *const revoked = signed_add_key(&zone, KEY_KSK, 13);
		revoked->revoked = zone.parameters.now;
		revoked->state[KEY_DS] = KEY_HIDDEN;
		struct key *const standby = signed_add_key(&zone, KEY_ZSK, 13);
		standby->state[KEY_ZRRSIG] = KEY_HIDDEN;
		assert_int_equal(signed_make(&zone, little_of_all, NULL), STATUS_OK);
		peers_judge(&zone, "revoked and standby keys", true, true);
		zone.parameters.cds_delete = true;
		assert_int_equal(signed_make(&zone, little_of_all, NULL), STATUS_OK);
		peers_judge(&zone, "a request to delete the DS", true, true);
		signed_close(&zone);
	}
}

static void an_unsigned_zone_loads_and_passes_only_as_such(void **state)
{
	(void)state;
	static const char *const good[] = { "named-checkzone -i none -k ignore example.",
		"kzonecheck -o example. -d off", VERIFIER " --expect-unsigned --now 20250101120000" };
	struct signed_zone zone;
	open_flavour(&zone, three[1]);
	zone.parameters.unsigned_output = true;
	assert_int_equal(signed_make(&zone, little_of_all, NULL), STATUS_OK);
	for (size_t i = 0; i < COUNT(good); i++) {
		if (run(&zone, good[i], zone.path) == 0)
			continue;
		show(&zone);
		fail_msg("refused by: %s", good[i]);
	}
	assert_int_not_equal(run(&zone, VERIFIER " --now 20250101120000", zone.path), 0);
	zone.parameters.unsigned_output = false;
	assert_int_equal(signed_make(&zone, little_of_all, NULL), STATUS_OK);
	assert_int_not_equal(run(&zone, good[2], zone.path), 0);
	signed_close(&zone);
}

static void peers_refuse_a_changed_character(void **state)
{
	(void)state;
	struct signed_zone zone;
	open_flavour(&zone, three[1]);
	assert_int_equal(signed_make(&zone, little_of_all, NULL), STATUS_OK);
	char *const at = strstr(strstr(zone.text, "a.b.c.example.\t3600\tIN\tRRSIG\tTXT"), "example. ") + 10;
	*at = *at == 'A' ? 'B' : 'A';
	FILE *const out = fopen(zone.path, "wb");
	assert_non_null(out);
	fputs(zone.text, out);
	fclose(out);
	peers_judge(&zone, "one changed character", false, true);
	signed_close(&zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_accept_every_flavour),
		cmocka_unit_test(peers_accept_oddities),
		cmocka_unit_test(peers_accept_rrsets_over_16_kib),
		cmocka_unit_test(a_name_and_the_nsec3_beside_it_stay_together),
		cmocka_unit_test(peers_accept_the_root),
		cmocka_unit_test(peers_accept_random_zones),
		cmocka_unit_test(peers_accept_a_zone_on_its_way),
		cmocka_unit_test(an_unsigned_zone_loads_and_passes_only_as_such),
		cmocka_unit_test(peers_refuse_a_changed_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
