/* SPDX-License-Identifier: MIT */
/* What both forms have in common: lines, and records in them. */
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony.h"
#include "signer/dns/rdata.h"
#include "signer/dns/rrtype.h"

enum { LINE_MOST = 8192, TTL_MOST = 604800, WORDS_BEFORE = 4 };

enum status ceremony_refuse(const struct ceremony_reader *reader, const char *what)
{
	return error_set_at(reader->err, STATUS_NO, reader->name, reader->line, 0, "%s", what);
}

/* The next line as a string of its own; false at the end, or with `status` if it is none. */
bool ceremony_next_line(struct ceremony_reader *reader, char **out, enum status *status)
{
	*status = STATUS_OK;
	if (reader->at == reader->end)
		return false;
	const size_t left = (size_t)(reader->end - reader->at);
	const char *const stop = memchr(reader->at, '\n', left);
	const size_t size = stop == NULL ? left : (size_t)(stop - reader->at);
	reader->line++;
	if (stop == NULL)
		*status = ceremony_refuse(reader, "the last line has no end: the file is cut short");
	else if (size > LINE_MOST)
		*status = ceremony_refuse(reader, "a line that is longer than any record");
	else if (memchr(reader->at, '\0', size) != NULL)
		*status = ceremony_refuse(reader, "a line with a zero octet");
	if (*status != STATUS_OK)
		return false;
	*out = arena_strndup(reader->mem, reader->at, size);
	reader->at = stop + 1;
	return true;
}

/* Cuts the next word off; NULL at the end of the line. */
static char *next_word(char **at)
{
	char *const word = *at + strspn(*at, " \t");
	const size_t size = strcspn(word, " \t");
	if (size == 0)
		return NULL;
	*at = word + size;
	if (**at != '\0')
		*(*at)++ = '\0';
	return word;
}

static bool is_number(const char *word, uint32_t *out)
{
	uint64_t value = 0;
	const size_t size = strlen(word);
	for (size_t i = 0; i < size; i++) {
		if (word[i] < '0' || word[i] > '9' || i > 9)
			return false;
		value = value * 10 + (uint64_t)(word[i] - '0');
	}
	*out = (uint32_t)value;
	return size > 0 && value <= TTL_MOST;
}

static const struct {
	const char *name;
	uint16_t type;
} types[] = { { "DNSKEY", RRTYPE_DNSKEY }, { "RRSIG", RRTYPE_RRSIG }, { "CDS", RRTYPE_CDS },
	{ "CDNSKEY", RRTYPE_CDNSKEY } };

/* "owner TTL IN TYPE rdata" with the TTL or the class left out, or in the other order. */
enum status ceremony_record(struct ceremony_reader *reader, char *line, struct record *out)
{
	uint8_t rdata[RDATA_MAX];
	size_t size = 0;
	uint32_t ttl = reader->file->dnskey_ttl;
	char *at = line;
	const char *const owner = next_word(&at);
	uint8_t *const name = arena_octets(reader->mem, NAME_WIRE);
	if (owner == NULL || line[0] == ' ' || line[0] == '\t' ||
	    name_parse(owner, strlen(owner), NULL, name, &size, NULL) != STATUS_OK)
		return ceremony_refuse(reader, "neither a record with its full owner name nor a line of this form");
	if (!name_equal(name, reader->apex))
		return ceremony_refuse(reader, "a record of another zone");
	*out = (struct record){ .owner = reader->apex, .line = (uint32_t)reader->line };
	for (int i = 0; i < WORDS_BEFORE && out->type == 0; i++) {
		const char *const word = next_word(&at);
		if (word == NULL)
			return ceremony_refuse(reader, "a record that ends before its type");
		if (strcmp(word, "IN") == 0 || is_number(word, &ttl))
			continue;
		for (size_t t = 0; t < COUNT(types); t++)
			if (strcmp(types[t].name, word) == 0)
				out->type = types[t].type;
		if (out->type == 0)
			return ceremony_refuse(reader, "a record of a type that no key ceremony is about");
	}
	const enum status status =
	    out->type == 0 ? STATUS_NO : rdata_parse(out->type, at, strlen(at), NULL, rdata, &size, reader->err);
	if (status != STATUS_OK)
		return ceremony_refuse(reader, "a record whose data is not that of its type");
	out->ttl = ttl;
	out->rdata_size = (uint16_t)size;
	uint8_t *const kept = arena_octets(reader->mem, size + 1);
	memcpy(kept, rdata, size);
	out->rdata = kept;
	return STATUS_OK;
}

enum status ceremony_add_record(struct ceremony_reader *reader, struct ceremony_set *set, const struct record *record)
{
	if (set->count == CEREMONY_RECORDS)
		return ceremony_refuse(reader, "more records in one set than a zone may have keys");
	if (set->records == NULL)
		set->records = arena_calloc(reader->mem, CEREMONY_RECORDS, sizeof(*set->records));
	set->records[set->count++] = *record;
	return STATUS_OK;
}

enum status ceremony_add_bundle(struct ceremony_reader *reader, struct ceremony_bundle **out)
{
	struct ceremony_file *const file = reader->file;
	if (file->bundle_count == CEREMONY_BUNDLES)
		return ceremony_refuse(reader, "more bundles than any policy asks for");
	if (file->bundles == NULL)
		file->bundles = arena_calloc(reader->mem, CEREMONY_BUNDLES, sizeof(*file->bundles));
	*out = &file->bundles[file->bundle_count++];
	return STATUS_OK;
}

static bool begins_with(const char *text, size_t size, const char *word)
{
	return size >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

enum status ceremony_read(const char *name, const char *text, size_t size, const uint8_t *apex, struct arena *mem,
    struct ceremony_file *out, struct error *err)
{
	struct ceremony_file file = { .kind = CEREMONY_REQUEST };
	struct ceremony_reader reader = {
		.name = name, .at = text, .end = text + size, .apex = apex, .mem = mem, .err = err, .file = &file
	};
	enum status status = STATUS_OK;
	if (size > CEREMONY_TEXT)
		return error_set_at(err, STATUS_NO, name, 0, 0, "%zu octets, at most %d are read", size, CEREMONY_TEXT);
	memcpy(file.apex, apex, name_size(apex));
	bytes_sha256((struct bytes){ (const uint8_t *)text, size }, file.sha256);
	if (begins_with(text, size, ";; KeySigningRequest ") || begins_with(text, size, ";; SignedKeyResponse "))
		status = ceremony_read_bind(&reader);
	else if (begins_with(text, size, ";; zoneseal-ksr ") || begins_with(text, size, ";; zoneseal-skr "))
		status = ceremony_read_own(&reader);
	else
		status = error_set_at(err, STATUS_NO, name, 1, 0,
		    "neither a KSR nor an SKR: they begin with ;; zoneseal-ksr, ;; zoneseal-skr, ;; KeySigningRequest "
		    "or "
		    ";; SignedKeyResponse");
	if (status == STATUS_OK && file.bundle_count == 0)
		status = ceremony_refuse(&reader, "no bundle: there is nothing in it");
	if (status == STATUS_OK)
		*out = file;
	return status;
}
