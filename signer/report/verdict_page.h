/* SPDX-License-Identifier: MIT */
/* A verdict ("zoneseal.verdict/1") as one page of HTML, at most some 100 kB whatever the verdict says. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "signer/verify/verify.h"

struct verdict_page {
	const char *json;
	const struct verify_check *checks; /* what the ids mean */
	size_t check_count;
	const char *published; /* what the public zone is meanwhile, a sentence; NULL: not known */
};

/* The verdict's first sentence and its findings by cause as a part of another page, until that has `end` octets. False,
 * and nothing written, if the text is no verdict. */
bool verdict_part(FILE *out, const struct verdict_page *page, long end);

/* False if the text is no verdict; then nothing of use was written. */
bool verdict_page(FILE *out, const struct verdict_page *page);
