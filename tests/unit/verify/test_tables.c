/* SPDX-License-Identifier: MIT */
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signer/base/arena.h"
#include "signer/verify/verdict.h"
#include "signer/verify/vp256.h"
#include "signer/verify/vproof.h"
#include "signer/verify/vselftest_p256.h"

/* The verdict is the same with tables, without, and in a build that has none. */

enum { NOW = 1768003200, MANY = 1500, HEAD = 18 };

static struct verify_verdict *judge(const char *text, enum verify_tables tables, unsigned threads)
{
	struct verify_verdict *verdict = NULL;
	struct error err;
	const struct verify_options options = {
		.origin = "zs.test.",
		.zone = { "zone", -1, (const uint8_t *)text, strlen(text) },
		.times = { { NOW } },
		.time_count = 1,
		.threads = threads,
		.tables = tables,
	};
	if (verify_run(&options, &verdict, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return verdict;
}

/* The verdict's text up to where it tells how long it took. */
static char *told(const struct verify_verdict *verdict)
{
	char *const text = verify_json(verdict);
	char *const seconds = strstr(text, "\"seconds\"");
	char *const threads = strstr(text, "\"threads\"");
	if (seconds != NULL)
		*seconds = '\0';
	if (threads != NULL)
		*threads = '\0';
	return text;
}

static void the_built_in_zone_passes_by_tables(void **state)
{
	struct error err;
	(void)state;
	struct verify_verdict *const verdict = judge(built_in_p256, VERIFY_TABLES_ALWAYS, 1);
	assert_true(verify_passed(verdict));
	assert_int_equal(verdict->run.stats.verified, 10);
	assert_int_equal(verdict->run.stats.proven, vp256_built_in() ? 10 : 0);
	verify_free(verdict);
	if (vp256_built_in())
		assert_int_equal(verify_self_test_tables(&err), STATUS_OK);
	assert_int_equal(verify_self_test(&err), STATUS_OK);
}

static void few_signatures_are_left_to_evp(void **state)
{
	(void)state;
	struct verify_verdict *const verdict = judge(built_in_p256, VERIFY_TABLES_AUTO, 1);
	assert_true(verify_passed(verdict));
	assert_int_equal(verdict->run.stats.proven, 0);
	verify_free(verdict);
}

/* --- a zone of our own, with many signatures --- */

struct zone {
	EVP_PKEY *key;
	uint8_t point[65];
	unsigned tag;
	char *text;
	size_t used, room;
};

static void write_line(struct zone *zone, const char *format, ...)
{
	va_list arguments;
	if (zone->used + 1024 > zone->room) {
		zone->room = 2 * zone->room + 65536;
		zone->text = memory_resize(zone->text, zone->room, 1);
	}
	va_start(arguments, format);
	zone->used += (size_t)vsnprintf(zone->text + zone->used, zone->room - zone->used, format, arguments);
	va_end(arguments);
}

static void sign(struct zone *zone, const uint8_t *data, size_t size, char out[128])
{
	uint8_t der[80], raw[64];
	const uint8_t *at = der;
	size_t der_size = sizeof(der);
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, zone->key), 1);
	assert_int_equal(EVP_DigestSign(context, der, &der_size, data, size), 1);
	ECDSA_SIG *const signature = d2i_ECDSA_SIG(NULL, &at, (long)der_size);
	BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
	EVP_EncodeBlock((unsigned char *)out, raw, sizeof(raw));
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
}

/* nK.zs.test. A 192.0.2.1 with its RRSIG; each of `bad` has a signature over another address. */
static void add_signed_address(struct zone *zone, unsigned number, bool bad)
{
	uint8_t data[HEAD + 9 + 64];
	char label[16], signature[128];
	size_t size = 0;
	const uint8_t head[HEAD] = { 0, 1, 13, 3, 0, 0, 1, 44, 0x69, 0x7e, 0x97, 0x80, 0x69, 0x55, 0xb9, 0,
		(uint8_t)(zone->tag >> 8), (uint8_t)zone->tag };
	const uint8_t tail[] = { 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, bad ? 2 : 1 };
	const uint8_t apex[] = { 2, 'z', 's', 4, 't', 'e', 's', 't', 0 };
	memcpy(data, head, sizeof(head));
	memcpy(data + HEAD, apex, sizeof(apex));
	size = HEAD + sizeof(apex);
	data[size] = (uint8_t)snprintf(label, sizeof(label), "n%u", number);
	memcpy(data + size + 1, label, data[size]);
	size += 1u + data[size];
	memcpy(data + size, apex, sizeof(apex));
	size += sizeof(apex);
	memcpy(data + size, tail, sizeof(tail));
	sign(zone, data, size + sizeof(tail), signature);
	write_line(zone, "n%u.zs.test. 300 IN A 192.0.2.1\n", number);
	write_line(zone, "n%u.zs.test. 300 IN RRSIG A 13 3 300 20260201000000 20260101000000 %u zs.test. %s\n", number,
	    zone->tag, signature);
}

