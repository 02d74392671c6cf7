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
	FAST_HEAD = 24,  /* most octets from the owner to the RDATA, to be remembered */
	FAST_HEADS = 32, /* how many are */
	FAST_TYPES = 32, /* the same for the list of types at the end of NSEC and NSEC3, its newline included */
	FAST_LISTS = 16,
	FAST_BITMAP = 34, /* RFC 4034 4.1.2: one window */
	FAST_DAYS = 8,
	FAST_ROOM = 4096, /* what zonetext_fast_read may write; a line with more is for the general reader */
};

struct zonetext_fast {
	const char *text; /* of the piece; MARKS_PAD octets behind it are readable */
	const struct marks *marks;
	/* What was read before, by how it was written. All of it is only a hint: the text is compared. */
	unsigned head_ends; /* blanks in the last head */
	struct fast_head {
		uint64_t text[FAST_HEAD / 8];
		struct zonetext_head head;
	} heads[FAST_HEADS];
	struct fast_list {
		uint64_t text[FAST_TYPES / 8];
		uint8_t text_size;
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
