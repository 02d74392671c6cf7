/* SPDX-License-Identifier: MIT */
/*
 * One step of a zone's rollovers on its way through a publication: in words with the intent, in the store with the
 * receipt.
 *
 * The words say which records move and which goals change. The receipt applies them to the keys as stored, so that a
 * run that ended between rename and receipt has lost nothing: whoever finds the intent does the same, once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keystore/store_served.h"
#include "signer/engine/roll.h"

/* Whether something of the plan shows in the zone, so that it needs a publication. */
bool roll_is_visible(const struct roll_view *view);

/* Nothing of the view's plan happens, for a reason that was found after it was made. */
void roll_stop_at(struct roll_view *view, enum roll_stop stop, const char *words);

/* "key rollover: ZSK 1234 starts signing, ZSK 5678 stops signing". */
char *roll_reason(const struct roll_view *view, struct arena *mem);

/* The plan's step: "step goal 12 hidden" and "step move 12 zrrsig rumoured", a line each. */
char *roll_step_write(const struct roll_view *view, struct arena *mem);

/* What a publication is, besides its keys. */
struct roll_publication {
	bool first; /* nothing was published before */
	uint32_t dnskey_ttl, largest_ttl, negative_ttl;
};

/* The step that `text` tells of, as it happens at `when` to `keys` (all of the zone, as stored), with all that caches
 * may hold from then on. Lines that are not of a step do not count. `publication` NULL: nothing is published.
 * STATUS_INTERNAL if the text does not fit the keys. */
enum status roll_step_make(const char *text, const struct key keys[], size_t count,
    const struct roll_publication *publication, struct utc when, struct arena *mem, struct store_step *out,
    struct error *err) MUST_CHECK;
