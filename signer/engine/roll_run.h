/* SPDX-License-Identifier: MIT */
/* What a run does for the keys of its zone: keys are made, steps that nobody sees are taken, the others are planned for
 * the version that is about to be published. */
#pragma once

#include "signer/engine/run.h"

/* Looks at the zone's keys and brings them as far as they come without a publication. run->roll is how they stand then,
 * with the moves that go into the next version; run->keys are all keys as stored. `still`: nothing moves and no key is
 * made (keep-alive, or what is written has no receipt). */
enum status roll_run(struct run *run, bool still, struct error *err) MUST_CHECK;

/* The keys as they are once the planned version is published. */
struct key *roll_run_keys(const struct run *run);

/* A clock that is further ahead of the last recorded time than the policy allows completes no wait: the zone's key
 * events are held until a person releases them. */
enum status roll_guard_clock(struct run *run, struct error *err) MUST_CHECK;

/* When to come back: at `refresh`, or earlier if a key has something to do. Looks again, since what was just published
 * may have begun waits. */
struct utc roll_run_next(struct run *run, struct utc refresh);

/* Whether the keys stop the run from being a success: STATUS_KEY with the words, if a private key is missing;
 * STATUS_REFUSED if a key of the first publication waits for its backup. */
enum status roll_run_problem(const struct run *run, struct error *err) MUST_CHECK;
