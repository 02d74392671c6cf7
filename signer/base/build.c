/* SPDX-License-Identifier: MIT */
#include "signer/base/build.h"

#include "build_id.h"

const char *build_version(void)
{
	return ZONESEAL_VERSION;
}

const char *build_id(void)
{
	return ZONESEAL_BUILD_ID;
}

struct utc build_date(void)
{
	return (struct utc){ ZONESEAL_BUILD_EPOCH };
}
