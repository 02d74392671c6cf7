/* SPDX-License-Identifier: MIT */
/*
 * The ZONEMD that the input brings along (RFC 8976 4): it says whether the input is whole, before a key is used.
 *
 * The gate asks again with code of its own (unsigned.zonemd), and also where this cannot: in an input that is signed.
 */
#pragma once

#include "signer/base/error.h"
#include "signer/zone/zone.h"

/* `stripped` are the input's records that are not in `zone`, which has nothing of ours yet. Without a ZONEMD at the
 * apex among them, or with anything else, nothing is asked. STATUS_MALFORMED with "file:line": none of them verifies.
 */
enum status zonemd_check_input(const struct zone *zone, const struct record stripped[], size_t count,
    const char *const files[], struct error *err) MUST_CHECK;
