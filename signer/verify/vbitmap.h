/* SPDX-License-Identifier: MIT */
/* Type bitmaps of NSEC and NSEC3 (RFC 4034 4.1.2, RFC 5155 3.2.1), read window by window and compared type by type. */
#pragma once

#include "signer/verify/vzone.h"

enum { VBITMAP_TEXT = 200 };

/* Whether bitmap[0..size) is well formed and names exactly the types that are `owner`'s own (NULL: none, as at an empty
 * non-terminal). If not, `detail` says what differs. */
bool vbitmap_matches(const struct vzone *zone, const struct vowner *owner, bool hashed, const uint8_t *bitmap,
    size_t size, char detail[VBITMAP_TEXT]);
