/* SPDX-License-Identifier: MIT */
/*
 * Reads a master file (RFC 1035 5.1) into records in canonical wire form.
 *
 * The file is read in pieces and parsed in chunks on all cores; a chunk that would need what stands before it (owner,
 * TTL, origin) is parsed again with that knowledge, so the result is the same for any number of threads. The text is
 * dropped piece by piece; what stays is about half its size. The file's SHA-256 is computed beside the parsing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/workers.h"

enum { VCLASS_IN = 1 };

struct vrecord {
	const uint8_t *owner; /* lower case; records that follow each other share it */
	const uint8_t *rdata; /* canonical form */
	uint32_t ttl;
	uint32_t line;
	uint16_t type;
	uint16_t size; /* of rdata */
	uint16_t class;
	bool spare; /* a copy of the record before it */
	bool
	    trusted; /* set by vresponse_trust, in the first of an RRset: a resolver finds a signature that validates */
};

struct vzone;

/* A file that a $INCLUDE line may name, open already; `name` is what the line has, escapes resolved. */
struct vinclude {
	const char *name;
	int descriptor;
};

/* Where text comes from: a descriptor that is read to its end, or memory if `descriptor` is -1. */
struct vsource {
	const char *name; /* for messages */
	int descriptor;
	const uint8_t *data;
	size_t size;
	bool no_ttl;                     /* records without TTL are fine: a list of DS, not a zone */
	const struct vinclude *includes; /* without any, $INCLUDE is refused; with some, `descriptor` can seek */
	size_t include_count;
	const struct vzone *like; /* NULL, or a zone that it is much like: read faster, the same records (vfollow.h) */
	bool shares;              /* records that `like` has are only noted in vfile.shared */
	bool compared;            /* others will be read beside it: where its text lies is remembered (vpieces.h) */
};

struct vfile {
	struct vrecord *records; /* in the order of the file */
	size_t count;
	uint64_t size;
	uint8_t sha256[32];     /* zeros if it was read beside a zone */
	struct vpieces *pieces; /* NULL: its text cannot be compared */
	uint64_t *shared; /* NULL, or a bit for each record of source->like: it has that too, and not in `records` */
	bool twice;       /* it has one of those more than once: `records` are not all the others */
	size_t room;      /* there is for `records`: more, if it is compared */
	bool ends_with_newline;
	struct arena **memory;
	unsigned arenas;
};

/* `origin` (wire form) may be NULL. STATUS_MALFORMED carries file, line and column. */
enum status vread_file(const struct vsource *source, const uint8_t *origin, unsigned threads, struct vfile *out,
    struct error *err) MUST_CHECK;

struct vsum;
struct vsummer;

/* The same, but the records are only added up (vsum.h), one summer per thread, and not kept. One that source->like has
 * too sets its bit in `seen`, and is added up only if that is set already. */
enum status vread_sum(const struct vsource *source, const uint8_t *origin, unsigned threads,
    struct vsummer *const summers[], uint64_t seen[], struct vsum *out, struct error *err) MUST_CHECK;

void vread_free(struct vfile *file);
