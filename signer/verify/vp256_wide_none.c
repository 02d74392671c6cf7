/* SPDX-License-Identifier: MIT */
/* In place of vp256_wide.c in builds for processors without its instructions: never called. */
#include "signer/verify/vp256_wide.h"

bool vp256_wide_built_in(void)
{
	return false;
}

void vp256_wide_fill(const struct vp256_entry points[2 * VP256_DIGITS], struct vp256_entry table[VP256_ENTRIES])
{
	(void)points;
	(void)table;
}

void vp256_wide_check(struct vp256_lane lanes[VP256_LANES])
{
	for (unsigned i = 0; i < VP256_LANES; i++)
		lanes[i].good = lanes[i].unsure = false;
}
