/* SPDX-License-Identifier: MIT */
#include "signer/sign/zonemd_input.h"

#include <openssl/evp.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/apex.h"
#include "signer/sign/rrsig.h"

enum { SCHEME_SIMPLE = 1, HASH_SHA384 = 1, HASH_SHA512 = 2, FIXED = 6, PIECE = 64 << 10 };

static size_t digest_size(const struct record *record)
{
	const unsigned hash = record->rdata[5];
	if (record->rdata[4] != SCHEME_SIMPLE)
		return 0;
	return hash == HASH_SHA384 ? 48 : hash == HASH_SHA512 ? 64 : 0;
}

/* Each record with its own TTL: an RRset of ours gets the lowest of them, and the digest was made before that. */
static bool hash_rrsets(EVP_MD_CTX *hash, const struct zone *zone, struct zonetext_buffer *buffer)
{
	bool good = true;
	for (size_t i = 0; i < zone->rrset_count && good; i++) {
		const struct rrset *const rrset = &zone->rrsets[i];
		for (uint32_t k = 0; k < rrset->count; k++) {
			const struct record *const record = &rrset->records[k];
			const struct row row = { record->owner, record, NULL, 1, record->ttl, rrset->type, 0, false,
				false };
			rrsig_canonical_rows(buffer, &row);
		}
		if (buffer->size < PIECE && i + 1 < zone->rrset_count)
			continue;
		good = EVP_DigestUpdate(hash, buffer->data, buffer->size) == 1;
		buffer->size = 0;
	}
	return good;
}

static enum status digest_zone(const struct zone *zone, size_t size, uint8_t out[EVP_MAX_MD_SIZE], struct error *err)
{
	struct zonetext_buffer buffer = { 0 };
	EVP_MD_CTX *const hash = EVP_MD_CTX_new();
	const bool good = hash != NULL &&
			  EVP_DigestInit_ex2(hash, size == 48 ? EVP_sha384() : EVP_sha512(), NULL) == 1 &&
			  hash_rrsets(hash, zone, &buffer) && EVP_DigestFinal_ex(hash, out, NULL) == 1;
	EVP_MD_CTX_free(hash);
	zonetext_buffer_free(&buffer);
	return good ? STATUS_OK : error_set(err, STATUS_INTERNAL, "ZONEMD of the input: SHA-2 failed");
}

static bool has_twin(const struct record records[], size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++) {
		const struct record *const a = &records[i], *const b = &records[at];
		if (i != at && memcmp(a->rdata + 4, b->rdata + 4, 2) == 0 &&
		    (a->rdata_size != b->rdata_size || memcmp(a->rdata, b->rdata, a->rdata_size) != 0))
			return true;
	}
	return false;
}

/* Sets `*why` to what keeps the record from verifying; to NULL if it does verify (RFC 8976 4, steps 4 and 5). */
static enum status check_record(const struct zone *zone, uint32_t serial, const struct record records[], size_t count,
    size_t at, const char **why, struct error *err)
{
	const struct record *const record = &records[at];
	const size_t size = digest_size(record);
	uint8_t digest[EVP_MAX_MD_SIZE];
	*why = bytes_get_u32(record->rdata) != serial ? "it is of another serial than the SOA"
	       : size == 0                            ? "its scheme or its hash is unknown, so it cannot be checked"
	       : record->rdata_size != FIXED + size   ? "its digest has not the length of its hash"
	       : has_twin(records, count, at)         ? "it is one of several of one scheme and hash"
						      : NULL;
	if (*why != NULL)
		return STATUS_OK;
	const enum status status = digest_zone(zone, size, digest, err);
	if (status == STATUS_OK && memcmp(digest, record->rdata + FIXED, size) != 0)
		*why = "records were lost, added or altered since it was made";
	return status;
}

enum status zonemd_check_input(
    const struct zone *zone, const struct record stripped[], size_t count, const char *const files[], struct error *err)
{
	enum { TRIED = 16 }; /* there are two hashes; a set beyond this is the gate's to judge */
	const uint32_t serial = apex_soa_serial(&zone_rrset(zone, 0, RRTYPE_SOA)->records[0]);
	const char *first = NULL;
	for (size_t i = 0; i < count; i++)
		if (stripped[i].type != RRTYPE_ZONEMD || stripped[i].rdata_size < FIXED)
			return STATUS_OK;
	if (count == 0 || count > TRIED)
		return STATUS_OK;
	for (size_t i = 0; i < count; i++) {
		const char *why;
		const enum status status = check_record(zone, serial, stripped, count, i, &why, err);
		if (status != STATUS_OK || why == NULL)
			return status;
		first = first == NULL ? why : first;
	}
	return error_set_at(err, STATUS_MALFORMED, files[stripped[0].file], stripped[0].line, 0,
	    "unsigned.zonemd: the input is not what its own ZONEMD says: %s (RFC 8976 4); nothing is signed; have the "
	    "input written anew, or without a ZONEMD if nobody keeps it up to date",
	    first);
}
