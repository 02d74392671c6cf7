/* SPDX-License-Identifier: MIT */
#include "signer/sign/write_zone.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/rrsig.h"
#include "signer/sign/stream.h"

/* Octets after which the disk is to begin with them: it works while the gate does. */
enum { PUSHED = 32 << 20 };

struct writer;

struct write_worker {
	struct rows_scratch scratch;
	struct rrsig_list list;
	struct zonetext_buffer *out;
	const struct writer *writer;
	bool soa_only;        /* the SOA goes before the rest of the apex */
	struct rowhash *hash; /* these four for the draft, if there is one */
	struct zonetext_buffer block;
	uint32_t entries;
	bool owner_again; /* the last entry has the owner of this row */
	uint64_t records;
	uint64_t signatures;
	uint64_t denial_records;
	struct utc first_expiry;
};

struct writer {
	const struct rows *rows;
	struct utc now;
	bool all_type_names;
	struct write_worker *workers;
	EVP_MD_CTX *context;
	struct publish *out;
	struct sigfile_draft *draft;
	uint64_t size;
};

static void note_expiries(struct write_worker *worker, const struct row *row)
{
	const struct keyset *const keyset = worker->writer->rows->keyset;
	const uint8_t *slot = row->slot;
	for (size_t k = 0; slot != NULL && k < keyset->count; k++) {
		if (!keyset->keys[k].duty[row->duty])
			continue;
		const struct utc end = rrsig_moment(rrsig_slot_times(slot).expiration, worker->writer->now);
		if (!keyset_slot_is_empty(slot) && utc_before(end, worker->first_expiry))
			worker->first_expiry = end;
		slot += KEYSET_TIMES + keyset->keys[k].signature_size;
	}
}

/* SOA and ZONEMD are new in each version. */
static enum status draft_row(struct write_worker *worker, const struct row *row, struct error *err)
{
	uint8_t digest[ROWHASH_SIZE];
	worker->owner_again = worker->owner_again && !row->new_owner;
	if (worker->list.count == 0 || row->type == RRTYPE_SOA || row->type == RRTYPE_ZONEMD)
		return STATUS_OK;
	if (!rowhash_of(worker->hash, row, digest))
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	sigfile_add(&worker->block, row, worker->owner_again, digest, &worker->list);
	worker->owner_again = true;
	worker->entries++;
	return STATUS_OK;
}

static enum status write_row(void *context, const struct row *row, struct error *err)
{
	struct write_worker *const worker = context;
	const struct writer *const writer = worker->writer;
	if (worker->soa_only != (row->at_apex && row->type == RRTYPE_SOA))
		return STATUS_OK;
	zonetext_write_records(
	    worker->out, row->owner, row->ttl, row->type, row->records, row->count, writer->all_type_names);
	rrsig_collect(writer->rows->keyset, writer->rows->zone->apex, row, &worker->list);
	for (size_t i = 0; i < worker->list.count; i++)
		zonetext_write(worker->out, row->owner, row->ttl, RRTYPE_RRSIG, worker->list.items[i].rdata,
		    worker->list.items[i].size, writer->all_type_names);
	note_expiries(worker, row);
	worker->records += row->count + worker->list.count;
	worker->signatures += worker->list.count;
	worker->denial_records += row->type == RRTYPE_NSEC || row->type == RRTYPE_NSEC3 ? 1U : 0U;
	return writer->draft != NULL ? draft_row(worker, row, err) : STATUS_OK;
}

static enum status produce(void *context, unsigned number, size_t item, struct zonetext_buffer *out, struct error *err)
{
	const struct writer *const writer = context;
	struct write_worker *const worker = &writer->workers[number];
	worker->out = out;
	worker->soa_only = item == 0;
	enum status status = STATUS_OK;
	if (worker->soa_only)
		status = rows_each(writer->rows, item, &worker->scratch, write_row, worker, err);
	worker->soa_only = false;
	worker->block.size = worker->entries = 0;
	worker->owner_again = false;
	if (status == STATUS_OK)
		status = rows_each(writer->rows, item, &worker->scratch, write_row, worker, err);
	if (status == STATUS_OK && writer->draft != NULL)
		status = sigfile_draft_take(writer->draft, item, &worker->block, worker->entries, err);
	return status;
}

static enum status hash_text(void *context, const void *data, size_t size, struct error *err)
{
	const struct writer *const writer = context;
	if (EVP_DigestUpdate(writer->context, data, size) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	return STATUS_OK;
}

static enum status write_text(void *context, const void *data, size_t size, struct error *err)
{
	struct writer *const writer = context;
	const bool push = writer->size / PUSHED != (writer->size + size) / PUSHED;
	writer->size += size;
	const enum status status = publish_write(writer->out, data, size, err);
	if (status == STATUS_OK && push)
		publish_push(writer->out);
	return status;
}

static void sum(const struct writer *writer, unsigned threads, struct write_counts *counts)
{
	counts->first_expiry = UTC_NEVER;
	for (unsigned i = 0; i < threads; i++) {
		const struct write_worker *const worker = &writer->workers[i];
		counts->records += worker->records;
		counts->signatures += worker->signatures;
		counts->denial_records += worker->denial_records;
		if (utc_before(worker->first_expiry, counts->first_expiry))
			counts->first_expiry = worker->first_expiry;
	}
	counts->size = writer->size;
}

static void open_workers(struct writer *writer, unsigned threads)
{
	writer->workers = memory_calloc(threads, sizeof(*writer->workers));
	for (unsigned i = 0; i < threads; i++) {
		writer->workers[i].writer = writer;
		writer->workers[i].first_expiry = UTC_NEVER;
		writer->workers[i].hash = writer->draft != NULL ? rowhash_new() : NULL;
	}
	if (writer->draft != NULL)
		sigfile_draft_begin(writer->draft, writer->rows->section_count);
}

static void close_workers(struct writer *writer, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++) {
		rowhash_free(writer->workers[i].hash);
		zonetext_buffer_free(&writer->workers[i].block);
	}
	free(writer->workers);
}

enum status write_zone(const struct rows *rows, struct utc now, bool all_type_names, unsigned threads,
    struct publish *out, struct sigfile_draft *draft, struct write_counts *counts, struct error *err)
{
	struct writer writer = {
		.rows = rows, .now = now, .all_type_names = all_type_names, .out = out, .draft = draft
	};
	writer.context = EVP_MD_CTX_new();
	open_workers(&writer, threads);
	enum status status = STATUS_OK;
	if (writer.context == NULL || EVP_DigestInit_ex2(writer.context, EVP_sha256(), NULL) != 1)
		status = error_set(err, STATUS_INTERNAL, "OpenSSL has no SHA-256");
	if (status == STATUS_OK)
		status = stream_run(threads, rows->section_count, produce, hash_text, write_text, &writer, err);
	if (status == STATUS_OK)
		publish_push(out);
	struct write_counts found = { 0 };
	if (status == STATUS_OK && EVP_DigestFinal_ex(writer.context, found.sha256, NULL) != 1)
		status = error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	if (status == STATUS_OK) {
		sum(&writer, threads, &found);
		*counts = found;
	}
	close_workers(&writer, threads);
	EVP_MD_CTX_free(writer.context);
	return status;
}
