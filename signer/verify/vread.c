/* SPDX-License-Identifier: MIT */
#include "signer/verify/vread.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/verify/vchunk.h"
#include "signer/verify/vinclude.h"
#include "signer/verify/vrdata.h"
#include "signer/verify/vsplit.h"

enum {
	CHUNKS_PER_THREAD = 6,
	CHUNKS_LEAST = 24, /* for few threads too, so that they seldom wait for each other */
	ARENA_BYTES = 1024 * 1024,
	ARENA_SHARE = 32 * 1024 * 1024, /* of text for one thread; for less a quarter, of which less is left over */
	ENTRY_MOST = 16 * 1024 * 1024,
	RECALL_SHARE = 2048, /* octets of text for one name that is kept: the table takes 1/32 of the text at most */
	RECALL_MOST = 65536,
	RECORD_SHARE = 48, /* octets of text for one record there is room for at once: few zones have shorter ones */
	SIZE_UNKNOWN = 32 * 1024 * 1024,
	ROOM_SHARE = 16, /* of records: as many of another version may differ before it is read without sharing */
	INCLUDE_DEPTH = 16,
	INCLUDES_MOST = 1000
};

struct reader {
	const struct vsource *source;
	struct vfile *file;
	unsigned threads;
	char *text; /* one wave */
	size_t size;
	char *next; /* the wave after it, read while this one is parsed */
	size_t next_size;
	size_t rest;     /* where in `text` begins what goes over to `next` */
	size_t capacity; /* of both */
	size_t hashed;   /* octets of `text` that are in the digest */
	size_t taken;    /* of a source in memory */
	uint64_t most;   /* octets of the descriptor that are still to be read */
	bool at_end;     /* nothing comes after `text` */
	bool next_at_end;
	enum status broken; /* of a read: what came before it is judged first, and has the last word if it is bad */
	struct error why;
	struct vchunk *chunks;
	size_t chunk_count;
	size_t chunk_capacity;
	struct vcontext context; /* after all that has been parsed */
	uint64_t line;
	bool first;
	struct vdesk *desks; /* one per thread */
	EVP_MD_CTX *digest;
	uint64_t known;                 /* records that source->like has, if they are not kept */
	size_t room;                    /* for records */
	size_t expected;                /* of those, by the size of the file */
	struct vsummer *const *summers; /* one per thread, if records are added up and not kept */
	uint64_t *seen;                 /* bits for records of source->like, if there is one */
	struct vfollow *follows;        /* one per thread, if there is one */
	struct vsum sum;
	unsigned included;        /* files so far, each as often as it was read */
	uint8_t owner[VNAME_MAX]; /* of the last record, when memory is dropped after each wave */
};

/* Reads on at next[next_size]. */
static void fill(struct reader *r)
{
	while (r->broken == STATUS_OK && !r->next_at_end && r->next_size < r->capacity) {
		const size_t room = r->capacity - r->next_size;
		if (r->source->descriptor < 0) {
			const size_t left = r->source->size - r->taken;
			const size_t n = left < room ? left : room;
			if (n > 0)
				memcpy(r->next + r->next_size, r->source->data + r->taken, n);
			r->taken += n;
			r->next_size += n;
			r->next_at_end = r->taken == r->source->size;
			continue;
		}
		const ssize_t n =
		    read(r->source->descriptor, r->next + r->next_size, r->most < room ? (size_t)r->most : room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r->broken = error_set_errno(&r->why, "%s: read", r->source->name);
			return;
		}
		r->next_size += (size_t)n;
		r->most -= (uint64_t)n;
		r->next_at_end = n == 0;
	}
}

static void fill_next(struct reader *r)
{
	r->next_size = r->size - r->rest;
	r->next_at_end = r->at_end;
	memcpy(r->next, r->text + r->rest, r->next_size);
	fill(r);
}

/* What was read ahead is the wave in hand. */
static void take_next(struct reader *r)
{
	char *const used = r->text;
	r->hashed = r->size - r->rest;
	r->text = r->next;
	r->size = r->next_size;
	r->at_end = r->next_at_end;
	r->next = used;
	r->next_size = 0;
	r->rest = 0;
}

static void add_chunk(void *context, size_t start, size_t end)
{
	struct reader *const r = context;
	if (r->chunk_count == r->chunk_capacity) {
		const size_t more = r->chunk_capacity == 0 ? 32 : 2 * r->chunk_capacity;
		r->chunks = memory_resize(r->chunks, more, sizeof(*r->chunks));
		memset(r->chunks + r->chunk_capacity, 0, (more - r->chunk_capacity) * sizeof(*r->chunks));
		r->chunk_capacity = more;
	}
	struct vchunk *const chunk = &r->chunks[r->chunk_count++];
	chunk->text = r->text + start;
	chunk->size = end - start;
}

