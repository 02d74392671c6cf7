/* SPDX-License-Identifier: MIT */
#pragma once

#include "signer/verify/verdict.h"

/* Which findings only follow from another one (vfinding.follows): they are told beneath it. Once the findings are in
 * order. */
void vconsequence_find(struct verify_verdict *verdict);
