/* SPDX-License-Identifier: MIT */
/* The ZONEMD digest of a signed zone: scheme SIMPLE, SHA-384 (RFC 8976 3). */
#pragma once

#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/workers.h"
#include "signer/sign/rows.h"

enum { ZONEMD_DIGEST = 48, ZONEMD_RDATA = 6 + ZONEMD_DIGEST };

/* The RDATA with a digest of zeros: a placeholder that makes bit maps right before the digest is known (RFC 8976 3.2).
 */
void zonemd_rdata(uint32_t serial, uint8_t out[ZONEMD_RDATA]);

/* Computes the digest over all rows and their signatures but for the ZONEMD at the apex, which comes before it, so no
 * signature of its own counts. `sign` (NULL: all is signed) is called for each section before its octets are taken, by
 * the thread that takes them, with `context`: the digest is one chain that is begun while others sign. */
enum status zonemd_digest(const struct rows *rows, unsigned threads, workers_job *sign, void *context,
    uint8_t out[ZONEMD_DIGEST], struct error *err) MUST_CHECK;
