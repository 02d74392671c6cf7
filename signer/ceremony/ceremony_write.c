/* SPDX-License-Identifier: MIT */
/* Both forms, written. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony.h"
#include "signer/dns/zonetext_write.h"

static void put(struct zonetext_buffer *out, const char *text)
{
	const size_t size = strlen(text);
	zonetext_buffer_reserve(out, size);
	memcpy(out->data + out->size, text, size);
	out->size += size;
}

static void put_field(struct zonetext_buffer *out, const char *word, const char *value)
{
	put(out, ";; ");
	put(out, word);
	put(out, value);
	put(out, "\n");
}

static void put_time(struct zonetext_buffer *out, const char *before, struct utc when)
{
	char text[UTC_TEXT];
	utc_format(when, text);
	put(out, before);
	put(out, text);
}

static void put_digest(struct zonetext_buffer *out, const char *word, bool there, const uint8_t digest[32])
{
	char hex[65];
	bytes_to_hex((struct bytes){ digest, 32 }, false, hex);
	put_field(out, word, there ? hex : "none");
}

static void put_set(struct zonetext_buffer *out, const struct ceremony_file *file, const struct ceremony_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct record *const record = &set->records[i];
		zonetext_write(out, file->apex, record->ttl, record->type, record->rdata, record->rdata_size, true);
	}
}

static void put_signatures(struct zonetext_buffer *out, const char *word, const struct ceremony_signatures *signatures)
{
	for (size_t i = 0; i < signatures->count; i++) {
		const struct ceremony_signature *const signature = &signatures->all[i];
		char text[(KEYSET_SIGNATURE + 2) / 3 * 4 + 1 + 8];
		const int tag = snprintf(text, sizeof(text), "%u ", signature->tag);
		bytes_to_base64((struct bytes){ signature->data, signature->size }, text + tag);
		put_field(out, word, text);
	}
}

static void put_head(struct zonetext_buffer *out, const struct ceremony_file *file)
{
	char name[NAME_TEXT];
	char number[24];
	name_to_text(file->apex, name);
	put(out, file->kind == CEREMONY_REQUEST ? ";; zoneseal-ksr 1\n" : ";; zoneseal-skr 1\n");
	put_field(out, "zone ", name);
	snprintf(number, sizeof(number), "%" PRId64, file->number);
	put_field(out, "number ", number);
	put_time(out, ";; created ", file->created);
	put(out, "\n");
	if (file->kind == CEREMONY_RESPONSE)
		put_digest(out, "request ", true, file->request);
	put_digest(out, "previous ", file->has_previous, file->previous);
	put_time(out, ";; period ", file->from);
	put_time(out, " ", file->until);
	put(out, "\n");
	snprintf(number, sizeof(number), "%" PRIu32, file->dnskey_ttl);
	put_field(out, "dnskey-ttl ", number);
	put_field(out, "emergency ", file->emergency ? "yes" : "no");
	if (file->kind == CEREMONY_RESPONSE)
		return;
	put_time(out, ";; new-ksk ", file->new_ksk);
	if (file->new_ksk.seconds == 0)
		out->size -= strlen("1970-01-01T00:00:00Z");
	put(out, file->new_ksk.seconds == 0 ? "none\n" : "\n");
}

static void put_bundle(
    struct zonetext_buffer *out, const struct ceremony_file *file, const struct ceremony_bundle *bundle)
{
	put_time(out, ";; bundle ", bundle->from);
	put_time(out, " ", bundle->until);
	put_time(out, " ", bundle->inception);
	put_time(out, " ", bundle->expiration);
	put(out, "\n");
	put_set(out, file, &bundle->keys);
	for (size_t i = 0; i < bundle->child_count; i++) {
		put(out, ";; child\n");
		put_set(out, file, &bundle->children[i]);
	}
}

static char *taken(struct zonetext_buffer *buffer, struct arena *mem)
{
	char *const out = arena_strndup(mem, buffer->data, buffer->size);
	zonetext_buffer_free(buffer);
	return out;
}

char *ceremony_proof_text(const struct ceremony_file *file, const struct ceremony_bundle *bundle, struct arena *mem)
{
	struct zonetext_buffer out = { .data = NULL };
	put(&out, ";; proof of possession\n");
	put_head(&out, file);
	put_bundle(&out, file, bundle);
	return taken(&out, mem);
}

static void put_own(struct zonetext_buffer *out, const struct ceremony_file *file)
{
	put_head(out, file);
	for (size_t i = 0; i < file->bundle_count; i++) {
		put_bundle(out, file, &file->bundles[i]);
		put_signatures(out, "proof ", &file->bundles[i].proofs);
	}
}

char *ceremony_seal_text(const struct ceremony_file *file, struct arena *mem)
{
	struct zonetext_buffer out = { .data = NULL };
	put_own(&out, file);
	return taken(&out, mem);
}

/* The time in words, as BIND writes it; nobody reads it. */
static void put_bind_header(struct zonetext_buffer *out, const struct ceremony_file *file, struct utc when)
{
	char digits[UTC_TEXT];
	utc_format_digits(when, digits);
	put(out, file->kind == CEREMONY_REQUEST ? ";; KeySigningRequest 1.0 " : ";; SignedKeyResponse 1.0 ");
	put(out, digits);
	put_time(out, " (", when);
	put(out, ")\n");
}

/* A request names ZSKs alone: dnssec-ksr adds its own KSKs. */
static void put_bind_keys(struct zonetext_buffer *out, const struct ceremony_file *file, const struct ceremony_set *set)
{
	enum { FLAG_SEP = 1 };
	for (size_t i = 0; i < set->count; i++) {
		const struct ceremony_set one = { &set->records[i], 1 };
		if (file->kind == CEREMONY_RESPONSE || (bytes_get_u16(set->records[i].rdata) & FLAG_SEP) == 0)
			put_set(out, file, &one);
	}
}

static char *write_bind(const struct ceremony_file *file, struct arena *mem)
{
	struct zonetext_buffer out = { .data = NULL };
	for (size_t i = 0; i < file->bundle_count; i++) {
		const struct ceremony_bundle *const bundle = &file->bundles[i];
		put_bind_header(&out, file, bundle->from);
		put_bind_keys(&out, file, &bundle->keys);
		/* One set of CDS fits into this form: that of all KSKs, which is the last. */
		if (bundle->child_count > 0)
			put_set(&out, file, &bundle->children[bundle->child_count - 1]);
		if (file->kind == CEREMONY_RESPONSE)
			put(&out, "\n");
	}
	put(&out, file->kind == CEREMONY_REQUEST ? ";; KeySigningRequest 1.0 generated at "
						 : ";; SignedKeyResponse 1.0 generated at ");
	put_time(&out, "", file->created);
	put(&out, " by zoneseal\n");
	return taken(&out, mem);
}

char *ceremony_write(const struct ceremony_file *file, struct arena *mem)
{
	struct zonetext_buffer out = { .data = NULL };
	uint8_t digest[32];
	if (file->form == CEREMONY_BIND)
		return write_bind(file, mem);
	put_own(&out, file);
	put_signatures(&out, "seal ", &file->seals);
	bytes_sha256((struct bytes){ (const uint8_t *)out.data, out.size }, digest);
	put_digest(&out, "end ", true, digest);
	return taken(&out, mem);
}
