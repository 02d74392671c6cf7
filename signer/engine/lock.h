/* SPDX-License-Identifier: MIT */
/*
 * One run per zone at a time: flock(2) on locks/<zone>, opened 0600 and never unlinked. The kernel drops it on a crash.
 * The file says who holds it, for the message that a second run prints; its second line is when a run last looked at
 * the zone's input, which whoever takes the lock for something else hands on.
 */
#pragma once

#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/utc.h"

struct lock {
	int file; /* -1: not held */
	struct utc started;
	struct utc looked; /* at the input; 0: nobody knows */
	char command[32];
};

#define LOCK_NONE ((struct lock){ .file = -1 })

/* Takes the lock of `zone` in the state folder, waiting at most `wait_seconds`. STATUS_BUSY names the holder: "held by
 * pid 812 (sign, started 14:02:11, phase verify)". */
enum status lock_take(const char *state, const char *zone, const char *command, struct utc now, int64_t wait_seconds,
    struct lock *out, struct error *err) MUST_CHECK;

/* Says in the lock file what the holder is doing. */
void lock_phase(struct lock *lock, const char *phase);

/* When a run last looked at the input of `zone`; 0: nobody knows. Takes no lock. */
struct utc lock_last_look(const char *state, const char *zone);

void lock_release(struct lock *lock);
