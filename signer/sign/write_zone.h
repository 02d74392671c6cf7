/* SPDX-License-Identifier: MIT */
/*
 * The signed zone as text: canonical order, the SOA first, RRSIGs straight after their RRset (interface.md, "Zone
 * output"), with its SHA-256 taken on the way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/publish.h"
#include "signer/base/utc.h"
#include "signer/sign/rows.h"
#include "signer/sign/sigfile_write.h"

struct write_counts {
	uint8_t sha256[32];
	uint64_t size;
	uint64_t records;
	uint64_t signatures;
	uint64_t denial_records;
	struct utc first_expiry;
};

/* Writes all rows to `out`, which is still to be synced. `now` gives the serial times of RRSIGs their meaning. `draft`
 * gets the signatures that a later run may keep; NULL: nobody wants them. */
enum status write_zone(const struct rows *rows, struct utc now, bool all_type_names, unsigned threads,
    struct publish *out, struct sigfile_draft *draft, struct write_counts *counts, struct error *err) MUST_CHECK;
