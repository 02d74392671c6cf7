/* SPDX-License-Identifier: MIT */
/*
 * Reads a master file (RFC 1035 5, RFC 2308 4, RFC 3597 5) from a file or a pipe into records.
 *
 * One thread reads and cuts the text at record boundaries; all cores parse the pieces, each into its own arena. There
 * is no allocation for a record, and the text itself is not kept. The order of records is that of the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/meter.h"
#include "signer/base/publish.h"
#include "signer/dns/rrset.h"

enum { ZONETEXT_ERRORS = 20, ZONETEXT_KEPT = 300 };

struct zonetext_options {
	const char *name;      /* of the input in messages; for a file, its path */
	const uint8_t *origin; /* the first $ORIGIN, in wire form */
	const char *folder;    /* $INCLUDE may name files in or below it; NULL (a pipe): $INCLUDE is refused */
	unsigned threads;      /* 0: all cores */
	struct meter *meter;   /* counts octets, or NULL */
	bool strict_end;       /* the last line must end with a newline (a file cut in mid-record is refused where that
				* can be told even without it) */
};

/* A file that was included, still open for whoever reads it again. */
struct zonetext_included {
	const char *name; /* as the $INCLUDE line has it, escapes resolved */
	int descriptor;
	struct file_stamp stamp;
};

struct zonetext {
	struct record *records;
	size_t count;
	const char **files; /* names of all files read, the input first */
	size_t file_count;
	uint64_t text_size; /* octets read, includes too */
	uint8_t sha256[32]; /* of the input; if it includes files, over its digest and theirs: tells whether anything
			     * changed */
	struct zonetext_included included[ZONETEXT_KEPT]; /* each once; more are an error */
	size_t included_count;
	struct error errors[ZONETEXT_ERRORS]; /* what was wrong, in the order of the text */
	size_t error_count;
	struct arena **arenas; /* that hold the records; private to zonetext_free */
	size_t arena_count;
};

/* Reads from `descriptor` to its end. On STATUS_MALFORMED `out->errors` has up to 20 errors with places (`err` is the
 * first) and no records; call zonetext_free in every case. STATUS_BUSY if size, mtime or inode of a file changed while
 * it was read. STATUS_MALFORMED also for an empty file. */
enum status zonetext_read(
    int descriptor, const struct zonetext_options *options, struct zonetext *out, struct error *err) MUST_CHECK;

void zonetext_free(struct zonetext *zonetext);
