/* SPDX-License-Identifier: MIT */
/*
 * RDATA between text, wire and canonical form, driven by the rows of rrtype.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"

enum { RDATA_MAX = 65535 };

/* Whether rdata[0..size) is well formed for `type`: fields present, names whole, nothing left over. Unknown types
 * always are. */
enum status rdata_check(uint16_t type, const uint8_t *rdata, size_t size, struct error *err) MUST_CHECK;

/* Canonical form (RFC 4034 6.2 with RFC 6840 5.1): names in the RDATA of the types listed there in lower case. `out`
 * has `size` octets and may be `rdata`. Malformed RDATA is copied as it is. */
void rdata_canonical(uint16_t type, const uint8_t *rdata, size_t size, uint8_t *out);

/* Whether rdata_canonical can change anything for `type`, i.e. its RDATA holds a name that is lower-cased. */
bool rdata_has_canonical_names(uint16_t type);

/* Canonical order of two RDATAs of one type: memcmp of the canonical forms, the shorter first (RFC 4034 6.3). */
int rdata_compare(uint16_t type, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);

/* One RDATA from its text (the tail of a master-file line, without the newline); for keys, DS lines and tests. */
enum status rdata_parse(uint16_t type, const char *text, size_t size, const uint8_t *origin, uint8_t out[RDATA_MAX],
    size_t *out_size, struct error *err) MUST_CHECK;
