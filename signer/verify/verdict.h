/* SPDX-License-Identifier: MIT */
/* A finished run, as its text and JSON are made from it. */
#pragma once

#include "signer/verify/vrun.h"

struct verify_verdict {
	struct verify_options options;
	struct vrun run;
	uint8_t *origin;
	bool passed;
	bool have_safe_until;
	struct utc safe_until;
	double seconds;
};

enum vresult { VRESULT_OK, VRESULT_FAIL, VRESULT_WARN, VRESULT_NOT_ASKED, VRESULT_NOTHING };

/* What one check came to. */
enum vresult verdict_result(const struct verify_verdict *verdict, enum vcheck check);
