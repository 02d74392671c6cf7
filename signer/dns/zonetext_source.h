/* SPDX-License-Identifier: MIT */
/*
 * A file or pipe that is read once from its start to its end, hashed on the way, and watched for change. Private to the
 * zone reader.
 */
#pragma once

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "signer/base/error.h"
#include "signer/base/meter.h"
#include "signer/dns/zonetext_chunk.h"

enum { ZONETEXT_RECORD = 1 << 20 }; /* the most text that one record may have */

struct zonetext_source {
	/* The reader's. */
	int descriptor;
	const char *name;
	uint16_t file;
	unsigned level;
	bool first;    /* no piece of it was submitted yet */
	uint32_t line; /* of the first octet at hand */
	struct zonetext_state state;
	struct meter *meter; /* counts octets, or NULL */
	/* Its own. */
	bool ended;
	uint64_t total;     /* octets read */
	uint8_t sha256[32]; /* after zonetext_source_end */
	uint8_t last;       /* the last octet read */
	char *buffer;
	size_t capacity;
	size_t start;
	size_t end;
	size_t step;
	struct stat before;
	EVP_MD_CTX *digest;
};

/* `step`: how much text is read at a time. */
enum status zonetext_source_begin(struct zonetext_source *source, size_t step, struct error *err) MUST_CHECK;

/* Reads one step more, or up to the end. */
enum status zonetext_source_fill(struct zonetext_source *source, struct error *err) MUST_CHECK;

/* The text at hand, ended by NUL. */
const char *zonetext_source_text(const struct zonetext_source *source);
size_t zonetext_source_size(const struct zonetext_source *source);

/* No room for another step. */
bool zonetext_source_is_full(const struct zonetext_source *source);

/* Forgets the first `size` octets at hand. */
void zonetext_source_drop(struct zonetext_source *source, size_t size);

/* Puts the first `size` octets at hand into *text, with MARKS_PAD octets that are NUL behind them, and drops them.
 * Trades its own memory for that of *text where that saves copying; *capacity is what *text has. */
void zonetext_source_take(struct zonetext_source *source, size_t size, char **text, size_t *capacity);

/* STATUS_BUSY if the file changed since zonetext_source_begin. Sets sha256. */
enum status zonetext_source_end(struct zonetext_source *source, struct error *err) MUST_CHECK;

void zonetext_source_free(struct zonetext_source *source);
