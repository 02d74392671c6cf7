/* SPDX-License-Identifier: MIT */
/*
 * Finds where master-file text can be cut: after a newline outside parentheses. Private to the zone reader.
 */
#pragma once

#include <stddef.h>

#include "signer/dns/zonetext_chunk.h"

struct zonetext_cut {
	size_t size;    /* octets of whole lines outside parentheses, up to a $INCLUDE line at most */
	size_t include; /* octets of the $INCLUDE line that follows them, its newline included; 0: none there */
	uint32_t lines; /* newlines in the first `size` octets */
};

/* Looks at text[0..size), which begins outside parentheses; text[size] is NUL. `ended`: the input ends with it, so the
 * last line may lack its newline and what is open stays open. `state` follows the $ORIGIN and $TTL that are passed. */
struct zonetext_cut zonetext_cut_find(const char *text, size_t size, bool ended, struct zonetext_state *state);
