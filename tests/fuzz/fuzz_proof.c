/* SPDX-License-Identifier: MIT */
/*
 * What parent servers answer about a DS set: what it means, and whether it follows from a trust anchor.
 *
 * The input is text in parts that a line "===" ends: words ("aa nx tc late servfail") with the apex of the zone, the
 * trust anchor, the answer to the DNSKEY question, then answer and authority section of the DS question, each part in
 * master-file form. An Ed25519 signature of 64 zero octets stands for the right one of the test key, which is made
 * here: so inputs get past the signatures to what they are signed for. The test key is that of 32 octets 0x42.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/parent_answer.h"
#include "signer/engine/parent_evidence.h"
#include "signer/engine/proof.h"
#include "signer/sign/rrsig.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD, ANCHOR, KEYS, ANSWER, AUTHORITY, PARTS, SIGNATURE = 64, MOST = 1 << 16, PATH = 40 };

static const struct utc now = { 1780000000 }; /* 2026-05-28 */

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- text ---- */

static void split(char *text, const char *parts[PARTS])
{
	for (int i = 0; i < PARTS; i++) {
		parts[i] = text;
		char *const end = strstr(text, "===\n");
		text = end == NULL ? text + strlen(text) : end + 4;
		if (end != NULL)
			*end = '\0';
	}
}

static int file_of(const char *text)
{
	const int file = memfd_create("part", MFD_CLOEXEC);
	must(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text) && lseek(file, 0, SEEK_SET) == 0);
	return file;
}

static void read_part(const char *text, struct zonetext *out)
{
	static const uint8_t root[] = "";
	const struct zonetext_options options = { .name = "part", .origin = root, .threads = 1 };
	struct error err;
	const int file = file_of(text);
	error_clear(&err);
	if (zonetext_read(file, &options, out, &err) != STATUS_OK)
		out->count = 0;
	close(file);
}

/* ---- signatures ---- */

static int by_rdata(const void *a, const void *b)
{
	const struct record *const one = a;
	const struct record *const two = b;
	return rdata_compare(one->type, one->rdata, one->rdata_size, two->rdata, two->rdata_size);
}

/* The RRset that a signature covers, in canonical order. */
static struct row covered_by(const struct zonetext *text, const struct record *rrsig, struct arena *mem)
{
	struct record *const records = arena_calloc(mem, text->count + 1, sizeof(*records));
	const uint16_t type = bytes_get_u16(rrsig->rdata);
	uint32_t kept = 0;
	for (size_t i = 0; i < text->count; i++)
		if (text->records[i].type == type && name_equal(text->records[i].owner, rrsig->owner))
			records[kept++] = text->records[i];
	const uint32_t count = kept;
	qsort(records, count, sizeof(*records), by_rdata);
	kept = 0;
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || by_rdata(&records[kept - 1], &records[i]) != 0)
			records[kept++] = records[i];
	return (struct row){ .owner = rrsig->owner,
		.records = records,
		.count = kept,
		.ttl = bytes_get_u32(rrsig->rdata + 4),
		.type = type };
}

static void sign(EVP_PKEY *key, const struct row *row, uint8_t *rdata, size_t head)
{
	struct zonetext_buffer data = { .data = NULL };
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	uint8_t signer[NAME_WIRE];
	size_t size = SIGNATURE;
	zonetext_buffer_reserve(&data, head);
	memcpy(data.data, rdata, RRSIG_FIXED);
	memcpy(data.data + RRSIG_FIXED, signer, name_lower(rdata + RRSIG_FIXED, signer));
	data.size = head;
	rrsig_canonical_rows(&data, row);
	must(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestSign(context, rdata + head, &size, (const uint8_t *)data.data, data.size) == 1);
	EVP_MD_CTX_free(context);
	zonetext_buffer_free(&data);
}

static void sign_part(EVP_PKEY *key, struct zonetext *text, struct arena *mem)
{
	static const uint8_t blank[SIGNATURE];
	enum { SIGNED_MOST = 64 };
	for (size_t i = 0, made = 0; i < text->count && made < SIGNED_MOST; i++) {
		struct record *const record = &text->records[i];
		if (record->type != RRTYPE_RRSIG)
			continue;
		const size_t head = RRSIG_FIXED + name_size(record->rdata + RRSIG_FIXED);
		if (record->rdata_size != head + SIGNATURE || memcmp(record->rdata + head, blank, SIGNATURE) != 0)
			continue;
		uint8_t *const rdata = arena_octets(mem, record->rdata_size);
		memcpy(rdata, record->rdata, record->rdata_size);
		const struct row row = covered_by(text, record, mem);
		sign(key, &row, rdata, head);
		record->rdata = rdata;
		made++;
	}
}

/* ---- what is tried ---- */

static void words_are_whole(const struct parent_server *says)
{
	must(says->words != NULL && says->words[0] != '\0');
	must((says->answer == PARENT_SHOWS) == (says->count > 0));
	must(says->answer != PARENT_NOT_KNOWN || says->ttl == 0);
}

