/* SPDX-License-Identifier: MIT */
/*
 * A piece of master-file text that holds whole records, and the records it becomes. Private to the zone reader.
 *
 * A piece knows the $ORIGIN and $TTL that hold at its start. What it cannot know, the owner and the TTL stated last by
 * an earlier piece, is left open in its leading records and filled in when the pieces are joined.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/dns/marks.h"
#include "signer/dns/name.h"
#include "signer/dns/rrset.h"
#include "signer/dns/scan.h"
#include "signer/dns/zonetext_read.h"

/* What directives set. */
struct zonetext_state {
	uint8_t origin[NAME_WIRE];
	uint32_t ttl; /* of $TTL */
	bool ttl_known;
};

struct zonetext_chunk {
	/* What it is made of. */
	char *text; /* MARKS_PAD octets that are NUL behind it */
	size_t size;
	size_t capacity;
	uint32_t line; /* of its first octet */
	unsigned level;
	uint16_t file;
	bool first; /* of its file */
	const char *file_name;
	struct zonetext_state state;
	/* What it becomes. */
	struct record *records;
	size_t count;
	size_t room;
	size_t ownerless;          /* leading records whose owner an earlier piece stated; their owner is NULL */
	size_t ttlless;            /* leading records whose TTL an earlier piece stated */
	const uint8_t *last_owner; /* NULL: none stated here */
	uint32_t last_ttl;
	bool last_ttl_known;
	struct error errors[ZONETEXT_ERRORS];
	size_t error_count;
};

enum zonetext_directive {
	DIRECTIVE_ORIGIN,
	DIRECTIVE_TTL,
	DIRECTIVE_INCLUDE,
	DIRECTIVE_OTHER,
};

/* Reads the word of a directive; scan->at is on "$". DIRECTIVE_OTHER, with an error, for $GENERATE and unknown ones. */
enum zonetext_directive zonetext_directive_word(struct scan *scan);

/* The rest of a $ORIGIN or $TTL line. */
enum status zonetext_directive_apply(
    struct scan *scan, enum zonetext_directive directive, struct zonetext_state *state) MUST_CHECK;

/* What a thread that parses has. */
struct zonetext_worker {
	struct arena *arena; /* gets owners and RDATA */
	uint8_t *scratch;    /* RDATA_MAX octets */
	struct marks marks;
};

/* Parses the text. Errors are in chunk->errors; it stops at ZONETEXT_ERRORS of them. */
void zonetext_chunk_parse(struct zonetext_chunk *chunk, struct zonetext_worker *worker);