/* Without a chain and more: no verdict on it is good, but every signature is judged. */
static void make_zone(struct zone *zone, unsigned first_bad)
{
	uint8_t rdata[4 + 64] = { 1, 0, 3, 13 };
	char key[128];
	size_t size;
	*zone = (struct zone){ .key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") };
	assert_int_equal(EVP_PKEY_get_octet_string_param(
			     zone->key, OSSL_PKEY_PARAM_PUB_KEY, zone->point, sizeof(zone->point), &size),
	    1);
	memcpy(rdata + 4, zone->point + 1, 64);
	zone->tag = vkeys_tag(rdata, sizeof(rdata));
	EVP_EncodeBlock((unsigned char *)key, rdata + 4, 64);
	write_line(zone, "zs.test. 300 IN SOA ns1.zs.test. host.zs.test. 1 7200 3600 86400 300\n");
	write_line(zone, "zs.test. 300 IN NS ns.other.test.\nzs.test. 300 IN DNSKEY 256 3 13 %s\n", key);
	for (unsigned i = 0; i < MANY; i++)
		add_signed_address(zone, i, i >= first_bad);
}

static void close_zone(struct zone *zone)
{
	EVP_PKEY_free(zone->key);
	free(zone->text);
}

static void many_signatures_are_proven_and_the_verdict_stays_the_same(void **state)
{
	struct zone zone;
	(void)state;
	make_zone(&zone, MANY - 40);
	struct verify_verdict *const plain = judge(zone.text, VERIFY_TABLES_NEVER, 1);
	char *const expected = told(plain);
	assert_int_equal(plain->run.stats.verified, MANY - 40);
	assert_int_equal(plain->run.stats.proven, 0);
	for (unsigned threads = 1; threads <= 4; threads += 3) {
		struct verify_verdict *const verdict = judge(zone.text, VERIFY_TABLES_AUTO, threads);
		char *const said = told(verdict);
		assert_string_equal(said, expected);
		assert_int_equal(verdict->run.stats.verified, MANY - 40);
		assert_int_equal(verdict->run.stats.proven, vp256_built_in() ? MANY - 40 : 0);
		assert_true(verify_found(verdict, "sig.valid"));
		free(said);
		verify_free(verdict);
	}
	free(expected);
	verify_free(plain);
	close_zone(&zone);
}

static void some_proofs_are_judged_again(void **state)
{
	const struct vrun run = { .published = 0 };
	const struct verify_options options = { .tables = VERIFY_TABLES_NEVER };
	struct vrun mine = run;
	struct vproofs *proofs = NULL;
	struct error err;
	unsigned chosen = 0, early = 0;
	(void)state;
	mine.options = &options;
	assert_int_equal(vproofs_make(&mine, &proofs, &err), STATUS_OK);
	struct vprover *const prover = vprover_new(proofs);
	for (unsigned i = 0; i < 100000; i++) {
		const bool taken = vprover_sample(prover);
		chosen += taken;
		early += taken && i < 8;
	}
	assert_int_equal(early, 8);
	assert_in_range(chosen, 250, 550); /* 398 on average; beyond 250..550 once in 10^13 runs */
	vprover_free(prover);
	vproofs_free(proofs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_zone_passes_by_tables),
		cmocka_unit_test(few_signatures_are_left_to_evp),
		cmocka_unit_test(many_signatures_are_proven_and_the_verdict_stays_the_same),
		cmocka_unit_test(some_proofs_are_judged_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
