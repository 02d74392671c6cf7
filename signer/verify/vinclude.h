/* SPDX-License-Identifier: MIT */
/*
 * $INCLUDE (RFC 1035 5.1) in a file that is compared: where such a line stands, and what it says. The files themselves
 * are opened by the caller before the door closes; here they are found by the name that the line has.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/verify/vname.h"
#include "signer/verify/vread.h"

enum { VINCLUDE_LINE = 4096, VINCLUDE_NAME = 1024 };

/* An entry that begins with $INCLUDE: octets [start, end) of the file; `lines` end before it, `more` within it. */
struct vinclude_line {
	bool found;
	uint64_t start, end, lines, more;
	char text[VINCLUDE_LINE];
	size_t size;
};

/* Looks for the first such entry at or after `from`, where an entry begins. */
enum status vinclude_find(
    int descriptor, const char *name, uint64_t from, struct vinclude_line *out, struct error *err) MUST_CHECK;

/* What the line says: which of the source's files, and the origin in it, which is replaced if the line has one.
 * `where` is the line's number. */
enum status vinclude_read(const struct vinclude_line *line, const struct vsource *source, uint64_t where,
    uint8_t origin[VNAME_MAX], bool *have_origin, const struct vinclude **out, struct error *err) MUST_CHECK;
