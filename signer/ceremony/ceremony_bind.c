/* SPDX-License-Identifier: MIT */
/*
 * The form of BIND 9.20's dnssec-ksr, read: ";; KeySigningRequest 1.0 YYYYMMDDHHMMSS (words)" or ";; SignedKeyResponse
 * 1.0 ..." before each bundle, records behind it, and a last such line that says "generated".
 *
 * It has no zone, no number, no proof and no end of a bundle: a bundle lasts until the next one begins.
 */
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony.h"
#include "signer/dns/rrtype.h"
#include "signer/sign/rrsig.h"

static const char *const words[] = {
	[CEREMONY_REQUEST] = ";; KeySigningRequest 1.0 ", [CEREMONY_RESPONSE] = ";; SignedKeyResponse 1.0 "
};

static enum status begin_bundle(struct ceremony_reader *reader, const char *rest)
{
	enum { DIGITS = 14 };
	struct ceremony_bundle *bundle;
	struct ceremony_file *const file = reader->file;
	struct utc from = { 0 };
	if (strspn(rest, "0123456789") != DIGITS ||
	    utc_parse(arena_strndup(reader->mem, rest, DIGITS), &from, NULL) != STATUS_OK ||
	    (rest[DIGITS] != '\0' && rest[DIGITS] != ' '))
		return ceremony_refuse(reader, "a bundle whose begin is no time (YYYYMMDDHHMMSS)");
	if (file->bundle_count > 0) {
		struct ceremony_bundle *const last = &file->bundles[file->bundle_count - 1];
		if (!utc_before(last->from, from))
			return ceremony_refuse(reader, "a bundle that does not begin after the one before it");
		last->until = from;
	}
	const enum status status = ceremony_add_bundle(reader, &bundle);
	if (status == STATUS_OK)
		bundle->from = from;
	return status;
}

static enum status add_record(struct ceremony_reader *reader, char *line)
{
	struct ceremony_file *const file = reader->file;
	struct record record;
	if (file->bundle_count == 0)
		return ceremony_refuse(reader, "a record before any bundle");
	const enum status status = ceremony_record(reader, line, &record);
	if (status != STATUS_OK)
		return status;
	struct ceremony_bundle *const bundle = &file->bundles[file->bundle_count - 1];
	const uint16_t about = record.type == RRTYPE_RRSIG ? bytes_get_u16(record.rdata) : record.type;
	if (file->kind == CEREMONY_REQUEST && record.type != RRTYPE_DNSKEY)
		return ceremony_refuse(reader, "a request holds nothing but DNSKEY records");
	if (about == RRTYPE_DNSKEY)
		return ceremony_add_record(reader, &bundle->keys, &record);
	if (about != RRTYPE_CDS && about != RRTYPE_CDNSKEY)
		return ceremony_refuse(reader, "a signature over a type that no key ceremony is about");
	if (bundle->children == NULL) {
		bundle->children = arena_calloc(reader->mem, 1, sizeof(*bundle->children));
		bundle->child_count = 1;
	}
	return ceremony_add_record(reader, &bundle->children[0], &record);
}

/* When the signatures of a bundle have all begun, and when the first of them ends. */
static void find_times(struct ceremony_bundle *bundle, const struct ceremony_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct record *const record = &set->records[i];
		if (record->type != RRTYPE_RRSIG)
			continue;
		const struct utc inception = rrsig_moment(bytes_get_u32(record->rdata + 12), bundle->from);
		const struct utc expiration = rrsig_moment(bytes_get_u32(record->rdata + 8), bundle->from);
		if (bundle->inception.seconds == 0 || utc_before(bundle->inception, inception))
			bundle->inception = inception;
		if (bundle->expiration.seconds == 0 || utc_before(expiration, bundle->expiration))
			bundle->expiration = expiration;
	}
}

/* What BIND's form does not say and follows from what it says. The last bundle is of use until its signatures end. */
static void conclude(struct ceremony_file *file)
{
	for (size_t i = 0; i < file->bundle_count; i++) {
		struct ceremony_bundle *const bundle = &file->bundles[i];
		find_times(bundle, &bundle->keys);
		for (size_t c = 0; c < bundle->child_count; c++)
			find_times(bundle, &bundle->children[c]);
		if (bundle->until.seconds == 0)
			bundle->until = bundle->expiration.seconds != 0 ? bundle->expiration
									: utc_add(bundle->from, (struct span){ 1 });
	}
	if (file->bundle_count == 0)
		return;
	file->from = file->bundles[0].from;
	file->until = file->bundles[file->bundle_count - 1].until;
	for (size_t i = 0; i < file->bundles[0].keys.count; i++)
		file->dnskey_ttl = file->bundles[0].keys.records[i].ttl;
}

enum status ceremony_read_bind(struct ceremony_reader *reader)
{
	struct ceremony_file *const file = reader->file;
	enum status status = STATUS_OK;
	char *line;
	bool ended = false;
	file->form = CEREMONY_BIND;
	file->kind = strncmp(reader->at, words[CEREMONY_REQUEST], 20) == 0 ? CEREMONY_REQUEST : CEREMONY_RESPONSE;
	file->dnskey_ttl = 3600;
	const char *const word = words[file->kind];
	while (status == STATUS_OK && ceremony_next_line(reader, &line, &status)) {
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		if (ended)
			status = ceremony_refuse(reader, "something behind the line that says when it was generated");
		else if (strncmp(line, word, strlen(word)) != 0)
			status = line[0] == ';' ? ceremony_refuse(reader, "a header of another kind or version")
						: add_record(reader, line);
		else if (strncmp(line + strlen(word), "generated ", 10) == 0)
			ended = true;
		else
			status = begin_bundle(reader, line + strlen(word));
	}
	if (status == STATUS_OK && !ended)
		status = ceremony_refuse(reader, "the file is cut short: no line says when it was generated");
	conclude(file);
	return status;
}
