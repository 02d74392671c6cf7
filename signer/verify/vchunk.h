/* SPDX-License-Identifier: MIT */
/* One piece of a master file that begins and ends at the border of entries, parsed on its own (see vread.h). */
#pragma once

#include "signer/verify/vbeside.h"
#include "signer/verify/vfollow.h"
#include "signer/verify/vname.h"
#include "signer/verify/vread.h"
#include "signer/verify/vrecall.h"
#include "signer/verify/vsum.h"

/* What an entry may take over from those before it. */
struct vcontext {
	uint8_t origin[VNAME_MAX];
	bool have_origin;
	bool have_default; /* $TTL was given */
	bool have_ttl;     /* a TTL was written before */
	uint32_t default_ttl;
	uint32_t ttl;
	const uint8_t *owner; /* NULL: none before */
};

struct vchunk {
	const char *text;
	size_t size;
	uint64_t lines;      /* line ends within, as far as it was parsed */
	uint64_t first_line; /* 1-based line of the first octet */
	struct vcontext begin;
	struct vcontext finish;
	struct vrecord *records;
	size_t count;
	size_t capacity;
	uint32_t *known; /* places in the zone that is followed, of records that are not in `records` */
	size_t known_count;
	size_t known_capacity;
	struct vpiece *pieces; /* that are plain, if they are wanted; from the chunk's first octet, line and record */
	size_t piece_count;
	size_t piece_capacity;
	size_t place;       /* of the first record in the file's */
	uint64_t line;      /* lines of the file before the chunk */
	struct vsum sum;    /* of the records, if they are only added up */
	bool needs_context; /* could not be parsed without what stands before it */
	enum status status;
	struct error err;
};

/* What a worker parses with. */
struct vdesk {
	struct arena *memory;   /* for names and RDATA */
	uint8_t *scratch;       /* VRDATA_MAX octets */
	struct vrecall *recall; /* of names in `memory` */
	const uint8_t *origin;  /* that the file begins with; NULL: none */
	struct vfollow *follow; /* NULL: there is no zone to follow */
	struct vbeside *beside; /* NULL: its text is not compared */
	struct vsealer *sealer; /* NULL: no pieces are wanted */
	bool sums;              /* records that the zone has are only listed in `known`, unless a sum looks at them */
	bool shares;            /* all that the zone has are */
};

/* Parses the chunk from `begin` into records. `first` is true if nothing stands before the chunk, so that a lack of
 * context is an error. `file` is for messages. */
void vchunk_parse(struct vchunk *chunk, bool first, const char *file, const struct vdesk *desk);
