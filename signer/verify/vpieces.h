/* SPDX-License-Identifier: MIT */
/*
 * Where the text of a zone lies that was read and dropped, so that the text of another file can be compared with it.
 *
 * Only plain pieces are known: each line of theirs is a record and says all of it, but for the origin, and that is the
 * one the reader began with. The same octets, where an entry begins under that origin, are the same record anywhere.
 * What is read again counts only if its MAC, under a random key of this run, is that of the first reading: a file that
 * changes meanwhile is judged as it was read first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VPIECE_BYTES = 32 * 1024, VPIECE_MOST = 2 * VPIECE_BYTES, VPIECE_MAC = 16 };

struct vpiece {
	uint64_t at; /* octets before it */
	uint32_t size;
	uint32_t line;   /* of its first octet, 1-based */
	uint32_t lines;  /* as many records */
	uint32_t record; /* the first of them, in the order of the file */
	uint8_t mac[VPIECE_MAC];
};

struct vsource;
struct vpieces;

/* Of a source before it is read. NULL: it cannot be read again, so nothing is compared with it. */
struct vpieces *vpieces_new(const struct vsource *source);
void vpieces_free(struct vpieces *pieces);

/* In order of the file. `at`, `line` and `record` are the octets, lines and records before what `piece` counts from. */
void vpieces_add(struct vpieces *pieces, const struct vpiece *piece, uint64_t at, uint64_t line, uint64_t record);

/* After the last. `pieces` may be NULL. */
void vpieces_end(struct vpieces *pieces, uint64_t lines);

/* None, if there are more lines than a record's line can tell. */
size_t vpieces_count(const struct vpieces *pieces);
const struct vpiece *vpieces_at(const struct vpieces *pieces, size_t i);

/* The piece with that line; vpieces_count: none has it. */
size_t vpieces_find(const struct vpieces *pieces, uint32_t line);

/* For one thread; NULL without pieces. */
struct vsealer;
struct vsealer *vsealer_new(const struct vpieces *pieces);
void vsealer_free(struct vsealer *sealer);

/* Sets the piece's MAC; false: there is none, and the piece must not be added. */
bool vsealer_seal(struct vsealer *sealer, const char *text, struct vpiece *piece);

/* The text of the piece again, in place or in room for VPIECE_MOST octets. NULL: it is not to be had, or not the same.
 */
const char *vsealer_read(struct vsealer *sealer, size_t i, char *room);
