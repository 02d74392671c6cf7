/* SPDX-License-Identifier: MIT */
/* The clock guard: no signing at a time that cannot be (RRSIG times would be wrong, and nothing would notice). The
 * checks are pure; clock_accept is the audited way out when a clock was ahead once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* STATUS_REFUSED if `now` is before the last time that the keystore recorded or, on a real clock, before `build`. */
enum status clock_check(
    struct utc now, struct utc last, struct utc build, bool virtual_clock, struct error *err) MUST_CHECK;

/* STATUS_REFUSED if the input's serial is a date (YYYYMMDDnn) more than a day after `now`. */
enum status clock_check_serial(struct utc now, uint32_t input_serial, struct error *err) MUST_CHECK;

/* Whether there is a clock to accept: STATUS_REFUSED on a virtual clock, for a time that was given, for a clock before
 * the build, and for one that is not behind what was recorded. Fills `future` with what was. */
enum status clock_accept_check(
    struct store *store, struct utc now, bool now_given, struct store_future *future, struct error *err) MUST_CHECK;

/* The keystore goes on from `now`, the real clock, though later times were recorded (store_accept_clock). STATUS_BUSY
 * while a run has the lock of any zone. */
enum status clock_accept(struct store *store, const char *state, const char *reason, struct utc now, struct arena *mem,
    struct store_future *future, struct error *err) MUST_CHECK;
