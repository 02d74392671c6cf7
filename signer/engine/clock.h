/* SPDX-License-Identifier: MIT */
/* The clock guard: no signing at a time that cannot be (RRSIG times would be wrong, and nothing would notice). Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/utc.h"

/* STATUS_REFUSED if `now` is before the last time that the keystore recorded or, on a real clock, before `build`. */
enum status clock_check(
    struct utc now, struct utc last, struct utc build, bool virtual_clock, struct error *err) MUST_CHECK;

/* STATUS_REFUSED if the input's serial is a date (YYYYMMDDnn) more than a day after `now`. */
enum status clock_check_serial(struct utc now, uint32_t input_serial, struct error *err) MUST_CHECK;
