/* SPDX-License-Identifier: MIT */
/*
 * Reads a record whose line is written the way nearly all lines of a large zone are: one line, single words without
 * escapes, a TTL, class and type as an earlier line had them. Private to the zone reader.
 *
 * All or nothing: whatever is unusual about a line, or wrong, is left to the general reader, which begins it anew. So
 * nothing is refused here, there are no messages, and both give the same for what is read here; a test compares.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/dns/marks.h"
#include "signer/dns/scan.h"

/* TTL, class and type of a record. */
struct zonetext_head {
	uint32_t ttl;
	bool ttl_stated;
	bool class_stated;
	uint16_t type;
};

enum {
	FAST_TEXT = 32,   /* most octets that are remembered of a text */
	FAST_HEADS = 64,  /* how many heads are: what stands from behind the owner's blanks to the RDATA */
	FAST_LISTS = 16,  /* and lists of types, from the first one to the newline */
	FAST_BITMAP = 34, /* RFC 4034 4.1.2: one window */
	FAST_DAYS = 8,
	FAST_ROOM = 4096, /* what zonetext_fast_read may write; a line with more is for the general reader */
};

/* A text that was read before. */
struct fast_text {
	uint64_t octets[FAST_TEXT / 8];
	uint64_t mask[FAST_TEXT / 8]; /* of the octets that are its own */
	unsigned size;                /* 0: there is none */
};

struct zonetext_fast {
	const char *text; /* of the piece; MARKS_PAD octets behind it are readable */
	const struct marks *marks;
	/* What was read before, by how it was written. All of it is only a hint: the text is compared. */
	struct fast_head {
		struct fast_text text;
		struct zonetext_head head;
		unsigned ends; /* blanks in it */
	} heads[FAST_HEADS];
	const struct fast_head *head; /* the last one */
	struct fast_list {
		struct fast_text text;
		uint8_t size;
		uint8_t bitmap[FAST_BITMAP];
	} lists[FAST_LISTS];
	struct fast_day {
		uint64_t text; /* YYYYMMDD */
		uint32_t start;
	} days[FAST_DAYS];
};

struct zonetext_fast_record {
	size_t owner_size;      /* 0: that of the record before */
	size_t owner_text_size; /* of a new owner */
	size_t rdata_size;
	struct zonetext_head head;
	const char *end; /* the newline behind it */
};

/* Begins a piece. `marks` are those of `text`. */
void zonetext_fast_begin(struct zonetext_fast *fast, const char *text, const struct marks *marks);

/* Remembers how the general reader understood text[0..size), all that stands between an owner and the RDATA. */
void zonetext_fast_learn(struct zonetext_fast *fast, const char *text, size_t size, const struct zonetext_head *head);

/* Reads the record whose line begins at scan->at, which is not "$". `owner` is how the last owner was written; its text
 * is NULL if that is not known. Writes the owner, if it is a new one, and behind it the RDATA to room[0..FAST_ROOM).
 * false: this line is for the general reader; scan is as it was. */
bool zonetext_fast_read(struct zonetext_fast *fast, const struct scan *scan, const struct token *owner, uint8_t *room,
    struct zonetext_fast_record *out);
