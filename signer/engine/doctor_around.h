/* SPDX-License-Identifier: MIT */
/* What stands around a keystore: who may change its files and hooks, room for outputs, locks, timers, the clock's
 * state. */
#pragma once

#include "keystore/store.h"
#include "signer/base/utc.h"
#include "signer/engine/doctor.h"

struct doctor_world {
	const char *state, *config;
	const char *root; /* before the paths of the system: "", but for tests */
	struct utc now;
	bool is_virtual; /* on a virtual clock nobody waits for timers, nor asks who keeps the clock */
};

/* Files and folders of the state folder, whether there are zones or not. */
void doctor_look_at_files(struct doctor *doctor, const struct doctor_world *world);

/* Copies of the database that a migration or a restore left beside it: a warning once they are older than 30 days,
 * which nobody can say on a virtual clock. No row if there is none. */
void doctor_look_at_copies(struct doctor *doctor, const struct doctor_world *world);

/* Whether the kernel's clock is kept by somebody, by what it says, and how far it may be off, in microseconds. */
void doctor_look_at_time(struct doctor *doctor, bool kept, int64_t most_off);

/* Hooks, policies, what time servers say, room, locks, what is overdue, and the timers of these zones. */
void doctor_look_at_work(struct doctor *doctor, const struct doctor_world *world, struct store *store,
    const struct store_zone zones[], size_t count);

/* Asks the kernel. */
bool doctor_clock_is_kept(int64_t *most_off);
