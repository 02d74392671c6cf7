/* SPDX-License-Identifier: MIT */
/* Why so many records fail at once, where a test proves it; and what to do about it. */
#pragma once

#include "signer/verify/vrun.h"

void vcause_find(struct vrun *run);
