/* SPDX-License-Identifier: MIT */
/* What differs between another signer's policy and the one that was made from it: values first, then timing. */
#pragma once

#include <stdio.h>

#include "policies/import.h"
#include "signer/report/report.h"

/* `all`: defaults that were written out too, one line each; else only how many. */
void import_report_text(FILE *out, const struct import *import, bool all);

/* Puts "differences", "timing" and "lengths" into an object under construction. */
void import_report_json(struct report *into, const struct import *import);
