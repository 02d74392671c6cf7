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

static enum status prove(struct store *store, struct token *token, int64_t zone_id, const struct key *key,
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
	status = token_prove(token, key, (struct bytes){ (const uint8_t *)octets.data, octets.size }, err);
	zonetext_buffer_free(&octets);
	zonetext_free(&text);
	return status;
}

enum status proving_key(
    struct store *store, struct token *token, int64_t zone_id, const struct key *key, struct utc now, struct error *err)
{
	struct arena *const scratch = arena_new(0);
	const enum status status = prove(store, token, zone_id, key, now, scratch, err);
	arena_free(scratch);
	return status;
}
