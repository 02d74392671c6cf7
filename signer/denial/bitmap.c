/* SPDX-License-Identifier: MIT */
#include "signer/denial/bitmap.h"

#include <assert.h>
#include <string.h>

struct bitmap bitmap_init(uint8_t out[BITMAP_MAX])
{
	return (struct bitmap){ .out = out };
}

void bitmap_add(struct bitmap *bitmap, uint16_t type)
{
	const uint8_t window = (uint8_t)(type >> 8);
	if (bitmap->size == 0 || bitmap->out[bitmap->block] != window) {
		assert(bitmap->size == 0 || bitmap->out[bitmap->block] < window);
		bitmap->block = bitmap->size;
		bitmap->out[bitmap->size++] = window;
		bitmap->out[bitmap->size++] = 0;
	}
	uint8_t *const block = bitmap->out + bitmap->block;
	const uint8_t octet = (uint8_t)((type & 0xff) / 8);
	if (block[1] <= octet) {
		memset(block + 2 + block[1], 0, (size_t)octet + 1U - block[1]);
		bitmap->size += (size_t)octet + 1U - block[1];
		block[1] = (uint8_t)(octet + 1U);
	}
	block[2 + octet] |= (uint8_t)(0x80U >> (type & 7));
}

bool bitmap_has(const uint8_t *data, size_t size, uint16_t type)
{
	for (size_t at = 0; at + 2 <= size; at += 2U + data[at + 1]) {
		const size_t octet = (type & 0xffU) >> 3;
		if (data[at] != type >> 8)
			continue;
		return octet < data[at + 1] && at + 2 + octet < size &&
		       (data[at + 2 + octet] & 0x80 >> (type & 7)) != 0;
	}
	return false;
}
