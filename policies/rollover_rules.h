/* SPDX-License-Identifier: MIT */
/* The three safety rules over the record states of all keys of a zone; inside policies/rollover. */
#pragma once

#include "policies/rollover.h"

/* The states of all keys, seen with one move applied (or none: record KEY_RECORDS). */
struct rollover_view {
	const struct rollover_key *keys;
	size_t count;
	size_t moved;
	enum key_record record;
	enum key_state to;
	struct utc now; /* since when the move holds */
};

enum key_state rollover_state(const struct rollover_view *view, size_t key, enum key_record record);

/* A key's states against a mask of four letters (DNSKEY, ZRRSIG, KRRSIG, DS): O R U H, or * for any. NA matches * and
 * H. */
bool rollover_matches(const struct rollover_view *view, size_t key, const char mask[5]);

/* Some key of the algorithm could answer for the zone alone, so a method may wait for it. */
bool rollover_has_usable(const struct rollover_view *view, uint8_t algorithm);

bool rollover_rule_ds_exists(const struct rollover_view *view);                     /* rule 1 */
bool rollover_rule_key_chain(const struct rollover_view *view, uint8_t algorithm);  /* rule 2 */
bool rollover_rule_signatures(const struct rollover_view *view, uint8_t algorithm); /* rule 3 */

/* Rule 3 for strict policies: signatures hold for every algorithm in the DNSKEY RRset while any DS exists, not only
 * while one of that algorithm does. It makes the conservative order of an algorithm rollover (RFC 6781 4.1.4). */
bool rollover_rule_every_algorithm(const struct rollover_view *view);

/* x ~> z: every cache that lacks what x brought has what z brings (RFC-free; the paper's successor relation, with
 * "nothing still depends on x"). */
bool rollover_is_successor(const struct rollover_view *view, size_t x, size_t z);
