/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/arena.h"

enum status zonetext_source_begin(struct zonetext_source *source, size_t step, struct error *err)
{
	if (fstat(source->descriptor, &source->before) != 0)
		return error_set_errno(err, "%s", source->name);
	if (S_ISDIR(source->before.st_mode))
		return error_set(err, STATUS_MALFORMED, "%s is a folder", source->name);
	source->step = step;
	source->capacity = step + ZONETEXT_RECORD;
	source->buffer = memory_alloc(source->capacity + MARKS_PAD);
	source->buffer[0] = '\0';
	source->digest = EVP_MD_CTX_new();
	if (source->digest == NULL || EVP_DigestInit_ex(source->digest, EVP_sha256(), NULL) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 is not available in libcrypto");
	return STATUS_OK;
}

static void make_room(struct zonetext_source *source)
{
	if (source->start == 0)
		return;
	memmove(source->buffer, source->buffer + source->start, source->end - source->start);
	source->end -= source->start;
	source->start = 0;
}

enum status zonetext_source_fill(struct zonetext_source *source, struct error *err)
{
	make_room(source);
	const size_t room = source->capacity - source->end;
	const size_t want = source->end + (room < source->step ? room : source->step);
	while (source->end < want && !source->ended) {
		char *const at = source->buffer + source->end;
		const ssize_t got = read(source->descriptor, at, want - source->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "reading %s", source->name);
		source->ended = got == 0;
		if (got > 0) {
			source->last = (uint8_t)at[got - 1];
			EVP_DigestUpdate(source->digest, at, (size_t)got);
		}
		source->end += (size_t)got;
		source->total += (uint64_t)got;
		meter_add(source->meter, (uint64_t)got);
	}
	source->buffer[source->end] = '\0';
	return STATUS_OK;
}

const char *zonetext_source_text(const struct zonetext_source *source)
{
	return source->buffer + source->start;
}

size_t zonetext_source_size(const struct zonetext_source *source)
{
	return source->end - source->start;
}

bool zonetext_source_is_full(const struct zonetext_source *source)
{
	return source->end - source->start >= ZONETEXT_RECORD;
}

void zonetext_source_drop(struct zonetext_source *source, size_t size)
{
	source->start += size;
}

static void have_room(char **text, size_t *capacity, size_t wanted)
{
	if (*capacity >= wanted)
		return;
	free(*text);
	*text = memory_alloc(wanted);
	*capacity = wanted;
}

void zonetext_source_take(struct zonetext_source *source, size_t size, char **text, size_t *capacity)
{
	const size_t rest = source->end - source->start - size;
	if (source->start == 0 && rest < size / 2) {
		char *const full = source->buffer;
		have_room(text, capacity, source->capacity + MARKS_PAD);
		memcpy(*text, full + size, rest + 1);
		source->buffer = *text;
		source->end = rest;
		*text = full;
	} else {
		have_room(text, capacity, size + MARKS_PAD);
		memcpy(*text, source->buffer + source->start, size);
		source->start += size;
	}
	memset(*text + size, 0, MARKS_PAD);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum status zonetext_source_end(struct zonetext_source *source, struct error *err)
{
	struct stat after;
	if (fstat(source->descriptor, &after) != 0)
		return error_set_errno(err, "%s", source->name);
	if (S_ISREG(after.st_mode) && !same_file(&source->before, &after))
		return error_set(err, STATUS_BUSY, "%s changed while it was read: nothing was taken from it, try again",
		    source->name);
	if (EVP_DigestFinal_ex(source->digest, source->sha256, NULL) != 1)
		return error_set(err, STATUS_INTERNAL, "SHA-256 failed in libcrypto");
	return STATUS_OK;
}

void zonetext_source_free(struct zonetext_source *source)
{
	EVP_MD_CTX_free(source->digest);
	free(source->buffer);
	source->digest = NULL;
	source->buffer = NULL;
}
