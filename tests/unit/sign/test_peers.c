/* SPDX-License-Identifier: MIT */
/* What we sign, other people's verifiers accept; and they refuse it with one character changed. */
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
	snprintf(line, sizeof(line), "%s %s > %s/said 2>&1", command, path, zone->folder);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_accept_every_flavour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
