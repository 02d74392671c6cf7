/* SPDX-License-Identifier: MIT */
#include "signer/engine/proving.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keystore/dnskey.h"
#include "signer/ceremony/ceremony_set.h"
#include "signer/dns/rrtype.h"
#include "signer/dns/zonetext_read.h"
#include "signer/engine/folder.h"
#include "signer/sign/rrsig.h"

enum { LINE = 4096, TTL = 3600, HOUR = 3600 };

static bool is_same(const struct key *a, const struct key *b)
{
	return memcmp(a->fingerprint, b->fingerprint, sizeof(a->fingerprint)) == 0;
}

/* The DNSKEY RRset as it is published, with the key that it is about. */
static enum status make_dnskey(struct store *store, int64_t zone_id, const uint8_t *apex, const struct key *key,
    struct arena *mem, struct row *out, struct error *err)
{
	struct ceremony_set set = { .count = 0 };
	struct key *keys;
	size_t count = 0;
	uint8_t rdata[DNSKEY_RDATA];
	const enum status status = store_keys(store, zone_id, mem, &keys, &count, err);
	if (status != STATUS_OK)
		return status;
	/* Room for all of them: a zone may publish more keys than a bundle of a ceremony holds. */
	set.records = arena_calloc(mem, count + 1, sizeof(*set.records));
	for (size_t i = 0; i < count; i++) {
		if (!key_is_published(&keys[i]) || is_same(&keys[i], key))
			continue;
		const size_t size = dnskey_rdata(&keys[i], rdata);
		ceremony_put(&set, apex, TTL, RRTYPE_DNSKEY, rdata, size, mem);
	}
	const size_t size = dnskey_rdata(key, rdata);
	ceremony_put(&set, apex, TTL, RRTYPE_DNSKEY, rdata, size, mem);
	*out = ceremony_row(&set, RRTYPE_DNSKEY, apex, mem);
	return STATUS_OK;
}

/* A published zone begins with its SOA, on one line. */
static int open_first_line(const char *path)
{
	char line[LINE];
	FILE *const file = fopen(path, "re");
	const bool have = file != NULL && fgets(line, sizeof(line), file) != NULL && strchr(line, '\n') != NULL;
	if (file != NULL)
		fclose(file);
	const int memory = have ? memfd_create("soa", MFD_CLOEXEC) : -1;
	const size_t size = have ? strlen(line) : 0;
	if (memory < 0)
		return -1;
	if (write(memory, line, size) == (ssize_t)size && lseek(memory, 0, SEEK_SET) == 0)
		return memory;
	close(memory);
	return -1;
}

/* `text` owns the record, and is freed in every case. */
static bool read_soa(const char *path, const uint8_t *apex, struct zonetext *text, struct row *out)
{
	const struct zonetext_options options = { .name = "the published SOA", .origin = apex, .threads = 1 };
	const int file = open_first_line(path);
	const bool read = file >= 0 && zonetext_read(file, &options, text, NULL) == STATUS_OK;
	if (file >= 0)
		close(file);
	if (!read || text->count != 1 || text->records[0].type != RRTYPE_SOA ||
	    !name_equal(text->records[0].owner, apex))
		return false;
	*out = (struct row){
		.owner = apex, .records = text->records, .count = 1, .ttl = text->records[0].ttl, .type = RRTYPE_SOA
	};
	return true;
}

/* The path of what is published; NULL: nothing is. */
static enum status find_published(
    struct store *store, int64_t zone_id, struct arena *mem, const char **out, struct error *err)
{
	struct store_version last;
	bool found = false;
	const enum status status = store_last_version(store, zone_id, mem, &last, &found, err);
	*out = status == STATUS_OK && found ? last.path : NULL;
	return status;
}

bool proving_concerns(const struct key *key)
{
	return !key->foreign && !key_is_offline(key) && key->purging.seconds == 0;
}

bool proving_in_use(const struct key *key)
{
	return proving_concerns(key) && (key_is_published(key) || key_signs_keys(key) || key_signs_zone(key));
}

/* By those stores that a run needs, or by all. */
static enum status prove_by(struct token *token, const struct key *key, struct bytes rrset, bool all, struct error *err)
{
	struct token_signer *signer = NULL;
	if (all)
		return token_prove(token, key, rrset, err);
	enum status status = token_signer_new(token, key, &signer, err);
	if (status == STATUS_OK)
		status = token_signer_prove(token, key, signer, rrset, err);
	token_signer_free(signer);
	return status;
}

