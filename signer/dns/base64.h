/* SPDX-License-Identifier: MIT */
/* Decodes the base64 of keys and signatures (RFC 4648 4). Private to signer/dns. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/dns/marks.h"

extern const uint8_t base64_values[256]; /* of the 64 digits; 255 for all else */

enum { BASE64_SLACK = 16 }; /* octets behind the result that may be written */

/* Decodes whole groups of four digits without padding, up to the first other character; `kind` tells how. Returns how
 * many characters; three quarters of that are in `out`, which has BASE64_SLACK octets of room behind them. */
size_t base64_groups(enum marks_kind kind, const char *text, size_t size, uint8_t *out);
