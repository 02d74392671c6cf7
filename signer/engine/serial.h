/* SPDX-License-Identifier: MIT */
/* The next SOA serial under each serial policy, always RFC 1982-greater than the floor. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policies/policy.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

/* The serial after it. Zero is skipped: several servers and scripts take it for "unset". */
uint32_t serial_successor(uint32_t serial);

/* What the choice rests on. The floor is the highest serial of store, intents and the file at the output path. */
struct serial_facts {
	bool has_floor;
	uint32_t floor;
	uint32_t input; /* the input's SOA serial */
	struct utc now;
};

/* a > b in the sense of RFC 1982 3.2; two serials that are 2^31 apart are not greater either way. */
bool serial_greater(uint32_t a, uint32_t b);

/* The serial to publish with. STATUS_REFUSED under `keep` if the input's serial is not greater than the floor: the
 * message names the serial that is needed. */
enum status serial_next(
    enum policy_serial policy, const struct serial_facts *facts, uint32_t *out, struct error *err) MUST_CHECK;

/* Whether a serial reads as YYYYMMDDnn of the years 1990 to 2099; `out` is the midnight that begins that day. */
bool serial_is_date(uint32_t serial, struct utc *out);
