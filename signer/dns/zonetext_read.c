/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_read.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/workers.h"
#include "signer/dns/zonetext_by.h"
#include "signer/dns/zonetext_chunk.h"
#include "signer/dns/zonetext_cut.h"
#include "signer/dns/zonetext_include.h"
#include "signer/dns/zonetext_pool.h"
#include "signer/dns/zonetext_source.h"

enum { CHUNK = 1 << 18, MOST_FILES = 1000 };

struct reader {
	const struct zonetext_options *options;
	size_t chunk;
	struct zonetext *out;
	struct zonetext_pool *pool;
	struct arena *names;
	EVP_MD_CTX *digests; /* of the included files' digests */
	struct error *err;
};

/* A place in the text, for the reader's own findings. */
struct place {
	const char *file;
	uint32_t line;
};

static void refuse(struct reader *reader, const struct place *place, const char *what)
{
	struct error err;
	(void)error_set_at(&err, STATUS_MALFORMED, place->file, place->line, 1, "%s", what);
	zonetext_pool_error(reader->pool, &err);
}

/* The first `size` octets at hand. */
static void submit(
    struct reader *reader, struct zonetext_source *source, size_t size, const struct zonetext_state *state)
{
	if (size == 0)
		return;
	struct zonetext_chunk *const chunk = zonetext_pool_next(reader->pool);
	zonetext_source_take(source, size, &chunk->text, &chunk->capacity);
	chunk->size = size;
	chunk->line = source->line;
	chunk->level = source->level;
	chunk->file = source->file;
	chunk->first = source->first;
	chunk->file_name = source->name;
	chunk->state = *state;
	zonetext_pool_submit(reader->pool);
}

static enum status read_source(struct reader *reader, struct zonetext_source *source);

static uint16_t add_file(struct reader *reader, const char *name)
{
	struct zonetext *const zone = reader->out;
	zone->files = memory_resize(zone->files, zone->file_count + 1, sizeof(*zone->files));
	zone->files[zone->file_count] = arena_strdup(reader->names, name);
	return (uint16_t)zone->file_count++;
}

/* The line as the scanner sees it: a path, perhaps quoted, and perhaps an origin (RFC 1035 5.1). */
static enum status parse_include(struct scan *scan, char path[], size_t path_size, struct zonetext_state *state)
{
	struct token token;
	size_t size;
	if (zonetext_directive_word(scan) != DIRECTIVE_INCLUDE)
		return STATUS_MALFORMED;
	if (scan_string(scan, "a file name", &token) != STATUS_OK)
		return STATUS_MALFORMED;
	if (scan_unescape(scan, &token, (uint8_t *)path, path_size - 1, &size) != STATUS_OK)
		return STATUS_MALFORMED;
	path[size] = '\0';
	if (strlen(path) != size || size == 0)
		return scan_unexpected(scan, &token, "a file name");
	if (scan_peek(scan) == SCAN_WORD) {
		uint8_t origin[NAME_WIRE];
		if (scan_name(scan, "the origin of the file", origin, &size) != STATUS_OK)
			return STATUS_MALFORMED;
		memcpy(state->origin, origin, size);
	}
	return scan_record_end(scan);
}

/* Keeps the file open, once for each name. STATUS_BUSY if the name led to another file before. */
static enum status keep_included(struct zonetext *zone, const char *name, int descriptor, struct error *err)
{
	struct file_stamp stamp;
	enum status status = file_stamp_of(descriptor, &stamp, err);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < zone->included_count; i++) {
		const struct zonetext_included *const before = &zone->included[i];
		if (strcmp(before->name, name) == 0)
			return file_stamp_equal(&before->stamp, &stamp)
				   ? STATUS_OK
				   : error_set(err, STATUS_BUSY,
					 "%s changed while it was read: nothing was taken from it, try again", name);
	}
	/* Whoever reads the text again, to compare, needs each of them. */
	if (zone->included_count == ZONETEXT_KEPT)
		return error_set(
		    err, STATUS_MALFORMED, "%s: more than %d different files are included", name, (int)ZONETEXT_KEPT);
	const int kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	if (kept < 0)
		return error_set_errno(err, "%s: keeping it open", name);
	zone->included[zone->included_count++] = (struct zonetext_included){ name, kept, stamp };
	return STATUS_OK;
}