/* Cuts what is read into chunks; the rest, if more is to come, stays for the next wave. Returns where it begins. */
static size_t split(struct reader *r)
{
	r->chunk_count = 0;
	const struct vsplit text = { r->text, r->size, r->broken != STATUS_OK, add_chunk, r };
	const size_t rest = vsplit(&text);
	if (!r->at_end)
		return rest;
	if (rest < r->size)
		add_chunk(r, rest, r->size);
	return r->size;
}

static uint64_t count_lines(const char *text, size_t size)
{
	uint64_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

static void parse(struct reader *r, struct vchunk *chunk, bool first, unsigned worker)
{
	vchunk_parse(chunk, first, r->source->name, &r->desks[worker]);
	chunk->sum = (struct vsum){ .count = 0 };
	if (chunk->status != STATUS_OK)
		chunk->lines = count_lines(chunk->text, chunk->size);
	if (r->summers == NULL || chunk->status != STATUS_OK)
		return;
	vsummer_begin(r->summers[worker]);
	for (size_t i = 0; i < chunk->count; i++)
		vsummer_add(r->summers[worker], &chunk->records[i], &chunk->sum);
}

/* It is told of no file that is read beside a zone. */
static enum status hash_wave(struct reader *r, struct error *err)
{
	if (r->source->like != NULL || EVP_DigestUpdate(r->digest, r->text + r->hashed, r->size - r->hashed) == 1)
		return STATUS_OK;
	return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
}

enum { READS_AHEAD, HASHES, FIRST_CHUNK };

/* The first item reads the next wave, one hashes this one, the others parse. */
static enum status work(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct reader *const r = context;
	enum status status = STATUS_OK;
	for (size_t i = first; i < end && status == STATUS_OK; i++) {
		if (i == READS_AHEAD) {
			fill_next(r);
		} else if (i == HASHES) {
			status = hash_wave(r, err);
		} else {
			struct vchunk *const chunk = &r->chunks[i - FIRST_CHUNK];
			chunk->first_line = 1;
			parse(r, chunk, r->first && i == FIRST_CHUNK, worker);
		}
	}
	return status;
}

static bool context_holds(const struct vcontext *guess, const struct vcontext *truth)
{
	return guess->have_origin == truth->have_origin && guess->have_default == truth->have_default &&
	       guess->default_ttl == truth->default_ttl &&
	       (!truth->have_origin || (vname_equal(guess->origin, truth->origin) &&
					   vname_size(guess->origin) == vname_size(truth->origin)));
}

/* One of our records for one of the zone's; a second one is more than that zone has. */
static void see(struct reader *r, uint32_t place)
{
	const uint64_t bit = (uint64_t)1 << place % 64;
	const bool again = (r->seen[place / 64] & bit) != 0;
	if (again && r->summers != NULL)
		vsummer_add(r->summers[0], &r->source->like->records[place], &r->sum);
	r->file->twice = r->file->twice || again;
	r->seen[place / 64] |= bit;
}

/* Gives the chunk its place among all records. */
static void place_chunk(struct reader *r, struct vchunk *chunk)
{
	struct vfile *const file = r->file;
	const uint64_t at = file->size - r->size + (uint64_t)(chunk->text - r->text);
	for (size_t i = 0; i < chunk->piece_count; i++)
		vpieces_add(file->pieces, &chunk->pieces[i], at, r->line, file->count);
	chunk->place = file->count;
	chunk->line = r->line;
	file->count += chunk->count;
	r->known += chunk->known_count;
	vsum_join(&r->sum, &chunk->sum);
	for (size_t i = 0; i < chunk->known_count; i++)
		see(r, chunk->known[i]);
}

static enum status copy_chunks(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct reader *const r = context;
	(void)worker;
	(void)err;
	for (size_t i = first; i < end; i++) {
		const struct vchunk *const chunk = &r->chunks[i];
		struct vrecord *const out = r->file->records + chunk->place;
		for (size_t k = 0; k < chunk->count; k++) {
			out[k] = chunk->records[k];
			out[k].line = (uint32_t)(out[k].line + chunk->line);
		}
	}
	return STATUS_OK;
}

/* Of a large file all at once, in large pages: what is never written costs addresses only. */
static void make_room(struct reader *r)
{
	struct vfile *const file = r->file;
	const size_t each = sizeof(*file->records);
	const bool at_once =
	    file->records == NULL && r->expected >= file->count && r->expected * each >= 2 * (size_t)MEMORY_LARGE;
	r->room = at_once ? r->expected : file->count + r->room / 2 + 1024;
	file->records = at_once ? memory_alloc_large(r->room * each) : memory_resize(file->records, r->room, each);
}

static enum status append(struct reader *r, struct error *err)
{
	struct vfile *const file = r->file;
	if (r->summers != NULL || file->count == 0)
		return STATUS_OK;
	if (file->count > r->room)
		make_room(r);
	return workers_run(r->threads, r->chunk_count, 1, copy_chunks, r, err);
}

/* An error in the last line of a file that has no line end has one likely cause, and the message says so. */
static enum status refuse_chunk(const struct reader *r, const struct vchunk *chunk, struct error *err)
{
	const bool last = r->at_end && r->text[r->size - 1] != '\n' && chunk == &r->chunks[r->chunk_count - 1] &&
			  chunk->err.line == chunk->lines + 1;
	return error_set_at(err, chunk->status, chunk->err.file, chunk->err.line + r->line, chunk->err.column, "%s%s",
	    chunk->err.message, last ? "; the file ends here: it was cut in the middle of a record" : "");
}

/* In order: chunks whose guess of the context was wrong are parsed again, now with the true one. */
static enum status settle(struct reader *r, struct error *err)
{
	for (size_t i = 0; i < r->chunk_count; i++) {
		struct vchunk *const chunk = &r->chunks[i];
		if (chunk->needs_context || !context_holds(&chunk->begin, &r->context)) {
			chunk->begin = r->context;
			chunk->first_line = 1;
			parse(r, chunk, true, 0);
		}
		if (chunk->status != STATUS_OK) {
			return refuse_chunk(r, chunk, err);
		}
		place_chunk(r, chunk);
		r->line += chunk->lines;
		const struct vcontext before = r->context;
		r->context = chunk->finish;
		if (r->context.owner == NULL)
			r->context.owner = before.owner;
		if (!r->context.have_ttl) {
			r->context.have_ttl = before.have_ttl;
			r->context.ttl = before.ttl;
		}
	}
	return append(r, err);
}

/* Nothing of the wave is needed any more but the owner that the next entry may take over. */
static void drop_wave(struct reader *r)
{
	if (r->context.owner != NULL && r->context.owner != r->owner) {
		memcpy(r->owner, r->context.owner, vname_size(r->context.owner));
		r->context.owner = r->owner;
	}
	for (unsigned i = 0; i < r->file->arenas; i++) {
		vrecall_forget(r->desks[i].recall);
		arena_reset(r->file->memory[i]);
	}
}

/* One entry fills the whole wave: read on with twice the room, but not for ever. */
static enum status widen(struct reader *r, struct error *err)
{
	if (r->capacity > ENTRY_MOST)
		return error_set_at(err, STATUS_MALFORMED, r->source->name, r->line + 1, 0,
		    "an entry of more than %d octets begins here or soon after: no record is so long, so a "
		    "line, a quote or a parenthesis is open",
		    ENTRY_MOST);
	r->capacity *= 2;
	r->text = memory_resize(r->text, r->capacity, 1);
	r->next = memory_resize(r->next, r->capacity, 1);
	return STATUS_OK;
}

/* Parses what is in hand while the rest of it and what follows are read into the other place. */
static enum status wave(struct reader *r, struct error *err)
{
	const enum status broken = r->broken; /* nothing comes after `text` that can be read */
	r->rest = split(r);
	for (size_t i = 0; i < r->chunk_count; i++) {
		r->chunks[i].begin = r->context;
		if (!(r->first && i == 0)) {
			r->chunks[i].begin.owner = NULL;
			r->chunks[i].begin.have_ttl = false;
		}
	}
	const enum status worked = workers_run(r->threads, r->chunk_count + FIRST_CHUNK, 1, work, r, err);
	if (worked != STATUS_OK)
		return worked;
	r->file->size += r->size - r->hashed;
	if (r->size > 0)
		r->file->ends_with_newline = r->text[r->size - 1] == '\n';
	const enum status settled = settle(r, err);
	if (settled != STATUS_OK)
		return settled;
	if (broken != STATUS_OK && err != NULL)
		*err = r->why;
	if (broken != STATUS_OK)
		return broken;
	if (r->summers != NULL)
		drop_wave(r);
	r->first = r->first && r->chunk_count == 0;
	const bool stuck = r->rest == 0 && r->chunk_count == 0 && !r->at_end && r->size == r->capacity;
	take_next(r);
	return stuck ? widen(r, err) : STATUS_OK;
}

static uint64_t text_size(const struct vsource *source)
{
	struct stat state;
	if (source->descriptor < 0)
		return source->size;
	return fstat(source->descriptor, &state) == 0 && S_ISREG(state.st_mode) ? (uint64_t)state.st_size
										: SIZE_UNKNOWN;
}

/* How many names of servers each thread keeps. */
static size_t recall_names(uint64_t size, unsigned threads)
{
	const uint64_t names = size / RECALL_SHARE / threads;
	return names < RECALL_MOST ? (size_t)names : RECALL_MOST;
}

static void reader_open(
    struct reader *r, const struct vsource *source, const uint8_t *origin, unsigned threads, struct vfile *file)
{
	*r = (struct reader){ .source = source, .file = file, .threads = threads, .first = true, .most = UINT64_MAX };
	const uint64_t size = text_size(source);
	const size_t chunks = (size_t)CHUNKS_PER_THREAD * threads;
	r->expected = source->shares ? 0 : (size_t)(size / RECORD_SHARE);
	r->capacity = (size_t)VSPLIT_BYTES * (chunks < CHUNKS_LEAST ? CHUNKS_LEAST : chunks);
	if (source->descriptor < 0 && source->size < r->capacity)
		r->capacity = source->size + 1;
	r->text = memory_alloc(r->capacity);
	r->next = memory_alloc(r->capacity);
	r->desks = memory_calloc(threads, sizeof(*r->desks));
	r->follows = memory_calloc(threads, sizeof(*r->follows));
	const size_t most = size / threads < ARENA_SHARE ? ARENA_BYTES / 4 : ARENA_BYTES;
	const size_t block = r->capacity < most ? r->capacity + 1024 : most;
	file->memory = memory_calloc(threads, sizeof(struct arena *));
	file->arenas = threads;
	file->pieces = source->compared ? vpieces_new(source) : NULL;
	for (unsigned i = 0; i < threads; i++) {
		file->memory[i] = arena_new(block);
		r->desks[i] = (struct vdesk){ .memory = file->memory[i],
			.scratch = memory_alloc(VRDATA_MAX),
			.recall = vrecall_new(recall_names(size, threads)),
			.origin = origin,
			.follow = source->like == NULL ? NULL : &r->follows[i],
			.beside = vbeside_new(source->like, origin),
			.sealer = vsealer_new(file->pieces),
			.shares = source->shares };
		r->follows[i] = (struct vfollow){ .zone = source->like };
	}
	if (origin != NULL) {
		memcpy(r->context.origin, origin, vname_size(origin));
		r->context.have_origin = true;
	}
	r->context.have_default = source->no_ttl;
	r->digest = EVP_MD_CTX_new();
	if (source->shares)
		r->seen = file->shared = memory_calloc(source->like->file.count / 64 + 1, sizeof(*file->shared));
}

static void reader_close(struct reader *r)
{
	EVP_MD_CTX_free(r->digest);
	for (unsigned i = 0; i < r->threads; i++) {
		free(r->desks[i].scratch);
		vrecall_free(r->desks[i].recall);
		vsealer_free(r->desks[i].sealer);
		vbeside_free(r->desks[i].beside);
	}
	free(r->desks);
	free(r->follows);
	for (size_t i = 0; i < r->chunk_capacity; i++) {
		free(r->chunks[i].records);
		free(r->chunks[i].known);
		free(r->chunks[i].pieces);
	}
	free(r->chunks);
	free(r->text);
	free(r->next);
}

static enum status read_text(struct reader *r, struct error *err)
{
	enum status status = STATUS_OK;
	fill(r);
	take_next(r);
	while (status == STATUS_OK && !(r->at_end && r->size == 0))
		status = wave(r, err);
	return status;
}

/* The stretch of a file between two $INCLUDE lines: what stands before it is known, so it begins like a file. */
static enum status read_stretch(
    struct reader *r, const struct vsource *source, uint64_t start, uint64_t size, uint64_t line, struct error *err)
{
	if (lseek(source->descriptor, (off_t)start, SEEK_SET) < 0)
		return error_set_errno(err, "%s: seek", source->name);
	r->source = source;
	r->most = size;
	r->line = line;
	r->first = true;
	r->at_end = r->next_at_end = false;
	return read_text(r, err);
}

static enum status read_including(struct reader *r, const struct vsource *source, unsigned level, struct error *err);

/* The included file begins with the origin and the TTLs of the place, and with no owner; what it changes ends with it
 * (RFC 1035 5.1). */
static enum status read_included(struct reader *r, const struct vsource *source, const struct vinclude_line *line,
    uint64_t where, unsigned level, struct error *err)
{
	struct vcontext before = r->context;
	uint8_t owner[VNAME_MAX];
	const struct vinclude *file;
	if (level + 1 == INCLUDE_DEPTH)
		return error_set_at(err, STATUS_MALFORMED, source->name, where, 1, "$INCLUDE is nested too deep");
	if (r->included++ == INCLUDES_MOST)
		return error_set_at(
		    err, STATUS_MALFORMED, source->name, where, 1, "more than %d files are included", INCLUDES_MOST);
	if (before.owner != NULL)
		memcpy(owner, before.owner, vname_size(before.owner));
	enum status status = vinclude_read(line, source, where, r->context.origin, &r->context.have_origin, &file, err);
	if (status != STATUS_OK)
		return status;
	struct vsource included = *source;
	included.name = file->name;
	included.descriptor = file->descriptor;
	r->context.owner = NULL;
	status = read_including(r, &included, level + 1, err);
	r->context = before;
	if (before.owner == r->owner)
		memcpy(r->owner, owner, vname_size(owner));
	return status;
}

/* The search for $INCLUDE lines met what cannot be read: what stands before it is judged all the same. */
static enum status read_to_the_end(
    struct reader *r, const struct vsource *source, uint64_t start, uint64_t line, struct error *err)
{
	struct error why;
	error_clear(&why);
	const enum status status = read_stretch(r, source, start, UINT64_MAX, line, &why);
	if (status != STATUS_MALFORMED)
		return STATUS_IO;
	*err = why;
	return status;
}

static enum status read_including(struct reader *r, const struct vsource *source, unsigned level, struct error *err)
{
	struct vinclude_line *const line = memory_alloc(sizeof(*line));
	uint64_t at = 0;
	uint64_t lines = 0;
	enum status status;
	do {
		status = vinclude_find(source->descriptor, source->name, at, line, err);
		if (status == STATUS_IO)
			status = read_to_the_end(r, source, at, lines, err);
		if (status == STATUS_OK)
			status = read_stretch(r, source, at, line->found ? line->start - at : UINT64_MAX, lines, err);
		lines += line->lines;
		if (status == STATUS_OK && line->found)
			status = read_included(r, source, line, lines + 1, level, err);
		lines += line->more;
		at = line->end;
	} while (status == STATUS_OK && line->found);
	free(line);
	return status;
}

static enum status read_all(struct reader *r, struct error *err)
{
	const struct vsource *const source = r->source;
	if (r->digest == NULL || EVP_DigestInit_ex(r->digest, EVP_sha256(), NULL) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 is not available");
	const enum status status = source->include_count > 0 ? read_including(r, source, 0, err) : read_text(r, err);
	r->source = source;
	if (status != STATUS_OK)
		return status;
	vpieces_end(r->file->pieces, r->line);
	if (source->like == NULL && EVP_DigestFinal_ex(r->digest, r->file->sha256, NULL) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed");
	if (r->file->count + r->known == 0)
		return error_set_at(err, STATUS_MALFORMED, r->source->name, 0, 0,
		    r->file->size == 0 ? "the file is empty" : "no record in this file");
	return STATUS_OK;
}

enum status vread_file(
    const struct vsource *source, const uint8_t *origin, unsigned threads, struct vfile *out, struct error *err)
{
	struct reader r;
	struct vfile file = { .count = 0 };
	reader_open(&r, source, origin, threads < 1 ? 1 : threads, &file);
	const enum status status = read_all(&r, err);
	reader_close(&r);
	if (status != STATUS_OK) {
		vread_free(&file);
		return status;
	}
	file.room = file.count + (source->compared ? file.count / ROOM_SHARE + 1024 : 0);
	file.records = memory_resize(file.records, file.room, sizeof(*file.records));
	*out = file;
	return STATUS_OK;
}

enum status vread_sum(const struct vsource *source, const uint8_t *origin, unsigned threads,
    struct vsummer *const summers[], uint64_t seen[], struct vsum *out, struct error *err)
{
	struct reader r;
	struct vfile file = { .count = 0 };
	reader_open(&r, source, origin, threads < 1 ? 1 : threads, &file);
	r.summers = summers;
	r.seen = seen;
	for (unsigned i = 0; i < r.threads; i++)
		r.desks[i].sums = true;
	const enum status status = read_all(&r, err);
	reader_close(&r);
	vread_free(&file);
	if (status == STATUS_OK)
		*out = r.sum;
	return status;
}

void vread_free(struct vfile *file)
{
	for (unsigned i = 0; i < file->arenas; i++)
		arena_free(file->memory[i]);
	free(file->memory);
	free(file->records);
	free(file->shared);
	vpieces_free(file->pieces);
	*file = (struct vfile){ .count = 0 };
}