static enum status prove(struct store *store, struct token *token, int64_t zone_id, const struct key *key, bool all,
    struct utc now, struct arena *mem, struct error *err)
{
	const struct rrsig_times times = { rrsig_serial_time(now),
		rrsig_serial_time(utc_add(now, (struct span){ HOUR })) };
	struct zonetext_buffer octets = { .data = NULL };
	struct zonetext text = { .count = 0 };
	uint8_t apex[NAME_WIRE];
	const char *name = NULL;
	const char *path = NULL;
	struct row row;
	enum status status = store_zone_name(store, zone_id, mem, &name, err);
	if (status == STATUS_OK)
		status = folder_zone_name(name, mem, &name, apex, err);
	if (status == STATUS_OK)
		status = make_dnskey(store, zone_id, apex, key, mem, &row, err);
	if (status == STATUS_OK && key->role == KEY_ZSK)
		status = find_published(store, zone_id, mem, &path, err);
	if (status != STATUS_OK)
		return status;
	/* A file that is not ours any more changes nothing here: the run that replaces it says so. */
	if (path != NULL)
		(void)read_soa(path, apex, &text, &row);
	rrsig_input(&row, key, apex, times, &octets);
	status = prove_by(token, key, (struct bytes){ (const uint8_t *)octets.data, octets.size }, all, err);
	zonetext_buffer_free(&octets);
	zonetext_free(&text);
	return status;
}

enum status proving_key(
    struct store *store, struct token *token, int64_t zone_id, const struct key *key, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const enum status status = prove(store, token, zone_id, key, true, now, scratch, err);
	arena_free(scratch);
	return status;
}

/* ---- runs that sign nothing ---- */

static bool is_on_tokens(const struct key *key)
{
	size_t at = 0;
	char store[TOKEN_STORE];
	return token_next_store(key, &at, store) && strcmp(store, TOKEN_FILES) != 0;
}

static const struct store_proof *find_row(
    const struct store_proof rows[], size_t count, const struct key *key, const char *store)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].key == key->id && strcmp(rows[i].store, store) == 0)
			return &rows[i];
	return NULL;
}

static bool is_due(const struct store_proof rows[], size_t count, const struct key *key, struct utc now)
{
	char store[TOKEN_STORE];
	for (size_t at = 0; token_next_store(key, &at, store);) {
		const struct store_proof *const row = find_row(rows, count, key, store);
		if (row == NULL)
			return true;
		const int64_t age = utc_difference(now, row->tried).seconds;
		if (age < 0 || age >= (row->good ? PROVING_AGAIN : PROVING_RETRY))
			return true;
	}
	return false;
}

enum status proving_idle(struct store *store, struct token *token, int64_t zone_id, const struct key keys[],
    size_t count, struct utc now, struct error *err)
{
	struct arena *scratch = NULL;
	struct store_proof *rows = NULL;
	size_t row_count = 0;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (!proving_in_use(&keys[i]) || !is_on_tokens(&keys[i]))
			continue;
		if (scratch == NULL) {
			scratch = arena_new(0);
			status = store_proofs(store, zone_id, scratch, &rows, &row_count, err);
		}
		if (status == STATUS_OK && is_due(rows, row_count, &keys[i], now))
			status = prove(store, token, zone_id, &keys[i], false, now, scratch, err);
	}
	if (scratch != NULL)
		arena_free(scratch);
	return status;
}

/* ---- what is written down ---- */

static const struct key *find_key(const struct key keys[], size_t count, const uint8_t fingerprint[32])
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(keys[i].fingerprint, fingerprint, 32) == 0)
			return &keys[i];
	return NULL;
}

enum status proving_record(struct store *store, struct token *token, int64_t zone_id, struct utc now, struct error *err)
{
	const struct token_proof *proofs = NULL;
	const size_t proof_count = token == NULL ? 0 : token_proofs(token, &proofs);
	struct arena *const scratch = arena_new(0);
	struct key *keys;
	size_t count = 0;
	size_t found = 0;
	enum status status = proof_count == 0 ? STATUS_OK : store_keys(store, zone_id, scratch, &keys, &count, err);
	struct store_proof *const rows = arena_calloc(scratch, proof_count + 1, sizeof(*rows));
	for (size_t i = 0; i < proof_count && status == STATUS_OK; i++) {
		const struct key *const key = find_key(keys, count, proofs[i].fingerprint);
		if (key != NULL)
			rows[found++] = (struct store_proof){ .key = key->id,
				.store = proofs[i].store,
				.good = proofs[i].good,
				.shown = proofs[i].shown,
				.message = proofs[i].message };
	}
	if (status == STATUS_OK && found > 0)
		status = store_note_proofs(store, zone_id, rows, found, now, err);
	arena_free(scratch);
	return status;
}

size_t proving_left_out(
    const struct token *token, const struct key keys[], size_t count, struct arena *mem, const char *const **out)
{
	const struct token_proof *proofs = NULL;
	const size_t proof_count = token == NULL ? 0 : token_proofs(token, &proofs);
	const char **const words = arena_calloc(mem, proof_count + 1, sizeof(*words));
	size_t found = 0;
	for (size_t i = 0; i < proof_count; i++) {
		const struct key *const key = find_key(keys, count, proofs[i].fingerprint);
		if (key != NULL && !proofs[i].good)
			words[found++] =
			    arena_printf(mem, "%s %u: %s", key_role_name(key->role), key->tag, proofs[i].message);
	}
	*out = words;
	return found;
}
