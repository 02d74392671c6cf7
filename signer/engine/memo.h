/* SPDX-License-Identifier: MIT */
/*
 * The proof memo of a zone: which signatures zoneseal-verify has verified before, in <state>/zones/<zone>.memo.
 *
 * The verifier writes a new one in each run, into a temporary file that it is handed; it gets its name only when the
 * zone that it is about is published. After a refusal by more than change limits, or without a verdict, there is none,
 * and the next run has every signature computed; unless a signal ended the run or the verifier, which leaves the old
 * one. So it has if the file is not this user's alone to write.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/publish.h"
#include "signer/engine/gate.h"

/* Of one run; starts as MEMO_NONE. */
struct memo {
	char *path;
	struct gate_memo gate; /* what the gate hands to the verifier */
	bool wanted;           /* else the policy wants none, or this is no run that publishes */
	struct publish fresh;  /* the temporary file */
};

#define MEMO_NONE ((struct memo){ .gate = { .old = -1, .fresh = -1 }, .fresh = PUBLISH_NONE })

/* Opens the old one, if it can be trusted, and makes room for a new one about a zone of `signatures`. What stands in
 * the way costs time and is no error: gate.refused or gate.problem says what it is. */
void memo_open(struct memo *memo, const char *state, const char *zone, const struct policy *policy, uint64_t signatures,
    struct arena *mem);

/* There was a refusal or no verdict: neither old nor new is kept. */
void memo_drop(struct memo *memo);

/* The zone is published: the new one takes the place of the old. False if it could not. */
bool memo_keep(struct memo *memo);

/* Lets go of both and leaves what is there. */
void memo_close(struct memo *memo);
