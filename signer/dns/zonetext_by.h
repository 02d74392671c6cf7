/* SPDX-License-Identifier: MIT */
/* zonetext_read with another size of pieces, so that tests can cut a text everywhere, and with a way of reading that
 * the processor would not choose. Private to the zone reader. */
#pragma once

#include "signer/dns/marks.h"
#include "signer/dns/zonetext_read.h"

/* `chunk`: octets read at a time. */
enum status zonetext_read_by(int descriptor, const struct zonetext_options *options, size_t chunk, enum marks_kind kind,
    struct zonetext *out, struct error *err) MUST_CHECK;
