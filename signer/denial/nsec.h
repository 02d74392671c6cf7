/* SPDX-License-Identifier: MIT */
/* NSEC records (RFC 4034 4): who comes next, and which types are here. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/denial/bitmap.h"
#include "signer/dns/name.h"
#include "signer/zone/zone.h"

enum { NSEC_RDATA = NAME_WIRE + BITMAP_MAX };

/* The RDATA of the NSEC at names[index], which zone_is_in_nsec_chain; returns its size. The next name is written in
 * lower case: then a validator that lower-cases it before verifying (as RFC 4034 6.2 had it) and one that does not (RFC
 * 6840 5.1) compute the same. */
size_t nsec_rdata(const struct zone *zone, size_t index, uint8_t out[NSEC_RDATA]);
