/* SPDX-License-Identifier: MIT */
/*
 * What a file held when it had a certain stamp, so that one that was not touched since need not be read again. It is no
 * state: a row that is missing costs one reading, so nothing here is audited.
 *
 * Whoever writes a row must have taken the stamp before reading, seen it unchanged after, and known the file's last
 * change to be old enough that a later one has another time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"

enum store_purpose { STORE_FILE_INPUT, STORE_FILE_OUTPUT };

struct store_file {
	const char *path;
	uint64_t device, inode, size;
	int64_t modified, changed; /* nanoseconds since 1970: mtime, and ctime, which no program can set back */
	uint8_t sha256[32];        /* of all its octets */
	uint32_t serial;           /* of the SOA in it */
};

enum status store_file(struct store *store, int64_t zone_id, enum store_purpose purpose, struct arena *mem,
    struct store_file *out, bool *found, struct error *err) MUST_CHECK;
enum status store_note_file(struct store *store, int64_t zone_id, enum store_purpose purpose,
    const struct store_file *file, struct error *err) MUST_CHECK;
