/* SPDX-License-Identifier: MIT */
/*
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a short keyed hash for what outsiders choose. Who does not
 * know the key cannot foretell a hash. No digest for anything that leaves this process.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { VSIP_KEY = 16 };

struct vsip {
	uint64_t v[4];
	uint64_t pending; /* octets that fill no word yet, the first lowest */
	uint64_t size;
};

void vsip_start(struct vsip *sip, const uint8_t key[VSIP_KEY]);
void vsip_add(struct vsip *sip, const uint8_t *data, size_t size);
void vsip_end(struct vsip *sip, uint64_t out[2]);
