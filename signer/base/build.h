/* SPDX-License-Identifier: MIT */
/* Which build this is. The engine accepts a verdict only from a verifier with the same id. */
#pragma once

#include "signer/base/utc.h"

const char *build_version(void); /* "0.1.0" */
const char *build_id(void);      /* 32 hexadecimal digits over all sources and the compiler */
struct utc build_date(void);     /* when it was built (SOURCE_DATE_EPOCH if set); no real clock may be before it */
