/* SPDX-License-Identifier: MIT */
#include "signer/sign/zonemd.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/rrsig.h"
#include "signer/sign/stream.h"

enum { SCHEME_SIMPLE = 1, HASH_SHA384 = 1 };

void zonemd_rdata(uint32_t serial, uint8_t out[ZONEMD_RDATA])
{
	memset(out, 0, ZONEMD_RDATA);
	bytes_put_u32(out, serial);
	out[4] = SCHEME_SIMPLE;
	out[5] = HASH_SHA384;
}

/* A worker's state. The digest wants an owner's RRSIGs together and where type 46 stands among its types (RFC 8976
 * 3.3.1.2), while rows have them one RRset at a time: so they are collected, and so is what comes after them. */
struct digest_worker {
	struct rows_scratch scratch;
	struct rrsig_list list;
	struct zonetext_buffer *out;
	struct zonetext_buffer signatures;
	struct zonetext_buffer after;
	const struct rows *rows;
};

struct digest {
	const struct rows *rows;
	workers_job *sign;
	void *sign_context;
	struct digest_worker *workers;
	EVP_MD_CTX *context;
};

static void append(struct zonetext_buffer *to, struct zonetext_buffer *from)
{
	if (from->size == 0)
		return;
	zonetext_buffer_reserve(to, from->size);
	memcpy(to->data + to->size, from->data, from->size);
	to->size += from->size;
	from->size = 0;
}

static void end_owner(struct digest_worker *worker)
{
	append(worker->out, &worker->signatures);
	append(worker->out, &worker->after);
}

static enum status digest_row(void *context, const struct row *row, struct error *err)
{
	(void)err;
	struct digest_worker *const worker = context;
	if (row->new_owner)
		end_owner(worker);
	if (row->at_apex && row->type == RRTYPE_ZONEMD)
		return STATUS_OK;
	rrsig_canonical_rows(row->type < RRTYPE_RRSIG ? worker->out : &worker->after, row);
	rrsig_collect(worker->rows->keyset, worker->rows->zone->apex, row, &worker->list);
	for (size_t i = 0; i < worker->list.count; i++) {
		const struct rrsig_item *const item = &worker->list.items[i];
		const struct record record = { .rdata = item->rdata, .rdata_size = (uint16_t)item->size };
		struct row signature = { .owner = row->owner, .records = &record, .count = 1, .ttl = row->ttl };
		signature.type = RRTYPE_RRSIG;
		rrsig_canonical_rows(&worker->signatures, &signature);
	}
	return STATUS_OK;
}

static enum status produce(void *context, unsigned number, size_t item, struct zonetext_buffer *out, struct error *err)
{
	const struct digest *const digest = context;
	struct digest_worker *const worker = &digest->workers[number];
	worker->out = out;
	enum status status = STATUS_OK;
	if (digest->sign != NULL)
		status = digest->sign(digest->sign_context, number, item, item + 1, err);
	if (status == STATUS_OK)
		status = rows_each(digest->rows, item, &worker->scratch, digest_row, worker, err);
	end_owner(worker);
	return status;
}

static enum status consume(void *context, const void *data, size_t size, struct error *err)
{
	const struct digest *const digest = context;
	if (EVP_DigestUpdate(digest->context, data, size) != 1)
		return error_set(err, STATUS_INTERNAL, "ZONEMD: SHA-384 failed");
	return STATUS_OK;
}

enum status zonemd_digest(const struct rows *rows, unsigned threads, workers_job *sign, void *context,
    uint8_t out[ZONEMD_DIGEST], struct error *err)
{
	struct digest digest = { .rows = rows, .sign = sign, .sign_context = context, .context = EVP_MD_CTX_new() };
	digest.workers = memory_calloc(threads, sizeof(*digest.workers));
	for (unsigned i = 0; i < threads; i++)
		digest.workers[i].rows = rows;
	enum status status = STATUS_OK;
	if (digest.context == NULL || EVP_DigestInit_ex2(digest.context, EVP_sha384(), NULL) != 1)
		status = error_set(err, STATUS_INTERNAL, "ZONEMD: OpenSSL has no SHA-384");
	if (status == STATUS_OK)
		status = stream_run(threads, rows->section_count, produce, consume, NULL, &digest, err);
	if (status == STATUS_OK && EVP_DigestFinal_ex(digest.context, out, NULL) != 1)
		status = error_set(err, STATUS_INTERNAL, "ZONEMD: SHA-384 failed");
	for (unsigned i = 0; i < threads; i++) {
		zonetext_buffer_free(&digest.workers[i].signatures);
		zonetext_buffer_free(&digest.workers[i].after);
	}
	free(digest.workers);
	EVP_MD_CTX_free(digest.context);
	return status;
}
