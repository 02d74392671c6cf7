/* SPDX-License-Identifier: MIT */
/* Our form, read. It is written in one way only, so that reading is checked by writing again. */
#include <stdlib.h>
#include <string.h>

#include "signer/base/bytes.h"
#include "signer/ceremony/ceremony.h"
#include "signer/dns/rrtype.h"

/* The words behind ";; word". */
typedef enum status read_field(struct ceremony_reader *reader, char *value);

static enum status read_time(struct ceremony_reader *reader, const char *text, struct utc *out)
{
	if (utc_parse(text, out, NULL) != STATUS_OK || out->seconds <= 0)
		return ceremony_refuse(reader, "a time that is none");
	return STATUS_OK;
}

static enum status read_digest(struct ceremony_reader *reader, const char *text, uint8_t out[32])
{
	return bytes_from_hex(text, strlen(text), out, 32) == 32 ? STATUS_OK
								 : ceremony_refuse(reader, "no SHA-256 in hexadecimal");
}

static enum status read_number(struct ceremony_reader *reader, const char *text, int64_t most, int64_t *out)
{
	char *end = NULL;
	const long long value = strtoll(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > most)
		return ceremony_refuse(reader, "a number that is none, or too large");
	*out = value;
	return STATUS_OK;
}

static enum status read_zone(struct ceremony_reader *reader, char *value)
{
	uint8_t name[NAME_WIRE];
	size_t size;
	if (name_parse(value, strlen(value), NULL, name, &size, NULL) != STATUS_OK)
		return ceremony_refuse(reader, "a zone that is no domain name");
	return name_equal(name, reader->apex) ? STATUS_OK : ceremony_refuse(reader, "it is about another zone");
}

static enum status read_count(struct ceremony_reader *reader, char *value)
{
	return read_number(reader, value, INT32_MAX, &reader->file->number);
}

static enum status read_created(struct ceremony_reader *reader, char *value)
{
	return read_time(reader, value, &reader->file->created);
}

static enum status read_request(struct ceremony_reader *reader, char *value)
{
	return read_digest(reader, value, reader->file->request);
}

static enum status read_previous(struct ceremony_reader *reader, char *value)
{
	reader->file->has_previous = strcmp(value, "none") != 0;
	return reader->file->has_previous ? read_digest(reader, value, reader->file->previous) : STATUS_OK;
}

/* Two times behind each other. */
static enum status read_times(struct ceremony_reader *reader, char *value, struct utc *first, struct utc *second)
{
	char *const space = strchr(value, ' ');
	if (space == NULL)
		return ceremony_refuse(reader, "one time where two are wanted");
	*space = '\0';
	const enum status status = read_time(reader, value, first);
	return status == STATUS_OK ? read_time(reader, space + 1, second) : status;
}

static enum status read_period(struct ceremony_reader *reader, char *value)
{
	return read_times(reader, value, &reader->file->from, &reader->file->until);
}

static enum status read_ttl(struct ceremony_reader *reader, char *value)
{
	int64_t ttl = 0;
	const enum status status = read_number(reader, value, 604800, &ttl);
	reader->file->dnskey_ttl = (uint32_t)ttl;
	return status;
}

static enum status read_emergency(struct ceremony_reader *reader, char *value)
{
	reader->file->emergency = strcmp(value, "yes") == 0;
	return STATUS_OK;
}

static enum status read_new_ksk(struct ceremony_reader *reader, char *value)
{
	return strcmp(value, "none") == 0 ? STATUS_OK : read_time(reader, value, &reader->file->new_ksk);
}

static struct ceremony_bundle *last_bundle(const struct ceremony_reader *reader)
{
	const struct ceremony_file *const file = reader->file;
	return file->bundle_count == 0 ? NULL : &file->bundles[file->bundle_count - 1];
}

static enum status read_bundle(struct ceremony_reader *reader, char *value)
{
	struct ceremony_bundle *bundle;
	char *half = value;
	enum status status = ceremony_add_bundle(reader, &bundle);
	if (status != STATUS_OK)
		return status;
	for (int spaces = 0; *half != '\0' && spaces < 2; half++)
		spaces += *half == ' ';
	if (*half == '\0' || half[-1] != ' ')
		return ceremony_refuse(reader, "a bundle with fewer than four times");
	half[-1] = '\0';
	if (status == STATUS_OK)
		status = read_times(reader, value, &bundle->from, &bundle->until);
	return status == STATUS_OK ? read_times(reader, half, &bundle->inception, &bundle->expiration) : status;
}

static enum status read_child(struct ceremony_reader *reader, char *value)
{
	struct ceremony_bundle *const bundle = last_bundle(reader);
	(void)value;
	if (bundle == NULL || bundle->child_count == CEREMONY_CHILDREN)
		return ceremony_refuse(reader, "more sets of CDS than there are keys for, or one before a bundle");
	if (bundle->children == NULL)
		bundle->children = arena_calloc(reader->mem, CEREMONY_CHILDREN, sizeof(*bundle->children));
	bundle->child_count++;
	return STATUS_OK;
}

