/* SPDX-License-Identifier: MIT */
/* What the two chains of denial share. */
#pragma once

#include "signer/verify/vrun.h"

/* RFC 9077 3: TTL of NSEC and NSEC3. */
void vdenial_ttl(struct vrun *run, const struct vrecord *record);

enum status vnsec3_check(struct vrun *run, struct error *err) MUST_CHECK;
