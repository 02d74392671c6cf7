/* SPDX-License-Identifier: MIT */
/*
 * Whether other clocks agree with this one, before anything is signed by it.
 *
 * Enough time servers must (policy, clock.sources). They are asked once in a run for all zones, and again only if the
 * clock was set meanwhile. NTP is not authenticated: whoever is on the way to most of the servers can keep the clock
 * from being believed, so nothing is signed; what they say never sets a clock or a signature's time.
 */
#pragma once

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/utc.h"
#include "signer/engine/clock_ask.h"

/* What was asked in this process. */
struct clock_asked;

struct clock_asked *clock_asked_new(struct arena *mem);

/* Whether a server agrees: no further off than the tolerance and half of its answer's delay, and no less sure of itself
 * than the tolerance. Pure. */
bool clock_agrees(const struct clock_voice *voice, struct span tolerance);

/* What one server said, in words: "192.0.2.1 is 86400.0s ahead of this clock". */
char *clock_voice_words(const struct clock_voice *voice, struct span tolerance, struct arena *mem);

/* STATUS_OK if enough of `voices` agree, else STATUS_REFUSED with what each of the others says. `words` is the finding
 * in one line either way. Pure. */
enum status clock_judge(const struct clock_voice voices[], size_t count, const struct policy *policy, struct utc now,
    struct arena *mem, const char **words, struct error *err) MUST_CHECK;

/* Asks the policy's servers, unless they were asked in this process, and judges. Without servers STATUS_OK, and `words`
 * say that none was asked. */
enum status clock_check_sources(struct clock_asked *asked, const struct policy *policy, struct utc now,
    struct arena *mem, const char **words, struct error *err) MUST_CHECK;

/* How far the clock is from the steady one; see clock_check_step. */
int64_t clock_distance(void);

/* STATUS_REFUSED if the clock was set by more than the policy's tolerance between the two distances. */
enum status clock_check_step(int64_t before, int64_t after, const struct policy *policy, struct error *err) MUST_CHECK;
