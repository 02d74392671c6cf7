/* SPDX-License-Identifier: MIT */
/* The little of the ustar format (POSIX pax, "ustar Interchange Format") that a backup needs: regular files with short
 * names. `tar` reads what is written here; reading takes nothing but what is written here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/publish.h"
#include "signer/base/utc.h"

enum { TAR_BLOCK = 512, TAR_NAME = 100 };

struct tar_member {
	char name[TAR_NAME + 1];
	uint64_t size;
};

/* A member's header; its content, written by the caller, is followed by tar_write_padding. */
enum status tar_write_header(
    struct publish *out, const char *name, uint64_t size, struct utc mtime, struct error *err) MUST_CHECK;
enum status tar_write_padding(struct publish *out, uint64_t size, struct error *err) MUST_CHECK;
enum status tar_write_end(struct publish *out, struct error *err) MUST_CHECK;

/* The next member of `file`; `found` is false at the end. STATUS_MALFORMED for anything that was not written here: a
 * wrong checksum, a link, a name that leads out, a cut file. */
enum status tar_read_header(int file, struct tar_member *out, bool *found, struct error *err) MUST_CHECK;

/* Reads exactly `size` octets. */
enum status tar_read(int file, void *data, size_t size, struct error *err) MUST_CHECK;

/* Octets after a member's content up to the next header. */
size_t tar_padding(uint64_t size);
