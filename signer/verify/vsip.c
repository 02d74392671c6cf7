/* SPDX-License-Identifier: MIT */
#include "signer/verify/vsip.h"

#include <endian.h>
#include <string.h>

static uint64_t load(const uint8_t *octets)
{
	uint64_t word;
	memcpy(&word, octets, sizeof(word));
	return le64toh(word);
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void turn(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	turn(v);
	turn(v);
	v[0] ^= word;
}

void vsip_start(struct vsip *sip, const uint8_t key[VSIP_KEY])
{
	const uint64_t k0 = load(key);
	const uint64_t k1 = load(key + 8);
	*sip = (struct vsip){ .v = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee, k0 ^ 0x6c7967656e657261,
				  k1 ^ 0x7465646279746573 } };
}

void vsip_add(struct vsip *sip, const uint8_t *data, size_t size)
{
	const unsigned held = 8 * (unsigned)(sip->size % 8); /* bits */
	uint64_t v[4];
	memcpy(v, sip->v, sizeof(v));
	uint64_t pending = sip->pending;
	size_t at = 0;
	sip->size += size;
	for (; size - at >= 8; at += 8) {
		const uint64_t word = load(data + at);
		take(v, pending | word << held);
		pending = held == 0 ? 0 : word >> (64 - held);
	}
	unsigned bits = held;
	for (; at < size; at++) {
		pending |= (uint64_t)data[at] << bits;
		bits += 8;
		if (bits == 64) {
			take(v, pending);
			pending = 0;
			bits = 0;
		}
	}
	memcpy(sip->v, v, sizeof(v));
	sip->pending = pending;
}

void vsip_end(struct vsip *sip, uint64_t out[2])
{
	uint64_t *const v = sip->v;
	take(v, sip->pending | sip->size << 56);
	v[2] ^= 0xee;
	for (unsigned i = 0; i < 4; i++)
		turn(v);
	out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	for (unsigned i = 0; i < 4; i++)
		turn(v);
	out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}
