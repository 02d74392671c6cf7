/* SPDX-License-Identifier: MIT */
/* What a text says about a zone's DS: the answer of a parent server as dig prints it, or lines of the parent's zone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/engine/parent.h"

struct parent_evidence {
	struct parent_server says; /* PARENT_SHOWS with the set, or PARENT_ABSENT: the parent's SOA and no DS */
	bool exact; /* the TTL is that of the parent's RRSIG (RFC 4034 3.1.4): no cache has counted it down */
};

/* Reads the file ("-": standard input). STATUS_MALFORMED where it is no master-file text, STATUS_NO if it says nothing
 * about the DS of `apex`. */
enum status parent_evidence_read(const char *path, const uint8_t *apex, struct arena *mem, struct parent_evidence *out,
    struct error *err) MUST_CHECK;