/* Reads the file that a $INCLUDE line names. What the line gets wrong is an error of the text; a failing read ends all.
 */
static enum status include(struct reader *reader, struct zonetext_source *parent, const char *text, size_t size)
{
	char path[1024];
	struct error err;
	struct zonetext_state state = parent->state;
	char *const line = memory_calloc(size + 1, 1);
	memcpy(line, text, size);
	struct scan scan = { .at = line,
		.end = line + size,
		.line_start = line,
		.line = parent->line,
		.origin = parent->state.origin,
		.file = parent->name,
		.err = &err };
	enum status status = parse_include(&scan, path, sizeof(path), &state);
	struct zonetext_source child = { .descriptor = -1, .meter = reader->options->meter };
	if (status == STATUS_OK && reader->options->folder == NULL)
		status = scan_fail(&scan, line, "$INCLUDE in an input that has no folder, e.g. a pipe");
	if (status == STATUS_OK && parent->level + 1 >= ZONETEXT_DEPTH)
		status = scan_fail(&scan, line, "$INCLUDE is nested deeper than %d files", ZONETEXT_DEPTH);
	if (status == STATUS_OK && reader->out->file_count >= MOST_FILES)
		status = scan_fail(&scan, line, "more than %d files are included", MOST_FILES);
	if (status == STATUS_OK) {
		struct error cause;
		status = zonetext_include_open(reader->options->folder, path, &child.descriptor, &cause);
		if (status != STATUS_OK)
			(void)scan_fail(&scan, line, "%s", cause.message);
	}
	free(line);
	if (status != STATUS_OK) {
		zonetext_pool_error(reader->pool, &err);
		return STATUS_OK;
	}
	child.file = add_file(reader, path);
	child.name = reader->out->files[child.file];
	child.level = parent->level + 1;
	child.state = state;
	status = keep_included(reader->out, child.name, child.descriptor, reader->err);
	if (status == STATUS_OK)
		status = read_source(reader, &child);
	close(child.descriptor);
	return status;
}

/* What to do with the text at hand. Sets *more if nothing could be cut and there is more to read. */
static enum status consume(struct reader *reader, struct zonetext_source *source, bool *more)
{
	const char *const text = zonetext_source_text(source);
	const size_t size = zonetext_source_size(source);
	struct zonetext_state next = source->state;
	const struct zonetext_cut cut = zonetext_cut_find(text, size, source->ended, &next);
	submit(reader, source, cut.size, &source->state);
	source->first = source->first && cut.size == 0;
	source->state = next;
	source->line += cut.lines;
	enum status status = STATUS_OK;
	if (cut.include > 0) {
		const char *const line = zonetext_source_text(source);
		status = include(reader, source, line, cut.include);
		for (size_t i = 0; i < cut.include; i++)
			source->line += line[i] == '\n';
	}
	zonetext_source_drop(source, cut.include);
	*more = cut.size + cut.include == 0;
	return status;
}

static enum status read_source(struct reader *reader, struct zonetext_source *source)
{
	source->line = 1;
	source->first = true;
	enum status status = zonetext_source_begin(source, reader->chunk, reader->err);
	bool more = true;
	while (status == STATUS_OK && !zonetext_pool_is_over(reader->pool)) {
		if (more && !source->ended) {
			status = zonetext_source_fill(source, reader->err);
			if (status != STATUS_OK)
				break;
		}
		if (zonetext_source_size(source) == 0 && source->ended)
			break;
		status = consume(reader, source, &more);
		if (more && !source->ended && zonetext_source_is_full(source)) {
			refuse(reader, &(struct place){ source->name, source->line },
			    "a record over 1 MiB of text: is a parenthesis or a line left open here?");
			break;
		}
		more = more || zonetext_source_size(source) < reader->chunk;
	}
	if (status == STATUS_OK)
		status = zonetext_source_end(source, reader->err);
	if (status == STATUS_OK && source->level > 0)
		EVP_DigestUpdate(reader->digests, source->sha256, sizeof(source->sha256));
	reader->out->text_size += source->total;
	zonetext_source_free(source);
	return status;
}

