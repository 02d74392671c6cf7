/* SPDX-License-Identifier: MIT */
/* In place of vp256.c where the library has no tables: no key gets one, so nothing is ever checked here. */
#include "signer/verify/vp256.h"

bool vp256_built_in(void)
{
	return false;
}

bool vp256_can_wide(void)
{
	return false;
}

struct vp256_key *vp256_key_new(const uint8_t point[VP256_POINT], bool wide)
{
	(void)point;
	(void)wide;
	return NULL;
}

void vp256_key_free(struct vp256_key *key)
{
	(void)key;
}

struct vp256_place *vp256_place_new(void)
{
	return NULL;
}

void vp256_place_free(struct vp256_place *place)
{
	(void)place;
}

void vp256_check(struct vp256_place *place, struct vp256_item items[], size_t count)
{
	(void)place;
	for (size_t i = 0; i < count; i++)
		items[i].good = false;
}