static void try_evidence(const char *text, const uint8_t *apex, struct arena *mem)
{
	char path[PATH];
	struct parent_evidence evidence;
	struct error err;
	const int file = file_of(text);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	error_clear(&err);
	if (parent_evidence_read(path, apex, mem, &evidence, &err) == STATUS_OK)
		must((evidence.says.answer == PARENT_SHOWS) == (evidence.says.count > 0));
	else
		must(err.message[0] != '\0');
	close(file);
}

static bool load_anchor(const char *text, const uint8_t *apex, struct arena *mem, struct proof_anchor *out)
{
	char path[PATH];
	struct error err;
	const int file = file_of(text);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	error_clear(&err);
	const enum status status = proof_anchor_load(path, apex, mem, out, &err);
	must(status == STATUS_OK ? out->count > 0 : err.message[0] != '\0');
	close(file);
	return status == STATUS_OK;
}

static void try_proof(const struct wire_answer *keys_answer, const struct wire_answer *answer,
    const struct proof_anchor *anchor, const uint8_t *apex, struct arena *mem)
{
	struct proof_keys keys = { NULL, 0 };
	const struct proof_rrset ds = { answer, WIRE_ANSWER, apex, RRTYPE_DS };
	/* Whoever trusts no key believes nothing. */
	must(proof_rrset_holds(&ds, anchor->apex, &keys, now, mem) != NULL);
	must(proof_no_ds(answer, apex, anchor->apex, &keys, now, mem) != NULL);
	const char *const why = proof_keys_add(keys_answer, anchor, now, mem, &keys);
	must((why == NULL) == (keys.count > 0));
	if (why != NULL)
		return;
	must(proof_keys_add(keys_answer, anchor, now, mem, &keys) == NULL && keys.count % 2 == 0);
	const char *const holds = proof_rrset_holds(&ds, anchor->apex, &keys, now, mem);
	const char *const absent = proof_no_ds(answer, apex, anchor->apex, &keys, now, mem);
	must((holds == NULL || holds[0] != '\0') && (absent == NULL || absent[0] != '\0'));
}

static struct query_job job_of(const char *head, const struct zonetext *answer, const struct zonetext *authority)
{
	struct query_job job = { .outcome = strstr(head, "late") != NULL ? QUERY_LATE : QUERY_ANSWERED,
		.words = "no answer within 5s" };
	job.answer = (struct wire_answer){ .authoritative = strstr(head, "aa") != NULL,
		.truncated = strstr(head, "tc") != NULL,
		.rcode = strstr(head, "nx") != NULL         ? WIRE_NXDOMAIN
			 : strstr(head, "servfail") != NULL ? WIRE_SERVFAIL
							    : WIRE_NOERROR,
		.records = { answer->records, authority->records },
		.count = { answer->count, authority->count } };
	return job;
}

static void try_all(const char *parts[PARTS], EVP_PKEY *key, struct arena *mem)
{
	static const uint8_t apex[] = "\2nl\4test";
	static const uint8_t long_apex[] = "\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					   "\77bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
					   "\77ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
					   "\72dddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\4test";
	const uint8_t *const name = strstr(parts[HEAD], "long") != NULL ? long_apex : apex;
	struct zonetext text[PARTS] = { { .records = NULL } };
	struct proof_anchor anchor;
	for (int i = KEYS; i < PARTS; i++) {
		read_part(parts[i], &text[i]);
		sign_part(key, &text[i], mem);
	}
	const struct wire_answer keys = {
		.authoritative = true, .records = { text[KEYS].records }, .count = { text[KEYS].count }
	};
	const struct query_job job = job_of(parts[HEAD], &text[ANSWER], &text[AUTHORITY]);
	const bool anchored = load_anchor(parts[ANCHOR], name, mem, &anchor);
	struct parent_server says = { .address = "192.0.2.1" };
	parent_answer_read(&job, name, anchored ? anchor.apex : NULL, mem, &says);
	words_are_whole(&says);
	parent_answer_doubt(&says, "a doubt", mem);
	must(says.answer == PARENT_NOT_KNOWN && says.count == 0);
	try_evidence(parts[ANSWER], name, mem);
	if (anchored)
		try_proof(&keys, &job.answer, &anchor, name, mem);
	for (int i = KEYS; i < PARTS; i++)
		zonetext_free(&text[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t seed[32];
	const char *parts[PARTS];
	if (size > MOST)
		return 0;
	memset(seed, 0x42, sizeof(seed));
	struct arena *const mem = arena_new(0);
	EVP_PKEY *const key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	must(key != NULL);
	split(arena_strndup(mem, (const char *)data, size), parts);
	try_all(parts, key, mem);
	EVP_PKEY_free(key);
	arena_free(mem);
	return 0;
}