static enum status read_signature(struct ceremony_reader *reader, char *value, struct ceremony_signatures *out)
{
	char *const space = strchr(value, ' ');
	int64_t tag = 0;
	if (space == NULL || out->count == CEREMONY_SIGNATURES)
		return ceremony_refuse(reader, "a signature without its key's tag, or too many of them");
	*space = '\0';
	if (out->all == NULL)
		out->all = arena_calloc(reader->mem, CEREMONY_SIGNATURES, sizeof(*out->all));
	struct ceremony_signature *const signature = &out->all[out->count++];
	const long size = bytes_from_base64(space + 1, strlen(space + 1), signature->data, sizeof(signature->data));
	if (size <= 0)
		return ceremony_refuse(reader, "a signature that is not in base64");
	signature->size = (size_t)size;
	const enum status status = read_number(reader, value, UINT16_MAX, &tag);
	signature->tag = (uint16_t)tag;
	return status;
}

static enum status read_proof(struct ceremony_reader *reader, char *value)
{
	struct ceremony_bundle *const bundle = last_bundle(reader);
	return bundle == NULL ? ceremony_refuse(reader, "a proof before any bundle")
			      : read_signature(reader, value, &bundle->proofs);
}

static enum status read_seal(struct ceremony_reader *reader, char *value)
{
	return read_signature(reader, value, &reader->file->seals);
}

static const struct {
	const char *word;
	read_field *read;
} fields[] = { { "zone ", read_zone }, { "number ", read_count }, { "created ", read_created },
	{ "request ", read_request }, { "previous ", read_previous }, { "period ", read_period },
	{ "dnskey-ttl ", read_ttl }, { "emergency ", read_emergency }, { "new-ksk ", read_new_ksk },
	{ "bundle ", read_bundle }, { "child", read_child }, { "proof ", read_proof }, { "seal ", read_seal } };

static enum status read_line(struct ceremony_reader *reader, char *line)
{
	struct record record;
	struct ceremony_bundle *const bundle = last_bundle(reader);
	if (strncmp(line, ";; ", 3) == 0) {
		for (size_t i = 0; i < COUNT(fields); i++)
			if (strncmp(line + 3, fields[i].word, strlen(fields[i].word)) == 0)
				return fields[i].read(reader, line + 3 + strlen(fields[i].word));
		return ceremony_refuse(reader, "a line that is not of this form");
	}
	if (bundle == NULL)
		return ceremony_refuse(reader, "a record before any bundle");
	const enum status status = ceremony_record(reader, line, &record);
	if (status != STATUS_OK)
		return status;
	return ceremony_add_record(
	    reader, bundle->child_count > 0 ? &bundle->children[bundle->child_count - 1] : &bundle->keys, &record);
}

/* The last line is the digest of all before it. */
static enum status check_end(struct ceremony_reader *reader, const char *text, const char *line, const char *start)
{
	static const char word[] = ";; end ";
	uint8_t stated[32];
	uint8_t real[32];
	enum status status = read_digest(reader, line + sizeof(word) - 1, stated);
	bytes_sha256((struct bytes){ (const uint8_t *)text, (size_t)(start - text) }, real);
	if (status == STATUS_OK && memcmp(stated, real, sizeof(real)) != 0)
		return ceremony_refuse(reader, "the file is not as it was written: its SHA-256 does not match");
	if (status == STATUS_OK && reader->at != reader->end)
		return ceremony_refuse(reader, "something behind the last line");
	return status;
}

/* Whatever was read in another way than it is written is refused: fields twice or left out, other spaces, other
 * order. */
static enum status check_writing(struct ceremony_reader *reader, const char *text)
{
	const char *const again = ceremony_write(reader->file, reader->mem);
	const size_t size = (size_t)(reader->end - text);
	if (strlen(again) == size && memcmp(again, text, size) == 0)
		return STATUS_OK;
	size_t at = 0;
	reader->line = 1;
	for (; at < size && again[at] == text[at]; at++)
		reader->line += text[at] == '\n';
	return ceremony_refuse(reader, "it is not written as this form wants it");
}

enum status ceremony_read_own(struct ceremony_reader *reader)
{
	const char *const text = reader->at;
	struct ceremony_file *const file = reader->file;
	enum status status;
	char *line;
	file->form = CEREMONY_OWN;
	if (!ceremony_next_line(reader, &line, &status))
		return status;
	file->kind = strcmp(line, ";; zoneseal-skr 1") == 0 ? CEREMONY_RESPONSE : CEREMONY_REQUEST;
	if (file->kind == CEREMONY_REQUEST && strcmp(line, ";; zoneseal-ksr 1") != 0)
		return ceremony_refuse(reader, "a version of this form that this program does not know");
	for (;;) {
		const char *const start = reader->at;
		if (!ceremony_next_line(reader, &line, &status))
			return status != STATUS_OK ? status
						   : ceremony_refuse(reader, "the file is cut short: no end line");
		if (strncmp(line, ";; end ", 7) == 0) {
			status = check_end(reader, text, line, start);
			break;
		}
		status = read_line(reader, line);
		if (status != STATUS_OK)
			return status;
	}
	return status == STATUS_OK ? check_writing(reader, text) : status;
}
