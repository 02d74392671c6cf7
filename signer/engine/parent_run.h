/* SPDX-License-Identifier: MIT */
/* The parent's part of one run: before keys are looked at its servers are asked, after publication it is told. */
#pragma once

#include "signer/base/error.h"
#include "signer/engine/run.h"

/* Asks the parent's servers where the policy lets zoneseal ask and a key has or had a DS: each check-interval while
 * something waits for the parent, else once a day. On a virtual clock only servers that are configured. What came of it
 * is run->report->parent; no answer and no failure here fails a run. */
void parent_run_look(struct run *run);

/* Moves run->report->next forward to the next question, if something waits for the parent. */
void parent_run_next(struct run *run);

/* Runs the hooks ds-submit and ds-withdraw that are due. The status is that of the first hook that failed. */
enum status parent_run_tell(struct run *run, struct error *err) MUST_CHECK;