/* One digest for all that was read: that of the input alone if it includes nothing. */
static enum status combine_digests(struct reader *reader, const uint8_t input[32])
{
	struct zonetext *const out = reader->out;
	if (out->file_count == 1) {
		memcpy(out->sha256, input, 32);
		return STATUS_OK;
	}
	EVP_MD_CTX *const all = EVP_MD_CTX_new();
	uint8_t rest[32];
	bool good = all != NULL && EVP_DigestFinal_ex(reader->digests, rest, NULL) == 1;
	good = good && EVP_DigestInit_ex(all, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(all, input, 32) == 1;
	good = good && EVP_DigestUpdate(all, rest, 32) == 1 && EVP_DigestFinal_ex(all, out->sha256, NULL) == 1;
	EVP_MD_CTX_free(all);
	return good ? STATUS_OK : error_set(reader->err, STATUS_INTERNAL, "SHA-256 failed in libcrypto");
}

static enum status judge(struct reader *reader, const struct zonetext_source *input)
{
	struct zonetext *const out = reader->out;
	if (out->error_count > 0) {
		*reader->err = out->errors[0];
		return STATUS_MALFORMED;
	}
	if (input->total == 0)
		return error_set_at(reader->err, STATUS_MALFORMED, input->name, 0, 0, "the input is empty");
	if (out->count == 0)
		return error_set_at(reader->err, STATUS_MALFORMED, input->name, 0, 0, "the input has no records");
	if (reader->options->strict_end && input->last != '\n')
		return error_set_at(reader->err, STATUS_MALFORMED, input->name, input->line, 0,
		    "the last line has no newline: the input looks cut");
	return combine_digests(reader, input->sha256);
}

/* 0 for a pipe. */
static uint64_t size_of(int descriptor)
{
	struct stat now;
	return fstat(descriptor, &now) == 0 && S_ISREG(now.st_mode) ? (uint64_t)now.st_size : 0;
}

enum status zonetext_read_by(int descriptor, const struct zonetext_options *options, size_t chunk, enum marks_kind kind,
    struct zonetext *out, struct error *err)
{
	struct error local;
	memset(out, 0, sizeof(*out));
	struct reader reader = { .options = options,
		.chunk = chunk,
		.out = out,
		.names = arena_new(4096),
		.digests = EVP_MD_CTX_new(),
		.err = err == NULL ? &local : err };
	reader.pool = zonetext_pool_new(
	    options->threads == 0 ? workers_default() : options->threads, kind, size_of(descriptor), out);
	struct zonetext_source input = { .descriptor = descriptor, .meter = options->meter };
	enum status status = STATUS_OK;
	input.file = add_file(&reader, options->name);
	input.name = out->files[0];
	input.state.ttl_known = false;
	if (options->origin != NULL)
		memcpy(input.state.origin, options->origin, name_size(options->origin));
	if (EVP_DigestInit_ex(reader.digests, EVP_sha256(), NULL) != 1)
		status = error_set(reader.err, STATUS_INTERNAL, "SHA-256 is not available in libcrypto");
	if (status == STATUS_OK)
		status = read_source(&reader, &input);
	if (status == STATUS_OK)
		zonetext_pool_drain(reader.pool);
	if (status == STATUS_OK)
		status = judge(&reader, &input);
	zonetext_pool_free(reader.pool, reader.names);
	EVP_MD_CTX_free(reader.digests);
	if (status != STATUS_OK)
		out->count = 0;
	else if (out->count > 0)
		out->records = memory_resize(out->records, out->count, sizeof(*out->records));
	return status;
}

enum status zonetext_read(
    int descriptor, const struct zonetext_options *options, struct zonetext *out, struct error *err)
{
	return zonetext_read_by(descriptor, options, CHUNK, marks_best(), out, err);
}

void zonetext_free(struct zonetext *zonetext)
{
	for (size_t i = 0; i < zonetext->included_count; i++)
		close(zonetext->included[i].descriptor);
	for (size_t i = 0; i < zonetext->arena_count; i++)
		arena_free(zonetext->arenas[i]);
	free(zonetext->arenas);
	free(zonetext->files);
	free(zonetext->records);
	memset(zonetext, 0, sizeof(*zonetext));
}
