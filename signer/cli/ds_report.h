/* SPDX-License-Identifier: MIT */
/* What the parent's servers said, in words for people and as JSON ("zoneseal.ds-check/1"). */
#pragma once

#include <stdio.h>

#include "signer/base/arena.h"
#include "signer/engine/parent.h"
#include "signer/report/report.h"

void ds_report_text(FILE *out, const struct parent_view *view, struct arena *mem);
struct report *ds_report_json(const struct parent_view *view);
